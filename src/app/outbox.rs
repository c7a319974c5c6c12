//! Use case: reports leave for a server that may be away.
//!
//! A report is kept first and sent then, so that neither a crash nor a lost answer loses or doubles it. What
//! one process leaves behind the next one sends, in order. Where the disk takes nothing, reports are held in
//! memory, and go behind all that waits on the disk.

mod held;
mod post;
mod round;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::id::AgentId;
use crate::ports::report_sender::{Answer, Outgoing, Refusal};
use crate::ports::spool::SpoolError;

pub use post::Post;

/// Most refusals, and most late agents, that are told of one delivery; all refusals are counted.
pub const REFUSED_TOLD_MAX: usize = 100;

/// A report that the server will never take. It is not kept any longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The agent.
    pub agent: AgentId,
    /// Why.
    pub refusal: Refusal,
    /// Whether it is the last that this process put here.
    pub own: bool,
}

/// What keeps reports waiting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// The server is away, or takes nothing of this reporter.
    Server,
    /// The disk: what waits there cannot be read, or not be forgotten.
    Spool,
    /// Another process is sending.
    Turn,
    /// There was no time for more.
    Time,
    /// The server takes nothing of these agents for now; of all others nothing waits.
    Agents(BTreeSet<AgentId>),
}

/// Why reports still wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// In words for people; some may be the server's.
    pub why: String,
    /// What it is.
    pub by: Obstacle,
    /// After how long trying again makes sense.
    pub retry_after: Option<Duration>,
    /// Whether waiting alone does not help: there is no token, or the server does not take it.
    pub for_good: bool,
}

impl Left {
    /// Something that may be over at the next try.
    #[must_use]
    pub fn for_now(by: Obstacle, why: impl Into<String>) -> Self {
        Self { why: why.into(), by, retry_after: None, for_good: false }
    }

    /// Something about the server that waiting alone does not mend.
    #[must_use]
    pub fn for_good(why: impl Into<String>) -> Self {
        Self { why: why.into(), by: Obstacle::Server, retry_after: None, for_good: true }
    }

    /// Whether reports of this agent may be among those that wait.
    #[must_use]
    pub fn concerns(&self, agent: &AgentId) -> bool {
        match &self.by {
            Obstacle::Agents(agents) => agents.contains(agent),
            Obstacle::Server | Obstacle::Spool | Obstacle::Turn | Obstacle::Time => true,
        }
    }
}

/// What became of a report that was put here.
#[derive(Debug, Default)]
pub struct Stored {
    /// How many of the oldest activities had to go to make room. The report itself may be among them.
    pub dropped: u64,
    /// Why it is held in memory alone, where the end of the process ends it; on the disk without.
    pub unkept: Option<SpoolError>,
}

/// What came of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Delivery {
    /// How many were taken.
    pub taken: u64,
    /// Whether the last that this process put here was among them.
    pub own_taken: bool,
    /// The first agents of whom some did not count, since something newer is known of them.
    pub late: BTreeSet<AgentId>,
    /// How many were refused for good.
    pub refused: u64,
    /// The first of those, and always the last that this process put here.
    pub refusals: Vec<Refused>,
    /// Why the rest waits; nothing waits without it.
    pub left: Option<Left>,
    /// How many of those that wait are in memory alone.
    pub unkept: usize,
    /// What happened to reports that waited, in words for people.
    pub mishaps: Vec<String>,
}

/// The way out.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Keeps a report until the server took it; it sends nothing. Gives the report an idempotency key and a
    /// timestamp where it has none. Where the disk does not take it within this time, it is held in memory.
    ///
    /// # Errors
    /// [`SpoolError`]; then neither the disk nor the memory takes it.
    async fn put(&self, report: Outgoing, within: Duration) -> Result<Stored, SpoolError>;

    /// Sends what waits, the oldest first, until nothing does, or the server takes no more for now; at most
    /// for so long. While another process sends, waits for its turn. What is held in memory goes last, unless
    /// older reports of its agent wait on the disk; what is left of it is put on the disk, if that takes it
    /// now. Cancel safe: what was under way is sent again by the next.
    async fn deliver(&self, within: Duration) -> Delivery;

    /// Sends a report now or not at all, past all that waits. For heartbeats.
    ///
    /// # Errors
    /// Why it was not sent.
    async fn send_now(&self, report: Outgoing, within: Duration) -> Result<Answer, Left>;
}
