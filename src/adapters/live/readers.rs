//! A publisher for transports that have a task for each connection: one ring for all of them, and for
//! each a position, a view, and a way to be woken or ended. No queue, and no timer.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::watch;

use super::early::Early;
use super::ring::{Encode, Entry, Found, Ring};
use super::slot::{Dismissal, Slot};
use crate::domain::cursor::Seq;
use crate::domain::farewell::Farewell;
use crate::domain::id::ConnectionId;
use crate::domain::view::View;
use crate::ports::event_publisher::{Delivery, EventPublisher};
use crate::ports::live_feed::Beginning;

/// Narrow readers are woken at least once in this part of the ring, so that what is hidden from them
/// does not let them fall out of it.
const WAKE_ALL_PARTS: u64 = 4;
/// Events that a step looks at: what a reader that does not get on holds of the ring at most.
const EVENTS_AT_ONCE: usize = 32;

/// All connections of one transport.
#[derive(Debug)]
pub struct Readers {
    ring: RwLock<Ring>,
    capacity: u64,
    /// Wakes the readers that are shown every agent: one change for all of them.
    head: watch::Sender<Seq>,
    reach: Mutex<Reach>,
}

/// Whom the publisher can reach.
#[derive(Debug, Default)]
struct Reach {
    slots: HashMap<ConnectionId, Arc<Slot>>,
    early: Early,
}

impl Readers {
    /// No connections yet, and a ring of so many events, as many as the hub's, that are written so.
    #[must_use]
    pub fn new(ring_events: usize, encode: Encode) -> Self {
        Self {
            ring: RwLock::new(Ring::new(ring_events, encode)),
            capacity: u64::try_from(ring_events).unwrap_or(u64::MAX).max(1),
            head: watch::Sender::new(Seq::ZERO),
            reach: Mutex::default(),
        }
    }

    fn reach(&self) -> MutexGuard<'_, Reach> {
        self.reach.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection that the feed let in. It can be reached until the reader is dropped.
    #[must_use]
    pub fn join(self: &Arc<Self>, id: ConnectionId, position: Seq, view: Arc<View>) -> Reader {
        let slot = Arc::new(Slot::default());
        // What was published between joining the hub and this line woke nobody here.
        slot.wake();
        let mut reach = self.reach();
        reach.slots.insert(id, Arc::clone(&slot));
        if let Some(dismissal) = reach.early.take(id) {
            slot.dismiss(dismissal);
        }
        drop(reach);
        Reader { readers: Arc::clone(self), id, slot, head: self.head.subscribe(), position, view }
    }

    fn after(&self, position: Seq) -> Found {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).after(position, EVENTS_AT_ONCE)
    }
}

impl EventPublisher for Readers {
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
        reach.early.keep(connection, dismissal);
    }

    fn begin_anew(&self) {
        self.ring.write().unwrap_or_else(PoisonError::into_inner).clear();
        self.head.send_replace(Seq::ZERO);
    }
}

/// What a reader is to do next.
#[derive(Debug)]
pub enum Step {
    /// Send these. None when what was looked at is hidden from it.
    Events(Vec<Arc<Entry>>),
    /// Ask the feed to catch up, and [begin](Reader::begin) anew: what follows is no longer held.
    FellOut,
    /// Say goodbye and end.
    Dismissed(Dismissal),
}

/// One connection: a position in the ring. Everything in here may be given up at any await.
#[derive(Debug)]
pub struct Reader {
    readers: Arc<Readers>,
    id: ConnectionId,
    slot: Arc<Slot>,
    head: watch::Receiver<Seq>,
    position: Seq,
    view: Arc<View>,
}

impl Reader {
    /// Whose it is.
    #[must_use]
    pub const fn id(&self) -> ConnectionId {
        self.id
    }

    /// Every event up to here was given out or is hidden: what a heartbeat tells.
    #[must_use]
    pub const fn position(&self) -> Seq {
        self.position
    }

    /// Goes on from a new beginning.
    pub fn begin(&mut self, beginning: &Beginning) {
        self.position = beginning.from;
        self.view = Arc::clone(&beginning.view);
        self.slot.wake();
    }

    /// Waits until the connection is to end, for while something is being sent.
    pub async fn dismissed(&self) -> Dismissal {
        self.slot.dismissed().await
    }

    /// Waits for the next step. What it gives out counts as sent.
    pub async fn next(&mut self) -> Step {
        loop {
            let Self { slot, head, view, position, .. } = &mut *self;
            let woken = async {
                if !view.shows_every_agent() {
                    slot.woken().await;
                } else if head.wait_for(|head| *head > *position).await.is_err() {
                    // The sender lives as long as the readers, which this one holds.
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                biased;
                dismissal = slot.dismissed() => return Step::Dismissed(dismissal),
                () = woken => {}
            }
            match self.look() {
                None => {}
                Some(Step::Events(shown)) if shown.is_empty() => tokio::task::yield_now().await,
                Some(step) => return step,
            }
        }
    }

    /// What there is without waiting; nothing at the head. Before a heartbeat, look until there is
    /// nothing: it must not overtake an event. One that is to end is given no more: what is held by now may be
    /// of another history.
    pub fn look(&mut self) -> Option<Step> {
        if let Some(dismissal) = self.slot.dismissal() {
            return Some(Step::Dismissed(dismissal));
        }
        let entries = match self.readers.after(self.position) {
            Found::Next(entries) => entries,
            Found::FellOut => return Some(Step::FellOut),
        };
        self.position = entries.last()?.recorded.seq;
        // There may be more: the narrow ones are woken once for all of it.
        self.slot.wake();
        let shown = entries.into_iter().filter(|entry| self.view.covers(&entry.recorded.event));
        Some(Step::Events(shown.collect()))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.readers.reach().slots.remove(&self.id);
    }
}

/// When the first heartbeat of a connection is due: their number spreads them over half an interval.
#[must_use]
pub fn first_beat(id: ConnectionId, heartbeat: Duration) -> Duration {
    const PARTS: u32 = 1024;
    heartbeat / 2 + heartbeat * id.spread_over(PARTS) / PARTS / 2
}
