//! What the hub's lock guards: the fleet, the copy of it that is shared, and the registry.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::HubLimits;
use super::vitals::Waiting;
use crate::domain::cursor::{Epoch, Seq};
use crate::domain::event::{Event, Recorded};
use crate::domain::fleet::Fleet;
use crate::domain::id::AgentId;
use crate::domain::registry::ConnectionRegistry;
use crate::domain::resume::{Plan, Window};
use crate::domain::time::Monotonic;
use crate::domain::view::View;
use crate::ports::event_log::Loaded;
use crate::ports::event_publisher::Delivery;
use crate::ports::live_feed::{Beginning, Material, Past};

/// How old a copy may be that somebody begins with (contract 5.1).
const COPY_AGE_MAX: Duration = Duration::from_secs(1);
/// A copy is given out while so small a part of the rings came after it: who begins with it still has
/// to read what came since.
const COPY_BEHIND_RING_PART: u64 = 4;
/// Agents that came or went lately and are remembered.
const CHANGES_MAX: usize = 4_096;

pub(super) struct State {
    pub(super) epoch: Epoch,
    pub(super) fleet: Arc<Fleet>,
    /// The rings hold no event up to this position: the node began after it.
    began_after: Seq,
    pub(super) registry: ConnectionRegistry,
    /// How often the fleet was loaded: positions of different loads are not comparable.
    pub(super) load: u64,
    pub(super) copy: Option<Copy>,
    /// A copy whose place another took. Large: given back where the lock is not held.
    spent: Option<Arc<Fleet>>,
    pub(super) changes: Changes,
    /// Up to where marks of life are known, and those that are not in place yet.
    pub(super) vitals_mark: u64,
    pub(super) waiting: Waiting,
}

/// A copy that all share who begin within a second, so that the fleet is cloned at most once in it.
pub(super) struct Copy {
    fleet: Arc<Fleet>,
    taken_at: Monotonic,
}

/// That an agent came, or went.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) agent: AgentId,
    pub(super) came: bool,
}

/// The agents that came or went lately: what an index misses that was made from an older copy.
pub(super) struct Changes {
    recent: VecDeque<(Seq, Change)>,
    /// All of them after this position are there.
    complete_after: Seq,
    max: usize,
}

impl Changes {
    pub(super) const fn new(complete_after: Seq, max: usize) -> Self {
        Self { recent: VecDeque::new(), complete_after, max }
    }

    fn note(&mut self, seq: Seq, agent: &AgentId, came: bool) {
        if self.recent.len() >= self.max
            && let Some((oldest, _)) = self.recent.pop_front()
        {
            self.complete_after = oldest;
        }
        self.recent.push_back((seq, Change { agent: agent.clone(), came }));
    }

    /// The changes after a position, in order; none when not all of them are remembered.
    pub(super) fn after(&self, position: Seq) -> Option<impl ExactSizeIterator<Item = &Change>> {
        let first = self.recent.partition_point(|(seq, _)| *seq <= position);
        (position >= self.complete_after).then(|| self.recent.iter().skip(first).map(|(_, change)| change))
    }
}

impl State {
    pub(super) fn new(loaded: Loaded) -> Self {
        let Loaded { epoch, fleet } = loaded;
        let began_after = fleet.at();
        Self {
            epoch,
            fleet: Arc::new(fleet),
            began_after,
            registry: ConnectionRegistry::default(),
            load: 0,
            copy: None,
            spent: None,
            changes: Changes::new(began_after, CHANGES_MAX),
            vitals_mark: 0,
            waiting: Waiting::default(),
        }
    }

    /// Starts again from what the log loaded; nobody is connected.
    pub(super) fn begin_anew(&mut self, loaded: Loaded) {
        let load = self.load.wrapping_add(1);
        let registry = std::mem::take(&mut self.registry);
        *self = Self { load, registry, ..Self::new(loaded) };
    }

    /// The rings hold every event after this position.
    pub(super) fn rings_after(&self, limits: &HubLimits) -> Seq {
        let head = self.fleet.at().get();
        Seq::new(head.saturating_sub(ring_events(limits))).max(self.began_after)
    }

