//! The instance fence: a report of an older process life, or one that was overtaken, changes nothing.
//!
//! ```
//! use mission_control::domain::fence::{Fence, Life};
//! use mission_control::domain::id::InstanceId;
//! use mission_control::domain::report::Stamp;
//! use mission_control::domain::time::Timestamp;
//!
//! let life = |id: &str, began: u64, report_seq| Stamp {
//!     id: InstanceId::parse(id).unwrap(),
//!     started_at: Timestamp::from_millis(began),
//!     report_seq: Some(report_seq),
//! };
//! let fence = Fence::default().passed(&life("old", 100, 1), 64).passed(&life("new", 200, 1), 64);
//! assert!(fence.is_late(&life("old", 100, 2)), "a crash notice of the old life cannot end the new one");
//! assert!(fence.is_late(&life("new", 200, 1)), "nor can a report that came before");
//! assert!(!fence.is_late(&life("new", 200, 2)));
//! let kept: Vec<Life> = fence.lives().cloned().collect();
//! assert_eq!(kept.into_iter().collect::<Fence>(), fence, "what a log keeps of it");
//! ```

use std::collections::VecDeque;

use super::id::InstanceId;
use super::report::Stamp;
use super::time::Timestamp;

/// The process lives of one agent that are remembered, oldest first; the last is the current one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fence {
    lives: VecDeque<Life>,
}

/// One process life, as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// Which one.
    pub id: InstanceId,
    /// When it began, where it said so.
    pub started_at: Option<Timestamp>,
    /// The position of its last report, where it gave any.
    pub last_seq: Option<u64>,
}

impl FromIterator<Life> for Fence {
    fn from_iter<I: IntoIterator<Item = Life>>(lives: I) -> Self {
        Self { lives: lives.into_iter().collect() }
    }
}

impl Fence {
    /// The lives that are remembered, oldest first.
    pub fn lives(&self) -> impl ExactSizeIterator<Item = &Life> {
        self.lives.iter()
    }

    /// Whether a report with this stamp comes too late to change anything.
    ///
    /// A life is older when it is remembered and not the newest, or when it began before one that is
    /// remembered. A life that does not say when it began is as new as its arrival.
    #[must_use]
    pub fn is_late(&self, stamp: &Stamp) -> bool {
        if let Some(place) = self.lives.iter().position(|life| life.id == stamp.id) {
            let newest = place.saturating_add(1) == self.lives.len();
            let overtaken = self.lives.get(place).and_then(|life| life.last_seq);
            return !newest || stamp.report_seq.zip(overtaken).is_some_and(|(seq, last)| seq <= last);
        }
        let latest_start = self.lives.iter().filter_map(|life| life.started_at).max();
        stamp.started_at.zip(latest_start).is_some_and(|(start, latest)| start < latest)
    }

    /// The fence after a report that was not late; the oldest life beyond `lives_max` is forgotten.
    #[must_use]
    pub fn passed(&self, stamp: &Stamp, lives_max: usize) -> Self {
        let mut lives = self.lives.clone();
        match lives.back_mut().filter(|life| life.id == stamp.id) {
            Some(life) => {
                life.started_at = life.started_at.or(stamp.started_at);
                life.last_seq = stamp.report_seq.or(life.last_seq);
            }
            None => lives.push_back(Life {
                id: stamp.id.clone(),
                started_at: stamp.started_at,
                last_seq: stamp.report_seq,
            }),
        }
        while lives.len() > lives_max {
            lives.pop_front();
        }
        Self { lives }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(id: &str, started_at: Option<u64>, report_seq: Option<u64>) -> Stamp {
        Stamp {
            id: InstanceId::parse(id).unwrap(),
            started_at: started_at.map(Timestamp::saturating),
            report_seq,
        }
    }

    fn after(stamps: &[Stamp]) -> Fence {
        stamps.iter().fold(Fence::default(), |fence, stamp| {
            assert!(!fence.is_late(stamp), "{stamp:?}");
            fence.passed(stamp, 64)
        })
    }

    #[test]
    fn lives_without_a_start_are_ordered_by_arrival() {
        let fence = after(&[stamp("a", None, None), stamp("b", None, None)]);
        assert!(fence.is_late(&stamp("a", None, None)));
        assert!(!fence.is_late(&stamp("b", None, None)));
        assert!(!fence.is_late(&stamp("c", None, None)));
    }

    #[test]
    fn a_life_that_began_earlier_is_late_whenever_it_arrives() {
        let fence = after(&[stamp("new", Some(200), None)]);
        assert!(fence.is_late(&stamp("old", Some(100), None)));
        assert!(!fence.is_late(&stamp("same-time", Some(200), None)));
        assert!(!fence.is_late(&stamp("newer", Some(201), None)));
        let mixed = fence.passed(&stamp("unknown-start", None, None), 64);
        assert!(mixed.is_late(&stamp("old", Some(100), None)));
        assert!(mixed.is_late(&stamp("new", Some(200), None)));
    }

    #[test]
    fn a_report_at_or_below_the_last_of_its_life_is_late() {
        let fence = after(&[stamp("a", None, Some(5))]);
        assert!(fence.is_late(&stamp("a", None, Some(5))));
        assert!(fence.is_late(&stamp("a", None, Some(4))));
        assert!(!fence.is_late(&stamp("a", None, Some(6))));
        assert!(!fence.is_late(&stamp("a", None, None)));
        assert!(!fence.is_late(&stamp("b", None, Some(1))), "a new life counts anew");
    }

    #[test]
    fn a_report_without_a_position_does_not_move_the_last_one() {
        let fence = after(&[stamp("a", None, Some(5)), stamp("a", None, None)]);
        assert!(fence.is_late(&stamp("a", None, Some(5))));
    }

    #[test]
    fn the_oldest_life_is_forgotten_beyond_the_bound() {
        let stamps: Vec<_> = (0..65).map(|n| stamp(&format!("i{n}"), None, None)).collect();
        let fence = after(&stamps);
        assert!(!fence.is_late(&stamps[0]), "forgotten, so it counts as new");
        assert!(fence.is_late(&stamps[1]));
    }
}
