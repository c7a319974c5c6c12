//! Port out: reports that wait for their server, kept through the end of the process.
//!
//! Many processes may put reports into the same spool at once; they come out in the order in which they went
//! in. Who wants to send takes the turn first: one process at a time has it, and it ends with the process, or when
//! that stands still.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::time::Timestamp;
use crate::ports::report_sender::Outgoing;

/// A report that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its number in this spool: a later one is higher.
    pub number: u64,
    /// When it was put there.
    pub since: Timestamp,
    /// What is to be sent.
    pub report: Outgoing,
}

/// Where a report was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Put {
    /// Its number.
    pub number: u64,
    /// How many of the oldest activities had to go to make room. The report itself may be among them.
    pub dropped: u64,
}

/// Reports of somebody else, or for another server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// The user; some text where that is not known.
    pub user: String,
    /// The server's address, where it is known.
    pub address: Option<String>,
    /// How many wait, unless that cannot be read.
    pub count: Option<u64>,
}

/// Why the spool does not do it.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// It is full, and nothing in it is an activity that may go.
    #[error("no more reports can be kept: {bytes} bytes of them wait for the server already")]
    Full {
        /// The bound.
        bytes: u64,
    },
    /// It cannot be read or written.
    #[error("reports cannot be kept")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The right to send. Dropping it lets the next one.
#[async_trait]
pub trait Turn: Send + Sync {
    /// Says that its holder still moves, and tells whether it is still his turn: others need not wait for a
    /// holder who says nothing for seconds. To be called each second.
    async fn renew(&self, now: Timestamp) -> bool;
}

/// Keeps reports until they are taken.
#[cfg_attr(feature = "test-support", mockall::automock)]
#[async_trait]
pub trait Spool: Send + Sync {
    /// Keeps one more report.
    ///
    /// # Errors
    /// [`SpoolError`]; then it is not kept.
    async fn put(&self, report: &Outgoing, now: Timestamp) -> Result<Put, SpoolError>;

    /// Waits for the turn to send, at most for so long; nothing where another has it all that time. Cancel
    /// safe.
    ///
    /// # Errors
    /// [`SpoolError::Broken`].
    async fn turn(&self, within: Duration, now: Timestamp) -> Result<Option<Box<dyn Turn>>, SpoolError>;

    /// The oldest that wait behind this number, in their order, at most so many.
    ///
    /// # Errors
    /// [`SpoolError::Broken`].
    async fn after(&self, number: u64, count: usize) -> Result<Vec<Waiting>, SpoolError>;

    /// Forgets these: they were taken, or never will be.
    ///
    /// # Errors
    /// [`SpoolError::Broken`].
    async fn remove(&self, numbers: &[u64]) -> Result<(), SpoolError>;

    /// What happened to reports that waited since this was last asked, in words for people.
    fn mishaps(&self) -> Vec<String>;
}
