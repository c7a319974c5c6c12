//! How a reader that comes back is brought up to date.
//!
//! ```
//! use mission_control::domain::cursor::{Cursor, Epoch, Seq, ViewId};
//! use mission_control::domain::resume::{Plan, Why, Window, plan, summary};
//!
//! let epoch = Epoch::parse("k3f9").unwrap();
//! let (held_after, removals_after) = (Seq::new(1000), Seq::new(500));
//! let window = Window { epoch, head: Seq::new(1042), held_after, removals_after, replay_max: 10_000 };
//! let view = ViewId { grant: 1, interest: 2 };
//! let came_with = |cursor: &str| plan(Some(&Cursor::parse(cursor).unwrap()), view, &window);
//!
//! assert_eq!(plan(None, view, &window), Plan::Snapshot(Why::New));
//! assert_eq!(came_with("k3f9:1042"), Plan::Live);
//! assert_eq!(came_with("k3f9:1040"), Plan::Replay { after: Seq::new(1040) });
//! let delta = Plan::Delta { after: Seq::new(700), why: Why::Resumed };
//! assert_eq!(came_with("k3f9:700"), delta, "the events are no longer held, the removals are");
//! assert_eq!(came_with("k3f9:7").why(), Why::Compacted, "what came after it is no longer held");
//! assert_eq!(summary(Seq::new(7), Seq::new(7), Why::SlowReader, Why::SlowReader).why(), Why::SlowReader);
//! assert_eq!(came_with("other:1040").why(), Why::EpochChanged);
//! ```

use super::cursor::{Cursor, Epoch, Seq, ViewId};

/// What the node still holds when a reader comes.
#[derive(Debug, Clone)]
pub struct Window {
    /// The history it holds.
    pub epoch: Epoch,
    /// The last event.
    pub head: Seq,
    /// Every event after this position is still held, in memory or in the log.
    pub held_after: Seq,
    /// Every removal after this position is still held.
    pub removals_after: Seq,
    /// Most events that are replayed, hidden ones counted.
    pub replay_max: u64,
}

/// How the reader is brought up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// It missed nothing.
    Live,
    /// The original events after its cursor, then live.
    Replay {
        /// Its cursor's position.
        after: Seq,
    },
    /// What changed after its cursor, with the removals since, and why so.
    Delta {
        /// Its cursor's position.
        after: Seq,
        /// Why.
        why: Why,
    },
    /// Everything anew, and why.
    Snapshot(Why),
}

/// Why a reader gets what it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// It came without a cursor.
    New,
    /// Its cursor was good.
    Resumed,
    /// Its cursor is of another history.
    EpochChanged,
    /// Its cursor is ahead of the head.
    CursorAhead,
    /// It asks for something else than before.
    InterestChanged,
    /// Its token allows something else than before.
    GrantChanged,
    /// What it missed is no longer held.
    Compacted,
    /// It read too slowly and fell out of what is held.
    SlowReader,
}

impl Why {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::New,
        Self::Resumed,
        Self::EpochChanged,
        Self::CursorAhead,
        Self::InterestChanged,
        Self::GrantChanged,
        Self::Compacted,
        Self::SlowReader,
    ];

    /// The word of the protocol.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Resumed => "resumed",
            Self::EpochChanged => "epoch_changed",
            Self::CursorAhead => "cursor_ahead",
            Self::InterestChanged => "interest_changed",
            Self::GrantChanged => "grant_changed",
            Self::Compacted => "compacted",
            Self::SlowReader => "slow_reader",
        }
    }
}

impl Plan {
    /// The word for why, which is `resumed` for all that continue.
    #[must_use]
    pub const fn why(self) -> Why {
        match self {
            Self::Live | Self::Replay { .. } => Why::Resumed,
            Self::Delta { why, .. } | Self::Snapshot(why) => why,
        }
    }
}

/// How a reader that knows everything up to a position is brought up to date without the events after it.
#[must_use]
pub fn summary(after: Seq, removals_after: Seq, why: Why, else_why: Why) -> Plan {
    if after >= removals_after { Plan::Delta { after, why } } else { Plan::Snapshot(else_why) }
}

