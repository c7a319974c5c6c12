//! The frames of one copy of the fleet, seen through a view.
//!
//! ```
//! use mission_control::adapters::wire::snapshot::{Counted, Snapshot, Walk};
//! use mission_control::domain::grant::{Grant, Scope, Scopes};
//! use mission_control::domain::{fleet::Fleet, interest::Interest, pattern::Patterns, view::View};
//!
//! let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() };
//! let (fleet, view) = (Fleet::default(), View::new(grant, Interest::all()));
//! assert!(Snapshot::of(&fleet, &view).agents.is_empty());
//!
//! // The same in steps, so that a large fleet holds nobody up.
//! let mut walk = Walk::default();
//! let counted: Counted = loop {
//!     if let Some(counted) = walk.step(&fleet, &view, 256, |frame| println!("{frame:?}")) {
//!         break counted;
//!     }
//! };
//! assert_eq!(counted.agents, 0);
//! ```

#[cfg(test)]
mod tests;

use bytes::Bytes;

use super::frame;
use crate::domain::cursor::Seq;
use crate::domain::fleet::{Agent, Fleet};
use crate::domain::id::AgentId;
use crate::domain::view::View;

/// The agents of a copy that the view shows.
fn shown<'a>(fleet: &'a Fleet, view: &'a View) -> impl Iterator<Item = (&'a AgentId, &'a Agent)> {
    fleet.agents().filter(|(id, _)| view.shows(id))
}

fn agent_frames<'a>(fleet: &'a Fleet, view: &'a View) -> impl Iterator<Item = Bytes> + Send + 'a {
    shown(fleet, view).filter(|_| view.kinds().status).map(|(_, agent)| frame::agent(agent))
}

fn session_frames<'a>(fleet: &'a Fleet, view: &'a View) -> impl Iterator<Item = Bytes> + Send + 'a {
    let with_sessions = shown(fleet, view).filter(|_| view.kinds().activity);
    with_sessions.flat_map(|(_, agent)| agent.sessions.values().map(frame::session))
}

/// The frames of a copy, whole.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// One frame an agent.
    pub agents: Vec<Bytes>,
    /// One frame a session.
    pub sessions: Vec<Bytes>,
}

impl Snapshot {
    /// Encodes what the view shows of the fleet.
    #[must_use]
    pub fn of(fleet: &Fleet, view: &View) -> Self {
        let (agents, sessions) = (agent_frames(fleet, view).collect(), session_frames(fleet, view).collect());
        Self { agents, sessions }
    }
}

/// A walk over the frames of a copy, some at a time: agents, then sessions. Between two steps it is a
/// place and two counts, so that whoever walks holds neither frames nor an iterator.
#[derive(Debug, Clone, Default)]
pub struct Walk {
    place: Place,
    counted: Counted,
}

/// How many frames of a copy were taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Frames of agents.
    pub agents: usize,
    /// Frames of sessions.
    pub sessions: usize,
    /// Frames of removals; only a delta has any.
    pub removed: Option<usize>,
}

impl Counted {
    /// The `sync:end` behind them.
    #[must_use]
    pub fn sync_end(self, at: Seq) -> Bytes {
        frame::sync_end(self.agents, self.sessions, self.removed, at)
    }
}

/// Where a walk is; an id is that of the last agent it looked at.
#[derive(Debug, Clone)]
enum Place {
    Agents(Option<AgentId>),
    Sessions(Option<AgentId>),
    Done,
}

impl Default for Place {
    fn default() -> Self {
        Self::Agents(None)
    }
}

impl Walk {
    /// Looks at so many agents more, hidden ones too, and puts the frames of those that are shown. Gives
    /// the counts of the whole copy once it was walked to the end. All steps must name the same fleet and
    /// the same view.
    pub fn step(
        &mut self,
        fleet: &Fleet,
        view: &View,
        look_at: usize,
        mut put: impl FnMut(Bytes),
    ) -> Option<Counted> {
        let skipped = view.shows_nothing();
        match &self.place {
            Place::Agents(after) if view.kinds().status && !skipped => {
                let mut last = None;
                for (id, agent) in fleet.agents_after(after.as_ref()).take(look_at) {
                    if view.shows(id) {
                        put(frame::agent(agent));
                        self.counted.agents = self.counted.agents.saturating_add(1);
                    }
                    last = Some(id.clone());
                }
                self.place = last.map_or(Place::Sessions(None), |last| Place::Agents(Some(last)));
            }
            Place::Agents(_) => self.place = Place::Sessions(None),
            Place::Sessions(after) if view.kinds().activity && !skipped => {
                let mut last = None;
                for (id, agent) in fleet.agents_after(after.as_ref()).take(look_at) {
                    if view.shows(id) {
                        agent.sessions.values().map(frame::session).for_each(&mut put);
                        self.counted.sessions = self.counted.sessions.saturating_add(agent.sessions.len());
                    }
                    last = Some(id.clone());
                }
                self.place = last.map_or(Place::Done, |last| Place::Sessions(Some(last)));
            }
            Place::Sessions(_) => self.place = Place::Done,
            Place::Done => {}
        }
        matches!(self.place, Place::Done).then_some(self.counted)
    }
}
