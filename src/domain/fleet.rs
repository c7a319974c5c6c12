//! The fleet: agents and their sessions at one position of history. A fold of events, nothing else.
//!
//! ```
//! use mission_control::domain::cursor::Seq;
//! use mission_control::domain::desk::{Command, Desk};
//! use mission_control::domain::fleet::{Agent, Fleet, Removal, Session};
//! use mission_control::domain::id::{AgentId, SessionId};
//! use mission_control::domain::limits::Limits;
//! use mission_control::domain::report::{Report, ReportBody};
//! use mission_control::domain::text::Message;
//! use mission_control::domain::time::Timestamp;
//!
//! // Events, as a log makes them of an agent's first activity …
//! let (agent, session) = (AgentId::parse("a1").unwrap(), SessionId::parse("main").unwrap());
//! let last_message = Message::cut("npm test", 100);
//! let body = ReportBody::Activity { session: session.clone(), last_message, state: None };
//! let report = Command::Report(Report::new(agent.clone(), body));
//! let mut desk = Desk::new(Fleet::default(), Limits::default());
//! let decision = desk.decide(&report, Timestamp::saturating(1)).unwrap();
//!
//! // … and their fold, the same for everybody who has them.
//! let mut fleet = Fleet::default();
//! for recorded in desk.keep(decision) {
//!     fleet.apply(&recorded);
//! }
//! assert_eq!(fleet.at(), Seq::new(2));
//! let known: &Agent = fleet.get(&agent).unwrap();
//! let said: &Session = &known.sessions[&session];
//! assert_eq!((known.rev, said.activity.last_message.as_str()), (Seq::new(1), "npm test"));
//!
//! // It knows what went, for screens that were away.
//! let removal = desk.decide(&Command::Forget(agent.clone()), Timestamp::saturating(2)).unwrap();
//! desk.keep(removal).iter().for_each(|recorded| fleet.apply(recorded));
//! let gone: Vec<&Removal> = fleet.removals_since(Seq::new(2)).unwrap().collect();
//! assert_eq!((gone[0].seq, &gone[0].agent), (Seq::new(3), &agent));
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use super::beside::Vital;
use super::cursor::Seq;
use super::event::{ActivityEvent, Event, LifecycleEvent, Recorded, StatusEvent};
use super::id::{AgentId, SessionId};
use super::limits::Limits;
use super::time::{Monotonic, Timestamp};

/// An agent as screens show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agent {
    /// Its newest status, with the labels and restarts that came since.
    pub status: StatusEvent,
    /// Position of its last change; its sessions count apart.
    pub rev: Seq,
    /// Its sessions.
    pub sessions: BTreeMap<SessionId, Session>,
    /// Its marks of life, which move without events.
    pub vital: Vital,
}

/// A session as screens show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its newest activity.
    pub activity: ActivityEvent,
    /// Position of its last change.
    pub rev: Seq,
    /// When that was, as an uptime of the history.
    pub heard: Monotonic,
}

impl Agent {
    /// An agent without sessions, as a log kept it.
    #[must_use]
    pub fn restored(status: StatusEvent, rev: Seq) -> Self {
        let unleased = status.unleased;
        let last_seen = status.last_seen.unwrap_or_default();
        let vital = Vital { last_seen, unleased, stale: true, began: None };
        Self { status, rev, sessions: BTreeMap::new(), vital }
    }
}

/// That an agent, or one of its sessions, was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// When.
    pub seq: Seq,
    /// Which agent; all of its sessions went with it.
    pub agent: AgentId,
    /// Or which of its sessions alone.
    pub session: Option<SessionId>,
}

/// All agents at one position, and the removals lately. Cheap to copy: agents are shared until they change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fleet {
    at: Seq,
    agents: BTreeMap<AgentId, Arc<Agent>>,
    /// How many sessions they have together.
    sessions: usize,
    removals: VecDeque<Removal>,
    /// All removals after this position are there.
    removals_after: Seq,
    removals_max: usize,
}

impl Default for Fleet {
    fn default() -> Self {
        Self::remembering(Limits::default().removals)
    }
}

impl Fleet {
    /// An empty fleet that remembers so many removals.
    #[must_use]
    pub const fn remembering(removals_max: usize) -> Self {
        Self {
            at: Seq::ZERO,
            agents: BTreeMap::new(),
            sessions: 0,
            removals: VecDeque::new(),
            removals_after: Seq::ZERO,
            removals_max,
        }
    }

    /// A fleet as a log kept it, with all removals after a position.
    #[must_use]
    pub fn restored(
        at: Seq,
        agents: impl IntoIterator<Item = Agent>,
        removals: impl IntoIterator<Item = Removal>,
        removals_after: Seq,
        removals_max: usize,
    ) -> Self {
        let agents = agents.into_iter().map(|agent| (agent.status.agent.clone(), Arc::new(agent)));
        let agents: BTreeMap<_, _> = agents.collect();
        let sessions = agents.values().fold(0_usize, |sum, agent| sum.saturating_add(agent.sessions.len()));
        let mut fleet = Self { at, agents, sessions, removals_after, ..Self::remembering(removals_max) };
        removals.into_iter().for_each(|removal| fleet.remember(removal));
        fleet
    }

    /// The removals after a position, oldest first; nothing when not all of them are remembered.
    pub fn removals_since(&self, after: Seq) -> Option<impl ExactSizeIterator<Item = &Removal>> {
        let first = self.removals.partition_point(|removal| removal.seq <= after);
        (after >= self.removals_after).then(|| self.removals.iter().skip(first))
    }

