//! What the desk decides, rule by rule of the contract's section 3.

mod activity;
mod bounds;
mod crash_loop;
mod late;
mod lease;
mod lifecycle;
mod quiet;
mod socket;
mod status;

use std::time::Duration;

use super::*;
use crate::domain::event::StatusEvent;
use crate::domain::fault::Code;
use crate::domain::id::{InstanceId, SessionId};
use crate::domain::lifecycle::{Reason, Signal, Standing, Status};
use crate::domain::report::{Exit, ReportBody, Stamp};
use crate::domain::text::{Labels, Message, StateWord};
use crate::domain::time::Timestamp;

/// A desk and the server's clock.
struct Bench {
    desk: Desk,
    now: u64,
}

impl Bench {
    fn new() -> Self {
        Self::within(Limits::default())
    }

    fn within(limits: Limits) -> Self {
        Self { desk: Desk::new(Fleet::default(), limits), now: 1_000 }
    }

    /// Decides, and keeps what was decided. Gives whether it applied, and the events.
    fn tell(&mut self, command: impl Into<Command>) -> (bool, Vec<Event>) {
        let command = command.into();
        let decision = self.desk.decide(&command, at(self.now)).unwrap();
        let applied = decision.applied;
        let recorded = self.desk.keep(decision);
        (applied, recorded.into_iter().map(|recorded| recorded.event).collect())
    }

    /// As [`Self::tell`], each event in a few words.
    fn words(&mut self, command: impl Into<Command>) -> Vec<String> {
        self.tell(command).1.iter().map(words).collect()
    }

    /// As [`Self::tell`], for a report that makes one status event.
    fn status_after(&mut self, report: impl Into<Command>) -> StatusEvent {
        let (_, mut events) = self.tell(report);
        match events.pop() {
            Some(Event::Status(event)) => event,
            other => panic!("a status event comes last, not {other:?}"),
        }
    }

    /// Lets time pass, then sweeps; each event in a few words.
    fn pass(&mut self, time: Duration) -> Vec<String> {
        self.now += u64::try_from(time.as_millis()).unwrap();
        self.words(Command::Sweep)
    }

    fn standing(&self) -> (&'static str, &'static str) {
        let Standing { status, reason } = self.agent("a").status.standing;
        (status.as_str(), reason.as_str())
    }

    fn vital(&self) -> Vital {
        self.desk.vitals(0, Monotonic::default()).changed[0].1
    }

    fn refusal(&self, command: impl Into<Command>) -> Code {
        self.desk.decide(&command.into(), at(self.now)).unwrap_err().code
    }

    fn agent(&self, id: &str) -> &crate::domain::fleet::Agent {
        self.desk.fleet().get(&agent(id)).unwrap()
    }

    fn sessions(&self, id: &str) -> Vec<&str> {
        self.agent(id).sessions.keys().map(SessionId::as_str).collect()
    }
}

impl From<Report> for Command {
    fn from(report: Report) -> Self {
        Self::Report(report)
    }
}

fn words(event: &Event) -> String {
    match event {
        Event::Status(event) => {
            format!("{} by {}", event.standing.status.as_str(), event.standing.reason.as_str())
        }
        Event::Lifecycle(event) => event.signal.as_str().to_string(),
        Event::Activity(event) => format!("{} says {}", event.session, event.last_message.as_str()),
        Event::AgentRemoved(agent) => format!("{agent} goes"),
        Event::SessionRemoved(_, session) => format!("{session} goes"),
    }
}

fn at(millis: u64) -> Timestamp {
    Timestamp::saturating(millis)
}

fn agent(id: &str) -> AgentId {
    AgentId::parse(id).unwrap()
}

fn message(text: &str) -> Message {
    Message::cut(text, 4096)
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    let pairs = pairs.iter().map(|(key, value)| ((*key).to_string(), (*value).to_string())).collect();
    Labels::checked(pairs, &Limits::default()).unwrap()
}

/// A bare report about `a`.
fn report(body: ReportBody) -> Report {
    Report::new(agent("a"), body)
}

fn status(status: Status) -> Report {
    report(ReportBody::Status { status, message: None, state: None, labels: None })
}

fn signal(signal: Signal) -> Report {
    report(ReportBody::Lifecycle { signal, message: None, exit: Exit::default(), labels: None })
}

fn activity(session: &str, text: &str) -> Report {
    let session = SessionId::parse(session).unwrap();
    report(ReportBody::Activity { session, last_message: message(text), state: None })
}

fn heartbeat() -> Report {
    report(ReportBody::Heartbeat)
}

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// The same report with more in it; a field that its kind does not have panics.
trait With: Sized {
    fn about(self, id: &str) -> Self;
    fn at_time(self, millis: u64) -> Self;
    fn from(self, life: &str, started_at: Option<u64>, report_seq: Option<u64>) -> Self;
    fn leased(self, lease: Duration) -> Self;
    fn late_by(self, age: Duration) -> Self;
    fn busy_until(self, millis: u64) -> Self;
    fn by_socket(self) -> Self;
    fn saying(self, text: &str) -> Self;
    fn in_state(self, word: &str) -> Self;
    fn labelled(self, pairs: &[(&str, &str)]) -> Self;
}

impl With for Report {
    fn about(mut self, id: &str) -> Self {
        self.agent = agent(id);
        self
    }

    fn at_time(mut self, millis: u64) -> Self {
        self.timestamp = Some(at(millis));
        self
    }

    fn from(mut self, life: &str, started_at: Option<u64>, report_seq: Option<u64>) -> Self {
        let id = InstanceId::parse(life).unwrap();
        self.instance = Some(Stamp { id, started_at: started_at.map(at), report_seq });
        self
    }

    fn leased(mut self, lease: Duration) -> Self {
        self.terms.lease = Some(lease);
        self
    }

    fn late_by(mut self, age: Duration) -> Self {
        self.terms.age = age;
        self
    }

    fn busy_until(mut self, millis: u64) -> Self {
        self.terms.busy_until = Some(at(millis));
        self
    }

    fn by_socket(mut self) -> Self {
        self.terms.socket = true;
        self
    }

    fn saying(mut self, text: &str) -> Self {
        match &mut self.body {
            ReportBody::Status { message: slot, .. } | ReportBody::Lifecycle { message: slot, .. } => {
                *slot = Some(message(text));
            }
            ReportBody::Activity { last_message, .. } => *last_message = message(text),
            ReportBody::Heartbeat => panic!("a heartbeat says nothing"),
        }
        self
    }

    fn in_state(mut self, word: &str) -> Self {
        match &mut self.body {
            ReportBody::Status { state, .. } | ReportBody::Activity { state, .. } => {
                *state = Some(StateWord::parse(word).unwrap());
            }
            ReportBody::Lifecycle { .. } | ReportBody::Heartbeat => panic!("it has no state"),
        }
        self
    }

    fn labelled(mut self, pairs: &[(&str, &str)]) -> Self {
        match &mut self.body {
            ReportBody::Status { labels: slot, .. } | ReportBody::Lifecycle { labels: slot, .. } => {
                *slot = Some(labels(pairs));
            }
            ReportBody::Activity { .. } | ReportBody::Heartbeat => panic!("it has no labels"),
        }
        self
    }
}
