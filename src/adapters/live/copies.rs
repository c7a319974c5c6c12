//! What connections are sent before they go on live, as bytes: copies of the fleet, deltas, replays that lie
//! before the ring. Each is encoded once, a part at a time, by whoever comes to a part first. A reader holds a place in a copy and nothing else; only this list keeps a copy alive.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;

use super::weight::weight;
use crate::adapters::wire::delta::DeltaWalk;
use crate::adapters::wire::frame;
use crate::adapters::wire::snapshot::{Counted, Walk};
use crate::domain::cursor::Cursor;
use crate::domain::time::Monotonic;
use crate::domain::view::View;
use crate::ports::live_feed::{Material, Past};

/// Copies that are kept at a time, whatever they weigh, …
const ALIVE_MIN: usize = 8;
/// … up to so many bytes together, as they are estimated, …
const BYTES_MAX: usize = 64 * 1024 * 1024;
/// … and so many in all: each is looked at when one is opened.
const ALIVE_MAX: usize = 256;
/// For so long a copy that others wait for is kept for its slow readers.
const PATIENCE: Duration = Duration::from_secs(15);
/// When to ask again for a copy, while as many are being read as are kept.
pub const ASK_AGAIN_AFTER: Duration = Duration::from_millis(20);
/// For how long to ask: after that the node has as much to do as it takes.
pub const ASK_FOR: Duration = Duration::from_secs(30);
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

/// One material as one view shows it, in bytes.
#[derive(Debug)]
pub struct Copy {
    material: Material,
    view: Arc<View>,
    weight: usize,
    since: Monotonic,
    encoding: Encoding,
    built: Mutex<Built>,
}

#[derive(Debug)]
struct Built {
    parts: Vec<Bytes>,
    walk: Walking,
    end: Option<Counted>,
}

/// How far a material was walked.
#[derive(Debug)]
enum Walking {
    Fleet(Walk),
    Changes(DeltaWalk),
    /// How many of the events were looked at.
    Events(usize),
}

impl Built {
    fn of(material: &Material) -> Self {
        let walk = match material {
            Material::Fleet(_) => Walking::Fleet(Walk::default()),
            Material::Changes(_, after) => Walking::Changes(DeltaWalk::after(*after)),
            Material::Events(past, after) => {
                Walking::Events(past.events.partition_point(|recorded| recorded.seq <= *after))
            }
        };
        Self { parts: Vec::new(), walk, end: None }
    }

    /// Looks at a few more.
    fn step(&mut self, material: &Material, view: &View, encoding: Encoding, part: &mut Vec<u8>) {
        let put = |frame: Bytes| encoding(&frame, None, part);
        self.end = match (&mut self.walk, material) {
            (Walking::Fleet(walk), Material::Fleet(fleet)) => walk.step(fleet, view, STEP_AGENTS, put),
            (Walking::Changes(walk), Material::Changes(fleet, _)) => walk.step(fleet, view, STEP_AGENTS, put),
            (Walking::Events(place), Material::Events(past, _)) => replay(place, past, view, encoding, part),
            // The walk was begun for this very material.
            (Walking::Fleet(_) | Walking::Changes(_) | Walking::Events(_), _) => Some(Counted::default()),
        };
    }
}

fn replay(
    place: &mut usize,
    past: &Past,
    view: &View,
    encoding: Encoding,
    part: &mut Vec<u8>,
) -> Option<Counted> {
    for recorded in past.events.iter().skip(*place).take(STEP_AGENTS) {
        *place = place.saturating_add(1);
        if view.covers(&recorded.event) {
            let cursor = Cursor { epoch: past.epoch.clone(), seq: recorded.seq, view: Some(view.id()) };
            encoding(&frame::event(recorded), Some(&cursor), part);
        }
    }
    (*place >= past.events.len()).then(Counted::default)
}

impl Copy {
    /// The part at this place, encoded by the first who asks. Places are asked for from 0 on, without holes.
    #[must_use]
    pub fn part(&self, place: usize) -> Part {
        let mut guard = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        let built = &mut *guard;
        if let Some(part) = built.parts.get(place) {
            return Part::Bytes(part.clone());
        }
        if let Some(end) = built.end {
            return Part::End(end);
        }
        let mut part = Vec::new();
        let mut looked_at = 0_usize;
        while built.end.is_none() && part.len() < PART_BYTES && looked_at < PART_AGENTS {
            looked_at = looked_at.saturating_add(STEP_AGENTS);
            built.step(&self.material, &self.view, self.encoding, &mut part);
        }
        let part = Bytes::from(part);
        built.parts.push(part.clone());
        Part::Bytes(part)
    }
}

