//! The frames of a delta (contract 5.2): what changed in a fleet after a position and the removals since, in the
//! order in which it happened, seen through a view.
//!
//! ```
//! use mission_control::adapters::wire::delta::DeltaWalk;
//! use mission_control::domain::grant::{Grant, Scope, Scopes};
//! use mission_control::domain::{cursor::Seq, fleet::Fleet, interest::Interest, pattern::Patterns, view::View};
//!
//! let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() };
//! let (fleet, view) = (Fleet::default(), View::new(grant, Interest::all()));
//! let mut walk = DeltaWalk::after(Seq::ZERO);
//! let counted = loop {
//!     if let Some(counted) = walk.step(&fleet, &view, 256, |frame| println!("{frame:?}")) {
//!         break counted;
//!     }
//! };
//! assert_eq!((counted.agents, counted.removed), (0, Some(0)));
//! ```

use bytes::Bytes;

use super::frame;
use super::snapshot::Counted;
use crate::domain::cursor::Seq;
use crate::domain::fleet::Fleet;
use crate::domain::id::{AgentId, SessionId};
use crate::domain::view::View;

/// A walk over a delta, some of it at a time: first the fleet is looked through for what changed, then that
/// is put in order and sent. Holds what changed, and nothing of what did not.
#[derive(Debug)]
pub struct DeltaWalk {
    after: Seq,
    place: Place,
    changes: Vec<(Seq, Change)>,
}

#[derive(Debug)]
enum Place {
    /// The last agent that was looked at.
    Looking(Option<AgentId>),
    /// So many changes were sent.
    Sending(usize),
}

#[derive(Debug)]
enum Change {
    Agent(AgentId),
    Session(AgentId, SessionId),
    Removal,
}

impl DeltaWalk {
    /// What changed after this position.
    #[must_use]
    pub const fn after(after: Seq) -> Self {
        Self { after, place: Place::Looking(None), changes: Vec::new() }
    }

    /// Looks at so many agents more, or puts so many frames. Gives the counts of the whole once it was walked
    /// to the end. All steps must name the same fleet and the same view.
    pub fn step(
        &mut self,
        fleet: &Fleet,
        view: &View,
        count: usize,
        mut put: impl FnMut(Bytes),
    ) -> Option<Counted> {
        match &self.place {
            Place::Looking(from) => {
                let from = from.clone();
                self.look(fleet, view, from.as_ref(), count);
                None
            }
            Place::Sending(sent) => {
                let sent = *sent;
                for (seq, change) in self.changes.iter().skip(sent).take(count) {
                    if let Some(frame) = change.frame(*seq, fleet) {
                        put(frame);
                    }
                }
                self.place = Place::Sending(sent.saturating_add(count));
                (sent.saturating_add(count) >= self.changes.len()).then(|| self.counted())
            }
        }
    }

    fn look(&mut self, fleet: &Fleet, view: &View, from: Option<&AgentId>, count: usize) {
        let mut last = None;
        let count = if view.shows_nothing() { 0 } else { count };
        for (id, agent) in fleet.agents_after(from).take(count) {
            last = Some(id.clone());
            if !view.shows(id) {
                continue;
            }
            if view.kinds().status && agent.rev > self.after {
                self.changes.push((agent.rev, Change::Agent(id.clone())));
            }
            if view.kinds().activity {
                let changed = agent.sessions.iter().filter(|(_, session)| session.rev > self.after);
                let changed =
                    changed.map(|(name, session)| (session.rev, Change::Session(id.clone(), name.clone())));
                self.changes.extend(changed);
            }
        }
        if last.is_some() {
            self.place = Place::Looking(last);
            return;
        }
        let removals = fleet.removals_since(self.after).into_iter().flatten();
        let shown = removals.filter(|removal| !view.shows_nothing() && view.shows(&removal.agent));
        self.changes.extend(shown.map(|removal| (removal.seq, Change::Removal)));
        self.changes.sort_unstable_by_key(|(seq, _)| *seq);
        self.place = Place::Sending(0);
    }

    fn counted(&self) -> Counted {
        let mut counted = Counted { removed: Some(0), ..Counted::default() };
        for (_, change) in &self.changes {
            match change {
                Change::Agent(_) => counted.agents = counted.agents.saturating_add(1),
                Change::Session(..) => counted.sessions = counted.sessions.saturating_add(1),
                Change::Removal => counted.removed = counted.removed.map(|count| count.saturating_add(1)),
            }
        }
        counted
    }
}

impl Change {
    fn frame(&self, seq: Seq, fleet: &Fleet) -> Option<Bytes> {
        match self {
            Self::Agent(agent) => Some(frame::agent(fleet.get(agent)?)),
            Self::Session(agent, session) => Some(frame::session(fleet.get(agent)?.sessions.get(session)?)),
            Self::Removal => {
                let mut removals = fleet.removals_since(Seq::new(seq.get().saturating_sub(1)))?;
                removals.next().map(frame::removal)
            }
        }
    }
}

#[cfg(test)]
mod tests;
