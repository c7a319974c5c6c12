//! Where reports become events. A decision is pure: it looks at everything that came before it and
//! says what follows; nothing changes until the log has kept it.
//!
//! ```
//! use mission_control::domain::desk::{Command, Decision, Desk, FenceChange};
//! use mission_control::domain::fleet::Fleet;
//! use mission_control::domain::id::AgentId;
//! use mission_control::domain::lifecycle::Signal;
//! use mission_control::domain::limits::Limits;
//! use mission_control::domain::report::{Exit, Report, ReportBody};
//! use mission_control::domain::time::Timestamp;
//!
//! let mut desk = Desk::new(Fleet::default(), Limits::default());
//! let agent = AgentId::parse("importer").unwrap();
//! let body = ReportBody::Lifecycle { signal: Signal::Start, message: None, exit: Exit::default(), labels: None };
//! let start = Command::Report(Report { agent: agent.clone(), timestamp: None, instance: None, body });
//!
//! let decision: Decision = desk.decide(&start, Timestamp::saturating(1)).unwrap();
//! assert!(decision.applied && decision.fence == FenceChange::Keep);
//! assert!(desk.fleet().is_empty(), "nothing changed yet: the log has to keep it first");
//! let recorded = desk.keep(start.agent(), decision);
//! assert_eq!(recorded.iter().map(|event| event.seq.get()).collect::<Vec<_>>(), [1, 2]);
//! assert_eq!(desk.head().get(), 2);
//! ```

mod decide;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use super::cursor::Seq;
use super::event::{Event, Recorded};
use super::fault::Fault;
use super::fence::Fence;
use super::fleet::Fleet;
use super::id::AgentId;
use super::limits::Limits;
use super::report::Report;
use super::time::Timestamp;

/// What the log's single writer is asked to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A report.
    Report(Report),
    /// Forget an agent and its sessions.
    Forget(AgentId),
}

impl Command {
    /// The agent it is about.
    #[must_use]
    pub const fn agent(&self) -> &AgentId {
        match self {
            Self::Report(report) => &report.agent,
            Self::Forget(agent) => agent,
        }
    }
}

/// What follows from a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// False when the command came too late and changes nothing.
    pub applied: bool,
    /// The events, in order; none when nothing changes.
    pub events: Vec<Event>,
    /// What becomes of the agent's fence.
    pub fence: FenceChange,
}

/// What becomes of an agent's fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FenceChange {
    /// It stays.
    Keep,
    /// It becomes this.
    Set(Fence),
    /// It goes with the agent.
    Drop,
}

/// The writer's state: the fleet, and what orders reports beside it.
#[derive(Debug, Clone, Default)]
pub struct Desk {
    fleet: Fleet,
    fences: HashMap<AgentId, Fence>,
    limits: Limits,
}

impl Desk {
    /// A desk that continues from this fleet.
    #[must_use]
    pub fn new(fleet: Fleet, limits: Limits) -> Self {
        Self { fleet, fences: HashMap::new(), limits }
    }

    /// The fleet as the last kept decision left it.
    #[must_use]
    pub const fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// Says what follows from a command at this time. Changes nothing.
    ///
    /// # Errors
    /// A [`Fault`] when the command cannot be taken: `fleet_full`, or `not_found` for an unknown agent.
    pub fn decide(&self, command: &Command, now: Timestamp) -> Result<Decision, Fault> {
        decide::decide(self, command, now)
    }

    /// Takes a decision that the log has kept, its events numbered from the position after the head.
    /// Returns the numbered events.
    pub fn keep(&mut self, agent: &AgentId, decision: Decision) -> Vec<Recorded> {
        match decision.fence {
            FenceChange::Keep => {}
            FenceChange::Set(fence) => {
                self.fences.insert(agent.clone(), fence);
            }
            FenceChange::Drop => {
                self.fences.remove(agent);
            }
        }
        let mut recorded = Vec::with_capacity(decision.events.len());
        for event in decision.events {
            let next = Recorded { seq: self.head().next(), event };
            self.fleet.apply(&next);
            recorded.push(next);
        }
        recorded
    }

    /// The position of the last event.
    #[must_use]
    pub const fn head(&self) -> Seq {
        self.fleet.at()
    }
}
