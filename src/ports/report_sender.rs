//! Port out: a server as seen from outside, by those who report to it.
//!
//! One call is one request, answered report by report. Nothing here tries again: that is decided by who
//! reports. A server is a stranger: every text of its answers may be hostile.
//!
//! ```
//! use async_trait::async_trait;
//! use mission_control::domain::id::AgentId;
//! use mission_control::domain::report::ReportBody;
//! use mission_control::ports::report_sender::{Answer, Outgoing, Refusal, ReportSender, SendError};
//! use mission_control::ports::token_verifier::SecretText;
//! use std::time::Duration;
//!
//! /// A server that takes what asks for no lease.
//! struct Carefree;
//!
//! #[async_trait]
//! impl ReportSender for Carefree {
//!     async fn send(&self, reports: &[Outgoing], _: &SecretText, _: Duration) -> Result<Vec<Answer>, SendError> {
//!         let refusal = Refusal { code: "forbidden_agent".into(), detail: "no leases".into(), retry_after: None };
//!         let taken = Answer::Taken { applied: true, changed: true, seq: 1 };
//!         let answer = |report: &Outgoing| match report.lease {
//!             Some(_) => Answer::Refused(refusal.clone()),
//!             None => taken.clone(),
//!         };
//!         Ok(reports.iter().map(answer).collect())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let lease = Some(Duration::from_secs(90));
//! let agent = AgentId::parse("importer").unwrap();
//! let beat = Outgoing { agent, timestamp: None, instance: None, lease, busy_until: None, age: Duration::ZERO, key: None, body: ReportBody::Heartbeat };
//! let answers = Carefree.send(&[beat], &SecretText::new("t"), Duration::from_secs(1)).await.unwrap();
//! assert!(matches!(&answers[0], Answer::Refused(refusal) if refusal.code == "forbidden_agent"));
//! # }
//! ```

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::id::AgentId;
use crate::domain::report::{ReportBody, Stamp};
use crate::domain::time::Timestamp;
use crate::ports::token_verifier::SecretText;

/// A report on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The agent.
    pub agent: AgentId,
    /// When it happened.
    pub timestamp: Option<Timestamp>,
    /// The process life it is about.
    pub instance: Option<Stamp>,
    /// The lease it asks for.
    pub lease: Option<Duration>,
    /// Until when the agent may be quiet.
    pub busy_until: Option<Timestamp>,
    /// For how long it was delayed before it came here.
    pub age: Duration,
    /// Its idempotency key; a heartbeat needs none.
    pub key: Option<String>,
    /// What it says.
    pub body: ReportBody,
}

/// The server's answer to one report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It was taken, and its events are durable.
    Taken {
        /// Whether it counted; a late one does not.
        applied: bool,
        /// Whether it made an event.
        changed: bool,
        /// The position of its last event.
        seq: u64,
    },
    /// It was not taken.
    Refused(Refusal),
}

/// Why something was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}{colon}{detail}", colon = if code.is_empty() || detail.is_empty() { "" } else { ": " })]
pub struct Refusal {
    /// The stable code; empty where something else than a server of ours answered.
    pub code: String,
    /// What is wrong, for people.
    pub detail: String,
    /// After how long trying again makes sense.
    pub retry_after: Option<Duration>,
}

/// Why none of the reports of a request was answered. Some may have been taken all the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// No answer, or none that is of a server like ours.
    #[error("cannot reach the server: {0}")]
    Unreachable(String),
    /// The request was refused as a whole.
    #[error("the server refused the reports: {status} {refusal}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Why.
        refusal: Refusal,
    },
}

/// A server that takes reports.
#[cfg_attr(feature = "test-support", mockall::automock)]
#[async_trait]
pub trait ReportSender: Send + Sync {
    /// Sends as many of these as one request takes, the first always among them, in this order, and gives an
    /// answer for each that was sent. The age of each is how long it was delayed in all. The token goes to this
    /// server and nowhere else.
    ///
    /// # Errors
    /// [`SendError`]; never later than `within`.
    async fn send(
        &self,
        reports: &[Outgoing],
        token: &SecretText,
        within: Duration,
    ) -> Result<Vec<Answer>, SendError>;
}
