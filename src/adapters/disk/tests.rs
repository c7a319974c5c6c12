//! What a log on a disk promises beside the suites: it outlives its process, and never lies about what it
//! lost.

mod damage;
mod epochs;
mod failing;
mod flips;
mod full;
mod golden;
mod lasting;
mod promises;
mod retention;
mod witnessing;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::domain::cursor::Epoch;
use crate::domain::desk::Command;
use crate::domain::id::{SessionId, UserId};
use crate::domain::lifecycle::{Signal, Status};
use crate::domain::report::{Exit, Report, ReportBody, Terms};
use crate::domain::text::Message;
use crate::domain::time::{Monotonic, Timestamp};
use crate::ports::entropy::EntropyError;
use crate::ports::event_log::IdempotencyKey;

/// A clock that stands still until it is moved.
#[derive(Default)]
struct ManualClock(AtomicU64);

impl Clock for ManualClock {
    fn wall(&self) -> Timestamp {
        Timestamp::saturating(1_795_460_000_000 + self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::new(Duration::from_millis(self.0.load(Ordering::SeqCst)))
    }
}

impl ManualClock {
    fn pass(&self, time: Duration) {
        self.0.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

/// Numbers, so that every epoch is another.
struct Counting;

impl Entropy for Counting {
    fn bytes(&self) -> Result<[u8; 16], EntropyError> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&NEXT.fetch_add(1, Ordering::SeqCst).to_be_bytes());
        Ok(bytes)
    }
}

/// A directory of a test's own, gone with it.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let path = std::env::temp_dir().join(format!("mission-control-disk-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// What is there now, as after a kill: the files as the system has them.
    fn copy_to(&self, other: &Path) {
        std::fs::create_dir_all(other).unwrap();
        for entry in std::fs::read_dir(&self.0).unwrap() {
            let entry = entry.unwrap();
            if entry.file_name() != "events.lock" && entry.file_name() != "events.db-shm" {
                std::fs::copy(entry.path(), other.join(entry.file_name())).unwrap();
            }
        }
    }
}

/// The files of a log at one moment.
struct Files(Vec<(std::ffi::OsString, Vec<u8>)>);

impl Files {
    fn of(directory: &Path) -> Self {
        let kept = |name: &std::ffi::OsStr| name != "events.lock" && name != "events.db-shm";
        let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
        let names = entries.filter(|name| kept(name)).collect::<Vec<_>>();
        Self(
            names
                .into_iter()
                .map(|name| (name.clone(), std::fs::read(directory.join(name)).unwrap()))
                .collect(),
        )
    }

    /// As they were, and the same files where they are there still: as a kill at that moment leaves them.
    fn put_back(&self, directory: &Path) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let name = entry.unwrap().file_name();
            if name != "events.lock" && !self.0.iter().any(|(kept, _)| *kept == name) {
                std::fs::remove_file(directory.join(name)).unwrap();
            }
        }
        self.copy_over(directory);
    }

    /// Over those that are there.
    fn copy_over(&self, directory: &Path) {
        for (name, bytes) in &self.0 {
            std::fs::write(directory.join(name), bytes).unwrap();
        }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

/// Databases that may not grow past so many pages, as on a disk that is full.
static PAGES_MAX: Mutex<BTreeMap<PathBuf, u32>> = Mutex::new(BTreeMap::new());

fn bound(directory: &Directory, pages: Option<u32>) {
    let path = directory.file("events.db");
    let mut bounds = PAGES_MAX.lock().unwrap();
    match pages {
        Some(pages) => bounds.insert(path, pages),
        None => bounds.remove(&path),
    };
}

/// What the store asks for in tests alone.
pub(super) fn pages_max(database: &Path) -> Option<u32> {
    PAGES_MAX.lock().unwrap().get(database).copied()
}

/// Witnesses that cannot be written, as on a disk that is full.
static WITHOUT_ROOM: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn fill_witness(directory: &Directory, is_full: bool) {
    let path = directory.file("events.head");
    let mut full = WITHOUT_ROOM.lock().unwrap();
    full.retain(|other| *other != path);
    full.extend(is_full.then_some(path));
}

/// What the witness asks for in tests alone.
pub(super) fn witness_has_room(witness: &Path) -> std::io::Result<()> {
    let is_full = WITHOUT_ROOM.lock().unwrap().iter().any(|path| path == witness);
    if is_full { Err(std::io::ErrorKind::StorageFull.into()) } else { Ok(()) }
}

fn options(directory: &Directory) -> DiskOptions {
    // The tests wait for the system alone: what a disk does is not theirs to show.
    DiskOptions { fsync: false, ..DiskOptions::new(directory.0.clone()) }
}

fn open_with(options: DiskOptions) -> (DiskLog, Option<NewEpoch>) {
    DiskLog::open(options, Arc::new(ManualClock::default()), Arc::new(Counting)).unwrap()
}

fn open(directory: &Directory) -> (DiskLog, Option<NewEpoch>) {
    open_with(options(directory))
}

fn agent(id: &str) -> AgentId {
    AgentId::parse(id).unwrap()
}

fn of(report: Report) -> Proposal {
    Proposal { command: Command::Report(report), key: None }
}

fn activity(id: &str, text: &str) -> Proposal {
    let session = SessionId::parse("s").unwrap();
    let body = ReportBody::Activity { session, last_message: Message::cut(text, 4096), state: None };
    of(Report::new(agent(id), body))
}

fn signal(id: &str, signal: Signal) -> Proposal {
    let body = ReportBody::Lifecycle { signal, message: None, exit: Exit::default(), labels: None };
    of(Report::new(agent(id), body))
}

fn beat(id: &str, lease: Duration) -> Proposal {
    let terms = Terms { lease: Some(lease), ..Terms::default() };
    of(Report { terms, ..Report::new(agent(id), ReportBody::Heartbeat) })
}

async fn put(log: &DiskLog, proposal: Proposal) -> Receipt {
    log.append(vec![proposal]).await.unwrap().remove(0).unwrap()
}

/// All events, and the epoch.
async fn history(log: &DiskLog) -> (Epoch, Vec<crate::domain::event::Recorded>) {
    let page = log.read(Seq::ZERO, usize::MAX, None).await.unwrap();
    (log.load().await.unwrap().epoch, page.events)
}

async fn damage_of(log: &DiskLog) -> Option<String> {
    log.read(Seq::ZERO, usize::MAX, None).await.err().map(|error| match error {
        LogError::Unavailable(why) => why.to_string(),
        other => panic!("{other:?}"),
    })
}