/// The copies of one transport.
#[derive(Debug)]
pub struct Copies {
    encoding: Encoding,
    bytes_max: usize,
    alive: Mutex<VecDeque<Arc<Copy>>>,
}

impl Copies {
    /// No copies yet; they will be written so.
    #[must_use]
    pub fn new(encoding: Encoding) -> Self {
        Self { encoding, bytes_max: BYTES_MAX, alive: Mutex::default() }
    }

    /// Copies of which no more than the fewest are kept.
    #[cfg(test)]
    pub(super) fn fewest(encoding: Encoding) -> Self {
        Self { bytes_max: 0, ..Self::new(encoding) }
    }

    /// This material through this view: as somebody reads it already, or anew. Nothing when all that
    /// are kept are being read: ask again later. One whose readers take longer than
    /// fifteen seconds gives way, and they find it gone.
    #[must_use]
    pub fn open(&self, material: &Material, view: &Arc<View>, now: Monotonic) -> Option<Weak<Copy>> {
        let mut alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |copy: &&Arc<Copy>| copy.material.is(material) && copy.view == *view;
        if let Some(copy) = alive.iter().find(same) {
            return Some(Arc::downgrade(copy));
        }
        alive.retain(|copy| Arc::weak_count(copy) > 0);
        let weight = weight(material);
        let room = self.bytes_max.saturating_sub(weight);
        let mut weigh = alive.iter().fold(0_usize, |sum, copy| sum.saturating_add(copy.weight));
        while alive.len() >= ALIVE_MAX || (alive.len() >= ALIVE_MIN && weigh > room) {
            let oldest = alive.front()?;
            if now.since(oldest.since) < PATIENCE {
                return None;
            }
            weigh = weigh.saturating_sub(oldest.weight);
            alive.pop_front();
        }
        let built = Mutex::new(Built::of(material));
        let (material, view) = (material.clone(), Arc::clone(view));
        let copy = Copy { material, view, weight, since: now, encoding: self.encoding, built };
        let copy = Arc::new(copy);
        let reader = Arc::downgrade(&copy);
        alive.push_back(copy);
        Some(reader)
    }

