//! The witness: a small file beside the database that says how far its history was committed.
//!
//! SQLite's recovery ends at the first bad frame of the write-ahead log and says nothing of what stood
//! behind it: a store can come back shorter than it was. The witness is written after each commit that
//! came back, so it never claims what was not committed; it is not synced with each, since a process that
//! is killed loses nothing that the system has, and after a power cut an older witness only knows less. It
//! is synced once a second and at a stop. It also knows the database file by device, inode and birth: one that
//! is another file was put back or copied, and then its history may have gone on elsewhere. The birth, since a
//! file system gives the number of a file that was removed to the next one.
//!
//! Files can be copied over those that are there, and are the same files then. So each start leaves a mark, an
//! empty file whose name is new, and the witness knows the name: old files bring the mark of another start.
//!
//! It is one write of fewer bytes than a disk's sector, with a checksum; one that cannot be read vouches for
//! nothing, so the store begins a new epoch, as without one.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::fault::StoreError;
use crate::domain::cursor::{Epoch, Seq};

/// The bytes of the file, so that a shorter text leaves no end of a longer one.
const FILE_BYTES: usize = 400;

/// What the witness says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Testimony {
    epoch: String,
    head: u64,
    device: u64,
    inode: u64,
    /// When the file was made, in nanoseconds; nothing where the file system does not know.
    born: Option<u64>,
    /// The mark of the start of the server during which it was written, and of the one before: its mark is
    /// there still where the server was ended between the two.
    mark: String,
    mark_before: Option<String>,
    /// The system's start during which it was written.
    boot: String,
    /// Whether commits waited for the disk.
    synced: bool,
}

/// Why a store does not go on with the history that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NewEpoch {
    /// An operator asked for it.
    #[error("it was asked for")]
    Asked,
    /// Committed events are missing.
    #[error("it is behind what was committed: its last events are lost")]
    Behind,
    /// It is another file than the one that was written last.
    #[error("its file was copied or put back, so its history may have gone on elsewhere")]
    Copied,
    /// Nothing vouches for it.
    #[error("nothing says how far it was committed")]
    Unwitnessed,
    /// Commits did not wait for the disk, and the system went down.
    #[error("the system went down while log.durability was os")]
    PowerCut,
}

/// The open file.
pub(super) struct Witness {
    file: File,
    path: PathBuf,
    boot: String,
    synced: bool,
    device: u64,
    inode: u64,
    /// Which file its write-ahead log is, in which all commits of late are.
    log: Option<(u64, u64)>,
    born: Option<u64>,
    mark: String,
    mark_before: Option<String>,
}

/// Where SQLite keeps the write-ahead log of a database.
fn log_of(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push("-wal");
    path.into()
}

/// Whether the system may have gone down between the two: it is not known where it gives its starts no names.
pub(super) fn is_another_boot(before: &str, now: &str) -> bool {
    before != now || before.is_empty()
}

/// Which file is there, if one is.
fn identity(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().map(|about| (about.dev(), about.ino()))
}

impl Witness {
    /// Opens the witness of a database that is open, or makes one. `synced`: whether commits wait for the disk.
    pub(super) fn open(path: &Path, database: &Path, synced: bool) -> io::Result<Self> {
        let file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
        let about = std::fs::metadata(database)?;
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let boot = boot.trim().to_owned();
        let born = about.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let born = born.and_then(|since| u64::try_from(since.as_nanos()).ok());
        let (device, inode, path) = (about.dev(), about.ino(), path.to_owned());
        let (mark, mark_before) = (String::new(), None);
        let log = identity(&log_of(database));
        let mut witness = Self { file, path, boot, synced, device, inode, log, born, mark, mark_before };
        if let Some(said) = witness.read() {
            (witness.mark, witness.mark_before) = (said.mark, said.mark_before);
        }
        Ok(witness)
    }

    /// The marks that are there.
    fn marks(&self) -> io::Result<Vec<String>> {
        let begins = self.mark_path("");
        let begins = begins.file_name().unwrap_or_default().to_string_lossy();
        let mut marks = Vec::new();
        for entry in std::fs::read_dir(self.path.parent().unwrap_or(Path::new(".")))? {
            let name = entry?.file_name();
            marks.extend(name.to_string_lossy().strip_prefix(&*begins).map(str::to_owned));
        }
        Ok(marks)
    }

