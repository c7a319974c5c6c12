//! The witness: a small file beside the database that says how far its history was committed.
//!
//! SQLite's recovery ends at the first bad frame of the write-ahead log and says nothing of what stood
//! behind it: a store can come back shorter than it was. The witness is written after each commit that
//! came back, so it never claims what was not committed; it is not synced with each, since a process that
//! is killed loses nothing that the system has, and after a power cut an older witness only knows less. It
//! is synced once a second and at a stop. It also knows the database file by device and inode: one that is
//! another file was put back or copied, and then its history may have gone on elsewhere.
//!
//! It is one write of fewer bytes than a disk's sector, with a checksum; one that cannot be read vouches for
//! nothing, so the store begins a new epoch, as without one.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use serde::{Deserialize, Serialize};

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
    boot: String,
    synced: bool,
    device: u64,
    inode: u64,
}

impl Witness {
    /// Opens the witness of a database, or makes one. `synced`: whether commits wait for the disk.
    pub(super) fn open(path: &Path, database: &Path, synced: bool) -> io::Result<Self> {
        let file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
        let about = std::fs::metadata(database)?;
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let boot = boot.trim().to_owned();
        Ok(Self { file, boot, synced, device: about.dev(), inode: about.ino() })
    }

    /// Whether the store may go on with this history.
    pub(super) fn hears(&self, epoch: &Epoch, head: Seq, clean: bool) -> Result<(), NewEpoch> {
        let Some(said) = self.read() else { return Err(NewEpoch::Unwitnessed) };
        if (said.device, said.inode) != (self.device, self.inode) {
            return Err(NewEpoch::Copied);
        }
        if said.epoch != epoch.as_str() || said.head > head.get() {
            return Err(NewEpoch::Behind);
        }
        if !said.synced && !clean && said.boot != self.boot {
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
            boot: self.boot.clone(),
            synced: self.synced,
        };
        // Only maps with keys that are no texts and failing writers make serde_json fail; there are neither here.
        let json = serde_json::to_string(&said).unwrap_or_default();
        let mut text = format!("{:08x} {json}", crc32fast::hash(json.as_bytes())).into_bytes();
        text.resize(FILE_BYTES.saturating_sub(1), b' ');
        text.push(b'\n');
        self.file.write_all_at(&text, 0)
    }

    /// Brings it to the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}
