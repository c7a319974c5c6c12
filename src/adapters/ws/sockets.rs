//! All WebSocket connections of the node, as the publisher sees them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::watch;

use super::slot::{Dismissal, Slot};
use crate::adapters::live::{Found, Ring};
use crate::adapters::wire::frame;
use crate::domain::cursor::Seq;
use crate::domain::farewell::Farewell;
use crate::domain::id::ConnectionId;
use crate::domain::rate::{Meter, Rate};
use crate::domain::time::Monotonic;
use crate::ports::event_publisher::{Delivery, EventPublisher};

/// Narrow connections are woken at least once in this part of the ring, so that what is hidden from
/// them does not let them fall out of it.
const WAKE_ALL_PARTS: u64 = 4;

/// Dismissals that are remembered for connections which are not reachable yet: more than can be
/// between joining the hub and becoming reachable at a time.
const EARLY_MAX: usize = 1024;

/// Report frames that the node takes from all its connections together. One agent's rate is the intake's.
const REPORTS: Rate = Rate { per_second: 20_000, burst: 20_000 };

/// All WebSocket connections of the node.
#[derive(Debug)]
pub struct LiveSockets {
    ring: RwLock<Ring>,
    capacity: u64,
    /// Wakes the connections that are shown every agent: one change for all of them.
    head: watch::Sender<Seq>,
    reach: Mutex<Reach>,
    /// Report frames of all connections together.
    reports: Mutex<Meter>,
}

/// Whom the publisher can reach.
#[derive(Debug, Default)]
struct Reach {
    slots: HashMap<ConnectionId, Arc<Slot>>,
    /// Dismissed when they had joined the hub and were not reachable yet; the oldest goes.
    early: VecDeque<(ConnectionId, Dismissal)>,
}

impl LiveSockets {
    /// No connections yet, and a ring of so many events.
    #[must_use]
    pub fn new(ring_events: usize) -> Self {
        Self {
            ring: RwLock::new(Ring::new(ring_events, frame::event)),
            capacity: u64::try_from(ring_events).unwrap_or(u64::MAX).max(1),
            head: watch::Sender::new(Seq::ZERO),
            reach: Mutex::default(),
            reports: Mutex::default(),
        }
    }

    fn reach(&self) -> MutexGuard<'_, Reach> {
        self.reach.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a connection reachable until the registration is dropped.
    pub(super) fn register(self: &Arc<Self>, id: ConnectionId) -> Registration {
        let slot = Arc::new(Slot::default());
        // What was published between joining the hub and this line woke nobody here.
        slot.wake();
        let mut reach = self.reach();
        reach.slots.insert(id, Arc::clone(&slot));
        if let Some(place) = reach.early.iter().position(|(early, _)| *early == id)
            && let Some((_, dismissal)) = reach.early.remove(place)
        {
            slot.dismiss(dismissal);
        }
        drop(reach);
        Registration { sockets: Arc::clone(self), id, slot }
    }

    /// The events after a position.
    pub(super) fn after(&self, position: Seq, count: usize) -> Found {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).after(position, count)
    }

    /// Counts a report frame, whatever becomes of it: also those that are refused cost their reading.
    ///
    /// # Errors
    /// How long to wait, when the node has as many as it takes.
    pub(super) fn count_report(&self, now: Monotonic) -> Result<(), Duration> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner).take(REPORTS, now)
    }

    /// Tells where the head is, and when it moves.
    pub(super) fn head(&self) -> watch::Receiver<Seq> {
        self.head.subscribe()
    }
}

impl EventPublisher for LiveSockets {
    fn publish(&self, batch: &[Delivery]) {
        let Some(head) = batch.last().map(|delivery| delivery.recorded.seq) else { return };
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        for delivery in batch {
            ring.push(Arc::clone(&delivery.recorded));
        }
        drop(ring);
        let before = self.head.send_replace(head);
        let part = (self.capacity / WAKE_ALL_PARTS).max(1);
        let slots = &self.reach().slots;
        if before.get() / part != head.get() / part {
            slots.values().for_each(|slot| slot.wake());
        } else {
            for id in batch.iter().flat_map(|delivery| &delivery.audience.named) {
                if let Some(slot) = slots.get(id) {
                    slot.wake();
                }
            }
        }
    }

