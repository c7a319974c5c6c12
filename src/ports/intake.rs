//! Port in: what a reporter may do.

use async_trait::async_trait;

use crate::domain::fault::Fault;
use crate::domain::grant::Principal;
use crate::domain::id::AgentId;
use crate::domain::report::Report;
use crate::ports::event_log::Receipt;

/// A report, and under which key it may come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The report.
    pub report: Report,
    /// The idempotency key.
    pub key: Option<String>,
    /// SHA-256 of the report after parsing, without the key.
    pub fingerprint: [u8; 32],
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
