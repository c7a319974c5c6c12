//! The turn to send: a lock on a file, which the system takes back from a dead process.
//!
//! A stopped process keeps its locks, so the file also says by its time when its holder last moved. Who finds
//! it too old puts a new file in its place. Should both send then, each report counts once by its key.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;

use super::file::{identity, identity_at, make, remove_if_there};
use crate::domain::time::Timestamp;
use crate::ports::spool::Turn;

/// How long after a failed try the next one comes.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// A turn that was not renewed for so long is over. Its holder renews it each second.
const HONOURED: Duration = Duration::from_secs(5);

/// The file whose lock is the turn.
pub(super) const TURN: &str = "turn";

/// The locked file. Closing it unlocks it.
pub(super) struct Locked {
    file: Arc<File>,
    path: PathBuf,
}

#[async_trait]
impl Turn for Locked {
    async fn renew(&self, now: Timestamp) -> bool {
        let (file, path) = (Arc::clone(&self.file), self.path.clone());
        let renewed = tokio::task::spawn_blocking(move || renewed(&file, &path, now));
        // Where the disk cannot tell, nobody can take the turn either.
        renewed.await.is_ok_and(|renewed| renewed.unwrap_or(true))
    }
}

/// Whether the file is still in its place; its time is now.
fn renewed(file: &File, path: &Path, now: Timestamp) -> io::Result<bool> {
    if identity_at(path)? != Some(identity(file)?) {
        return Ok(false);
    }
    file.set_modified(UNIX_EPOCH + Duration::from_millis(now.millis()))?;
    Ok(true)
}

/// The turn, if nobody has it.
pub(super) fn tried(directory: &Path, now: Timestamp) -> io::Result<Option<Locked>> {
    make(directory)?;
    let path = directory.join(TURN);
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
    match file.try_lock() {
        // Somebody may have put another in its place meanwhile.
        Ok(()) if renewed(&file, &path, now)? => Ok(Some(Locked { file: Arc::new(file), path })),
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => {
            let at = file.metadata()?.modified()?;
            // A clock that was put back must not make a turn last.
            let millis = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
            if millis.abs_diff(u128::from(now.millis())) > HONOURED.as_millis()
                && identity_at(&path)? == Some(identity(&file)?)
            {
                remove_if_there(&path)?;
            }
            Ok(None)
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}
