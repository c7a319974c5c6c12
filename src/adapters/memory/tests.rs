//! What the conformance suite cannot ask of every log: this one's bounds, waiting and clocks.

mod bounds;
mod following;
mod promises;
mod writing;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::*;
use crate::domain::desk::Command;
use crate::domain::event::Event;
use crate::domain::id::{AgentId, SessionId, UserId};
use crate::domain::lifecycle::{Signal, Status};
use crate::domain::report::{Exit, Report, ReportBody};
use crate::domain::text::Message;
use crate::domain::time::{Monotonic, Timestamp};
use crate::ports::event_log::IdempotencyKey;

/// A clock that stands still until it is moved.
#[derive(Default)]
struct ManualClock {
    wall_ms: AtomicU64,
    monotonic_ms: AtomicU64,
}

impl Clock for ManualClock {
    fn wall(&self) -> Timestamp {
        Timestamp::saturating(self.wall_ms.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::new(Duration::from_millis(self.monotonic_ms.load(Ordering::SeqCst)))
    }
}

impl ManualClock {
    fn set_wall(&self, ms: u64) {
        self.wall_ms.store(ms, Ordering::SeqCst);
    }

    fn pass(&self, time: Duration) {
        self.monotonic_ms.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

struct Rig {
    log: MemoryLog,
    clock: Arc<ManualClock>,
}

fn rig_of(limits: MemoryLogLimits) -> Rig {
    let clock = Arc::new(ManualClock::default());
    clock.set_wall(1_795_460_000_000);
    let shared: Arc<dyn Clock> = clock.clone();
    Rig { log: MemoryLog::new(Epoch::parse("m1").unwrap(), shared, limits), clock }
}

fn rig_with(keep_events: usize, idempotency_keys: usize) -> Rig {
    rig_of(MemoryLogLimits { keep_events, idempotency_keys, ..MemoryLogLimits::default() })
}

fn rig() -> Rig {
    rig_with(1_000_000, 1_000_000)
}

fn report(agent: &str, body: ReportBody) -> Proposal {
    let agent = AgentId::parse(agent).unwrap();
    let report = Report::new(agent, body);
    Proposal { command: Command::Report(report), key: None }
}

/// Makes one event for a known agent, two for an unknown one.
fn activity(agent: &str, text: &str) -> Proposal {
    let session = SessionId::parse("s").unwrap();
    report(agent, ReportBody::Activity { session, last_message: Message::cut(text, 4096), state: None })
}

fn status(agent: &str, status: Status) -> Proposal {
    report(agent, ReportBody::Status { status, message: None, state: None, labels: None })
}

/// Makes two events where it changes the status: the lifecycle, then the status.
fn signal(agent: &str, signal: Signal) -> Proposal {
    report(agent, ReportBody::Lifecycle { signal, message: None, exit: Exit::default(), labels: None })
}

fn keyed(proposal: Proposal, owner: &str, text: &str, print: u8) -> Proposal {
    let owner = UserId::parse(owner).unwrap();
    let key = IdempotencyKey { owner, text: text.to_owned(), fingerprint: [print; 32] };
    Proposal { key: Some(key), ..proposal }
}

impl Rig {
    async fn append(&self, proposals: Vec<Proposal>) -> Vec<Result<Receipt, Fault>> {
        self.log.append(proposals).await.unwrap()
    }

    async fn one(&self, proposal: Proposal) -> Result<Receipt, Fault> {
        self.append(vec![proposal]).await.remove(0)
    }

    /// Appends one proposal and tells the position of its last event.
    async fn put(&self, proposal: Proposal) -> u64 {
        self.one(proposal).await.unwrap().seq.get()
    }

    async fn follow(&self, after: u64) -> Box<dyn Follower> {
        self.log.follow(Seq::new(after)).await.unwrap()
    }
}

fn seqs(events: &[Recorded]) -> Vec<u64> {
    events.iter().map(|recorded| recorded.seq.get()).collect()
}
