//! Virtual time: the runtime's, which stands still until everybody waits. And turns: each actor has milliseconds of
//! its own, so that nothing depends on the order in which a hash map or the runtime wakes those who wait for one
//! thing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mission_control::domain::time::{Monotonic, Timestamp};
use mission_control::ports::clock::Clock;
use tokio::time::{Instant, sleep_until, timeout};

/// Actors at most.
const TURNS: u64 = 64;
/// Turns of one run at most: a run that does not end by then goes in circles.
const TURNS_MAX: u64 = 1_000_000;
/// What people's clocks show when a run begins.
const WALL: u64 = 1_795_460_000_000;

/// Lets so much virtual time pass.
pub(crate) async fn pause(time: Duration) {
    let _passed = timeout(time, std::future::pending::<()>()).await;
}

/// The time of one world.
#[derive(Clone)]
pub(crate) struct Time {
    began: Instant,
    turns: Arc<AtomicU64>,
    /// By how much people's clocks were set forward.
    jumped: Arc<AtomicU64>,
}

impl Time {
    pub(crate) fn begin() -> Self {
        Self { began: Instant::now(), turns: Arc::default(), jumped: Arc::default() }
    }

    pub(crate) fn millis(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap()
    }

    /// What people's clocks say.
    pub(crate) fn wall(&self) -> Timestamp {
        Timestamp::saturating(WALL + self.millis() + self.jumped.load(Ordering::SeqCst))
    }

    pub(crate) fn jump(&self, millis: u64) {
        self.jumped.store(millis, Ordering::SeqCst);
    }

    /// Waits for the next millisecond of this actor.
    pub(crate) async fn turn(&self, actor: u64) {
        let taken = self.turns.fetch_add(1, Ordering::SeqCst);
        assert!(taken < TURNS_MAX, "the run goes in circles");
        let now = self.millis();
        let wait = (actor + TURNS - now % TURNS) % TURNS;
        if wait > 0 {
            sleep_until(self.began + Duration::from_millis(now + wait)).await;
        }
    }

    /// The clock of a process that begins now.
    pub(crate) fn clock(&self) -> ProcessClock {
        ProcessClock { time: self.clone(), began: Instant::now() }
    }
}

/// The clock of one process of the node.
pub(crate) struct ProcessClock {
    time: Time,
    began: Instant,
}

impl Clock for ProcessClock {
    fn wall(&self) -> Timestamp {
        self.time.wall()
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::new(self.began.elapsed())
    }
}
