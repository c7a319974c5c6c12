//! All WebSocket connections of the node, as the publisher sees them: one ring, one set of copies, and a
//! shard of connections for each core.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;

use super::codec::encode;
use super::inbox::{Inbox, Registration};
use super::place;
use super::route::WsSettings;
use super::session::Session;
use super::shard::Shard;
use crate::adapters::live::{Copies, Dismissal, Found, Ring};
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
    copies: Arc<Copies>,
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
            copies: Arc::new(Copies::new(|json, _, part| encode::put_text(part, json))),
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
    pub(super) const fn copies(&self) -> &Arc<Copies> {
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
        let mut marks = vec![Vec::new(); self.shards.len()];
        for delivery in batch {
            for id in &delivery.audience.named {
                if let Some(of_shard) = marks.get_mut(id.among(self.shards.len())) {
                    of_shard.push((*id, delivery.recorded.seq));
                }
            }
        }
        for (shard, marks) in self.shards.iter().zip(marks) {
            shard.publish(head, marks.into_iter());
        }
    }

    fn dismiss(&self, connection: ConnectionId, farewell: Farewell, retry_after: Option<Duration>) {
        if let Some(shard) = self.shard_of(connection) {
            shard.dismiss(connection, Dismissal { farewell, retry_after });
        }
    }

    fn begin_anew(&self) {
        self.ring.write().unwrap_or_else(PoisonError::into_inner).clear();
        // The next event may lie before the last one: until then there is none to wait for.
        self.shards.iter().for_each(|shard| shard.begin_anew());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::task::Waker;

    use super::*;
    use crate::adapters::ws::link::Link;
    use crate::adapters::ws::model::Pipe;
    use crate::adapters::ws::place::{Events, Place, Run};
    use crate::domain::grant::{Grant, Scope, Scopes};
    use crate::domain::interest::Interest;
    use crate::domain::pattern::Patterns;
    use crate::domain::view::View;
    use crate::ports::conformance::event_publisher::{Bench, Reader, suite};

    /// What the shards would do for the connections of the suite.
    #[derive(Default)]
    struct Shards {
        places: HashMap<ConnectionId, (Place, bool)>,
        ended: HashMap<ConnectionId, Dismissal>,
        head: Seq,
    }

    impl Shards {
        fn look(&mut self, sockets: &LiveSockets) {
            for inbox in &sockets.shards {
                let news = inbox.take(|_| true);
                self.head = news.head;
                for (id, mark) in news.marks {
                    self.places.entry(id).and_modify(|(place, _)| place.mark(mark));
                }
                for (place, _) in self.places.values_mut().filter(|(_, broad)| *broad) {
                    place.mark_head(news.head);
                }
                self.ended.extend(news.dismissals);
            }
        }
    }

    struct Node(Arc<LiveSockets>, Arc<Mutex<Shards>>);

    struct Peer {
        node: Node,
        registration: Registration,
        view: Arc<View>,
        pipe: Pipe,
        link: Link<Pipe>,
    }

    impl Bench for Node {
        fn publisher(&self) -> &dyn EventPublisher {
            &*self.0
        }

        fn join(&self, id: ConnectionId, broad: bool) -> Box<dyn Reader> {
            let registration = self.0.register(id);
            let mut shards = self.1.lock().unwrap();
            shards.look(&self.0);
            let at = shards.head;
            shards.places.insert(id, (Place::after(at), broad));
            let pipe = Pipe::default();
            pipe.drain(usize::MAX / 2);
            let link = Link::new(pipe.clone(), Waker::noop().clone(), &[]);
            let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() };
            let agents = Patterns::parse([if broad { "*" } else { "a" }]).unwrap();
            let view = Arc::new(View::new(grant, Interest { agents, ..Interest::all() }));
            let node = Node(Arc::clone(&self.0), Arc::clone(&self.1));
            Box::new(Peer { node, registration, view, pipe, link })
        }
    }

    impl Reader for Peer {
        fn take(&mut self) -> Vec<Seq> {
            let mut shards = self.node.1.lock().unwrap();
            shards.look(&self.node.0);
            let head = shards.head;
            let (place, _) = shards.places.get_mut(&self.registration.id()).unwrap();
            let after = |at, count| self.node.0.after(at, count);
            let events = Events { after: &after, head };
            let now = Monotonic::default();
            Run::default().advance(place, &self.view, &mut self.link, now, events).unwrap();
            let frames = self.pipe.received();
            let seq =
                |frame: &String| serde_json::from_str::<serde_json::Value>(frame).unwrap()["seq"].as_u64();
            frames.iter().map(|frame| Seq::new(seq(frame).unwrap())).collect()
        }

        fn ended(&mut self) -> Option<(Farewell, Option<Duration>)> {
            let mut shards = self.node.1.lock().unwrap();
            shards.look(&self.node.0);
            let dismissal = shards.ended.get(&self.registration.id())?;
            Some((dismissal.farewell, dismissal.retry_after))
        }
    }

    #[test]
    fn the_sockets_of_a_node_are_a_publisher() {
        suite(|| Box::new(Node(Arc::new(LiveSockets::new(64)), Arc::default())));
    }

    #[test]
    fn a_connection_that_was_dismissed_before_it_was_reachable_still_goes() {
        let sockets = LiveSockets::new(4);
        let (coming, other) = (ConnectionId::new(1), ConnectionId::new(2));
        sockets.dismiss(coming, Farewell::Restart, None);
        let told = |id| {
            let registration = sockets.register(id);
            registration.inbox().take(|_| true).dismissals.get(&id).copied()
        };
        assert_eq!(told(other), None);
        assert_eq!(told(coming), Some(Farewell::Restart.into()));
        assert_eq!(told(coming), None, "it is told once");
    }

    #[test]
    fn a_dismissal_waits_for_a_connection_that_is_on_its_way() {
        let sockets = LiveSockets::new(4);
        let id = ConnectionId::new(1);
        let registration = sockets.register(id);
        sockets.dismiss(id, Farewell::Revoked, None);
        assert!(registration.inbox().take(|_| false).dismissals.is_empty());
        assert_eq!(registration.inbox().take(|_| true).dismissals.get(&id), Some(&Farewell::Revoked.into()));
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

    #[test]
    fn a_wave_at_one_place_is_sent_one_heartbeat() {
        let sockets = LiveSockets::new(4);
        let beat = |now, seq| sockets.heartbeat(Timestamp::saturating(now), Seq::new(seq));
        assert_eq!(beat(1, 7).as_ptr(), beat(1, 7).as_ptr());
        assert_ne!(beat(1, 7), beat(1, 8));
        assert_ne!(beat(1, 8), beat(2, 8));
    }
}
