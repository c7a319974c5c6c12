//! The files of a spool: who is who, who may use them at the moment, and where damaged ones go.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

/// How long to wait for others that use the database otherwise. A report is to be back within two seconds.
pub(super) const BUSY_WITHIN: Duration = Duration::from_millis(1_200);
/// How long after a failed try the next one comes.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// How often it is tried: as long as others may take.
pub(super) const LOOKS: u32 = 240;

/// The database's file within its directory.
pub(super) const DATABASE: &str = "reports.db";
/// What a damaged database is called from then on, for whoever wants to look.
pub(super) const DAMAGED: &str = "reports.db.damaged";
/// Most damaged databases that are kept. Then nothing is kept until somebody looked: none is ever overwritten.
pub(super) const DAMAGED_MAX: u32 = 10;
/// The file that is locked by all who use the database, and by one alone who puts it aside.
const USE: &str = "use";

/// Which file it is, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity(u64, u64);

pub(super) fn identity(file: &File) -> io::Result<Identity> {
    file.metadata().map(|data| Identity(data.dev(), data.ino()))
}

/// The file that is there now, if one is.
pub(super) fn identity_at(path: &Path) -> io::Result<Option<Identity>> {
    match std::fs::metadata(path) {
        Ok(data) => Ok(Some(Identity(data.dev(), data.ino()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn make(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

pub(super) fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// The right to use the database, until it is dropped.
pub(super) fn used(directory: &Path) -> io::Result<File> {
    locked(directory, File::try_lock_shared)
}

fn locked(directory: &Path, lock: impl Fn(&File) -> Result<(), TryLockError>) -> io::Result<File> {
    let path = directory.join(USE);
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    for _ in 0..LOOKS {
        match lock(&file) {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => sleep(LOOK_AGAIN),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(io::ErrorKind::WouldBlock.into())
}

/// Puts this database aside with all that belongs to it, unless another did, and gives its new name. Nobody
/// uses it meanwhile: what is written into it after that would be lost.
pub(super) fn put_aside(directory: &Path, damaged: Identity) -> io::Result<Option<PathBuf>> {
    let _alone = locked(directory, File::try_lock)?;
    let path = directory.join(DATABASE);
    if identity_at(&path)? != Some(damaged) {
        return Ok(None);
    }
    let names = (1..=DAMAGED_MAX).map(|number| match number {
        1 => DAMAGED.to_owned(),
        number => format!("{DAMAGED}.{number}"),
    });
    let free = names.map(|name| directory.join(name)).find(|name| !name.exists());
    let aside = free.ok_or_else(|| {
        let place = directory.display();
        io::Error::other(format!(
            "{place} holds {DAMAGED_MAX} damaged databases: look at them, and move them away"
        ))
    })?;
    // What it did not take into itself yet goes with it, under the name where it is looked for.
    let log = directory.join(format!("{DATABASE}-wal"));
    if log.exists() {
        let mut name = aside.clone().into_os_string();
        name.push("-wal");
        std::fs::rename(log, name)?;
    }
    std::fs::rename(&path, &aside)?;
    remove_if_there(&directory.join(format!("{DATABASE}-shm")))?;
    Ok(Some(aside))
}
