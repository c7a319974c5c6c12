//! What the unit tests of the use cases share: clocks that they move, random bytes that they foresee,
//! a fleet in a few words, and screens that remember what they were handed. The ports are mockall's.

mod node;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::app::revocations::RevocationList;
use crate::domain::cursor::{Epoch, Seq};
use crate::domain::event::{ActivityEvent, Event, LifecycleEvent, Recorded, StatusEvent};
use crate::domain::fault::{Code, Fault};
use crate::domain::fleet::Fleet;
use crate::domain::grant::{Grant, Principal, Scope, Scopes};
use crate::domain::id::{AgentId, ConnectionId, SessionId, UserId};
use crate::domain::interest::{Interest, Kinds};
use crate::domain::lifecycle::{Reason, Signal, Standing, Status};
use crate::domain::pattern::Patterns;
use crate::domain::registry::Connection;
use crate::domain::report::Exit;
use crate::domain::revocation::Revocations;
use crate::domain::text::{Labels, Message};
use crate::domain::time::{Moment, Monotonic, Timestamp};
use crate::domain::view::View;
use crate::ports::clock::Clock;
use crate::ports::entropy::{Entropy, EntropyError};
use crate::ports::event_log::{Loaded, Receipt};
use crate::ports::live_feed::{Beginning, Material};
use crate::ports::revocation_store::MockRevocationStore;

pub(super) use node::*;

/// The wall clock of every test at its beginning.
pub(super) const NOW: u64 = 1_795_460_000_000;

/// Two clocks that stand still until a test moves them.
#[derive(Debug, Default)]
pub(super) struct ManualClock(AtomicU64);

impl ManualClock {
    pub(super) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The clock as those take it who only ask.
    pub(super) fn port(self: &Arc<Self>) -> Arc<dyn Clock> {
        self.clone()
    }

    pub(super) fn advance(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn wall(&self) -> Timestamp {
        at(NOW + self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::new(Duration::from_millis(self.0.load(Ordering::SeqCst)))
    }
}

/// Bytes that count 1, 2, 3 … so that each draw is another and none is a surprise.
#[derive(Debug, Default)]
pub(super) struct CountingEntropy(AtomicU64);

impl Entropy for CountingEntropy {
    fn bytes(&self) -> Result<[u8; 16], EntropyError> {
        Ok(u128::from(self.0.fetch_add(1, Ordering::SeqCst) + 1).to_be_bytes())
    }
}

/// A source of random bytes that has failed.
#[derive(Debug)]
pub(super) struct NoEntropy;

impl Entropy for NoEntropy {
    fn bytes(&self) -> Result<[u8; 16], EntropyError> {
        Err(EntropyError("the pool is dry".into()))
    }
}

pub(super) fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

pub(super) fn agent(id: &str) -> AgentId {
    AgentId::parse(id).unwrap()
}

pub(super) fn user(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

pub(super) fn epoch() -> Epoch {
    Epoch::parse("now").unwrap()
}

pub(super) fn patterns(texts: &[&str]) -> Patterns {
    Patterns::parse(texts.iter().copied()).unwrap()
}

pub(super) fn grant(scopes: &[Scope], agents: &[&str]) -> Grant {
    Grant { scopes: Scopes::of(scopes.iter().copied()), agents: patterns(agents) }
}

/// The token ends an hour after the beginning of the test.
pub(super) fn principal(name: &str, scopes: &[Scope], agents: &[&str]) -> Principal {
    Principal {
        user: user(name),
        grant: grant(scopes, agents),
        expires_at: at(NOW + 3_600_000),
        issued_at: Some(at(NOW - 1_000)),
        token_id: Some(format!("jti-{name}")),
    }
}

/// Somebody who may watch everything.
pub(super) fn watcher(name: &str) -> Principal {
    principal(name, &[Scope::Watch], &["*"])
}

pub(super) fn interest(agents: &[&str]) -> Interest {
    Interest { agents: patterns(agents), kinds: Kinds::ALL }
}

/// The view of a watcher who may see everything and asks for these agents.
pub(super) fn view(agents: &[&str]) -> View {
    View::new(grant(&[Scope::Watch], &["*"]), interest(agents))
}

pub(super) fn connection(number: u64, of: &str, view: View) -> Connection {
    Connection {
        id: ConnectionId::new(number),
        user: user(of),
        token_id: None,
        token_issued_at: None,
        transport: "test",
        since: at(NOW),
        view: Arc::new(view),
    }
}

pub(super) fn status(seq: u64, of: &str, status: Status) -> Recorded {
    let event = StatusEvent {
        agent: agent(of),
        standing: Standing { status, reason: Reason::Reported },
        since: at(NOW),
        timestamp: at(NOW),
        message: None,
        state: None,
        labels: Labels::default(),
        restarts: 0,
        unleased: false,
        last_seen: None,
        crashes: None,
    };
    Recorded { seq: Seq::new(seq), at: Moment::default(), event: Event::Status(event) }
}

pub(super) fn online(seq: u64, of: &str) -> Recorded {
    status(seq, of, Status::Online)
}

pub(super) fn lifecycle(seq: u64, of: &str, signal: Signal) -> Recorded {
    let event = LifecycleEvent {
        agent: agent(of),
        signal,
        timestamp: at(NOW),
        message: None,
        exit: Exit::default(),
        labels: None,
        restarts: 0,
    };
    Recorded { seq: Seq::new(seq), at: Moment::default(), event: Event::Lifecycle(event) }
}

pub(super) fn activity(seq: u64, of: &str, session: &str) -> Recorded {
    let event = ActivityEvent {
        agent: agent(of),
        session: SessionId::parse(session).unwrap(),
        last_message: Message::cut("npm test", 4096),
        state: None,
        timestamp: at(NOW),
    };
    Recorded { seq: Seq::new(seq), at: Moment::default(), event: Event::Activity(event) }
}

pub(super) fn removed(seq: u64, of: &str) -> Recorded {
    Recorded { seq: Seq::new(seq), at: Moment::default(), event: Event::AgentRemoved(agent(of)) }
}

/// What a log loads whose history is these events.
pub(super) fn loaded(events: &[Recorded]) -> Loaded {
    let mut fleet = Fleet::default();
    events.iter().for_each(|recorded| fleet.apply(recorded));
    Loaded { epoch: epoch(), fleet }
}

pub(super) fn receipt(seq: u64) -> Receipt {
    Receipt { applied: true, changed: true, epoch: epoch(), seq: Seq::new(seq) }
}

pub(super) fn code<T: std::fmt::Debug>(result: Result<T, Fault>) -> Code {
    result.unwrap_err().code
}

/// What a beginning gives a connection to start from: the plan's reason, and the snapshot's agents.
pub(super) fn agents_of(beginning: &Beginning) -> Vec<String> {
    let fleet = beginning.material.as_ref().and_then(Material::fleet).expect("a snapshot");
    fleet.agents().map(|(id, _)| id.to_string()).filter(|id| beginning.view.shows(&agent(id))).collect()
}

/// A list of revocations on which nothing is, and whose store is never asked.
pub(super) fn nothing_revoked() -> Arc<RevocationList> {
    Arc::new(RevocationList::new(Arc::new(MockRevocationStore::new()), Revocations::default()))
}
