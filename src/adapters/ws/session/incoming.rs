//! What the peer sends, and what follows.

use std::sync::Arc;

use super::outcome::Reporting;
use super::{Busy, End, Session, Turn};
use crate::adapters::wire::client_frame::{self, ClientFrame};
use crate::adapters::wire::frame;
use crate::adapters::ws::client::Conduct;
use crate::adapters::ws::codec::{self, Incoming, encode};
use crate::domain::cursor::Seq;

/// Reports that came together are asked for together, so many at most: each is still answered by itself, in order.
const REPORTS_AT_ONCE: usize = 64;

impl Session {
    /// Takes bytes from the peer. What follows a frame that is still being answered is kept.
    pub(super) fn take_bytes(&mut self, bytes: &[u8], turn: &mut Turn<'_>) -> Result<(), End> {
        let mut input = bytes;
        let mut reports = Vec::new();
        let taken = self.take_frames(&mut input, &mut reports, turn);
        if !reports.is_empty() {
            self.ask_for(reports, turn);
        }
        if taken.is_err() || self.busy != Busy::No || self.link.is_full() {
            // The peer's answer to our close may be in what is left.
            self.link.keep_unread(input);
        }
        taken
    }

    /// Takes frames until one is to be answered before the next, and reports that come together.
    fn take_frames(
        &mut self,
        input: &mut &[u8],
        reports: &mut Vec<Reporting>,
        turn: &mut Turn<'_>,
    ) -> Result<(), End> {
        while self.busy == Busy::No && !self.link.is_full() && reports.len() < REPORTS_AT_ONCE {
            match self.link.decoder.next(input, turn.settings.limits()) {
                Ok(None) => return Ok(()),
                Ok(Some(incoming)) if reports.is_empty() => self.take(incoming, reports, turn)?,
                Ok(Some(incoming)) => {
                    if let Some(waits) = self.take_report(incoming, reports, turn) {
                        self.conduct(turn).keep(waits);
                        return Ok(());
                    }
                }
                Err(violation) => {
                    tracing::debug!(connection_id = %self.id(), ?violation, "the peer broke the protocol");
                    *input = &[];
                    return Err(End::Broken(violation.farewell()));
                }
            }
        }
        Ok(())
    }

    /// Takes another report behind those that came; what is none waits until they are answered.
    fn take_report(
        &mut self,
        incoming: Incoming,
        reports: &mut Vec<Reporting>,
        turn: &Turn<'_>,
    ) -> Option<Incoming> {
        let Incoming::Text(text) = &incoming else { return Some(incoming) };
        match client_frame::parse(text, &turn.settings.reports) {
            Ok(ClientFrame::Report { id, submission }) if self.principal.grant.scopes.report => {
                reports.push(self.reporting(id, submission, turn));
                None
            }
            _ => Some(incoming),
        }
    }

    /// Takes what waited until the reports before it were answered.
    pub(super) fn take_kept(&mut self, turn: &mut Turn<'_>) -> Result<(), End> {
        let Some(incoming) = self.conduct.as_mut().and_then(|conduct| conduct.kept()) else { return Ok(()) };
        let mut reports = Vec::new();
        self.take(incoming, &mut reports, turn)?;
        if !reports.is_empty() {
            self.ask_for(reports, turn);
        }
        Ok(())
    }

    fn take(
        &mut self,
        incoming: Incoming,
        reports: &mut Vec<Reporting>,
        turn: &mut Turn<'_>,
    ) -> Result<(), End> {
        match incoming {
            Incoming::Text(text) => self.take_text(&text, reports, turn),
            // Refused by the codec.
            Incoming::Binary(_) => Ok(()),
            Incoming::Pong(_) if self.pings_unanswered > 0 => {
                self.pings_unanswered = 0;
                Ok(())
            }
            // Pings, and pongs that nobody asked for, cost as much as frames.
            Incoming::Pong(_) => self.count_frame(turn),
            Incoming::Ping(payload) => {
                self.link.put(|own| encode::put_pong(own, &payload));
                self.count_frame(turn)
            }
            Incoming::Close(close) => Err(End::Left(codec::answer(close.as_ref()))),
        }
    }

    pub(super) fn conduct(&mut self, turn: &Turn<'_>) -> &mut Conduct {
        self.conduct.get_or_insert_with(|| Box::new(Conduct::new(turn.settings.interest_every)))
    }

    fn count_frame(&mut self, turn: &Turn<'_>) -> Result<(), End> {
        Ok(self.frames.count(turn.settings.frames, turn.now)?)
    }

    fn take_text(&mut self, text: &str, together: &mut Vec<Reporting>, turn: &Turn<'_>) -> Result<(), End> {
        let read = client_frame::parse(text, &turn.settings.reports);
        // Reports count towards their agents' rate; those of a token that may not report have none.
        let reports = self.principal.grant.scopes.report && matches!(read, Ok(ClientFrame::Report { .. }));
        if !reports {
            self.count_frame(turn)?;
        }
        match read {
            Ok(ClientFrame::Subscribe(interest)) => self.conduct(turn).wish(interest),
            Ok(ClientFrame::Ping { id }) => self.link.put_text(&frame::pong(id.as_deref())),
            Ok(ClientFrame::Refresh(token)) => self.refresh(token, turn),
            Ok(ClientFrame::Report { id, submission }) => together.push(self.reporting(id, submission, turn)),
            Err(fault) => {
                let struck = self.conduct(turn).strike(turn.now);
                self.link.put_text(&frame::error(None, &fault));
                struck?;
            }
        }
        Ok(())
    }

    pub(super) fn grant_wish(&mut self, turn: &Turn<'_>) {
        if let Some(interest) = self.conduct(turn).grant_wish(turn.now) {
            let (feed, id) = (Arc::clone(&turn.settings.feed), self.id());
            let delivered = self.hold(turn);
            self.ask(Busy::Beginning, async move {
                super::Outcome::Began(feed.change_interest(id, interest, delivered).await)
            });
        }
    }

    /// Asks for a new beginning, since what follows is no longer held, for a client that knows everything up to a
    /// position, or nothing. Not while another question is open:
    /// of two answers the older could come last. Whoever is answered is visited, and asks then.
    pub(super) fn catch_up(&mut self, known: Option<Seq>, turn: &Turn<'_>) {
        if self.busy != Busy::No {
            return;
        }
        let (feed, id) = (Arc::clone(&turn.settings.feed), self.id());
        let delivered = self.hold(turn);
        self.ask(
            Busy::Beginning,
            async move { super::Outcome::Began(feed.catch_up(id, delivered, known).await) },
        );
    }
}
