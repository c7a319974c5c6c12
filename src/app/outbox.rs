//! Use case: reports leave for a server that may be away.
//!
//! A report is kept first and sent then, so that neither a crash nor a lost answer loses or doubles it. What
//! one process leaves behind the next one sends, in order.

mod post;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::id::AgentId;
use crate::ports::report_sender::{Answer, Outgoing, Refusal};
use crate::ports::spool::{Put, SpoolError};

pub use post::Post;

/// Most refusals, and most late agents, that are told of one delivery; all refusals are counted.
pub const REFUSED_TOLD_MAX: usize = 100;

/// A report that the server will never take. It is not kept any longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its number.
    pub number: u64,
    /// The agent.
    pub agent: AgentId,
    /// Why.
    pub refusal: Refusal,
}

/// Why reports still wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// In words for people; some may be the server's.
    pub why: String,
    /// After how long trying again makes sense.
    pub retry_after: Option<Duration>,
    /// Whether waiting alone does not help: there is no token, or the server does not take it.
    pub for_good: bool,
}

impl Left {
    /// Something that may be over at the next try.
    #[must_use]
    pub fn for_now(why: impl Into<String>) -> Self {
        Self { why: why.into(), retry_after: None, for_good: false }
    }

    /// Something that waiting alone does not mend.
    #[must_use]
    pub fn for_good(why: impl Into<String>) -> Self {
        Self { why: why.into(), retry_after: None, for_good: true }
    }
}

/// What came of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivery {
    /// How many were taken.
    pub taken: u64,
    /// The first agents of whom some did not count, since something newer is known of them.
    pub late: BTreeSet<AgentId>,
    /// How many were refused for good.
    pub refused: u64,
    /// The first of those.
    pub refusals: Vec<Refused>,
    /// Why the rest waits; nothing waits without it.
    pub left: Option<Left>,
}

/// The way out.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Keeps a report until the server took it; it sends nothing. Gives the report an idempotency key and a
    /// timestamp where it has none.
    ///
    /// # Errors
    /// [`SpoolError`]; then it is not kept.
    async fn put(&self, report: Outgoing) -> Result<Put, SpoolError>;

    /// Sends what waits, the oldest first, until nothing does, or the server takes no more for now; at most
    /// for so long. While another process sends, waits for its turn. Cancel safe: what was under way is sent
    /// again by the next.
    async fn deliver(&self, within: Duration) -> Delivery;

    /// Sends a report now or not at all, past all that waits. For heartbeats.
    ///
    /// # Errors
    /// Why it was not sent.
    async fn send_now(&self, report: Outgoing, within: Duration) -> Result<Answer, Left>;
}