/// Chooses in the contract's order (5.2): another epoch, a cursor ahead, another view; then replay or
/// live while the events are held; a delta while the removals are; otherwise a snapshot.
#[must_use]
pub fn plan(cursor: Option<&Cursor>, view: ViewId, window: &Window) -> Plan {
    let Some(cursor) = cursor else {
        return Plan::Snapshot(Why::New);
    };
    if cursor.epoch != window.epoch {
        return Plan::Snapshot(Why::EpochChanged);
    }
    if cursor.seq > window.head {
        return Plan::Snapshot(Why::CursorAhead);
    }
    if let Some(before) = cursor.view {
        if before.interest != view.interest {
            return Plan::Snapshot(Why::InterestChanged);
        }
        if before.grant != view.grant {
            return Plan::Snapshot(Why::GrantChanged);
        }
    }
    let missed = window.head.get().saturating_sub(cursor.seq.get());
    if missed == 0 {
        Plan::Live
    } else if cursor.seq >= window.held_after && missed <= window.replay_max {
        Plan::Replay { after: cursor.seq }
    } else {
        summary(cursor.seq, window.removals_after, Why::Resumed, Why::Compacted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEW: ViewId = ViewId { grant: 1, interest: 2 };

    fn decide(cursor: &str) -> Plan {
        let window = Window {
            epoch: Epoch::parse("now").unwrap(),
            head: Seq::new(100),
            held_after: Seq::new(40),
            removals_after: Seq::new(20),
            replay_max: 50,
        };
        plan(Some(&Cursor::parse(cursor).unwrap()), VIEW, &window)
    }

    #[test]
    fn a_resume_is_chosen_in_the_order_of_the_contract() {
        let table = [
            ("old:100", Plan::Snapshot(Why::EpochChanged)),
            ("old:999", Plan::Snapshot(Why::EpochChanged)),
            ("now:101", Plan::Snapshot(Why::CursorAhead)),
            ("now:101:0000000900000009", Plan::Snapshot(Why::CursorAhead)),
            ("now:100:0000000100000009", Plan::Snapshot(Why::InterestChanged)),
            ("now:100:0000000900000009", Plan::Snapshot(Why::InterestChanged)),
            ("now:100:0000000900000002", Plan::Snapshot(Why::GrantChanged)),
            ("now:100:0000000100000002", Plan::Live),
            ("now:100", Plan::Live),
            ("now:99", Plan::Replay { after: Seq::new(99) }),
            ("now:50", Plan::Replay { after: Seq::new(50) }),
            ("now:49", Plan::Delta { after: Seq::new(49), why: Why::Resumed }),
            ("now:20", Plan::Delta { after: Seq::new(20), why: Why::Resumed }),
            ("now:19", Plan::Snapshot(Why::Compacted)),
            ("now:0", Plan::Snapshot(Why::Compacted)),
        ];
        for (cursor, expected) in table {
            assert_eq!(decide(cursor), expected, "{cursor}");
        }
    }

    #[test]
    fn what_is_no_longer_held_is_not_replayed_however_few_were_missed() {
        let window = Window {
            epoch: Epoch::parse("now").unwrap(),
            head: Seq::new(100),
            held_after: Seq::new(99),
            removals_after: Seq::new(99),
            replay_max: 50,
        };
        let at = |seq: u64| Cursor { epoch: window.epoch.clone(), seq: Seq::new(seq), view: None };
        assert_eq!(plan(Some(&at(99)), VIEW, &window), Plan::Replay { after: Seq::new(99) });
        assert_eq!(plan(Some(&at(98)), VIEW, &window), Plan::Snapshot(Why::Compacted));
    }

    #[test]
    fn a_reader_without_a_cursor_gets_a_snapshot() {
        let window = Window {
            epoch: Epoch::parse("now").unwrap(),
            head: Seq::ZERO,
            held_after: Seq::ZERO,
            removals_after: Seq::ZERO,
            replay_max: 1,
        };
        assert_eq!(plan(None, VIEW, &window), Plan::Snapshot(Why::New));
    }
}
