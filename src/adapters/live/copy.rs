//! One material as one view shows it, in bytes. Whoever reads it walks it for itself, so that it can go on whatever
//! became of the bytes of others; where several read, a part is encoded once for all of them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::source::Source;
use crate::adapters::wire::delta::{Changes, DeltaWalk};
use crate::adapters::wire::frame;
use crate::adapters::wire::snapshot::{Counted, Walk};
use crate::domain::cursor::{Cursor, Seq};
use crate::domain::view::View;
use crate::ports::live_feed::{Material, Past};

/// A part is complete with so many bytes, or so many agents that were looked at.
const PART_BYTES: usize = 64 * 1024;
const PART_AGENTS: usize = 4096;
/// Agents that are looked at between two looks at the size.
const STEP_AGENTS: usize = 64;

/// How a transport writes a frame: appends it, given as JSON, to a part. An event that is replayed comes with the
/// cursor of a client that applied it.
pub type Encoding = fn(json: &[u8], cursor: Option<&Cursor>, part: &mut Vec<u8>);

/// One part of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// These bytes, and then the next part. They may be none: nothing that was looked at is shown.
    Bytes(Bytes),
    /// There are no more parts; so much was in them.
    End(Counted),
}

#[derive(Debug)]
pub(super) struct Copy {
    pub(super) material: Material,
    pub(super) view: Arc<View>,
    pub(super) source: Arc<Source>,
    encoding: Encoding,
    /// Counted by whoever keeps the copies.
    pub(super) readers: AtomicUsize,
    parts: Mutex<Vec<Encoded>>,
    /// Bytes of the parts of all copies.
    bytes: Arc<AtomicUsize>,
}

/// A part, and where the walk stands behind it.
#[derive(Debug)]
struct Encoded {
    bytes: Bytes,
    walked: Walked,
}

/// How far one reader walked. Parts are the same for all who read a copy.
#[derive(Debug, Clone)]
pub(super) struct Walked {
    /// Parts that lie behind it.
    parts: usize,
    walk: Walking,
    end: Option<Counted>,
}

#[derive(Debug, Clone)]
enum Walking {
    Fleet(Walk),
    /// What changed after this position, and how much of that was looked at.
    Changes(Seq, DeltaWalk),
    /// How many of the events were looked at, and the position up to which that is.
    Events(usize, Seq),
}

impl Walked {
    /// At the beginning of this.
    pub(super) fn none_of(material: &Material) -> Self {
        let walk = match material {
            Material::Fleet(_) => Walking::Fleet(Walk::default()),
            Material::Changes(_, after) => Walking::Changes(*after, DeltaWalk::after(*after)),
            Material::Events(past, after) => {
                let place = past.events.partition_point(|recorded| recorded.seq <= *after);
                Walking::Events(place, *after)
            }
        };
        Self { parts: 0, walk, end: None }
    }

    /// Up to where a client was delivered every event, and up to where it knows everything, that took what lies behind
    /// this and would have stood at this position behind the whole.
    pub(super) const fn broken_off(&self, position: Seq) -> (Seq, Option<Seq>) {
        match self.walk {
            Walking::Fleet(_) => (position, None),
            // It takes a delta as a whole.
            Walking::Changes(after, _) => (position, Some(after)),
            Walking::Events(_, at) => (at, Some(at)),
        }
    }
}

fn replay(
    (place, at): (&mut usize, &mut Seq),
    past: &Past,
    view: &View,
    encoding: Encoding,
    part: &mut Vec<u8>,
) -> Option<Counted> {
    for recorded in past.events.iter().skip(*place).take(STEP_AGENTS) {
        *place = place.saturating_add(1);
        *at = recorded.seq;
        if view.covers(&recorded.event) {
            let cursor = Cursor { epoch: past.epoch.clone(), seq: recorded.seq, view: Some(view.id()) };
            encoding(&frame::event(recorded), Some(&cursor), part);
        }
    }
    (*place >= past.events.len()).then(Counted::default)
}

impl Copy {
    pub(super) fn new(
        material: Material,
        view: Arc<View>,
        source: Arc<Source>,
        encoding: Encoding,
        bytes: Arc<AtomicUsize>,
    ) -> Self {
        let (readers, parts) = (AtomicUsize::new(0), Mutex::default());
        Self { material, view, source, encoding, readers, parts, bytes }
    }

    /// The part that follows. It is kept where another reader may come by it.
    pub(super) fn part(&self, walked: &mut Walked) -> Part {
        if let Some(end) = walked.end {
            return Part::End(end);
        }
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(encoded) = parts.get(walked.parts) {
            *walked = encoded.walked.clone();
            return Part::Bytes(encoded.bytes.clone());
        }
        if parts.len() != walked.parts || self.readers.load(Ordering::Relaxed) < 2 {
            drop(parts);
            return Part::Bytes(self.encode(walked));
        }
        let before = walked.parts;
        let bytes = self.encode(walked);
        if walked.parts > before {
            self.bytes.fetch_add(bytes.len(), Ordering::Relaxed);
            parts.push(Encoded { bytes: bytes.clone(), walked: walked.clone() });
        }
        Part::Bytes(bytes)
    }

    fn encode(&self, walked: &mut Walked) -> Bytes {
        let changes = match (&walked.walk, &self.material) {
            (Walking::Changes(after, _), Material::Changes(fleet, _)) => {
                let listed = self.source.changes(fleet, *after, PART_AGENTS);
                if listed.is_none() {
                    return Bytes::new();
                }
                listed
            }
            _ => None,
        };
        let mut part = Vec::new();
        let mut looked_at = 0_usize;
        while walked.end.is_none() && part.len() < PART_BYTES && looked_at < PART_AGENTS {
            looked_at = looked_at.saturating_add(STEP_AGENTS);
            walked.end = self.step(&mut walked.walk, changes.as_deref(), &mut part);
        }
        walked.parts = walked.parts.saturating_add(1);
        part.into()
    }

    /// Looks at a few more.
    fn step(&self, walk: &mut Walking, changes: Option<&Changes>, part: &mut Vec<u8>) -> Option<Counted> {
        let (view, encoding) = (&*self.view, self.encoding);
        match (walk, &self.material, changes) {
            (Walking::Fleet(walk), Material::Fleet(fleet), _) => {
                walk.step(fleet, view, STEP_AGENTS, |frame| encoding(&frame, None, part))
            }
            (Walking::Changes(_, walk), Material::Changes(fleet, _), Some(changes)) => {
                walk.step(changes, fleet, view, STEP_AGENTS, |frame| encoding(&frame, None, part))
            }
            (Walking::Events(place, at), Material::Events(past, _), _) => {
                replay((place, at), past, view, encoding, part)
            }
            // The walk was begun for this very material.
            (Walking::Fleet(_) | Walking::Changes(..) | Walking::Events(..), ..) => Some(Counted::default()),
        }
    }

    /// Gives up its parts: whoever reads it goes on for itself.
    pub(super) fn give_up_parts(&self) {
        let parts = std::mem::take(&mut *self.parts.lock().unwrap_or_else(PoisonError::into_inner));
        self.bytes.fetch_sub(sum(&parts), Ordering::Relaxed);
    }

    pub(super) fn keeps_parts(&self) -> bool {
        !self.parts.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        self.give_up_parts();
    }
}

fn sum(parts: &[Encoded]) -> usize {
    parts.iter().fold(0, |sum, part| sum.saturating_add(part.bytes.len()))
}
