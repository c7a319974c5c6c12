//! Sockets that begin to stand for agents with their reports: whether they do is known once those are decided.

use std::sync::Arc;

use crate::app::presence::Presence;
use crate::domain::desk::Command;
use crate::domain::fault::Fault;
use crate::domain::report::{Report, ReportBody, Stamp};
use crate::ports::event_log::{EventLog, Proposal, Receipt};
use crate::ports::intake::Socket;

/// The sockets that begin to stand for agents with the reports of one call.
pub(super) struct Standing<'a> {
    presence: &'a Arc<Presence>,
    begins: Vec<Begins>,
}

/// One socket, with the first report about one agent over it.
struct Begins {
    socket: Socket,
    /// The place of the report among those that are decided.
    place: usize,
    has_key: bool,
    /// What says no more of the agent than that it lives.
    sign: Report,
}

impl<'a> Standing<'a> {
    pub(super) const fn new(presence: &'a Arc<Presence>) -> Self {
        Self { presence, begins: Vec::new() }
    }

    /// Lets the socket stand for the agent of the report that is decided at this place.
    pub(super) fn hold(&mut self, socket: &Socket, report: &mut Report, place: usize, has_key: bool) {
        let stands = self.presence.hold(socket, &report.agent);
        report.terms.socket = stands.is_some();
        if stands == Some(true) {
            let mut sign = report.clone();
            sign.body = ReportBody::Heartbeat;
            sign.instance = sign.instance.map(|stamp| Stamp { report_seq: None, ..stamp });
            self.begins.push(Begins { socket: socket.clone(), place, has_key, sign });
        }
    }

    /// Nothing was decided: no socket stands by these reports.
    pub(super) fn give_up(self) {
        for begins in self.begins {
            self.presence.let_go(&begins.socket, &begins.sign.agent);
        }
    }

    /// Sees to it that each agent lives by its socket, or not at all. A report that was answered before, or that others
    /// of its process overtook, changes nothing when it is sent again; that somebody lives who sends it is said apart. Whose process is over is let go.
    pub(super) async fn settle(self, log: &dyn EventLog, decided: &[Result<Receipt, Fault>]) {
        let mut signs = Vec::new();
        for begins in self.begins {
            match decided.get(begins.place) {
                Some(Ok(receipt)) if receipt.applied && !begins.has_key => {}
                Some(Ok(_)) => signs.push(begins),
                Some(Err(_)) | None => self.presence.let_go(&begins.socket, &begins.sign.agent),
            }
        }
        if signs.is_empty() {
            return;
        }
        let proposal =
            |begins: &Begins| Proposal { command: Command::Report(begins.sign.clone()), key: None };
        let said = log.append(signs.iter().map(proposal).collect()).await.unwrap_or_default();
        for (place, begins) in signs.iter().enumerate() {
            if !said.get(place).is_some_and(|said| said.as_ref().is_ok_and(|receipt| receipt.applied)) {
                self.presence.let_go(&begins.socket, &begins.sign.agent);
            }
        }
    }
}
