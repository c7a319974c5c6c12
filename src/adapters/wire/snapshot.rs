//! The frames of one copy of the fleet, seen through a view.

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

/// The frames of a copy one by one, encoded as they are taken: agents, then sessions, then how it ends.
pub struct Frames<'a> {
    agents: Box<dyn Iterator<Item = Bytes> + Send + 'a>,
    sessions: Box<dyn Iterator<Item = Bytes> + Send + 'a>,
    taken: (usize, usize),
    at: Seq,
}

impl<'a> Frames<'a> {
    /// What the view shows of the fleet.
    #[must_use]
    pub fn of(fleet: &'a Fleet, view: &'a View) -> Self {
        let agents = Box::new(agent_frames(fleet, view));
        let sessions = Box::new(session_frames(fleet, view));
        Self { agents, sessions, taken: (0, 0), at: fleet.at() }
    }

    /// `sync:end`, counting what was taken.
    #[must_use]
    pub fn end(&self) -> Bytes {
        frame::sync_end(self.taken.0, self.taken.1, self.at)
    }
}

impl Iterator for Frames<'_> {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if let Some(agent) = self.agents.next() {
            self.taken.0 = self.taken.0.saturating_add(1);
            return Some(agent);
        }
        let session = self.sessions.next()?;
        self.taken.1 = self.taken.1.saturating_add(1);
        Some(session)
    }
}
