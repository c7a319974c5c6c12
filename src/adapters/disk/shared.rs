//! What the writer and the readers share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::codec::millis;
use super::fault::StoreError;
use super::pages::Pages;
use super::store::State;
use super::tail::{Kept, Tail};
use crate::domain::cursor::Seq;
use crate::domain::desk::Desk;
use crate::domain::time::{Moment, Monotonic};
use crate::ports::clock::Clock;

/// Which history, and how far it goes.
pub(super) type Reached = (u64, Seq);

pub(super) struct Shared {
    /// The writer's; others look at its marks of life alone, which may be of what is not kept yet.
    desk: Mutex<Desk>,
    tail: Mutex<Tail>,
    pub(super) reached: watch::Sender<Reached>,
    pub(super) pages: Pages,
    clock: Arc<dyn Clock>,
    /// When to look for old events without a commit that has another reason, in milliseconds of uptime.
    lets_go_at: AtomicU64,
    /// Uptime of the history before this process, less the clock's at its opening.
    before: Duration,
}

impl Shared {
    pub(super) fn new(desk: Desk, state: &State, pages: Pages, clock: Arc<dyn Clock>) -> Self {
        let tail = Tail::new(state.head, state.held_after);
        Self {
            desk: Mutex::new(desk),
            reached: watch::Sender::new((tail.history, tail.head)),
            tail: Mutex::new(tail),
            pages,
            clock,
            lets_go_at: AtomicU64::new(u64::MAX),
            before: Duration::from_millis(state.uptime_ms),
        }
    }

    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Moment {
        let uptime = Monotonic::new(self.before).plus(self.clock.monotonic().since_start());
        Moment { wall: self.clock.wall(), uptime }
    }

    /// Whether old events are to be looked for by now.
    pub(super) fn lets_go_by(&self, now: Monotonic) -> bool {
        millis(now) >= self.lets_go_at.load(Ordering::Relaxed)
    }

    /// Notes when to look for old events; never without a time.
    pub(super) fn let_go_at(&self, at: Option<Monotonic>) {
        self.lets_go_at.store(at.map_or(u64::MAX, millis), Ordering::Relaxed);
    }

    /// Tells of committed events.
    pub(super) fn publish(&self, events: Vec<Kept>, held_after: Seq) {
        let grew = !events.is_empty();
        let reached = {
            let mut tail = self.tail();
            tail.push(events, held_after);
            (tail.history, tail.head)
        };
        if grew {
            self.reached.send_replace(reached);
        }
    }

    /// Goes on with what a store has that was opened anew. Events of a commit that failed halfway may be there
    /// after all: they are part of the history then, and nobody was told of them.
    pub(super) fn reopen(&self, desk: Desk, state: &State, anew: bool) -> Result<(), StoreError> {
        // What is read from now on is of the file that is there now.
        self.pages.forget();
        let before = self.tail().head;
        // Events may be missing at its end, or between what was told of and its beginning.
        let anew = anew || state.head < before || state.held_after > before;
        let missed = if anew || state.head == before {
            Vec::new()
        } else {
            self.pages.read(Some(before), state.head, usize::MAX, None)?.1
        };
        {
            let mut held = self.desk();
            let desk = desk.continuing(&held);
            *held = desk;
        }
        if anew {
            let reached = {
                let mut tail = self.tail();
                tail.begin_anew(state.head, state.held_after);
                (tail.history, tail.head)
            };
            self.reached.send_replace(reached);
        } else {
            self.publish(missed, state.held_after);
        }
        Ok(())
    }
}
