//! How a disk log is kept, and where.

use std::path::PathBuf;
use std::time::Duration;

use super::store::Sync;
use crate::domain::limits::Limits;

/// How a disk log is kept. See [`super`] for an example.
#[derive(Debug, Clone)]
pub struct DiskOptions {
    /// The directory of its files, which has to be there.
    pub directory: PathBuf,
    /// Bounds of decisions.
    pub desk: Limits,
    /// Most events that are kept; the oldest goes first.
    pub keep_events: u64,
    /// How long events are kept, in uptime of the history; without it as long as there is room.
    pub keep: Option<Duration>,
    /// Idempotency keys that are kept; the oldest goes first.
    pub idempotency_keys: u64,
    /// Whether an answer waits until the disk has the events; otherwise the system has them, and a power cut
    /// may lose the last of them.
    pub fsync: bool,
    /// Begins a new epoch in any case.
    pub new_epoch: bool,
}

impl DiskOptions {
    /// A log in this directory, as hard and as long as the settings' defaults.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            desk: Limits::default(),
            keep_events: 1_000_000,
            keep: None,
            idempotency_keys: 1_000_000,
            fsync: true,
            new_epoch: false,
        }
    }

    pub(super) fn database(&self) -> PathBuf {
        self.directory.join("events.db")
    }

    pub(super) fn witness(&self) -> PathBuf {
        self.directory.join("events.head")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.directory.join("events.lock")
    }

    pub(super) const fn sync(&self) -> Sync {
        if self.fsync { Sync::Full } else { Sync::System }
    }

    pub(super) const fn is_synced(&self) -> bool {
        self.fsync
    }
}
