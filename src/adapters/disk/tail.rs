//! What was committed, as readers see it: the last events in memory, and where the rest begins.

use std::collections::VecDeque;

use crate::domain::cursor::Seq;
use crate::domain::event::Recorded;
use crate::ports::event_log::LogError;

/// Events that are held in memory for followers; older ones are read from the database.
const EVENTS_MAX: usize = 16_384;
/// Most events that a follower is given at once, but for the rest of a proposal.
pub(super) const FOLLOW_EVENTS_MAX: usize = 4_096;

/// An event, and whether it is the last of its proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) recorded: Recorded,
    pub(super) last: bool,
}

/// The committed end of the history.
#[derive(Debug)]
pub(super) struct Tail {
    /// How often the store was opened anew with another history.
    pub(super) history: u64,
    pub(super) head: Seq,
    pub(super) held_after: Seq,
    kept: VecDeque<Kept>,
}

/// Where what follows a position is to be had.
pub(super) enum Place {
    /// Here; none when it is at the head.
    Here(Vec<Recorded>),
    /// In the database.
    Below,
}

impl Tail {
    pub(super) const fn new(head: Seq, held_after: Seq) -> Self {
        Self { history: 0, head, held_after, kept: VecDeque::new() }
    }

    /// Goes on with another history, which has this head.
    pub(super) fn begin_anew(&mut self, head: Seq, held_after: Seq) {
        *self = Self { history: self.history.wrapping_add(1), ..Self::new(head, held_after) };
    }

    pub(super) fn push(&mut self, events: Vec<Kept>, held_after: Seq) {
        self.head = events.last().map_or(self.head, |last| last.recorded.seq);
        self.held_after = held_after;
        self.kept.extend(events);
        let surplus = self.kept.len().saturating_sub(EVENTS_MAX);
        self.kept.drain(..surplus);
    }

    /// Whether what follows this position is still kept.
    pub(super) fn check(&self, after: Seq) -> Result<(), LogError> {
        if after < self.held_after {
            return Err(LogError::Compacted { held_after: self.held_after });
        }
        Ok(())
    }

    /// How many of the events in memory lie up to this position; nothing when it lies before them.
    fn skip(&self, after: Seq) -> Option<usize> {
        let first = self.kept.front().map_or(self.head.next(), |kept| kept.recorded.seq);
        let skip = after.next().get().checked_sub(first.get())?;
        Some(usize::try_from(skip).unwrap_or(usize::MAX))
    }

    /// At most `limit` events after a position.
    pub(super) fn after(&self, after: Seq, limit: usize) -> Place {
        let Some(skip) = self.skip(after) else { return Place::Below };
        Place::Here(self.kept.iter().skip(skip).take(limit).map(|kept| kept.recorded.clone()).collect())
    }

    /// Whole proposals after a position.
    pub(super) fn proposals_after(&self, after: Seq) -> Place {
        let Some(skip) = self.skip(after) else { return Place::Below };
        let mut events = Vec::new();
        for kept in self.kept.iter().skip(skip) {
            events.push(kept.recorded.clone());
            if events.len() >= FOLLOW_EVENTS_MAX && kept.last {
                break;
            }
        }
        Place::Here(events)
    }
}
