//! The log in memory: the first log. Everything is gone with the process, and a new one begins a new
//! epoch, so no reader takes one history for another.
//!
//! The single writer is a lock held for the length of a decision, never across an await.
//!
//! ```
//! use mission_control::adapters::memory::{MemoryLog, MemoryLogLimits};
//! use mission_control::adapters::system::SystemClock;
//! use mission_control::domain::cursor::{Epoch, Seq};
//! use mission_control::domain::desk::Command;
//! use mission_control::domain::id::AgentId;
//! use mission_control::domain::lifecycle::Signal;
//! use mission_control::domain::report::{Exit, Report, ReportBody};
//! use mission_control::ports::event_log::{EventLog, Proposal};
//! use std::sync::Arc;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let limits = MemoryLogLimits { keep_events: 2, ..MemoryLogLimits::default() };
//! let log = MemoryLog::new(Epoch::parse("k3f9")?, Arc::new(SystemClock::start()), limits);
//! for signal in [Signal::Start, Signal::Crash] {
//!     let body = ReportBody::Lifecycle { signal, message: None, exit: Exit::default(), labels: None };
//!     let report = Report::new(AgentId::parse("a1")?, body);
//!     log.append(vec![Proposal { command: Command::Report(report), key: None }]).await?;
//! }
//! let page = log.read(Seq::new(2), 10, None).await?;
//! assert_eq!((page.events.len(), page.head), (2, Seq::new(4)));
//! assert!(log.read(Seq::ZERO, 10, None).await.is_err(), "the first two are no longer kept");
//! # Ok(())
//! # }
//! ```

mod keys;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;

use crate::domain::cursor::{Epoch, Seq};
use crate::domain::desk::{Desk, Vitals};
use crate::domain::event::Recorded;
use crate::domain::fault::Fault;
use crate::domain::fleet::Fleet;
use crate::domain::id::AgentId;
use crate::domain::limits::Limits;
use crate::domain::time::Moment;
use crate::ports::clock::Clock;
use crate::ports::event_log::{EventLog, Follower, Loaded, LogError, Page, Proposal, Receipt};
use keys::{Keys, Known};

/// Most events that a follower is given at once, but for the rest of a proposal.
const FOLLOW_EVENTS_MAX: usize = 4096;

/// What the log may hold.
#[derive(Debug, Clone, Copy)]
pub struct MemoryLogLimits {
    /// Bounds of decisions.
    pub desk: Limits,
    /// Events that are kept; the oldest goes first.
    pub keep_events: usize,
    /// Idempotency keys that are kept; the oldest goes first.
    pub idempotency_keys: usize,
}

impl Default for MemoryLogLimits {
    fn default() -> Self {
        Self { desk: Limits::default(), keep_events: 1_000_000, idempotency_keys: 1_000_000 }
    }
}

/// The log in memory.
pub struct MemoryLog {
    shared: Arc<Shared>,
    /// Beside what followers share, so that they end with the log.
    head: watch::Sender<Seq>,
    clock: Arc<dyn Clock>,
    keep_events: usize,
}

struct Shared {
    epoch: Epoch,
    state: Mutex<State>,
}

struct State {
    desk: Desk,
    keys: Keys,
    kept: VecDeque<Kept>,
}

struct Kept {
    recorded: Recorded,
    /// Whether the proposal that made it has no event after it.
    last_of_proposal: bool,
}

impl Shared {
    /// A writer that panicked changed nothing halfway: a decision is kept only when it is whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn held_after(&self) -> Seq {
        let first = self.kept.front().map(|kept| kept.recorded.seq.get().saturating_sub(1));
        first.map_or(self.desk.head(), Seq::new)
    }

    /// Where the event after this position stands in what is kept.
    fn place(&self, after: Seq) -> Result<usize, LogError> {
        let held_after = self.held_after();
        if after < held_after {
            return Err(LogError::Compacted { held_after });
        }
        let place = after.get().saturating_sub(held_after.get());
        Ok(usize::try_from(place).unwrap_or(usize::MAX).min(self.kept.len()))
    }

    /// The events from this place on.
    fn page(&self, place: usize, limit: usize, of: Option<&AgentId>) -> Page {
        let asked = |kept: &&Kept| of.is_none_or(|of| kept.recorded.event.agent() == of);
        let events = self.kept.iter().skip(place).filter(asked).take(limit);
        let events = events.map(|kept| kept.recorded.clone()).collect();
        Page { events, head: self.desk.head(), held_after: self.held_after() }
    }
}

