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
    /// The answer to a report.
    Answer(Bytes),
    /// A new beginning.
    Began(Result<Beginning, Fault>),
    /// A new token.
    Refreshed(Result<Refreshed, Fault>),
    /// Nobody knows: whoever was asked broke down.
    Lost,
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

    pub(super) fn report(
        &mut self,
        id: Option<String>,
        submission: Result<Box<Submission>, Vec<Fault>>,
        turn: &Turn<'_>,
    ) {
        let (intake, principal) = (Arc::clone(&turn.settings.intake), Arc::clone(&self.principal));
        let lost = || Fault::new(Code::Internal, "try again");
        match submission {
            Err(faults) => {
                let fault = faults.into_iter().next().unwrap_or_else(lost);
                self.link.put_text(&frame::error(id.as_deref(), &fault));
            }
            Ok(submission) => {
                let socket = Some(self.socket.get_or_insert_default().clone());
                let submission = Submission { socket, ..*submission };
                self.ask(Busy::Reporting, async move {
                    let results = intake.report(&principal, vec![submission]).await;
                    let result =
                        results.and_then(|all| all.into_iter().next().unwrap_or_else(|| Err(lost())));
                    Outcome::Answer(match result {
                        Ok(receipt) => frame::reported(id.as_deref(), &receipt),
                        Err(fault) => frame::error(id.as_deref(), &fault),
                    })
                });
            }
        }
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
    pub(in crate::adapters::ws) fn answered(&mut self, outcome: Outcome, turn: &Turn<'_>) -> Result<(), End> {
        self.busy = Busy::No;
        if self.closing.is_some() {
            // Nothing goes out behind our close.
            return Ok(());
        }
        match outcome {
            Outcome::Answer(frame) => self.link.put_text(&frame),
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
        Ok(())
    }

    /// Announces a new beginning on a connection that goes on.
    fn resync(&mut self, beginning: &Beginning, turn: &Turn<'_>) {
        let from = self.place.considered(turn.head).next();
        self.link.put_text(&frame::resync(beginning, from));
        self.start(beginning, turn.sockets.copies());
    }
}
