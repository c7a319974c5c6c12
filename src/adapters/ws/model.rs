//! A model of the way out: ring, places, marks, parking and partial writes, in every order that a seeded
//! dice comes upon. Each step of publisher, shard, connection and peer is one that the real ones make
//! between two locks. What peers receive is held against what was published.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use super::codec::encode;
use super::inbox::{Inbox, News};
use super::link::{Link, Socket};
use super::place::{self, Advance, Events, Mark, Place, Run};
use crate::adapters::live::Ring;
use crate::domain::cursor::Seq;
use crate::domain::event::{Event, Recorded};
use crate::domain::grant::{Grant, Scope, Scopes};
use crate::domain::id::{AgentId, ConnectionId};
use crate::domain::interest::Interest;
use crate::domain::pattern::Patterns;
use crate::domain::time::Moment;
use crate::domain::time::Monotonic;
use crate::domain::view::View;

const AGENTS: [&str; 5] = ["a1", "a2", "b1", "b2", "c1"];
const INTERESTS: [&str; 5] = ["*", "a*", "b1", "c*", "nobody"];
const RING: usize = 40;

struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        // xorshift64*: enough to come upon every order, and the same for a seed everywhere.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % most
    }
}

/// A socket whose peer takes bytes when the dice say so.
#[derive(Clone, Default)]
pub(super) struct Pipe(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    room: usize,
    received: Vec<u8>,
    parked: Option<Waker>,
}

impl Pipe {
    /// The peer takes so many bytes more.
    pub(super) fn drain(&self, room: usize) {
        let mut state = self.0.lock().unwrap();
        state.room += room;
        if let Some(waker) = state.parked.take() {
            waker.wake();
        }
    }

    /// What the peer received since it was asked last.
    pub(super) fn received(&self) -> Vec<String> {
        texts(&std::mem::take(&mut self.0.lock().unwrap().received))
    }
}

impl Socket for Pipe {
    fn try_read(&self, _: &mut [u8]) -> Result<usize> {
        Err(Error::from(ErrorKind::WouldBlock))
    }

    fn try_write(&self, bytes: &[u8]) -> Result<usize> {
        let mut state = self.0.lock().unwrap();
        let count = bytes.len().min(state.room);
        if count == 0 {
            return Err(Error::from(ErrorKind::WouldBlock));
        }
        state.room -= count;
        state.received.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn poll_readable(&self, _: &Waker) -> Poll<Result<()>> {
        Poll::Pending
    }

    fn poll_writable(&self, waker: &Waker) -> Poll<Result<()>> {
        let mut state = self.0.lock().unwrap();
        if state.room > 0 {
            return Poll::Ready(Ok(()));
        }
        state.parked = Some(waker.clone());
        Poll::Pending
    }

    fn shut(&mut self) {}
}

struct Peer {
    view: Arc<View>,
    pipe: Pipe,
    link: Link<Pipe>,
    place: Place,
    bell: Arc<super::inbox::Bell>,
    /// Whether the shard would visit it.
    due: bool,
    /// What it must have received: text of events, and of heartbeats that went between them.
    expected: Vec<String>,
    /// Up to where `expected` goes.
    told: Seq,
    fell_out: usize,
}

struct World {
    dice: Dice,
    ring: Ring,
    published: BTreeMap<Seq, Arc<Recorded>>,
    /// In the ring, and not yet said to the shard.
    unsaid: Vec<Seq>,
    inbox: Arc<Inbox>,
    head: Seq,
    peers: BTreeMap<ConnectionId, Peer>,
    run: Run,
}

impl World {
    fn new(seed: u64) -> Self {
        let inbox = Arc::new(Inbox::default());
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut peers = BTreeMap::new();
        for number in 0..6 {
            let id = ConnectionId::new(number);
            inbox.expect(id);
            let (pipe, bell) = (Pipe::default(), inbox.bell(id));
            let link = Link::new(pipe.clone(), Arc::clone(&bell).into(), &[]);
            let agents = Patterns::parse([INTERESTS[dice.below(INTERESTS.len())]]).unwrap();
            let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() };
            let view = Arc::new(View::new(grant, Interest { agents, ..Interest::all() }));
            let peer = Peer {
                view,
                pipe,
                link,
                place: Place::after(Seq::ZERO),
                bell,
                due: true,
                expected: Vec::new(),
                told: Seq::ZERO,
                fell_out: 0,
            };
            peers.insert(id, peer);
        }
        let (published, unsaid) = (BTreeMap::new(), Vec::new());
        let ring = place::ring(RING);
        Self { dice, ring, published, unsaid, inbox, head: Seq::ZERO, peers, run: Run::default() }
    }

