//! What connections are sent before they go on live, as bytes: copies of the fleet, deltas, replays that lie before the
//! ring. Each is made part by part while it is read, for as many readers as there are; nobody waits for another, and
//! what is held for all of them together is bounded here.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::copy::{Copy, Encoding};
use super::source::Source;
use crate::domain::view::View;
use crate::ports::live_feed::Material;

/// What is held for readers at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Bytes of parts that are kept, beside those of the copy that most read: of others they are given up, and their readers encode
    /// for themselves.
    pub(super) parts_bytes: usize,
    /// Fleets and readings of the log that are held whatever they weigh, …
    pub(super) sources_min: usize,
    /// … up to so many bytes together, as they are estimated, …
    pub(super) sources_bytes: usize,
    /// … and so many in all. Past that the oldest gives way, and who reads it begins anew.
    pub(super) sources_max: usize,
}

const BOUNDS: Bounds = Bounds {
    parts_bytes: 64 * 1024 * 1024,
    sources_min: 8,
    sources_bytes: 256 * 1024 * 1024,
    sources_max: 256,
};

/// The copies of one transport.
#[derive(Debug)]
pub struct Copies {
    encoding: Encoding,
    bounds: Bounds,
    /// Bytes of the parts that are kept.
    bytes: Arc<AtomicUsize>,
    read: Mutex<Read>,
}

/// Copies that are being read, and what they are made from, the oldest first.
#[derive(Debug, Default)]
struct Read {
    copies: HashMap<Same, Arc<Copy>>,
    sources: VecDeque<Held>,
}

/// A source, and how many copies are made from it.
#[derive(Debug)]
struct Held {
    source: Arc<Source>,
    copies: usize,
}

/// What is let go; a fleet is large, so that is done after the lock is let go.
type Spent = (Vec<Held>, Vec<Arc<Copy>>);

/// The same material through the same view.
#[derive(Debug)]
struct Same(Material, Arc<View>);

impl PartialEq for Same {
    fn eq(&self, other: &Self) -> bool {
        self.0.is(&other.0) && self.1 == other.1
    }
}

impl Eq for Same {}

impl Hash for Same {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Material::Fleet(fleet) => Arc::as_ptr(fleet).hash(state),
            Material::Changes(fleet, after) => (Arc::as_ptr(fleet), after).hash(state),
            Material::Events(past, after) => (Arc::as_ptr(past), after).hash(state),
        }
        self.1.hash(state);
    }
}

impl Copies {
    /// No copies yet; they will be written so.
    #[must_use]
    pub fn new(encoding: Encoding) -> Self {
        Self::bounded(encoding, BOUNDS)
    }

    pub(super) fn bounded(encoding: Encoding, bounds: Bounds) -> Self {
        Self { encoding, bounds, bytes: Arc::default(), read: Mutex::default() }
    }

    /// One reader more of this material through this view.
    pub(super) fn open(&self, material: Material, view: Arc<View>) -> Weak<Copy> {
        let same = Same(material, view);
        let mut read = self.read();
        let (copy, spent) = match read.copies.get(&same) {
            Some(copy) => (Arc::clone(copy), Spent::default()),
            None => {
                let (source, spent) = read.source_of(&same.0, self.bounds);
                let (material, view) = (same.0.clone(), Arc::clone(&same.1));
                let copy = Copy::new(material, view, source, self.encoding, Arc::clone(&self.bytes));
                let copy = Arc::new(copy);
                read.copies.insert(same, Arc::clone(&copy));
                (copy, spent)
            }
        };
        copy.readers.fetch_add(1, Ordering::Relaxed);
        drop(read);
        drop(spent);
        Arc::downgrade(&copy)
    }

    /// One reader less. What nobody reads is forgotten.
    pub(super) fn leave(&self, copy: &Weak<Copy>) {
        let Some(copy) = copy.upgrade() else { return };
        let mut read = self.read();
        let others = copy.readers.fetch_sub(1, Ordering::Relaxed) > 1;
        let spent = if others { Spent::default() } else { read.forget(&copy) };
        drop(read);
        drop(spent);
    }

    /// Gives up parts where more are kept than may be: first of copies that few read, since they are of use to few.
    pub(super) fn keep_bounds(&self) {
        if self.bytes.load(Ordering::Relaxed) <= self.bounds.parts_bytes {
            return;
        }
        let read = self.read();
        let readers = |copy: &Arc<Copy>| copy.readers.load(Ordering::Relaxed);
        let mut copies: Vec<_> = read.copies.values().map(|copy| (readers(copy), Arc::clone(copy))).collect();
        drop(read);
        copies.retain(|(_, copy)| copy.keeps_parts());
        copies.sort_unstable_by_key(|(readers, _)| *readers);
        copies.pop();
        // A quarter more than need be, so that this is not done for each part.
        let down_to = self.bounds.parts_bytes / 4 * 3;
        for (_, copy) in copies {
            if self.bytes.load(Ordering::Relaxed) <= down_to {
                return;
            }
            copy.give_up_parts();
        }
    }

    fn read(&self) -> MutexGuard<'_, Read> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Read {
    /// What this is made from, for one copy more; and what gave way to it.
    fn source_of(&mut self, material: &Material, bounds: Bounds) -> (Arc<Source>, Spent) {
        if let Some(held) = self.sources.iter_mut().find(|held| held.source.serves(material)) {
            held.copies = held.copies.saturating_add(1);
            return (Arc::clone(&held.source), Spent::default());
        }
        let source = Arc::new(Source::of(material));
        self.sources.push_back(Held { source: Arc::clone(&source), copies: 1 });
        let newest = self.sources.iter().filter_map(|held| held.source.at()).max().unwrap_or_default();
        let weigh = |sum: usize, held: &Held| sum.saturating_add(held.source.weight(newest));
        let mut weight = self.sources.iter().fold(0, weigh);
        let (mut sources, mut copies) = Spent::default();
        while self.sources.len() > bounds.sources_max
            || (self.sources.len() > bounds.sources_min && weight > bounds.sources_bytes)
        {
            let Some(oldest) = self.sources.pop_front() else { break };
            weight = weight.saturating_sub(oldest.source.weight(newest));
            let of_it = self.copies.extract_if(|_, copy| Arc::ptr_eq(&copy.source, &oldest.source));
            copies.extend(of_it.map(|(_, copy)| copy));
            sources.push(oldest);
        }
        (source, (sources, copies))
    }

    /// Forgets a copy that nobody reads, and what it is made from if that was the last of it. It may have given way before.
    fn forget(&mut self, copy: &Arc<Copy>) -> Spent {
        let same = Same(copy.material.clone(), Arc::clone(&copy.view));
        if !self.copies.get(&same).is_some_and(|read| Arc::ptr_eq(read, copy)) {
            return Spent::default();
        }
        let copies = self.copies.remove(&same).into_iter().collect();
        let place = self.sources.iter().position(|held| Arc::ptr_eq(&held.source, &copy.source));
        let last = place.and_then(|place| {
            let held = self.sources.get_mut(place)?;
            held.copies = held.copies.saturating_sub(1);
            if held.copies == 0 { self.sources.remove(place) } else { None }
        });
        (last.into_iter().collect(), copies)
    }
}
