//! The last events, and each as bytes once somebody wanted it. One ring serves every connection of a
//! transport; a connection keeps only its position.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::domain::cursor::Seq;
use crate::domain::event::{Event, Recorded};
use crate::domain::text::Labels;

/// Bytes of frames that a ring holds at most, as they are estimated: texts are long, and longer when they are escaped.
const BYTES_MAX: usize = 64 * 1024 * 1024;
/// A frame without the texts of people.
const FRAME_BYTES: usize = 256;

/// How a transport writes an event.
pub type Encode = fn(&Recorded) -> Bytes;

/// One event, and its frame once somebody wanted it.
#[derive(Debug)]
pub struct Entry {
    /// The event.
    pub recorded: Arc<Recorded>,
    encode: Encode,
    frame: OnceLock<Bytes>,
    weight: usize,
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
    bytes_max: usize,
    bytes: usize,
    encode: Encode,
}

impl Ring {
    /// A ring of so many events, at least one, written so. It holds fewer where they are estimated to take more than
    /// 64 MiB.
    #[must_use]
    pub fn new(capacity: usize, encode: Encode) -> Self {
        let (capacity, bytes_max) = (capacity.max(1), BYTES_MAX);
        Self { entries: VecDeque::new(), capacity, bytes_max, bytes: 0, encode }
    }

    /// Adds the next event. One that does not follow the last begins the ring anew: the hub started
    /// again, and no reader can go on across the gap.
    pub fn push(&mut self, recorded: Arc<Recorded>) {
        if self.entries.back().is_some_and(|last| last.recorded.seq.next() != recorded.seq) {
            self.clear();
        }
        let weight = weight(&recorded.event);
        let room = self.bytes_max.saturating_sub(weight);
        while self.entries.len() >= self.capacity || self.bytes > room {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(oldest.weight);
        }
        self.bytes = self.bytes.saturating_add(weight);
        self.entries.push_back(Arc::new(Entry {
            recorded,
            encode: self.encode,
            frame: OnceLock::new(),
            weight,
        }));
    }

    /// Lets everything go: another history begins.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
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

/// About how long the frame of this is.
fn weight(event: &Event) -> usize {
    let (message, labels) = match event {
        Event::Status(event) => (event.message.as_ref(), Some(&event.labels)),
        Event::Lifecycle(event) => (event.message.as_ref(), event.labels.as_ref()),
        Event::Activity(event) => (Some(&event.last_message), None),
        Event::AgentRemoved(_) | Event::SessionRemoved(..) => (None, None),
    };
    let of_message = message.map_or(0, |message| escaped(message.as_str()));
    let of_labels = labels.into_iter().flat_map(Labels::iter);
    let of_labels = of_labels
        .fold(0_usize, |sum, (name, value)| sum.saturating_add(escaped(name)).saturating_add(escaped(value)));
    FRAME_BYTES.saturating_add(of_message).saturating_add(of_labels)
}

/// How long a text is in JSON.
fn escaped(text: &str) -> usize {
    text.bytes().fold(0, |sum: usize, byte| {
        let long = match byte {
            0..0x20 => 6,
            b'"' | b'\\' => 2,
            _ => 1,
        };
        sum.saturating_add(long)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::wire::frame;
    use crate::domain::event::ActivityEvent;
    use crate::domain::id::{AgentId, SessionId};
    use crate::domain::text::Message;
    use crate::domain::time::{Moment, Timestamp};

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
    fn long_texts_make_it_hold_fewer() {
        let mut ring = Ring { bytes_max: 100_000, ..Ring::new(1000, frame::event) };
        for seq in 1..=100 {
            let last_message = Message::cut(&"\u{1}".repeat(4096), 4096);
            let (agent, session) = (AgentId::parse("a").unwrap(), SessionId::parse("s").unwrap());
            let timestamp = Timestamp::saturating(7);
            let event = ActivityEvent { agent, session, last_message, state: None, timestamp };
            let event = Event::Activity(event);
            ring.push(Arc::new(Recorded { seq: Seq::new(seq), at: Moment::default(), event }));
        }
        assert_eq!(read(&ring, 96, 9), Some(vec![97, 98, 99, 100]));
        assert_eq!(read(&ring, 95, 9), None);
        let Found::Next(entries) = ring.after(Seq::new(96), 4) else { panic!("held") };
        let bytes: usize = entries.iter().map(|entry| entry.frame().len()).sum();
        assert!(bytes <= ring.bytes && ring.bytes <= 100_000, "{bytes}, taken for {}", ring.bytes);
        (101..=500).for_each(|seq| push(&mut ring, seq));
        assert_eq!(ring.bytes, 100_000 / FRAME_BYTES * FRAME_BYTES, "and others have their place then");
        ring.clear();
        assert_eq!(ring.bytes, 0);
    }

    #[test]
    fn a_frame_is_encoded_once() {
        let mut ring = Ring::new(1, frame::event);
        push(&mut ring, 1);
        let Found::Next(entries) = ring.after(Seq::ZERO, 1) else { panic!("held") };
        assert_eq!(entries[0].frame().as_ptr(), entries[0].frame().as_ptr());
    }
}
