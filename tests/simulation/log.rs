//! The simulated log: one writer over a simulated disk, which takes its time, fails, and crashes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use mission_control::domain::cursor::{Epoch, Seq};
use mission_control::domain::desk::Vitals;
use mission_control::domain::event::Recorded;
use mission_control::domain::fault::Fault as Refusal;
use mission_control::domain::id::AgentId;
use mission_control::domain::limits::Limits;
use mission_control::domain::time::{Moment, Monotonic};
use mission_control::ports::clock::Clock;
use mission_control::ports::conformance::event_log::suite;
use mission_control::ports::event_log::{EventLog, Follower, Loaded, LogError, Page, Proposal, Receipt};
use tokio::sync::watch;

use crate::clock::{Time, pause};
use crate::disk::{Disk, Staged};
use crate::fault::Fault;
use crate::weather::Weather;

/// The log of one process.
pub(crate) struct SimLog {
    inner: Arc<Inner>,
    writer: Arc<tokio::sync::Mutex<()>>,
}

struct Inner {
    disk: Arc<Mutex<Disk>>,
    clock: Arc<dyn Clock>,
    weather: Arc<Weather>,
    /// The uptime before this process.
    uptime: Duration,
    /// Which history it holds, and up to where.
    head: watch::Sender<(u64, Seq)>,
    /// The process is gone: whatever of it still runs reaches the disk no more.
    dead: AtomicBool,
}

impl Inner {
    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap()
    }

    fn uptime(&self) -> Monotonic {
        Monotonic::new(self.uptime + self.clock.monotonic().since_start())
    }

    async fn commit(&self, staged: Staged) -> Result<(), LogError> {
        pause(self.weather.commit()).await;
        if self.dead.load(Ordering::SeqCst) {
            return Err(LogError::Closed);
        }
        if self.weather.chance(40) {
            return Err(LogError::Unavailable("the disk failed".into()));
        }
        let mut disk = self.disk();
        if disk.history != staged.history {
            return Err(LogError::Unavailable("the disk failed".into()));
        }
        disk.keep(staged, self.weather.keep_events, self.weather.fault);
        disk.uptime = self.uptime().since_start();
        let head = (disk.history, disk.desk.head());
        drop(disk);
        self.head.send_if_modified(|known| std::mem::replace(known, head) != head);
        Ok(())
    }
}

impl SimLog {
    /// Over what is on the disk.
    pub(crate) fn open(disk: Arc<Mutex<Disk>>, clock: Arc<dyn Clock>, weather: Arc<Weather>) -> Self {
        let known = disk.lock().unwrap();
        let head = watch::Sender::new((known.history, known.desk.head()));
        let uptime = known.uptime;
        drop(known);
        let inner = Inner { disk, clock, weather, uptime, head, dead: AtomicBool::new(false) };
        Self { inner: Arc::new(inner), writer: Arc::default() }
    }

    /// Goes on with another history, as a log does whose disk failed and came back with less.
    pub(crate) fn begin_anew(&self, mut with: Disk) {
        let mut disk = self.inner.disk();
        with.history = disk.history + 1;
        with.uptime = self.inner.uptime().since_start();
        let mut with = with.reopened(self.inner.clock.wall(), self.inner.weather.fault);
        with.desk = with.desk.continuing(&disk.desk);
        *disk = with;
        self.inner.head.send_replace((disk.history, disk.desk.head()));
    }

    /// Ends the process as a crash does.
    pub(crate) fn die(&self) {
        self.inner.dead.store(true, Ordering::SeqCst);
    }
}

#[async_trait]
impl EventLog for SimLog {
    async fn append(&self, proposals: Vec<Proposal>) -> Result<Vec<Result<Receipt, Refusal>>, LogError> {
        let turn = Arc::clone(&self.writer).lock_owned().await;
        let inner = Arc::clone(&self.inner);
        let now = Moment { wall: inner.clock.wall(), uptime: inner.uptime() };
        let (staged, results) = inner.disk().stage(&proposals, now, inner.weather.fault);
        if inner.weather.fault == Some(Fault::AnsweredEarly) {
            tokio::spawn(async move {
                let _lost = inner.commit(staged).await;
                drop(turn);
            });
            return Ok(results);
        }
        inner.commit(staged).await?;
        drop(turn);
        // What was kept is not answered at once, so a crash comes in between now and then.
        pause(inner.weather.answer()).await;
        Ok(results)
    }

    async fn load(&self) -> Result<Loaded, LogError> {
        let disk = self.inner.disk();
        Ok(Loaded { epoch: disk.epoch.clone(), fleet: disk.desk.fleet().clone() })
    }

    async fn read(&self, after: Seq, limit: usize, of: Option<AgentId>) -> Result<Page, LogError> {
        if self.inner.weather.chance(30) {
            return Err(LogError::Unavailable("the disk cannot be read".into()));
        }
        let disk = self.inner.disk();
        let place = disk.place(after, self.inner.weather.fault)?;
        let asked = |recorded: &&Recorded| of.as_ref().is_none_or(|of| recorded.event.agent() == of);
        let events = disk.events.iter().skip(place).filter(asked).take(limit).cloned().collect();
        Ok(Page { events, head: disk.desk.head(), held_after: disk.first_held() })
    }

    async fn read_oldest(&self, limit: usize, of: Option<AgentId>) -> Result<Page, LogError> {
        let oldest = self.inner.disk().first_held();
        self.read(oldest, limit, of).await
    }

    async fn follow(&self, after: Seq) -> Result<Box<dyn Follower>, LogError> {
        let disk = self.inner.disk();
        disk.place(after, None)?;
        let (history, head) = (disk.history, self.inner.head.subscribe());
        Ok(Box::new(SimFollower { inner: Arc::clone(&self.inner), head, history, after }))
    }

    fn vitals(&self, since: u64) -> Vitals {
        self.inner.disk().desk.vitals(since, self.inner.uptime())
    }
}

struct SimFollower {
    inner: Arc<Inner>,
    head: watch::Receiver<(u64, Seq)>,
    history: u64,
    after: Seq,
}

#[async_trait]
impl Follower for SimFollower {
    async fn next(&mut self) -> Result<Vec<Recorded>, LogError> {
        let (history, after) = (self.history, self.after);
        let more = |(of, head): &(u64, Seq)| *of != history || *head > after;
        self.head.wait_for(more).await.map_err(|_| LogError::Closed)?;
        let lag = pause(self.inner.weather.lag());
        tokio::select! {
            biased;
            _another = self.head.wait_for(|(of, _)| *of != history) => {}
            () = lag => {}
        }
        let disk = self.inner.disk();
        if disk.history != history || self.inner.weather.chance(300) {
            return Err(LogError::Unavailable("the disk cannot be read".into()));
        }
        let place = disk.place(self.after, None)?;
        self.after = disk.desk.head();
        Ok(disk.events[place..].to_vec())
    }
}

#[tokio::test(start_paused = true)]
async fn the_simulated_log_keeps_every_promise_of_the_port() {
    let fresh = async || {
        let weather = Weather::of(0, None).keeping_all();
        weather.calm_down();
        let disk = Disk::new(Epoch::parse("e1").unwrap(), Limits::default());
        let clock = Arc::new(Time::begin().clock());
        let log: Arc<dyn EventLog> =
            Arc::new(SimLog::open(Arc::new(Mutex::new(disk)), clock, Arc::new(weather)));
        log
    };
    suite(fresh).await;
}
