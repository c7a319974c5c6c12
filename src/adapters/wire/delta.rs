//! The frames of a delta (contract 5.2): what changed in a fleet after a position and the removals since, in the
//! order in which it happened, seen through a view.
//!
//! ```
//! use mission_control::adapters::wire::delta::{Changes, DeltaWalk};
//! use mission_control::domain::grant::{Grant, Scope, Scopes};
//! use mission_control::domain::{cursor::Seq, fleet::Fleet, interest::Interest, pattern::Patterns, view::View};
//!
//! let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() };
//! let (fleet, view) = (Fleet::default(), View::new(grant, Interest::all()));
//! let mut changes = Changes::after(Seq::ZERO);
//! while !changes.look(&fleet, 256) {}
//! let mut walk = DeltaWalk::after(Seq::ZERO);
//! let counted = loop {
//!     if let Some(counted) = walk.step(&changes, &fleet, &view, 256, |frame| println!("{frame:?}")) {
//!         break counted;
//!     }
//! };
//! assert_eq!((counted.agents, counted.removed), (0, Some(0)));
//! ```

use bytes::Bytes;

use super::frame;
use super::snapshot::Counted;
use crate::domain::cursor::Seq;
use crate::domain::fleet::{Fleet, Removal};
use crate::domain::id::{AgentId, SessionId};
use crate::domain::view::View;

/// What changed in a fleet after a position, in the order in which it happened, whoever may see it. Made a few
/// agents at a time, and then walked by many, each through its own view and from its own position on.
#[derive(Debug)]
pub struct Changes {
    after: Seq,
    looked: Looked,
    list: Vec<(Seq, Change)>,
}

#[derive(Debug)]
enum Looked {
    /// The last agent that was looked at.
    UpTo(Option<AgentId>),
    /// All of them: the list is whole and in order.
    All,
}

/// An event changes one thing, so that no two changes have the same position.
#[derive(Debug)]
enum Change {
    Agent(AgentId),
    Session(AgentId, SessionId),
    Removal,
}

impl Changes {
    /// Those after this position; nothing was looked at yet.
    #[must_use]
    pub const fn after(after: Seq) -> Self {
        Self { after, looked: Looked::UpTo(None), list: Vec::new() }
    }

    /// The position after which they are known.
    #[must_use]
    pub const fn known_after(&self) -> Seq {
        self.after
    }

    /// Looks at so many agents more, and gives whether all were looked at. All calls must name the same fleet.
    pub fn look(&mut self, fleet: &Fleet, count: usize) -> bool {
        let Looked::UpTo(from) = &self.looked else { return true };
        let mut last = None;
        for (id, agent) in fleet.agents_after(from.as_ref()).take(count) {
            last = Some(id);
            if agent.rev > self.after {
                self.list.push((agent.rev, Change::Agent(id.clone())));
            }
            let changed = agent.sessions.iter().filter(|(_, session)| session.rev > self.after);
            self.list.extend(
                changed.map(|(name, session)| (session.rev, Change::Session(id.clone(), name.clone()))),
            );
        }
        if let Some(last) = last {
            self.looked = Looked::UpTo(Some(last.clone()));
            return false;
        }
        let removals = fleet.removals_since(self.after).into_iter().flatten();
        self.list.extend(removals.map(|removal| (removal.seq, Change::Removal)));
        self.list.sort_unstable_by_key(|(seq, _)| *seq);
        self.looked = Looked::All;
        true
    }
}

/// A walk over a delta, some of it at a time. Between two steps it is a position and three counts, so that whoever
/// walks holds neither frames nor an iterator.
#[derive(Debug, Clone)]
pub struct DeltaWalk {
    at: Seq,
    counted: Counted,
}

impl DeltaWalk {
    /// Of what changed after this position.
    #[must_use]
    pub const fn after(after: Seq) -> Self {
        Self { at: after, counted: Counted { agents: 0, sessions: 0, removed: Some(0) } }
    }

    /// Looks at so many changes more, hidden ones too, and puts the frames of those that are shown. Gives the counts
    /// of the whole once it was walked to the end. All steps must name the same fleet, the same view, and
    /// changes of that fleet that were looked at to the end and are known after this walk's position or one before.
    pub fn step(
        &mut self,
        changes: &Changes,
        fleet: &Fleet,
        view: &View,
        count: usize,
        mut put: impl FnMut(Bytes),
    ) -> Option<Counted> {
        if view.shows_nothing() {
            return Some(self.counted);
        }
        let first = changes.list.partition_point(|(seq, _)| *seq <= self.at);
        let mut left = changes.list.iter().skip(first);
        for (seq, change) in left.by_ref().take(count) {
            self.at = *seq;
            if let Some(frame) = self.frame(change, fleet, view) {
                put(frame);
            }
        }
        left.next().is_none().then_some(self.counted)
    }

    /// The frame of the change at this place, if it is shown.
    fn frame(&mut self, change: &Change, fleet: &Fleet, view: &View) -> Option<Bytes> {
        match change {
            Change::Agent(agent) if view.kinds().status && view.shows(agent) => {
                self.counted.agents = self.counted.agents.saturating_add(1);
                fleet.get(agent).map(frame::agent)
            }
            Change::Session(agent, session) if view.kinds().activity && view.shows(agent) => {
                self.counted.sessions = self.counted.sessions.saturating_add(1);
                fleet.get(agent)?.sessions.get(session).map(frame::session)
            }
            Change::Agent(_) | Change::Session(..) => None,
            Change::Removal => {
                let removal = removal_at(self.at, fleet).filter(|removal| view.shows(&removal.agent))?;
                self.counted.removed = self.counted.removed.map(|count| count.saturating_add(1));
                Some(frame::removal(removal))
            }
        }
    }
}

fn removal_at(seq: Seq, fleet: &Fleet) -> Option<&Removal> {
    fleet.removals_since(Seq::new(seq.get().saturating_sub(1)))?.next()
}

#[cfg(test)]
mod tests;
