//! What can go wrong with the database, and what the port says of it.

use super::codec::Damage;
use crate::domain::cursor::Seq;
use crate::ports::event_log::LogError;

/// Why the database could not be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    #[error("the event log's database: {0}")]
    Database(#[from] rusqlite::Error),
    #[error("the event log's files: {0}")]
    Files(#[from] std::io::Error),
    #[error("the event log is damaged: {0}; put back a copy, or move its files away to begin anew")]
    Damaged(#[from] Damage),
    #[error(
        "the event log is damaged: its events have a hole after {0}; put back a copy, or move its files away to begin anew"
    )]
    Hole(u64),
    #[error(
        "the event log is damaged: not every event is found by its agent; put back a copy, or move its files away to begin anew"
    )]
    ByAgent,
    #[error("the event log is of version {0}, and this program is older: use a newer one")]
    Version(i64),
    #[error("the event log's state cannot be read; put back a copy, or move its files away to begin anew")]
    State,
    #[error("the database does not keep its promises: it runs without a write-ahead log, or without syncing")]
    Pragma,
    #[error("somebody reads the database, and what was written before the failure is not on the disk yet")]
    Unsettled,
    #[error("another server uses this data directory: stop it, or choose another with --data-dir")]
    InUse,
    #[error("another server writes to the event log: stop it; what it wrote is read anew")]
    AnotherWriter,
    #[error(
        "a file of the event log was moved or removed while the server runs: put it back, or start the server anew"
    )]
    Moved,
    #[error("the events up to {0} are not kept any more")]
    Compacted(Seq),
    #[error("the event log was opened anew, and its history is another one now")]
    AnotherHistory,
}

impl StoreError {
    /// Whether pages of the database are damaged.
    pub(super) fn is_damage(&self) -> bool {
        matches!(self, Self::Database(error)
            if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseCorrupt))
    }

    fn is_full(&self) -> bool {
        match self {
            Self::Database(error) => error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull),
            Self::Files(error) => {
                matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
            }
            Self::Damaged(_)
            | Self::Hole(_)
            | Self::ByAgent
            | Self::Version(_)
            | Self::State
            | Self::Pragma
            | Self::Unsettled
            | Self::InUse
            | Self::AnotherWriter
            | Self::Moved
            | Self::Compacted(_)
            | Self::AnotherHistory => false,
        }
    }
}

impl From<StoreError> for LogError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Compacted(held_after) => Self::Compacted { held_after },
            error if error.is_full() => Self::Full,
            error => Self::Unavailable(Box::new(error)),
        }
    }
}