    /// What can be given to one who comes back, also out of what was read for it.
    pub(super) fn window(&self, past: Option<&Arc<Past>>, limits: &HubLimits) -> Window {
        let rings_after = self.rings_after(limits);
        let joins = |past: &&Arc<Past>| past.epoch == self.epoch && past.end() >= rings_after;
        let held_after = past.filter(joins).map_or(rings_after, |past| past.after.min(rings_after));
        let (head, removals_after) = (self.fleet.at(), self.fleet.removals_after());
        let epoch = self.epoch.clone();
        Window { epoch, head, held_after, removals_after, replay_max: limits.replay_events }
    }

    /// The copy to begin with: the shared one, unless it is too old, lacks an event that its reader was
    /// sent, or lies so far back that what came since may leave the rings before it was read.
    pub(super) fn copy(&mut self, now: Monotonic, delivered: Seq, limits: &HubLimits) -> Arc<Fleet> {
        let head = self.fleet.at();
        let behind_max = ring_events(limits) / COPY_BEHIND_RING_PART;
        let fits = |copy: &Copy| {
            let at = copy.fleet.at();
            now.since(copy.taken_at) <= COPY_AGE_MAX
                && at >= delivered
                && head.get().saturating_sub(at.get()) <= behind_max
        };
        match self.copy.take() {
            Some(copy) if copy.fleet.at() != head && fits(&copy) => {
                let fleet = Arc::clone(&copy.fleet);
                self.copy = Some(copy);
                fleet
            }
            // Where nothing came since the copy, the fleet of now is the very same one.
            before => {
                self.spent = before.map(|copy| copy.fleet);
                let fleet = Arc::clone(&self.fleet);
                self.copy = Some(Copy { fleet: Arc::clone(&fleet), taken_at: now });
                fleet
            }
        }
    }

    /// Gives up a copy that nobody may begin with any more: were it kept, the next event would clone
    /// the fleet for nothing.
    pub(super) fn spent_copies(&mut self, now: Monotonic) -> Vec<Arc<Fleet>> {
        let expired = self.copy.take_if(|copy| now.since(copy.taken_at) > COPY_AGE_MAX);
        self.spent.take().into_iter().chain(expired.map(|copy| copy.fleet)).collect()
    }

    /// Folds an event, and says who sees it. Nothing when it was taken before.
    pub(super) fn apply(&mut self, recorded: Recorded) -> Option<Delivery> {
        if recorded.seq <= self.fleet.at() {
            return None;
        }
        let agent = recorded.event.agent();
        // A lifecycle event goes before the status that makes its agent known.
        let makes_known = matches!(recorded.event, Event::Status(_) | Event::Lifecycle(_));
        if makes_known && self.fleet.get(agent).is_none() {
            self.registry.agent_known(agent);
            self.changes.note(recorded.seq, agent, true);
        }
        let audience = self.registry.audience(&recorded.event);
        if let Event::AgentRemoved(agent) = &recorded.event {
            self.registry.agent_gone(agent);
            self.changes.note(recorded.seq, agent, false);
        }
        Arc::make_mut(&mut self.fleet).apply(&recorded);
        Some(Delivery { recorded: Arc::new(recorded), audience })
    }

    /// A beginning with what it is sent first.
    pub(super) fn begin(&self, plan: Plan, material: Option<Material>, view: Arc<View>) -> Beginning {
        let fleet = material.as_ref().and_then(Material::fleet);
        let head = fleet.map_or_else(|| self.fleet.at(), |fleet| fleet.at());
        let from = match (plan, &material) {
            (Plan::Replay { .. }, Some(Material::Events(past, _))) => past.end(),
            (Plan::Replay { after }, _) => after,
            (Plan::Live | Plan::Delta { .. } | Plan::Snapshot(_), _) => head,
        };
        Beginning { plan, material, head, from, view }
    }
}

fn ring_events(limits: &HubLimits) -> u64 {
    u64::try_from(limits.ring_events).unwrap_or(u64::MAX)
}
