//! The log on a disk, in SQLite: what was answered outlives the process and, with fsync, the machine.
//!
//! One thread writes. It decides what waits, up to 256 reports, commits all of it in one transaction
//! (events, idempotency keys, the fleet and what is known beside it), and answers then. Nobody else
//! writes: a lock on the directory keeps a second server away. Every record has a version and a checksum; one
//! that is damaged is never given out, and never passed over.
//!
//! A history keeps its epoch over restarts. It gets another one when its end was lost, when its files were
//! copied or put back, when nothing vouches for it, or when somebody asks: see [`NewEpoch`]. Events and
//! fleet stay as they are then.
//!
//! A store that fails takes nothing until it heals by itself; it can be read and followed meanwhile.
//!
//! ```
//! use mission_control::adapters::disk::{DiskLog, DiskOptions, NewEpoch};
//! use mission_control::adapters::system::{OsEntropy, SystemClock};
//! use mission_control::domain::desk::Command;
//! use mission_control::domain::id::AgentId;
//! use mission_control::domain::report::{Report, ReportBody};
//! use mission_control::ports::event_log::{EventLog, Proposal};
//! use std::sync::Arc;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let directory = std::env::temp_dir().join(format!("a-disk-log-{}", std::process::id()));
//! std::fs::create_dir_all(&directory)?;
//! let open = || DiskLog::open(DiskOptions::new(directory.clone()), Arc::new(SystemClock::start()), Arc::new(OsEntropy));
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let (log, why): (DiskLog, Option<NewEpoch>) = open()?;
//! assert_eq!(why, None);
//! let beat = Command::Report(Report::new(AgentId::parse("a1")?, ReportBody::Heartbeat));
//! let receipt = log.append(vec![Proposal { command: beat, key: None }]).await?.remove(0).unwrap();
//! drop(log);
//!
//! let (log, _) = open()?;
//! let loaded = log.load().await?;
//! assert_eq!((loaded.epoch, loaded.fleet.at()), (receipt.epoch, receipt.seq));
//! # drop(log);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # std::fs::remove_dir_all(&directory)?;
//! # Ok(())
//! # }
//! ```

mod check;
mod codec;
mod fault;
mod follower;
mod opening;
mod options;
mod pages;
mod shared;
mod store;
mod tail;
#[cfg(test)]
mod tests;
mod witness;
mod writer;

use std::fs::{File, TryLockError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use crate::domain::cursor::Seq;
use crate::domain::desk::{Desk, Vitals};
use crate::domain::fault::Fault;
use crate::domain::id::AgentId;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::event_log::{EventLog, Follower, Loaded, LogError, Page, Proposal, Receipt};
use check::Doubt;
use fault::StoreError;
use follower::DiskFollower;
use pages::Pages;
use shared::Shared;
use store::{State, Store, Sync};
use tail::Place;
use witness::Witness;
use writer::healing::{begin_epoch, fresh_epoch, warn_of};
use writer::{Job, Writer};

pub use options::DiskOptions;
pub use witness::NewEpoch;

/// Calls that wait for the writer; more wait before it.
const JOBS_MAX: usize = 1_024;
/// How long another server has to leave the directory: one that is restarted may still be saying goodbye.
const LEAVE_WITHIN: Duration = Duration::from_secs(5);
const ASK_EVERY: Duration = Duration::from_millis(20);

/// The log on a disk.
pub struct DiskLog {
    shared: Arc<Shared>,
    /// Nothing once it is being closed.
    jobs: Option<mpsc::Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
}

impl DiskLog {
    /// Opens the log in a directory, or begins one there. Also says why it begins a new epoch, where it does so
    /// though there was a history. Blocks while it reads the fleet, and for up to five seconds while another
    /// server leaves the directory.
    ///
    /// # Errors
    /// [`LogError::Unavailable`] or [`LogError::Full`], with the reason.
    pub fn open(
        options: DiskOptions,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<(Self, Option<NewEpoch>), LogError> {
        Ok(Self::try_open(options, clock, entropy)?)
    }

    fn try_open(
        options: DiskOptions,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<(Self, Option<NewEpoch>), StoreError> {
        let lock = lock(&options)?;
        let path = options.database();
        let mut store = Store::open(&path, options.sync())?;
        if !store.settle()? {
            tracing::warn!("another program reads the event log: its write-ahead log stays as it was found");
        }
        let mut witness = Witness::open(&options.witness(), &path, options.is_synced())?;
        let (mut state, why) = begin(&mut store, &mut witness, &options, entropy.as_ref())?;
        let doubt = Arc::new(Doubt::default());
        check::look_at_end(store.connection(), &state, &doubt);
        let loaded = opening::load(&mut store, &mut state, options.desk.removals)?;
        let keys = store.count_keys()?;
        let shared =
            Shared::new(Desk::default(), &state, Pages::new(path.clone(), Arc::clone(&doubt)), clock);
        let now = shared.now();
        *shared.desk() = Desk::restore(loaded.fleet, loaded.besides, options.desk, now);
        let now = now.uptime;
        let shared = Arc::new(shared);
        let stop = Arc::new(AtomicBool::new(false));
        let (send, jobs) = mpsc::channel(JOBS_MAX);
        let looked_at = state.clone();
        let writer = Writer {
            shared: Arc::clone(&shared),
            options,
            entropy,
            store: Some(store),
            witness,
            state,
            keys,
            dirty: std::collections::BTreeSet::new(),
            tried_at: now,
            heal_after: writer::HEAL_EVERY,
            is_unproven: false,
            witnessed_at: now,
            lets_go: true,
            looked_at: now,
            trouble: None,
        };
        let named = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let writes = named("event-log").spawn(move || {
            writer.run(jobs);
            drop(lock);
        })?;
        let stopped = Arc::clone(&stop);
        let checks = named("event-log-check").spawn(move || match Store::reader(&path) {
            Ok(connection) => check::look_at_all(&connection, &looked_at, &doubt, &stopped),
            Err(error) => tracing::warn!(%error, "the event log cannot be checked"),
        })?;
        Ok((Self { shared, jobs: Some(send), threads: vec![writes, checks], stop }, why))
    }

    async fn ask<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, LogError>>) -> Job,
    ) -> Result<T, LogError> {
        let (reply, answer) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or(LogError::Closed)?;
        jobs.send(job(reply)).await.map_err(|_| LogError::Closed)?;
        answer.await.map_err(|_| LogError::Closed)?
    }
}

/// Keeps other servers out of the directory, as long as these are open. The directory itself too: the file can be
/// removed under a running server. Never the database: whoever closes it lets go of the locks of SQLite on it.
fn lock(options: &DiskOptions) -> Result<[File; 2], StoreError> {
    let file = File::options().write(true).create(true).truncate(false).open(options.lock())?;
    let mut left = LEAVE_WITHIN;
    Ok([locked(file, &mut left)?, locked(File::open(&options.directory)?, &mut left)?])
}

fn locked(file: File, left: &mut Duration) -> Result<File, StoreError> {
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if *left > ASK_EVERY => {
                *left = left.saturating_sub(ASK_EVERY);
                std::thread::sleep(ASK_EVERY);
            }
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
    }
}