    /// Forgets copies that nobody reads.
    pub fn tidy(&self) {
        self.alive.lock().unwrap_or_else(PoisonError::into_inner).retain(|copy| Arc::weak_count(copy) > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cursor::Seq;
    use crate::domain::desk::{Command, Desk};
    use crate::domain::fleet::Fleet;
    use crate::domain::grant::{Grant, Scope, Scopes};
    use crate::domain::id::AgentId;
    use crate::domain::interest::Interest;
    use crate::domain::lifecycle::Status;
    use crate::domain::limits::Limits;
    use crate::domain::pattern::Patterns;
    use crate::domain::report::{Report, ReportBody};
    use crate::domain::text::Labels;
    use crate::domain::time::Timestamp;

    fn fleet(agents: usize) -> Material {
        let mut desk = Desk::new(Fleet::default(), Limits::default());
        for number in 0..agents {
            let agent = AgentId::parse(&format!("a{number:05}")).unwrap();
            let body = ReportBody::Status {
                status: Status::Online,
                message: None,
                state: None,
                labels: None::<Labels>,
            };
            let report = Report::new(agent.clone(), body);
            let decision = desk.decide(&Command::Report(report), Timestamp::saturating(7)).unwrap();
            desk.keep(decision);
        }
        Material::Fleet(Arc::new(desk.fleet().clone()))
    }

    fn view(asked: &str) -> Arc<View> {
        let agents = Patterns::parse([asked]).unwrap();
        let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() };
        Arc::new(View::new(grant, Interest { agents, ..Interest::all() }))
    }

    fn lines(json: &[u8], _: Option<&Cursor>, part: &mut Vec<u8>) {
        part.extend_from_slice(json);
        part.push(b'\n');
    }

    fn at(seconds: u64) -> Monotonic {
        Monotonic::new(Duration::from_secs(seconds))
    }

    fn read(copy: &Weak<Copy>) -> (String, Counted, usize) {
        let copy = copy.upgrade().unwrap();
        let mut text = Vec::new();
        for place in 0.. {
            match copy.part(place) {
                Part::Bytes(part) => text.extend_from_slice(&part),
                Part::End(end) => return (String::from_utf8(text).unwrap(), end, place),
            }
        }
        unreachable!("a copy ends")
    }

    #[test]
    fn a_copy_is_read_in_parts_and_ends_with_what_was_in_them() {
        let copies = Copies::new(lines);
        let copy = copies.open(&fleet(3000), &view("*"), at(0)).unwrap();
        let (text, end, parts) = read(&copy);
        assert_eq!(end, Counted { agents: 3000, ..Counted::default() });
        assert_eq!(text.lines().count(), 3000);
        assert!(text.lines().last().unwrap().contains("a02999"));
        assert!(parts > 3, "{parts} parts");
        assert_eq!(read(&copy), (text, end, parts), "and it is the same for everybody");
    }

    #[test]
    fn a_part_is_encoded_once_for_all_who_see_the_same() {
        let copies = Copies::new(lines);
        let fleet = fleet(10);
        let one = copies.open(&fleet, &view("a*"), at(0)).unwrap();
        let other = copies.open(&fleet, &view("a*"), at(1)).unwrap();
        assert!(one.ptr_eq(&other));
        let part = |copy: &Weak<Copy>| match copy.upgrade().unwrap().part(0) {
            Part::Bytes(bytes) => bytes.as_ptr(),
            Part::End(_) => panic!("it has a part"),
        };
        assert_eq!(part(&one), part(&other));
        assert!(!one.ptr_eq(&copies.open(&fleet, &view("b*"), at(1)).unwrap()));
    }

    #[test]
    fn what_is_hidden_makes_no_part_long() {
        let copies = Copies::new(lines);
        let copy = copies.open(&fleet(9000), &view("nobody"), at(0)).unwrap();
        let (text, end, parts) = read(&copy);
        assert_eq!((text.as_str(), end), ("", Counted::default()));
        assert!(parts >= 4, "agents that are looked at count too: {parts} parts");
    }

    #[test]
    fn where_copies_are_large_the_ninth_waits_until_one_was_read_or_took_too_long() {
        let copies = Copies::fewest(lines);
        let fleet = fleet(1);
        let names: Vec<String> = (0..=ALIVE_MIN).map(|number| format!("a{number}")).collect();
        let mut readers: Vec<_> = names
            .iter()
            .take(ALIVE_MIN)
            .map(|name| copies.open(&fleet, &view(name), at(0)).unwrap())
            .collect();
        let ninth = view(names.last().unwrap());
        assert!(copies.open(&fleet, &ninth, at(14)).is_none());
        drop(readers.remove(3));
        let reader = copies.open(&fleet, &ninth, at(14)).unwrap();
        assert!(readers.iter().all(|reader| reader.upgrade().is_some()));
        let late = copies.open(&fleet, &view("late"), at(15)).unwrap();
        assert!(readers[0].upgrade().is_none(), "the oldest gives way");
        assert!(readers[1].upgrade().is_some() && reader.upgrade().is_some() && late.upgrade().is_some());
    }

    #[test]
    fn small_copies_wait_for_none_until_they_are_many() {
        let copies = Copies::new(lines);
        let fleet = fleet(1);
        let open = |name: usize| copies.open(&fleet, &view(&format!("a{name}")), at(0));
        let readers: Vec<_> = (0..ALIVE_MAX).map(|name| open(name).unwrap()).collect();
        assert!(open(ALIVE_MAX).is_none());
        drop(readers);
        assert!(open(ALIVE_MAX).is_some());
    }

    #[test]
    fn copies_share_the_room_by_their_weight() {
        let copies = Copies::new(lines);
        let (large, small) = (fleet(9_000), fleet(1));
        let open =
            |material: &Material, name: usize| copies.open(material, &view(&format!("a{name}")), at(0));
        let readers: Vec<_> = (0..20).map_while(|name| open(&large, name)).collect();
        assert_eq!(readers.len(), BYTES_MAX / (9_000 * 512));
        assert!(open(&small, 0).is_some(), "the rest of the room is for smaller ones");
        let Material::Fleet(fleet) = &large else { panic!("it is a fleet") };
        let changes = |back: u64| Material::Changes(Arc::clone(fleet), Seq::new(fleet.at().get() - back));
        assert!(weight(&changes(10)) < weight(&changes(9_000)) && weight(&changes(10)) < weight(&large));
    }

    #[test]
    fn a_copy_that_nobody_reads_is_forgotten() {
        let copies = Copies::new(lines);
        let fleet = fleet(1);
        let reader = copies.open(&fleet, &view("*"), at(0)).unwrap();
        copies.tidy();
        assert_eq!(Arc::strong_count(fleet.fleet().unwrap()), 2);
        drop(reader);
        copies.tidy();
        assert_eq!(Arc::strong_count(fleet.fleet().unwrap()), 1);
    }
}
