//! Port out: the log, the only truth.
//!
//! One writer numbers events 1, 2, 3 … without holes within an epoch. A decision is taken in that
//! writer, against a state that includes everything before it; if it cannot be kept it never
//! happened. Every adapter passes [`crate::ports::conformance::event_log`].
//!
//! ```
//! use mission_control::adapters::memory::{MemoryLog, MemoryLogLimits};
//! use mission_control::adapters::system::SystemClock;
//! use mission_control::domain::cursor::{Epoch, Seq};
//! use mission_control::domain::desk::Command;
//! use mission_control::domain::id::{AgentId, UserId};
//! use mission_control::domain::lifecycle::Signal;
//! use mission_control::domain::report::{Exit, Report, ReportBody};
//! use mission_control::ports::event_log::{
//!     EventLog, Follower, IDEMPOTENCY_KEY_CHARS_MAX, IdempotencyKey, Loaded, LogError, Page, Proposal, Receipt,
//! };
//! use std::sync::Arc;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let epoch = Epoch::parse("k3f9")?;
//! let log: Box<dyn EventLog> =
//!     Box::new(MemoryLog::new(epoch, Arc::new(SystemClock::start()), MemoryLogLimits::default()));
//! let body = ReportBody::Lifecycle { signal: Signal::Start, message: None, exit: Exit::default(), labels: None };
//! let report = Report::new(AgentId::parse("a1")?, body);
//! let key = IdempotencyKey { owner: UserId::parse("r")?, text: "k1".into(), fingerprint: [7; 32] };
//! assert!(key.text.chars().count() <= IDEMPOTENCY_KEY_CHARS_MAX);
//! let start = Proposal { command: Command::Report(report), key: Some(key) };
//!
//! let first: Receipt = log.append(vec![start.clone()]).await?.remove(0).unwrap();
//! assert_eq!((first.applied, first.seq), (true, Seq::new(2)));
//! let again = log.append(vec![start]).await?.remove(0).unwrap();
//! assert_eq!(again, first, "the same key and report: the same answer, and nothing happens twice");
//!
//! let mut follower: Box<dyn Follower> = log.follow(Seq::ZERO).await?;
//! assert_eq!(follower.next().await?.len(), 2);
//! let page: Result<Page, LogError> = log.read(Seq::new(1), 10, None).await;
//! assert_eq!(page?.events.len(), 1);
//! let Loaded { fleet, .. } = log.load().await?;
//! assert_eq!((fleet.len(), fleet.at()), (1, Seq::new(2)));
//! # Ok(())
//! # }
//! ```

use async_trait::async_trait;

use crate::domain::cursor::{Epoch, Seq};
use crate::domain::desk::{Command, Vitals};
use crate::domain::event::Recorded;
use crate::domain::fault::Fault;
use crate::domain::fleet::Fleet;
use crate::domain::id::{AgentId, UserId};

/// Longest idempotency key, in characters.
pub const IDEMPOTENCY_KEY_CHARS_MAX: usize = 128;

/// A command, and under which key it may come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// What is to be decided.
    pub command: Command,
    /// The key under which its outcome is kept.
    pub key: Option<IdempotencyKey>,
}

/// Whose key, which text, and what it was first used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Keys of different users never meet.
    pub owner: UserId,
    /// 1 to 128 visible ASCII characters.
    pub text: String,
    /// SHA-256 of the report after parsing, without the key.
    pub fingerprint: [u8; 32],
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// False when it came too late and changes nothing.
    pub applied: bool,
    /// Whether it made events.
    pub changed: bool,
    /// The history it belongs to.
    pub epoch: Epoch,
    /// The position of its last event, or of the head when it made none.
    pub seq: Seq,
}

/// Why the log could not do it. Nothing of the call took effect.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The log cannot keep or read events now.
    #[error("the log is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The log has no room.
    #[error("the log is full")]
    Full,
    /// The events asked for are no longer kept.
    #[error("the events up to {held_after} are no longer kept")]
    Compacted {
        /// Every event after this position is still kept.
        held_after: Seq,
    },
    /// The log was closed.
    #[error("the log is closed")]
    Closed,
}

/// What a node starts from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The history.
    pub epoch: Epoch,
    /// The fold of all events up to the head.
    pub fleet: Fleet,
}

/// Some events in order, and where the head is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The events.
    pub events: Vec<Recorded>,
    /// The position of the last event there is.
    pub head: Seq,
    /// Every event after this position is still kept.
    pub held_after: Seq,
}

/// Keeps events. See the module for the contract.
#[cfg_attr(feature = "test-support", mockall::automock)]
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Decides and keeps each proposal in order, and answers one result for each. Answers only when
    /// the events are as durable as this log promises. The events of one proposal are kept together
    /// or not at all. A key that is known answers its first receipt again, or `idempotency_conflict`
    /// when the fingerprint differs; it is looked up before the decision. Dropping the future does
    /// not undo what was kept.
    ///
    /// # Errors
    /// [`LogError::Unavailable`], [`LogError::Full`] or [`LogError::Closed`]: no proposal took effect.
    async fn append(&self, proposals: Vec<Proposal>) -> Result<Vec<Result<Receipt, Fault>>, LogError>;

    /// The fleet at the head.
    ///
    /// # Errors
    /// [`LogError::Unavailable`] or [`LogError::Closed`].
    async fn load(&self) -> Result<Loaded, LogError>;

    /// At most `limit` events after a position, in order and without holes; with `of` only those of this
    /// agent. A page with fewer is the end, also with `of`.
    ///
    /// # Errors
    /// [`LogError::Compacted`] when the next event is no longer kept, whosever it is; otherwise as
    /// [`Self::load`].
    async fn read(&self, after: Seq, limit: usize, of: Option<AgentId>) -> Result<Page, LogError>;

    /// As [`Self::read`], from the oldest event that is kept: the page follows its `held_after`. Found and read
    /// in one step, so that it is never [`LogError::Compacted`], however fast events are let go.
    ///
    /// # Errors
    /// As [`Self::load`].
    async fn read_oldest(&self, limit: usize, of: Option<AgentId>) -> Result<Page, LogError>;

    /// The events after a position as they are kept, for ever.
    ///
    /// # Errors
    /// As [`Self::read`].
    async fn follow(&self, after: Seq) -> Result<Box<dyn Follower>, LogError>;

    /// The marks of life that changed after a mark, all of them after 0, and whether a [`Command::Sweep`] would
    /// find something by now. Waits for nothing, and may tell of what is decided and not kept yet.
    fn vitals(&self, since: u64) -> Vitals;
}

/// Reads the log as it grows.
#[cfg_attr(feature = "test-support", mockall::automock)]
#[async_trait]
pub trait Follower: Send {
    /// Waits for the next events and gives them in order, at least one, none twice, none left out,
    /// and never a part of one proposal's events. Cancel safe: a dropped wait loses nothing.
    ///
    /// # Errors
    /// [`LogError::Compacted`] when it fell behind what is kept; [`LogError::Closed`] at the end.
    async fn next(&mut self) -> Result<Vec<Recorded>, LogError>;
}