    /// The first half of publishing: the ring has it.
    fn push(&mut self) {
        let seq = self.published.keys().last().copied().unwrap_or_default().next();
        let agent = AgentId::parse(AGENTS[self.dice.below(AGENTS.len())]).unwrap();
        let recorded = Arc::new(Recorded { seq, at: Moment::default(), event: Event::AgentRemoved(agent) });
        self.published.insert(seq, Arc::clone(&recorded));
        self.ring.push(recorded);
        self.unsaid.push(seq);
    }

    /// The second: the shard is told whom it is for.
    fn say(&mut self) {
        let Some(head) = self.unsaid.last().copied() else { return };
        let mut marks = Vec::new();
        for seq in self.unsaid.drain(..) {
            let event = &self.published[&seq].event;
            let named = self.peers.iter().filter(|(_, peer)| !peer.view.shows_every_agent());
            marks.extend(named.filter(|(_, peer)| peer.view.covers(event)).map(|(id, _)| (*id, seq)));
        }
        self.inbox.publish(head, marks.into_iter());
    }

    /// The shard looks into its inbox.
    fn take(&mut self) {
        let News { head, marks, ready, .. } = self.inbox.take(|_| true);
        let moved = head > self.head;
        self.head = head;
        for (id, mark) in marks {
            let peer = self.peers.get_mut(&id).unwrap();
            peer.place.mark(mark);
            peer.due = true;
        }
        for id in ready {
            let peer = self.peers.get_mut(&id).unwrap();
            peer.bell.heard();
            peer.due = true;
        }
        if moved {
            for peer in self.peers.values_mut().filter(|peer| peer.view.shows_every_agent()) {
                peer.place.mark_head(head);
                peer.due = true;
            }
        }
        self.run.clear();
    }

    /// The shard visits one connection.
    fn visit(&mut self, id: ConnectionId) {
        let peer = self.peers.get_mut(&id).unwrap();
        if !std::mem::take(&mut peer.due) || !peer.link.flush(Monotonic::default()).unwrap() {
            return;
        }
        let events = Events { after: &|at, count| self.ring.after(at, count), head: self.head };
        let advance = self
            .run
            .advance(&mut peer.place, &peer.view, &mut peer.link, Monotonic::default(), events)
            .unwrap();
        match advance {
            Advance::AtHead | Advance::Blocked => {}
            Advance::More => peer.due = true,
            Advance::FellOut => {
                // As after a copy of the fleet up to here.
                expect(peer, &self.published, peer.place.considered(self.head));
                peer.place = Place::after(self.head);
                peer.told = self.head;
                peer.fell_out += 1;
                peer.due = true;
            }
        }
    }

    /// A heartbeat: everything up to its place is expected before it.
    fn beat(&mut self, id: ConnectionId) {
        let peer = self.peers.get_mut(&id).unwrap();
        if peer.due || !peer.link.is_clear() {
            return;
        }
        let at = peer.place.considered(self.head);
        expect(peer, &self.published, at);
        let beat = format!("beat {at}");
        peer.link.put_text(beat.as_bytes());
        peer.expected.push(beat);
        peer.link.flush(Monotonic::default()).unwrap();
    }

    fn step(&mut self) {
        let id = ConnectionId::new(u64::try_from(self.dice.below(self.peers.len())).unwrap());
        match self.dice.below(12) {
            0..=2 => self.push(),
            3 | 4 => self.say(),
            5 | 6 => self.take(),
            7..=9 => self.visit(id),
            10 => self.beat(id),
            _ => {
                let room = self.dice.below(300);
                self.peers[&id].pipe.drain(room);
            }
        }
    }