/// The state to go on from.
fn begin(
    store: &mut Store,
    witness: &mut Witness,
    options: &DiskOptions,
    entropy: &dyn Entropy,
) -> Result<(State, Option<NewEpoch>), StoreError> {
    let mark = fresh_epoch(entropy)?.as_str().to_owned();
    let Some(state) = store.state()? else {
        if store.has_history()? {
            return Err(StoreError::State);
        }
        let (zero, epoch) = (Seq::ZERO, fresh_epoch(entropy)?);
        let state =
            State { epoch, head: zero, held_after: zero, removals_after: zero, uptime_ms: 0, clean: false };
        let why = witness.knows_events().then_some(NewEpoch::Behind);
        if let Some(why) = why {
            warn_of(why);
        }
        let state = begin_epoch(store, state, witness, entropy)?;
        witness.begin(mark, &state.epoch, state.head)?;
        return Ok((state, why));
    };
    let heard = if options.new_epoch {
        Err(NewEpoch::Asked)
    } else {
        witness.hears(&state.epoch, state.head, state.clean)
    };
    let state = State { clean: false, ..state };
    match heard {
        Ok(()) => {
            // From here on the end is not in order until it is said again, also after a power cut.
            store.set_sync(Sync::Full)?;
            let mut writing = store.begin()?;
            writing.put_state(&state)?;
            writing.commit()?;
            store.set_sync(options.sync())?;
            // What the witness said may have been of another kind of sync.
            witness.begin(mark, &state.epoch, state.head)?;
            Ok((state, None))
        }
        Err(why) => {
            warn_of(why);
            let state = begin_epoch(store, state, witness, entropy)?;
            witness.begin(mark, &state.epoch, state.head)?;
            Ok((state, Some(why)))
        }
    }
}

#[async_trait]
impl EventLog for DiskLog {
    async fn append(&self, proposals: Vec<Proposal>) -> Result<Vec<Result<Receipt, Fault>>, LogError> {
        self.ask(|reply| Job::Append(proposals, reply)).await
    }

    async fn load(&self) -> Result<Loaded, LogError> {
        self.ask(Job::Load).await
    }

    async fn read(&self, after: Seq, limit: usize, of: Option<AgentId>) -> Result<Page, LogError> {
        let (head, held_after, here) = {
            let tail = self.shared.tail();
            tail.check(after)?;
            // What is in memory is all there is of it; of one agent there may be more below.
            let here = if of.is_none() { tail.after(after, limit) } else { Place::Below };
            (tail.head, tail.held_after, here)
        };
        match here {
            Place::Here(events) => Ok(Page { events, head, held_after }),
            Place::Below if after >= head => Ok(Page { events: Vec::new(), head, held_after }),
            Place::Below => {
                let (held_after, events) = self.shared.pages.read_apart(Some(after), head, limit, of).await?;
                let events = events.into_iter().map(|kept| kept.recorded).collect();
                Ok(Page { events, head, held_after })
            }
        }
    }

    async fn read_oldest(&self, limit: usize, of: Option<AgentId>) -> Result<Page, LogError> {
        let head = {
            let tail = self.shared.tail();
            let (head, held_after) = (tail.head, tail.held_after);
            if of.is_none()
                && let Place::Here(events) = tail.after(held_after, limit)
            {
                return Ok(Page { events, head, held_after });
            }
            head
        };
        let (held_after, events) = self.shared.pages.read_apart(None, head, limit, of).await?;
        let events = events.into_iter().map(|kept| kept.recorded).collect();
        // All up to that head may have been let go meanwhile: then the page ends where the oldest follow.
        Ok(Page { events, head: head.max(held_after), held_after })
    }

    async fn follow(&self, after: Seq) -> Result<Box<dyn Follower>, LogError> {
        Ok(Box::new(DiskFollower::new(Arc::clone(&self.shared), after)?))
    }

    fn vitals(&self, since: u64) -> Vitals {
        let now = self.shared.now().uptime;
        let vitals = self.shared.desk().vitals(since, now);
        Vitals { due: vitals.due || self.shared.lets_go_by(now), ..vitals }
    }
}

impl Drop for DiskLog {
    fn drop(&mut self) {
        self.jobs = None;
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ended = thread.join();
        }
    }
}
