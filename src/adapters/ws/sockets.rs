//! All WebSocket connections of the node, as the publisher sees them: one ring, one set of copies, and a
//! shard of connections for each core.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;

use super::codec::encode;
use super::inbox::{Dismissal, Inbox, Registration};
use super::place;
use super::route::WsSettings;
use super::session::Session;
use super::shard::Shard;
use crate::adapters::live::{Copies, Found, Ring};
use crate::adapters::wire::frame;
use crate::domain::cursor::Seq;
use crate::domain::farewell::Farewell;
use crate::domain::id::ConnectionId;
use crate::domain::rate::{Meter, Rate};
use crate::domain::time::{Monotonic, Timestamp};
use crate::ports::event_publisher::{Delivery, EventPublisher};

/// Report frames that the node takes from all its connections together. One agent's rate is the intake's.
const REPORTS: Rate = Rate { per_second: 20_000, burst: 20_000 };

/// All WebSocket connections of the node.
#[derive(Debug)]
pub struct LiveSockets {
    ring: RwLock<Ring>,
    copies: Copies,
    shards: Vec<Arc<Inbox>>,
    /// Report frames of all connections together.
    reports: Mutex<Meter>,
    /// The last heartbeat: a wave of connections at the head is sent the same.
    heartbeat: Mutex<Option<(Timestamp, Seq, Bytes)>>,
}

impl LiveSockets {
    /// No connections yet, and a ring of so many events.
    #[must_use]
    pub fn new(ring_events: usize) -> Self {
        let shards = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            ring: RwLock::new(place::ring(ring_events)),
            copies: Copies::new(|json, part| encode::put_text(part, json)),
            shards: (0..shards).map(|_| Arc::default()).collect(),
            reports: Mutex::default(),
            heartbeat: Mutex::default(),
        }
    }

    /// The inbox of the shard that has this connection.
    fn shard_of(&self, id: ConnectionId) -> Option<&Arc<Inbox>> {
        self.shards.get(id.among(self.shards.len()))
    }

    /// Makes a connection reachable until the registration is dropped.
    pub(super) fn register(&self, id: ConnectionId) -> Registration {
        // There is at least one shard, and the place is one of them.
        let inbox = self.shard_of(id).cloned().unwrap_or_default();
        Registration::new(&inbox, id)
    }

    /// Hands a connection to its shard; one that serves nobody yet begins to.
    pub(super) fn admit(self: &Arc<Self>, session: Session, inbox: &Arc<Inbox>, settings: &Arc<WsSettings>) {
        if inbox.arrive(Box::new(session)) {
            let shard = Shard::new(Arc::clone(self), Arc::clone(inbox), Arc::clone(settings));
            tokio::spawn(shard.serve());
        }
    }

    /// The events after a position.
    pub(super) fn after(&self, position: Seq, count: usize) -> Found {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).after(position, count)
    }

    /// The copies of the fleet that connections are sent.
    pub(super) const fn copies(&self) -> &Copies {
        &self.copies
    }

    /// A heartbeat; the same one for all who stand at the same place at the same moment.
    pub(super) fn heartbeat(&self, now: Timestamp, seq: Seq) -> Bytes {
        let mut last = self.heartbeat.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((at, of, beat)) if (*at, *of) == (now, seq) => beat.clone(),
            _ => {
                let beat = encode::text(&frame::heartbeat(now, seq));
                *last = Some((now, seq, beat.clone()));
                beat
            }
        }
    }

    /// Counts a report frame, whatever becomes of it: also those that are refused cost their reading.
    ///
    /// # Errors
    /// How long to wait, when the node has as many as it takes.
    pub(super) fn count_report(&self, now: Monotonic) -> Result<(), Duration> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner).take(REPORTS, now)
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
        let count = self.shards.len();
        for (number, shard) in self.shards.iter().enumerate() {
            let named = batch.iter().flat_map(|delivery| {
                let seq = delivery.recorded.seq;
                delivery.audience.named.iter().map(move |id| (*id, seq))
            });
            shard.publish(head, named.filter(|(id, _)| id.among(count) == number));
        }
    }

    fn dismiss(&self, connection: ConnectionId, farewell: Farewell, retry_after: Option<Duration>) {
        if let Some(shard) = self.shard_of(connection) {
            shard.dismiss(connection, Dismissal { farewell, retry_after });
        }
    }
}