    /// All removals after this position are remembered.
    #[must_use]
    pub const fn removals_after(&self) -> Seq {
        self.removals_after
    }

    fn remember(&mut self, removal: Removal) {
        self.removals.push_back(removal);
        while self.removals.len() > self.removals_max {
            self.removals_after = self.removals.pop_front().map_or(self.removals_after, |oldest| oldest.seq);
        }
    }

    /// The position it is the fold up to.
    #[must_use]
    pub const fn at(&self) -> Seq {
        self.at
    }

    /// How many agents there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.agents.len()
    }

    /// How many sessions they have together.
    #[must_use]
    pub const fn sessions(&self) -> usize {
        self.sessions
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.agents.is_empty()
    }

    /// One agent.
    #[must_use]
    pub fn get(&self, agent: &AgentId) -> Option<&Agent> {
        self.agents.get(agent).map(Arc::as_ref)
    }

    /// All agents in the order of their ids.
    pub fn agents(&self) -> impl Iterator<Item = (&AgentId, &Agent)> {
        self.agents.iter().map(|(id, agent)| (id, agent.as_ref()))
    }

    /// The agents after this id, or all, in the order of their ids.
    pub fn agents_after(&self, after: Option<&AgentId>) -> impl Iterator<Item = (&AgentId, &Agent)> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let agents = self.agents.range::<AgentId, _>((from, Bound::Unbounded));
        agents.map(|(id, agent)| (id, agent.as_ref()))
    }

    /// The ids that begin with this, in order, without looking at others.
    pub fn ids_with_prefix(&self, prefix: &str) -> impl Iterator<Item = &AgentId> {
        let from = self.agents.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        from.map(|(id, _)| id).take_while(move |id| id.as_str().starts_with(prefix))
    }

    /// The id as the fleet has it, where the agent is known.
    #[must_use]
    pub fn id(&self, text: &str) -> Option<&AgentId> {
        self.agents.get_key_value(text).map(|(id, _)| id)
    }

    /// Takes the next event. One that is not after [`Fleet::at`] was taken before and changes nothing.
    pub fn apply(&mut self, recorded: &Recorded) {
        if recorded.seq <= self.at {
            return;
        }
        self.at = recorded.seq;
        match &recorded.event {
            Event::Status(event) => self.set_status(event, recorded),
            Event::Lifecycle(event) => self.note_lifecycle(event, recorded.seq),
            Event::Activity(event) => self.set_activity(event, recorded),
            Event::AgentRemoved(agent) => {
                let gone = self.agents.remove(agent).map_or(0, |agent| agent.sessions.len());
                self.sessions = self.sessions.saturating_sub(gone);
                self.remember(Removal { seq: recorded.seq, agent: agent.clone(), session: None });
            }
            Event::SessionRemoved(agent, session) => {
                let (seq, session) = (recorded.seq, session.clone());
                self.remember(Removal { seq, agent: agent.clone(), session: Some(session.clone()) });
                let session = &session;
                if let Some(agent) = self.agents.get_mut(agent)
                    && Arc::make_mut(agent).sessions.remove(session).is_some()
                {
                    self.sessions = self.sessions.saturating_sub(1);
                }
            }
        }
    }

    /// Puts an agent's marks of life in place. They move without events: a fold knows them as of the last one.
    pub fn set_vital(&mut self, agent: &AgentId, vital: Vital) {
        if let Some(agent) = self.agents.get_mut(agent).filter(|agent| agent.vital != vital) {
            Arc::make_mut(agent).vital = vital;
        }
    }

    fn set_status(&mut self, event: &StatusEvent, recorded: &Recorded) {
        // As far as the event tells; a mark that moved without one is put in place later.
        let marks = |last_seen: Timestamp, began| Vital {
            last_seen: event.last_seen.unwrap_or(last_seen),
            unleased: event.unleased,
            stale: false,
            began,
        };
        match self.agents.get_mut(&event.agent) {
            Some(agent) => {
                let agent = Arc::make_mut(agent);
                agent.status = event.clone();
                agent.rev = recorded.seq;
                agent.vital = marks(agent.vital.last_seen, agent.vital.began);
            }
            None => {
                let (sessions, vital) = (BTreeMap::new(), marks(recorded.at.wall, None));
                let agent = Agent { status: event.clone(), rev: recorded.seq, sessions, vital };
                self.agents.insert(event.agent.clone(), Arc::new(agent));
            }
        }
    }

    /// An unknown agent's lifecycle event is followed by the status that makes it known.
    fn note_lifecycle(&mut self, event: &LifecycleEvent, rev: Seq) {
        if let Some(agent) = self.agents.get_mut(&event.agent) {
            let agent = Arc::make_mut(agent);
            agent.status.restarts = event.restarts;
            if let Some(labels) = &event.labels {
                agent.status.labels = labels.clone();
            }
            agent.rev = rev;
        }
    }

    fn set_activity(&mut self, event: &ActivityEvent, recorded: &Recorded) {
        if let Some(agent) = self.agents.get_mut(&event.agent) {
            let session = Session { activity: event.clone(), rev: recorded.seq, heard: recorded.at.uptime };
            if Arc::make_mut(agent).sessions.insert(event.session.clone(), session).is_none() {
                self.sessions = self.sessions.saturating_add(1);
            }
        }
    }
}