    /// Lets everybody read, and then nothing may be left.
    fn settle(&mut self) {
        self.say();
        for peer in self.peers.values() {
            peer.pipe.drain(usize::MAX / 2);
        }
        for _ in 0..100 {
            self.take();
            for id in self.peers.keys().copied().collect::<Vec<_>>() {
                self.visit(id);
            }
        }
        let head = self.published.keys().last().copied().unwrap_or_default();
        for (id, peer) in &mut self.peers {
            assert_eq!(peer.place.considered(self.head), head, "{id} stands still");
            expect(peer, &self.published, head);
            let received = peer.pipe.received();
            assert_eq!(received, peer.expected, "{id} {:?}", peer.view.interest());
        }
    }
}

/// Expects what the peer sees up to a position.
fn expect(peer: &mut Peer, published: &BTreeMap<Seq, Arc<Recorded>>, until: Seq) {
    for (_, recorded) in published.range(peer.told.next()..).take_while(|(seq, _)| **seq <= until) {
        if peer.view.covers(&recorded.event) {
            let json = crate::adapters::wire::frame::event(recorded);
            peer.expected.push(String::from_utf8(json.to_vec()).unwrap());
        }
    }
    peer.told = peer.told.max(until);
}

/// The texts of whole frames; all of them are short.
fn texts(mut bytes: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    while let [0x81, length, rest @ ..] = bytes {
        let (text, after) = rest.split_at(usize::from(*length));
        assert_eq!(encode::text(text).len(), text.len() + 2);
        texts.push(String::from_utf8(text.to_vec()).unwrap());
        bytes = after;
    }
    assert!(bytes.is_empty(), "a frame was cut into: {bytes:?}");
    texts
}

#[test]
fn whatever_the_order_each_peer_gets_what_it_sees_in_order_and_once() {
    let (mut fell_out, mut received) = (0, 0);
    for seed in 1..=400 {
        let mut world = World::new(seed);
        for _ in 0..1500 {
            world.step();
        }
        world.settle();
        fell_out += world.peers.values().map(|peer| peer.fell_out).sum::<usize>();
        received += world.peers.values().map(|peer| peer.expected.len()).sum::<usize>();
    }
    assert!(fell_out > 1000 && received > 100_000, "{fell_out} fell out, {received} were received");
}

#[test]
fn a_place_that_looked_ahead_still_sees_what_comes_behind_a_mark_that_it_knows() {
    let seqs = |first, last| Mark { first: Seq::new(first), last: Seq::new(last) };
    let mut place = Place::after(Seq::new(5));
    let (mut run, mut ring) = (Run::default(), place::ring(RING));
    let pipe = Pipe::default();
    pipe.drain(10_000);
    let mut link = Link::new(pipe, Waker::noop().clone(), &[]);
    let view = Arc::new(View::new(
        Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() },
        Interest { agents: Patterns::parse(["a1"]).unwrap(), ..Interest::all() },
    ));
    for seq in 1..=6 {
        let agent = AgentId::parse("a1").unwrap();
        ring.push(Arc::new(Recorded {
            seq: Seq::new(seq),
            at: Moment::default(),
            event: Event::AgentRemoved(agent),
        }));
    }
    let events = Events { after: &|at, count| ring.after(at, count), head: Seq::new(5) };
    let advance = run.advance(&mut place, &view, &mut link, Monotonic::default(), events);
    assert_eq!(advance, Ok(Advance::AtHead));
    assert_eq!(place.considered(Seq::new(5)), Seq::new(6), "the ring was ahead");
    place.mark(seqs(6, 6));
    assert_eq!(place.considered(Seq::new(7)), Seq::new(7), "that one was seen");
    place.mark(seqs(6, 9));
    assert_eq!(place.considered(Seq::new(9)), Seq::new(6), "and what follows is looked at");
}
