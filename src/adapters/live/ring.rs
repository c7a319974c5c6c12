//! The last events, and each as bytes once somebody wanted it. One ring serves every connection of a
//! transport; a connection keeps only its position.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::domain::cursor::Seq;
use crate::domain::event::Recorded;

/// How a transport writes an event.
pub type Encode = fn(&Recorded) -> Bytes;

/// One event, and its frame once somebody wanted it.
#[derive(Debug)]
pub struct Entry {
    /// The event.
    pub recorded: Arc<Recorded>,
    encode: Encode,
    frame: OnceLock<Bytes>,
}

impl Entry {
    /// The frame, encoded by the first who asks.
    #[must_use]
    pub fn frame(&self) -> &Bytes {
        self.frame.get_or_init(|| (self.encode)(&self.recorded))
    }
}

/// What a reader finds after its position.
#[derive(Debug)]
pub enum Found {
    /// The next events; none when it is at the head.
    Next(Vec<Arc<Entry>>),
    /// The next event is no longer held.
    FellOut,
}

/// The ring. Seqs follow without holes, so an event's place is its seq less that of the first.
#[derive(Debug)]
pub struct Ring {
    entries: VecDeque<Arc<Entry>>,
    capacity: usize,
    encode: Encode,
}

impl Ring {
    /// A ring of so many events, at least one, written so.
    #[must_use]
    pub fn new(capacity: usize, encode: Encode) -> Self {
        Self { entries: VecDeque::new(), capacity: capacity.max(1), encode }
    }

    /// Adds the next event. One that does not follow the last begins the ring anew: the hub started
    /// again, and no reader can go on across the gap.
    pub fn push(&mut self, recorded: Arc<Recorded>) {
        if self.entries.back().is_some_and(|last| last.recorded.seq.next() != recorded.seq) {
            self.entries.clear();
        }
        if self.entries.len() >= self.capacity {
            self.entries.pop_front();
        }
        self.entries.push_back(Arc::new(Entry { recorded, encode: self.encode, frame: OnceLock::new() }));
    }

    /// Lets everything go: another history begins.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// At most `count` events after a position.
    #[must_use]
    pub fn after(&self, position: Seq, count: usize) -> Found {
        let Some(first) = self.entries.front().map(|entry| entry.recorded.seq) else {
            return Found::Next(Vec::new());
        };
        if position.next() < first {
            return Found::FellOut;
        }
        let place = usize::try_from(position.next().get() - first.get()).unwrap_or(usize::MAX);
        Found::Next(self.entries.iter().skip(place).take(count).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::wire::frame;
    use crate::domain::event::Event;
    use crate::domain::id::AgentId;
    use crate::domain::time::Moment;

    fn push(ring: &mut Ring, seq: u64) {
        let event = Event::AgentRemoved(AgentId::parse("a").unwrap());
        ring.push(Arc::new(Recorded { seq: Seq::new(seq), at: Moment::default(), event }));
    }

    fn read(ring: &Ring, position: u64, count: usize) -> Option<Vec<u64>> {
        match ring.after(Seq::new(position), count) {
            Found::Next(entries) => Some(entries.iter().map(|entry| entry.recorded.seq.get()).collect()),
            Found::FellOut => None,
        }
    }

    #[test]
    fn a_reader_gets_what_follows_its_position_in_order() {
        let mut ring = Ring::new(4, frame::event);
        assert_eq!(read(&ring, 7, 9), Some(vec![]));
        (8..=11).for_each(|seq| push(&mut ring, seq));
        assert_eq!(read(&ring, 7, 9), Some(vec![8, 9, 10, 11]));
        assert_eq!(read(&ring, 9, 1), Some(vec![10]));
        assert_eq!(read(&ring, 11, 9), Some(vec![]));
    }

    #[test]
    fn a_reader_behind_the_ring_is_told_so() {
        let mut ring = Ring::new(4, frame::event);
        (1..=6).for_each(|seq| push(&mut ring, seq));
        assert_eq!(read(&ring, 1, 9), None);
        assert_eq!(read(&ring, 2, 9), Some(vec![3, 4, 5, 6]));
    }

    #[test]
    fn a_gap_begins_the_ring_anew() {
        let mut ring = Ring::new(4, frame::event);
        push(&mut ring, 1);
        push(&mut ring, 5);
        assert_eq!(read(&ring, 1, 9), None);
        assert_eq!(read(&ring, 4, 9), Some(vec![5]));
    }

    #[test]
    fn a_frame_is_encoded_once() {
        let mut ring = Ring::new(1, frame::event);
        push(&mut ring, 1);
        let Found::Next(entries) = ring.after(Seq::ZERO, 1) else { panic!("held") };
        assert_eq!(entries[0].frame().as_ptr(), entries[0].frame().as_ptr());
    }
}
