//! Port in: what a reporter may do.
//!
//! ```
//! use mission_control::domain::grant::{Grant, Principal, Scope, Scopes};
//! use mission_control::domain::id::{AgentId, UserId};
//! use mission_control::domain::lifecycle::Status;
//! use mission_control::domain::report::{Report, ReportBody};
//! use mission_control::domain::{fault::Code, pattern::Patterns, time::Timestamp};
//! use mission_control::ports::intake::{Intake, Submission};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use mission_control::app::{run::MissionControl, settings::{Settings, Sources}};
//! # let secret = "MISSION_CONTROL__AUTH__SECRET".to_owned();
//! # let in_memory = ("MISSION_CONTROL__LOG__KIND".to_owned(), "memory".to_owned());
//! # let environment = [(secret, "a secret of at least thirty-two bytes".to_owned()), in_memory].into();
//! # let settings = Settings::load(&Sources { environment, ..Sources::default() })?;
//! # let control = MissionControl::start(settings.clone()).await?;
//! // A transport of your own read these, and checked who sends them.
//! let intake: std::sync::Arc<dyn Intake> = control.intake();
//! let grant = Grant { scopes: Scopes::of([Scope::Report]), agents: Patterns::parse(["web1-*"])? };
//! let (user, expires_at) = (UserId::parse("web1")?, Timestamp::MAX);
//! let by = Principal { user, grant, expires_at, issued_at: None, token_id: None };
//! let online = |agent: &str| {
//!     let body = ReportBody::Status { status: Status::Online, message: None, state: None, labels: None };
//!     let report = Report::new(AgentId::parse(agent).unwrap(), body);
//!     Submission { report, key: None, fingerprint: [0; 32], socket: None }
//! };
//! let answers = intake.report(&by, vec![online("web1-nginx"), online("db1")]).await?;
//! assert_eq!(answers[0].as_ref().unwrap().seq.get(), 1);
//! assert_eq!(answers[1].as_ref().unwrap_err().code, Code::ForbiddenAgent, "one bad item fails no other");
//! # Ok(())
//! # }
//! ```

mod socket;

use async_trait::async_trait;

use crate::domain::fault::Fault;
use crate::domain::grant::Principal;
use crate::domain::id::AgentId;
use crate::domain::report::Report;
use crate::ports::event_log::Receipt;

pub use socket::{Parting, Socket};

/// A report, and under which key it may come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The report.
    pub report: Report,
    /// The idempotency key.
    pub key: Option<String>,
    /// SHA-256 of the report after parsing, without the key.
    pub fingerprint: [u8; 32],
    /// The socket that it came over, where that stands for its agent's life.
    pub socket: Option<Socket>,
}

/// Takes reports.
#[cfg_attr(feature = "test-support", mockall::automock)]
#[async_trait]
pub trait Intake: Send + Sync {
    /// Takes reports in order, one result each. A result is there only when its events are durable.
    ///
    /// # Errors
    /// For all: `forbidden_scope`, `unavailable`, `store_full`, `draining`. For one: `forbidden_agent`,
    /// `rate_limited`, `fleet_full`, `idempotency_conflict`.
    async fn report(
        &self,
        by: &Principal,
        submissions: Vec<Submission>,
    ) -> Result<Vec<Result<Receipt, Fault>>, Fault>;

    /// Forgets an agent and its sessions.
    ///
    /// # Errors
    /// `forbidden_scope`, `not_found`, `unavailable`, `store_full`, `draining`.
    async fn forget(&self, by: &Principal, agent: AgentId) -> Result<Receipt, Fault>;
}