impl MemoryLog {
    /// An empty log of a new history.
    #[must_use]
    pub fn new(epoch: Epoch, clock: Arc<dyn Clock>, limits: MemoryLogLimits) -> Self {
        let state = State {
            desk: Desk::new(Fleet::remembering(limits.desk.removals), limits.desk),
            keys: Keys::new(limits.idempotency_keys),
            kept: VecDeque::new(),
        };
        Self {
            shared: Arc::new(Shared { epoch, state: Mutex::new(state) }),
            head: watch::Sender::new(Seq::ZERO),
            clock,
            keep_events: limits.keep_events.max(1),
        }
    }

    fn decide_one(&self, state: &mut State, proposal: &Proposal) -> Result<Receipt, Fault> {
        let now = self.clock.monotonic();
        if let Some(key) = &proposal.key {
            match state.keys.look_up(key, now)? {
                Known::Before(receipt) => return Ok(receipt),
                Known::New => {}
            }
        }
        // The history is as old as the process.
        let decision =
            state.desk.decide(&proposal.command, Moment { wall: self.clock.wall(), uptime: now })?;
        let applied = decision.applied;
        let recorded = state.desk.keep(decision);
        let receipt = Receipt {
            applied,
            changed: !recorded.is_empty(),
            epoch: self.shared.epoch.clone(),
            seq: state.desk.head(),
        };
        let count = recorded.len();
        state.kept.extend(
            recorded.into_iter().enumerate().map(|(place, recorded)| Kept {
                recorded,
                last_of_proposal: place.saturating_add(1) == count,
            }),
        );
        let surplus = state.kept.len().saturating_sub(self.keep_events);
        state.kept.drain(..surplus);
        if let Some(key) = &proposal.key {
            state.keys.keep(key, receipt.clone(), now);
        }
        Ok(receipt)
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    async fn append(&self, proposals: Vec<Proposal>) -> Result<Vec<Result<Receipt, Fault>>, LogError> {
        let mut state = self.shared.state();
        let results = proposals.iter().map(|proposal| self.decide_one(&mut state, proposal)).collect();
        let head = state.desk.head();
        drop(state);
        self.head.send_if_modified(|known| {
            let grew = head > *known;
            *known = head.max(*known);
            grew
        });
        Ok(results)
    }

    async fn load(&self) -> Result<Loaded, LogError> {
        Ok(Loaded { epoch: self.shared.epoch.clone(), fleet: self.shared.state().desk.fleet().clone() })
    }

    async fn read(&self, after: Seq, limit: usize, of: Option<AgentId>) -> Result<Page, LogError> {
        let state = self.shared.state();
        let place = state.place(after)?;
        Ok(state.page(place, limit, of.as_ref()))
    }

    async fn read_oldest(&self, limit: usize, of: Option<AgentId>) -> Result<Page, LogError> {
        Ok(self.shared.state().page(0, limit, of.as_ref()))
    }

    async fn follow(&self, after: Seq) -> Result<Box<dyn Follower>, LogError> {
        self.shared.state().place(after)?;
        let head = self.head.subscribe();
        Ok(Box::new(MemoryFollower { shared: Arc::clone(&self.shared), head, after }))
    }

    fn vitals(&self, since: u64) -> Vitals {
        self.shared.state().desk.vitals(since, self.clock.monotonic())
    }
}

struct MemoryFollower {
    shared: Arc<Shared>,
    head: watch::Receiver<Seq>,
    after: Seq,
}

impl MemoryFollower {
    fn ready(&self) -> Result<Vec<Recorded>, LogError> {
        let state = self.shared.state();
        let place = state.place(self.after)?;
        let mut events = Vec::new();
        for kept in state.kept.iter().skip(place) {
            events.push(kept.recorded.clone());
            if events.len() >= FOLLOW_EVENTS_MAX && kept.last_of_proposal {
                break;
            }
        }
        Ok(events)
    }
}

#[async_trait]
impl Follower for MemoryFollower {
    async fn next(&mut self) -> Result<Vec<Recorded>, LogError> {
        loop {
            // Marked as seen before reading: what comes in between wakes the wait below.
            self.head.borrow_and_update();
            let events = self.ready()?;
            if let Some(last) = events.last() {
                self.after = last.seq;
                return Ok(events);
            }
            self.head.changed().await.map_err(|_| LogError::Closed)?;
        }
    }
}
