//! The turn to send: a lock on a file, which the system takes back from a dead process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use super::make;
use crate::ports::spool::Turn;

/// How long after a failed try the next one comes.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The file whose lock is the turn.
const TURN: &str = "turn";

/// The locked file. Closing it unlocks it.
pub(super) struct Locked {
    _file: File,
}

impl Turn for Locked {}

/// The turn, if nobody has it.
pub(super) fn tried(directory: &Path) -> io::Result<Option<Locked>> {
    make(directory)?;
    let path = directory.join(TURN);
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Locked { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
