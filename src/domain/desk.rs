//! Where reports become events. A decision is pure: it looks at everything that came before it and
//! says what follows; nothing changes until the log has kept it.
//!
//! ```
//! use mission_control::domain::desk::{Command, Decision, Desk, Vitals};
//! use mission_control::domain::fleet::Fleet;
//! use mission_control::domain::id::AgentId;
//! use mission_control::domain::lifecycle::Signal;
//! use mission_control::domain::limits::Limits;
//! use mission_control::domain::report::{Exit, Report, ReportBody, Terms};
//! use mission_control::domain::time::{Monotonic, Timestamp};
//! use std::time::Duration;
//!
//! let mut desk = Desk::new(Fleet::default(), Limits::default());
//! let agent = AgentId::parse("importer").unwrap();
//! let body = ReportBody::Lifecycle { signal: Signal::Start, message: None, exit: Exit::default(), labels: None };
//! let terms = Terms { lease: Some(Duration::from_secs(10)), ..Terms::default() };
//! let start = Command::Report(Report { terms, ..Report::new(agent.clone(), body) });
//!
//! let decision: Decision = desk.decide(&start, Timestamp::saturating(1)).unwrap();
//! assert!(decision.applied && decision.durable);
//! assert!(desk.fleet().is_empty(), "nothing changed yet: the log has to keep it first");
//! let recorded = desk.keep(decision);
//! assert_eq!(recorded.iter().map(|event| event.seq.get()).collect::<Vec<_>>(), [1, 2]);
//! assert_eq!(desk.head().get(), 2);
//! let later = |seconds| Monotonic::new(Duration::from_secs(seconds));
//! let Vitals { mark, changed, due, .. } = desk.vitals(0, later(10));
//! assert!(!due && !changed[0].1.unleased);
//! let Vitals { changed, due, .. } = desk.vitals(mark, later(11));
//! assert!(due && changed.is_empty());
//!
//! // Nobody heard it for ten seconds.
//! let expired = desk.decide(&Command::Sweep, Timestamp::saturating(10_002)).unwrap();
//! assert_eq!(desk.keep(expired).len(), 1);
//! ```

mod decide;
mod due;
mod lasting;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::beside::{Beside, Vital};
use super::cursor::Seq;
use super::event::{Event, Recorded};
use super::fault::Fault;
use super::fleet::Fleet;
use super::id::AgentId;
use super::limits::Limits;
use super::report::Report;
use super::time::{Moment, Monotonic};

/// What the log's single writer is asked to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A report.
    Report(Report),
    /// Forget an agent and its sessions.
    Forget(AgentId),
    /// The socket that stood for an agent's life is gone, and not by the agent's doing: from now on its
    /// lease counts.
    Release(AgentId),
    /// The agent closed the last socket that stood for its life, and did not come back.
    Left(AgentId),
    /// Whatever is due by now: leases that ran out, crash loops that were lived through, sessions that were
    /// quiet for too long. Of at most [`SWEPT_AT_ONCE`] agents, so that a due one may be left to the next sweep.
    Sweep,
}

impl Command {
    /// The agent it is about, where it is about one.
    #[must_use]
    pub const fn agent(&self) -> Option<&AgentId> {
        match self {
            Self::Report(report) => Some(&report.agent),
            Self::Forget(agent) | Self::Release(agent) | Self::Left(agent) => Some(agent),
            Self::Sweep => None,
        }
    }
}

/// Most agents that one sweep changes.
pub const SWEPT_AT_ONCE: usize = 256;

/// What follows from a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// False when the command came too late and changes nothing.
    pub applied: bool,
    /// When it was taken.
    pub at: Moment,
    /// The events, in order; none when nothing changes.
    pub events: Vec<Event>,
    /// What becomes of what is known of agents beside the events; nothing where the agent is forgotten.
    pub besides: Vec<(AgentId, Option<Beside>)>,
    /// Whether it has to be kept before it is answered. Where not, only time moved: a log may keep it with
    /// what comes next.
    pub durable: bool,
}

impl Decision {
    fn new(at: Moment, events: Vec<Event>, besides: Vec<(AgentId, Option<Beside>)>, durable: bool) -> Self {
        Self { applied: true, at, events, besides, durable }
    }

    /// Nothing changes.
    const fn nothing(at: Moment, applied: bool) -> Self {
        Self { applied, at, events: Vec::new(), besides: Vec::new(), durable: false }
    }
}

/// Whose marks of life changed, and whether time alone has changed somebody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vitals {
    /// Whether a sweep would find something by now.
    pub due: bool,
    /// The position of the last event by then: the marks may be of an agent that it made known.
    pub head: Seq,
    /// Up to where: what to ask from next time.
    pub mark: u64,
    /// The agents, in the order of their last change.
    pub changed: Vec<(AgentId, Vital)>,
}

