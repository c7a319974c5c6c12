//! Makes reports of what was noted, and keeps them. It alone waits for the disk.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::courier::Kept;
use super::{Console, Task};
use crate::app::outbox::Outbox;
use crate::app::watch::plain;
use crate::domain::id::{AgentId, SessionId};
use crate::domain::lifecycle::Signal;
use crate::domain::limits::Limits;
use crate::domain::report::{Exit, ReportBody, Stamp};
use crate::domain::text::{Labels, Message};
use crate::domain::time::Timestamp;
use crate::ports::report_sender::Outgoing;
use crate::ports::spool::SpoolError;

/// How long the disk may take for one report, before that is held in memory.
const PUT: Duration = Duration::from_secs(5);

/// What happened, and when.
#[derive(Debug)]
pub(super) struct Note {
    pub(super) at: Timestamp,
    pub(super) what: Noted,
}

/// What happened.
#[derive(Debug)]
pub(super) enum Noted {
    /// The program wrote this line.
    Line(String),
    /// It started or ended.
    Life { event: Signal, exit: Exit, message: Option<String> },
}

pub(super) struct Clerk {
    agent: AgentId,
    session: SessionId,
    labels: Option<Labels>,
    lease: Duration,
    stamp: Option<Stamp>,
    outbox: Arc<dyn Outbox>,
    console: Arc<dyn Console>,
    /// How many reports were made.
    count: u64,
    told_of_loss: bool,
    told_of_disk: bool,
}

impl Clerk {
    pub(super) fn new(
        task: &Task,
        stamp: Option<Stamp>,
        outbox: Arc<dyn Outbox>,
        console: Arc<dyn Console>,
    ) -> Self {
        let (agent, session, labels) = (task.agent.clone(), task.session.clone(), task.labels.clone());
        let (lease, count) = (task.lease, 0);
        let (told_of_loss, told_of_disk) = (false, false);
        Self { agent, session, labels, lease, stamp, outbox, console, count, told_of_loss, told_of_disk }
    }

    /// Keeps a report of each note, in their order, until there will be no more.
    pub(super) async fn run(mut self, mut notes: mpsc::Receiver<Note>, kept: watch::Sender<Kept>) {
        while let Some(note) = notes.recv().await {
            let report = self.report(note);
            match self.outbox.put(report, PUT).await {
                Ok(stored) => {
                    if let Some(error) = stored.unkept {
                        let why = because(&error);
                        self.tell_of_disk(&format!("{why}; they are sent from memory, as long as this runs"));
                    }
                    if stored.dropped > 0 {
                        self.tell_of_loss(
                            "too much waits for the server: the oldest lines of output are dropped",
                        );
                    }
                }
                Err(error) => self.tell_of_loss(&format!("a report is lost: {}", because(&error))),
            }
            kept.send_modify(|kept| kept.count = kept.count.wrapping_add(1));
        }
        kept.send_modify(|kept| kept.complete = true);
    }

    fn tell_of_disk(&mut self, what: &str) {
        if !std::mem::replace(&mut self.told_of_disk, true) {
            self.console.tell(&plain(what));
        }
    }

    fn tell_of_loss(&mut self, what: &str) {
        if !std::mem::replace(&mut self.told_of_loss, true) {
            self.console.tell(&plain(what));
        }
    }

    fn report(&mut self, note: Note) -> Outgoing {
        self.count = self.count.saturating_add(1);
        let message = |text: &str| Message::cut(text, Limits::default().message_bytes);
        // Only who lives can be missed.
        let (body, leased) = match note.what {
            Noted::Line(line) => {
                let last_message = message(&line);
                (ReportBody::Activity { session: self.session.clone(), last_message, state: None }, true)
            }
            Noted::Life { event, exit, message: text } => {
                let leased = matches!(event, Signal::Start | Signal::Restart);
                let (message, labels) = (text.as_deref().map(message), self.labels.clone());
                (ReportBody::Lifecycle { signal: event, message, exit, labels }, leased)
            }
        };
        Outgoing {
            agent: self.agent.clone(),
            timestamp: Some(note.at),
            instance: self.stamp.clone().map(|stamp| Stamp { report_seq: Some(self.count), ..stamp }),
            lease: leased.then_some(self.lease),
            busy_until: None,
            age: Duration::ZERO,
            key: None,
            body,
        }
    }
}

/// The error and what caused it.
fn because(error: &SpoolError) -> String {
    let why = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    format!("{error}{}", why.unwrap_or_default())
}