    fn dismiss(&self, connection: ConnectionId, farewell: Farewell, retry_after: Option<Duration>) {
        let dismissal = Dismissal { farewell, retry_after };
        let mut reach = self.reach();
        if let Some(slot) = reach.slots.get(&connection) {
            slot.dismiss(dismissal);
            return;
        }
        // Another transport's, or one of ours that is just coming; ids never come again.
        if reach.early.len() >= EARLY_MAX {
            reach.early.pop_front();
        }
        reach.early.push_back((connection, dismissal));
    }
}

/// Keeps a connection reachable.
#[derive(Debug)]
pub(super) struct Registration {
    sockets: Arc<LiveSockets>,
    id: ConnectionId,
    slot: Arc<Slot>,
}

impl Registration {
    pub(super) fn slot(&self) -> &Slot {
        &self.slot
    }

    pub(super) fn sockets(&self) -> &Arc<LiveSockets> {
        &self.sockets
    }

    pub(super) fn id(&self) -> ConnectionId {
        self.id
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.sockets.reach().slots.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::ports::conformance::event_publisher::{Bench, Reader, suite};

    struct Node(Arc<LiveSockets>);

    /// A connection as a session reads it: woken, then from its own position.
    struct Session {
        registration: Registration,
        head: watch::Receiver<Seq>,
        position: Seq,
        broad: bool,
    }

    impl Bench for Node {
        fn publisher(&self) -> &dyn EventPublisher {
            &*self.0
        }

        fn join(&self, id: ConnectionId, broad: bool) -> Box<dyn Reader> {
            let (registration, head) = (self.0.register(id), self.0.head());
            let position = *head.borrow();
            Box::new(Session { registration, head, position, broad })
        }
    }

    impl Reader for Session {
        fn take(&mut self) -> Vec<Seq> {
            let position = self.position;
            let woken = if self.broad {
                self.head.wait_for(|head| *head > position).now_or_never().is_some()
            } else {
                self.registration.slot().woken().now_or_never().is_some()
            };
            if !woken {
                return Vec::new();
            }
            let Found::Next(entries) = self.registration.sockets().after(position, usize::MAX) else {
                panic!("the ring holds all of the suite's events")
            };
            let seqs: Vec<_> = entries.iter().map(|entry| entry.recorded.seq).collect();
            self.position = seqs.last().copied().unwrap_or(position);
            seqs
        }

        fn ended(&mut self) -> Option<(Farewell, Option<Duration>)> {
            let dismissal = self.registration.slot().dismissed().now_or_never()?;
            Some((dismissal.farewell, dismissal.retry_after))
        }
    }

    #[test]
    fn the_sockets_of_a_node_are_a_publisher() {
        suite(|| Box::new(Node(Arc::new(LiveSockets::new(64)))));
    }

    #[tokio::test]
    async fn a_connection_that_was_dismissed_before_it_was_reachable_still_goes() {
        let sockets = Arc::new(LiveSockets::new(4));
        let (coming, other) = (ConnectionId::new(1), ConnectionId::new(2));
        sockets.dismiss(coming, Farewell::Restart, None);
        let spared = sockets.register(other);
        assert_eq!(spared.slot().dismissed().now_or_never(), None);
        let gone = sockets.register(coming);
        assert_eq!(gone.slot().dismissed().now_or_never(), Some(Farewell::Restart.into()));
        assert!(sockets.reach().early.is_empty());
        (3..3000).for_each(|id| sockets.dismiss(ConnectionId::new(id), Farewell::Restart, None));
        assert_eq!(sockets.reach().early.len(), EARLY_MAX);
    }

    #[test]
    fn the_node_takes_so_many_report_frames_from_all_connections_together() {
        let sockets = LiveSockets::new(4);
        let now = Monotonic::default();
        assert!((0..REPORTS.burst).all(|_| sockets.count_report(now).is_ok()));
        let wait = sockets.count_report(now).unwrap_err();
        assert_eq!(wait, Duration::from_secs(1) / REPORTS.per_second);
        assert_eq!(sockets.count_report(now.plus(wait)), Ok(()));
    }
}
