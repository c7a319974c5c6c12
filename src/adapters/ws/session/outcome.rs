//! What takes time is asked for in a task of its own; what became of it comes back through the inbox.

use std::sync::Arc;

use bytes::Bytes;
use tracing::Instrument;

use super::{Busy, End, Session, Turn};
use crate::adapters::wire::frame;
use crate::adapters::ws::inbox::Inbox;
use crate::adapters::ws::place::Place;
use crate::domain::cursor::Seq;
use crate::domain::farewell::Farewell;
use crate::domain::fault::{Code, Fault};
use crate::domain::id::ConnectionId;
use crate::ports::intake::Submission;
use crate::ports::live_feed::{Beginning, Refreshed};
use crate::ports::token_verifier::SecretText;

/// What became of that which a connection asked for.
#[derive(Debug)]
pub(in crate::adapters::ws) enum Outcome {
    /// The answers to reports, in their order.
    Answers(Vec<Bytes>),
    /// A new beginning.
    Began(Result<Beginning, Fault>),
    /// A new token.
    Refreshed(Result<Refreshed, Fault>),
    /// Nobody knows: whoever was asked broke down.
    Lost,
}

/// A report that came, with the id that its answer carries, or why it is refused already.
#[derive(Debug)]
pub(super) struct Reporting {
    id: Option<String>,
    submission: Result<Submission, Fault>,
}

fn lost() -> Fault {
    Fault::new(Code::Internal, "try again")
}

/// Sees to it that what was asked for is answered.
struct Promise {
    inbox: Arc<Inbox>,
    id: ConnectionId,
    outcome: Option<Outcome>,
}

impl Promise {
    fn keep(&mut self, outcome: Outcome) {
        self.outcome = Some(outcome);
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        self.inbox.answer(self.id, self.outcome.take().unwrap_or(Outcome::Lost));
    }
}

impl Session {
    /// Asks for something that takes time; until it is answered nothing more is read.
    pub(super) fn ask(&mut self, busy: Busy, question: impl Future<Output = Outcome> + Send + 'static) {
        self.busy = busy;
        let (connection_id, user_id) = (self.id(), self.principal.user.as_str());
        let span = tracing::info_span!("connection", %connection_id, user_id);
        let inbox = Arc::clone(self.registration.inbox());
        let mut promise = Promise { inbox, id: self.id(), outcome: None };
        let asked = async move { promise.keep(question.await) };
        tokio::spawn(asked.instrument(span));
    }

    /// Up to where the connection was served. From here on it looks at every event, until it is told where
    /// it begins anew: what happens meanwhile was named to it by the old view, or not at all.
    pub(super) fn hold(&mut self, turn: &Turn<'_>) -> Seq {
        let delivered = self.place.considered(turn.head);
        self.place = Place::after(delivered);
        delivered
    }

    /// A report that came, or why it is refused already.
    pub(super) fn reporting(
        &mut self,
        id: Option<String>,
        submission: Result<Box<Submission>, Vec<Fault>>,
        turn: &Turn<'_>,
    ) -> Reporting {
        let refused = |faults: Vec<Fault>| faults.into_iter().next().unwrap_or_else(lost);
        let submission = submission.map_err(refused).and_then(|submission| {
            turn.sockets.count_report(turn.now).map_err(|wait| {
                Fault::new(Code::RateLimited, "too many reports over sockets at once").retry_after(wait)
            })?;
            let socket = Some(self.socket.get_or_insert_default().clone());
            Ok(Submission { socket, ..*submission })
        });
        Reporting { id, submission }
    }

    /// Asks for reports that came together: each is answered in its place.
    pub(super) fn ask_for(&mut self, reports: Vec<Reporting>, turn: &Turn<'_>) {
        let (intake, principal) = (Arc::clone(&turn.settings.intake), Arc::clone(&self.principal));
        self.ask(Busy::Reporting, async move {
            let (mut submissions, mut places) = (Vec::new(), Vec::new());
            for Reporting { id, submission } in reports {
                places.push((id, submission.map(|submission| submissions.push(submission))));
            }
            let results = if submissions.is_empty() {
                Ok(Vec::new())
            } else {
                intake.report(&principal, submissions).await
            };
            let (mut results, for_all) = match results {
                Ok(results) => (results.into_iter(), lost()),
                Err(fault) => (Vec::new().into_iter(), fault),
            };
            let answer = |(id, place): (Option<String>, Result<(), Fault>)| {
                let result = place.and_then(|()| results.next().unwrap_or_else(|| Err(for_all.clone())));
                match result {
                    Ok(receipt) => frame::reported(id.as_deref(), &receipt),
                    Err(fault) => frame::error(id.as_deref(), &fault),
                }
            };
            Outcome::Answers(places.into_iter().map(answer).collect())
        });
    }

    pub(super) fn refresh(&mut self, token: SecretText, turn: &Turn<'_>) {
        let (feed, id) = (Arc::clone(&turn.settings.feed), self.id());
        let delivered = self.hold(turn);
        self.ask(
            Busy::Beginning,
            async move { Outcome::Refreshed(feed.refresh(id, &token, delivered).await) },
        );
    }

    /// Takes what became of that which was asked for.
    pub(in crate::adapters::ws) fn answered(
        &mut self,
        outcome: Outcome,
        turn: &mut Turn<'_>,
    ) -> Result<(), End> {
        self.busy = Busy::No;
        if self.closing.is_some() {
            // Nothing goes out behind our close.
            return Ok(());
        }
        match outcome {
            Outcome::Answers(frames) => frames.iter().for_each(|frame| self.link.put_text(frame)),
            Outcome::Began(beginning) => self.resync(&beginning.map_err(|_| Farewell::Internal)?, turn),
            Outcome::Refreshed(Ok(refreshed)) => {
                self.principal = Arc::new(refreshed.principal);
                self.set_end(refreshed.ends_at, turn.settings);
                self.link.put_text(&frame::auth_refreshed(self.principal.expires_at));
                if let Some(beginning) = refreshed.resync {
                    self.resync(&beginning, turn);
                }
            }
            Outcome::Refreshed(Err(fault)) if fault.code == Code::ForbiddenScope => {
                return Err(Farewell::Forbidden.into());
            }
            // A refused refresh changes nothing; the token that stands behind the connection goes on.
            Outcome::Refreshed(Err(fault)) => self.link.put_text(&frame::error(None, &fault)),
            Outcome::Lost => return Err(Farewell::Internal.into()),
        }
        self.take_kept(turn)
    }

    /// Announces a new beginning on a connection that goes on.
    fn resync(&mut self, beginning: &Beginning, turn: &Turn<'_>) {
        let from = self.place.considered(turn.head).next();
        self.link.put_text(&frame::resync(beginning, from));
        self.start(beginning, turn.sockets.copies());
    }
}
