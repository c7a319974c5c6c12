//! The frames of one copy of the fleet, seen through a view.

#[cfg(test)]
mod tests;

use bytes::Bytes;

use super::frame;
use crate::domain::fleet::{Agent, Fleet};
use crate::domain::id::AgentId;
use crate::domain::view::View;

/// The agents of a copy that the view shows.
pub fn shown<'a>(fleet: &'a Fleet, view: &'a View) -> impl Iterator<Item = (&'a AgentId, &'a Agent)> {
    fleet.agents().filter(|(id, _)| view.shows(id))
}

/// The frames of a copy: agents, sessions, and how the copy ends.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// One frame an agent.
    pub agents: Vec<Bytes>,
    /// One frame a session.
    pub sessions: Vec<Bytes>,
    /// `sync:end`.
    pub end: Bytes,
}

impl Snapshot {
    /// Encodes what the view shows of the fleet.
    #[must_use]
    pub fn of(fleet: &Fleet, view: &View) -> Self {
        let kinds = view.kinds();
        let mut agents = Vec::new();
        let mut sessions = Vec::new();
        for (_, agent) in shown(fleet, view) {
            if kinds.status {
                agents.push(frame::agent(agent));
            }
            if kinds.activity {
                sessions.extend(agent.sessions.values().map(frame::session));
            }
        }
        let end = frame::sync_end(agents.len(), sessions.len(), fleet.at());
        Self { agents, sessions, end }
    }
}