/// The writer's state: the fleet, and what is known beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Desk {
    fleet: Fleet,
    limits: Limits,
    agents: HashMap<AgentId, Known>,
    /// When something becomes of an agent by time alone: one structure for all of them.
    due: BTreeSet<(Monotonic, AgentId)>,
    /// Agents by the number of their last change.
    pulses: BTreeMap<u64, AgentId>,
    pulse: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Known {
    beside: Beside,
    due: Option<Monotonic>,
    pulse: u64,
}

impl Desk {
    /// A desk that continues from this fleet, and knows nothing beside it.
    #[must_use]
    pub fn new(fleet: Fleet, limits: Limits) -> Self {
        let agents: Vec<_> = fleet.agents().map(|(agent, _)| (agent.clone(), Beside::default())).collect();
        let mut desk = Self { fleet, limits, ..Self::default() };
        for (agent, beside) in agents {
            desk.note(agent, Some(beside));
        }
        desk
    }

    /// A desk that continues in another process from what a log kept, at this moment: no agent was heard yet,
    /// and each that has a lease has a whole one to be.
    #[must_use]
    pub fn restore(
        fleet: Fleet,
        besides: impl IntoIterator<Item = (AgentId, Beside)>,
        limits: Limits,
        now: Moment,
    ) -> Self {
        let mut desk = Self::new(fleet, limits);
        for (agent, beside) in besides {
            desk.note(agent, Some(beside.reopened(now)));
        }
        desk
    }

    /// The same desk in the place of another of this process: its marks of life are numbered after that one's, so that
    /// whoever asked that one asks on here, and who was heard or is held by a socket is so here too.
    #[must_use]
    pub fn continuing(mut self, before: &Self) -> Self {
        let known: Vec<_> = std::mem::take(&mut self.pulses).into_values().collect();
        self.pulse = before.pulse;
        for agent in known {
            let mut beside = self.beside(&agent).cloned();
            if let Some((beside, before)) = beside.as_mut().zip(before.beside(&agent)) {
                (beside.stale, beside.held) = (before.stale, before.held);
                beside.last_seen = beside.last_seen.max(before.last_seen);
            }
            self.note(agent, beside);
        }
        self
    }

    /// The fleet as the last kept decision left it.
    #[must_use]
    pub const fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// What is known of an agent beside its events.
    #[must_use]
    pub fn beside(&self, agent: &AgentId) -> Option<&Beside> {
        self.agents.get(agent).map(|known| &known.beside)
    }

    /// Says what follows from a command at this time. Changes nothing.
    ///
    /// # Errors
    /// A [`Fault`] when the command cannot be taken: `fleet_full`, or `not_found` for an unknown agent.
    pub fn decide(&self, command: &Command, now: impl Into<Moment>) -> Result<Decision, Fault> {
        decide::decide(self, command, now.into())
    }

    /// Takes a decision that the log has kept, its events numbered from the position after the head.
    /// Returns the numbered events.
    pub fn keep(&mut self, decision: Decision) -> Vec<Recorded> {
        let Decision { at, events, besides, .. } = decision;
        let mut recorded = Vec::with_capacity(events.len());
        for event in events {
            let next = Recorded { seq: self.head().next(), at, event };
            self.fleet.apply(&next);
            recorded.push(next);
        }
        for (agent, beside) in besides {
            self.note(agent, beside);
        }
        recorded
    }

    /// The position of the last event.
    #[must_use]
    pub const fn head(&self) -> Seq {
        self.fleet.at()
    }

    /// The marks of life that changed after a mark; all of them after 0.
    #[must_use]
    pub fn vitals(&self, since: u64, now: Monotonic) -> Vitals {
        let changed = self.pulses.range(since.saturating_add(1)..).filter_map(|(_, agent)| {
            let (known, shown) = self.agents.get(agent).zip(self.fleet.get(agent))?;
            Some((agent.clone(), Vital::of(&known.beside, shown.status.standing)))
        });
        Vitals { due: self.is_due(now), head: self.head(), mark: self.pulse, changed: changed.collect() }
    }

    /// Whether a sweep would find something by now.
    fn is_due(&self, now: Monotonic) -> bool {
        self.due.first().is_some_and(|(due, _)| *due <= now)
    }

    /// Puts down what is known of an agent, with its place among what is due and what changed.
    fn note(&mut self, agent: AgentId, beside: Option<Beside>) {
        if let Some(before) = self.agents.remove(&agent) {
            self.pulses.remove(&before.pulse);
            if let Some(due) = before.due {
                self.due.remove(&(due, agent.clone()));
            }
        }
        let Some(beside) = beside else {
            return;
        };
        let due = self.fleet.get(&agent).and_then(|shown| due::due(shown, &beside, &self.limits));
        if let Some(due) = due {
            self.due.insert((due, agent.clone()));
        }
        self.pulse = self.pulse.saturating_add(1);
        self.pulses.insert(self.pulse, agent.clone());
        self.agents.insert(agent, Known { beside, due, pulse: self.pulse });
    }
}