    fn mark_path(&self, mark: &str) -> PathBuf {
        self.path.with_extension(format!("start-{mark}"))
    }

    /// Whether the marks that are there are of the start that it knows.
    fn is_marked(&self) -> bool {
        let knows = |mark: &String| *mark == self.mark || Some(mark) == self.mark_before.as_ref();
        // Both are there where the server was ended between making one and removing the other.
        self.marks().is_ok_and(|marks| !marks.is_empty() && marks.iter().all(knows))
    }

    /// Says what [`Witness::write`] says, and from now on under a new mark.
    pub(super) fn begin(&mut self, mark: String, epoch: &Epoch, head: Seq) -> io::Result<()> {
        // The one that is there: a start that was ended too early left none of its own.
        let there = self.marks()?;
        let known = [Some(std::mem::replace(&mut self.mark, mark)), self.mark_before.take()];
        self.mark_before = known.into_iter().flatten().find(|mark| there.contains(mark));
        // First that it is known on the disk, then that it is there: between the two the one before is.
        self.write(epoch, head)?;
        self.sync()?;
        File::options().write(true).create(true).truncate(false).open(self.mark_path(&self.mark))?;
        for mark in self.marks()?.into_iter().filter(|mark| *mark != self.mark) {
            std::fs::remove_file(self.mark_path(&mark))?;
        }
        Ok(())
    }

    /// That the database at this path is the file that is written, and its write-ahead log and the witness too.
    pub(super) fn still_there(&self, database: &Path) -> Result<(), StoreError> {
        let own = self.file.metadata()?;
        let is_there = identity(database) == Some((self.device, self.inode))
            && identity(&log_of(database)) == self.log
            && identity(&self.path) == Some((own.dev(), own.ino()));
        if is_there { Ok(()) } else { Err(StoreError::Moved) }
    }

    /// Whether the store may go on with this history.
    pub(super) fn hears(&self, epoch: &Epoch, head: Seq, clean: bool) -> Result<(), NewEpoch> {
        let Some(said) = self.read() else { return Err(NewEpoch::Unwitnessed) };
        let is_the_file = (said.device, said.inode, said.born) == (self.device, self.inode, self.born);
        if !is_the_file || !self.is_marked() {
            return Err(NewEpoch::Copied);
        }
        if said.epoch != epoch.as_str() || said.head > head.get() {
            return Err(NewEpoch::Behind);
        }
        if !said.synced && !clean && is_another_boot(&said.boot, &self.boot) {
            return Err(NewEpoch::PowerCut);
        }
        Ok(())
    }

    /// Whether there were events once, though the database has none.
    pub(super) fn knows_events(&self) -> bool {
        self.read().is_some_and(|said| said.head > 0)
    }

    fn read(&self) -> Option<Testimony> {
        let mut bytes = [0_u8; FILE_BYTES];
        self.file.read_exact_at(&mut bytes, 0).ok()?;
        let text = std::str::from_utf8(&bytes).ok()?.trim_end_matches(['\n', ' ']);
        let (sum, json) = text.split_once(' ')?;
        let right = format!("{:08x}", crc32fast::hash(json.as_bytes())) == sum;
        right.then(|| serde_json::from_str(json).ok()).flatten()
    }

    /// Says that this was committed.
    pub(super) fn write(&self, epoch: &Epoch, head: Seq) -> io::Result<()> {
        let said = Testimony {
            epoch: epoch.as_str().to_owned(),
            head: head.get(),
            device: self.device,
            inode: self.inode,
            born: self.born,
            mark: self.mark.clone(),
            mark_before: self.mark_before.clone(),
            boot: self.boot.clone(),
            synced: self.synced,
        };
        // Only maps with keys that are no texts and failing writers make serde_json fail; there are neither here.
        let json = serde_json::to_string(&said).unwrap_or_default();
        let mut text = format!("{:08x} {json}", crc32fast::hash(json.as_bytes())).into_bytes();
        text.resize(FILE_BYTES.saturating_sub(1), b' ');
        text.push(b'\n');
        #[cfg(test)]
        super::tests::witness_has_room(&self.path)?;
        self.file.write_all_at(&text, 0)
    }

    /// Brings it to the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}
