//! Reports: what an agent, its supervisor or a hook tells the server.
//!
//! ```
//! use mission_control::domain::id::{AgentId, InstanceId};
//! use mission_control::domain::lifecycle::Signal;
//! use mission_control::domain::report::{Exit, Report, ReportBody, SignalName, Stamp, Terms};
//! use std::time::Duration;
//!
//! let exit = Exit { code: None, signal: SignalName::parse("SIGKILL") };
//! let crash = Report {
//!     agent: AgentId::parse("importer").unwrap(),
//!     timestamp: None,
//!     // Of the second report of this process life; older lives and lower numbers change nothing.
//!     instance: Some(Stamp { id: InstanceId::parse("i1").unwrap(), started_at: None, report_seq: Some(2) }),
//!     terms: Terms::default(),
//!     body: ReportBody::Lifecycle { signal: Signal::Crash, message: None, exit, labels: None },
//! };
//! let ReportBody::Lifecycle { exit, .. } = &crash.body else { unreachable!() };
//! assert_eq!(exit.signal.as_ref().map(SignalName::as_str), Some("SIGKILL"));
//!
//! let alive = Report::new(AgentId::parse("importer").unwrap(), ReportBody::Heartbeat);
//! let terms = Terms { lease: Some(Duration::from_secs(90)), ..Terms::default() };
//! assert_ne!(Report { terms, ..alive.clone() }, alive);
//! ```

use std::time::Duration;

use super::id::{AgentId, InstanceId, SessionId};
use super::lifecycle::{Signal, Status};
use super::text::{Labels, Message, StateWord};
use super::time::Timestamp;

/// One report about one agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Whom it is about.
    pub agent: AgentId,
    /// When it happened, by the reporter's clock; for display only.
    pub timestamp: Option<Timestamp>,
    /// Which process life of the agent sent it; fenced when given.
    pub instance: Option<Stamp>,
    /// For how long it asks the agent to be believed.
    pub terms: Terms,
    /// What it says.
    pub body: ReportBody,
}

impl Report {
    /// A report that says this, and nothing of its time, its process life or a lease.
    #[must_use]
    pub fn new(agent: AgentId, body: ReportBody) -> Self {
        Self { agent, timestamp: None, instance: None, terms: Terms::default(), body }
    }
}

/// For how long a report asks its agent to be believed without being heard.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Terms {
    /// How long from now on, and from each later report on.
    pub lease: Option<Duration>,
    /// Until when it will be quiet, by the server's clock.
    pub busy_until: Option<Timestamp>,
    /// For how long the report was delayed on its way.
    pub age: Duration,
    /// Whether it came over a socket that stands for the agent's life.
    pub socket: bool,
}

/// What a report says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportBody {
    /// The agent's status.
    Status {
        /// The status.
        status: Status,
        /// A word to people; absent clears.
        message: Option<Message>,
        /// What it is doing; absent clears.
        state: Option<StateWord>,
        /// Its labels; absent keeps.
        labels: Option<Labels>,
    },
    /// A change in the life of its process.
    Lifecycle {
        /// What happened.
        signal: Signal,
        /// A word to people.
        message: Option<Message>,
        /// How the process ended.
        exit: Exit,
        /// Its labels; absent keeps.
        labels: Option<Labels>,
    },
    /// A new last message of a session.
    Activity {
        /// The session.
        session: SessionId,
        /// Its last message.
        last_message: Message,
        /// What the session is doing; absent clears.
        state: Option<StateWord>,
    },
    /// That the agent lives.
    Heartbeat,
}

/// How a process ended; either part may be unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exit {
    /// The exit code.
    pub code: Option<i32>,
    /// The signal's name, like `SIGKILL`.
    pub signal: Option<SignalName>,
}

/// A signal's name: 1 to 32 letters, digits, `+` or `-`, as in `SIGRTMIN+3`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SignalName(std::sync::Arc<str>);

impl SignalName {
    /// Takes a name, or nothing when the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=32).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-'));
        fits.then(|| Self(std::sync::Arc::from(text)))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which process life of an agent a report comes from, and its place in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The process life.
    pub id: InstanceId,
    /// When it began; orders the lives of one agent.
    pub started_at: Option<Timestamp>,
    /// Position of the report in this life; a report at or below the last one is late.
    pub report_seq: Option<u64>,
}
