//! Connections by what they are shown: those with equal views are one group, and an event finds groups.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::{Audience, Watched};
use crate::domain::event::Event;
use crate::domain::id::{AgentId, ConnectionId};
use crate::domain::view::View;

/// A group's number. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GroupId(u64);

/// All groups that have a connection.
#[derive(Debug, Clone)]
pub(super) struct Groups {
    few_max: usize,
    next: u64,
    numbers: HashMap<Arc<View>, GroupId>,
    groups: BTreeMap<GroupId, Group>,
    /// Shown every agent: found by the kind of event alone.
    broad: BTreeSet<GroupId>,
    /// Shown so many agents that an index of them would cost more than asking: asked about each event.
    wide: BTreeSet<GroupId>,
    /// Found through the index, and asked once for each agent that becomes known.
    narrow: BTreeSet<GroupId>,
    /// In order. Most agents have few, and a list of one is a fifth of a tree of one.
    watchers: HashMap<AgentId, Vec<GroupId>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    view: Arc<View>,
    members: Arc<BTreeSet<ConnectionId>>,
    /// The agents under which the index has it, in order.
    indexed: Vec<AgentId>,
}

/// Puts into a list that is in order what it has not; whether that is so.
fn insert<T: Ord>(list: &mut Vec<T>, item: T) -> bool {
    let place = list.binary_search(&item);
    if let Err(place) = &place {
        list.insert(*place, item);
    }
    place.is_err()
}

/// Takes something out of a list that is in order.
fn remove<T: Ord>(list: &mut Vec<T>, item: &T) {
    if let Ok(place) = list.binary_search(item) {
        list.remove(place);
    }
}

impl Groups {
    pub(super) fn new(few_max: usize) -> Self {
        Self {
            few_max,
            next: 0,
            numbers: HashMap::new(),
            groups: BTreeMap::new(),
            broad: BTreeSet::new(),
            wide: BTreeSet::new(),
            narrow: BTreeSet::new(),
            watchers: HashMap::new(),
        }
    }

    /// Whether the agents that the view shows have to be told when somebody with it comes.
    pub(super) fn must_be_told(&self, view: &View) -> bool {
        !view.shows_nothing() && !view.shows_every_agent() && !self.numbers.contains_key(view)
    }

    /// Takes a connection into the group of its view, and gives the group's number and view.
    pub(super) fn enter(
        &mut self,
        connection: ConnectionId,
        view: Arc<View>,
        watched: Watched,
    ) -> (GroupId, Arc<View>) {
        if let Some(id) = self.numbers.get(&view)
            && let Some(group) = self.groups.get_mut(id)
        {
            Arc::make_mut(&mut group.members).insert(connection);
            return (*id, Arc::clone(&group.view));
        }
        let id = GroupId(self.next);
        self.next = self.next.wrapping_add(1);
        self.numbers.insert(Arc::clone(&view), id);
        let indexed = if view.shows_nothing() {
            Vec::new()
        } else if view.shows_every_agent() {
            self.broad.insert(id);
            Vec::new()
        } else {
            self.index(id, watched)
        };
        let members = Arc::new(BTreeSet::from([connection]));
        self.groups.insert(id, Group { view: Arc::clone(&view), members, indexed });
        (id, view)
    }

    fn index(&mut self, id: GroupId, watched: Watched) -> Vec<AgentId> {
        match watched {
            Watched::Few(agents) if agents.len() <= self.few_max => {
                self.narrow.insert(id);
                for agent in &agents {
                    insert(self.watchers.entry(agent.clone()).or_default(), id);
                }
                agents.into_iter().collect()
            }
            Watched::Few(_) | Watched::Many => {
                self.wide.insert(id);
                Vec::new()
            }
        }
    }

    /// Takes a connection out of its group; the last one takes the group along.
    pub(super) fn leave(&mut self, connection: ConnectionId, id: GroupId) {
        let Some(group) = self.groups.get_mut(&id) else { return };
        Arc::make_mut(&mut group.members).remove(&connection);
        if !group.members.is_empty() {
            return;
        }
        let Some(group) = self.groups.remove(&id) else { return };
        self.numbers.remove(&group.view);
        self.broad.remove(&id);
        self.wide.remove(&id);
        self.narrow.remove(&id);
        self.unindex(id, &group.indexed);
    }

    fn unindex(&mut self, id: GroupId, indexed: &[AgentId]) {
        for agent in indexed {
            if let Some(of_agent) = self.watchers.get_mut(agent) {
                remove(of_agent, &id);
                if of_agent.is_empty() {
                    self.watchers.remove(agent);
                }
            }
        }
    }

    pub(super) fn agent_known(&mut self, agent: &AgentId) {
        let mut grown = Vec::new();
        for id in &self.narrow {
            let Some(group) = self.groups.get_mut(id) else { continue };
            if group.view.shows(agent) && insert(&mut group.indexed, agent.clone()) {
                insert(self.watchers.entry(agent.clone()).or_default(), *id);
                if group.indexed.len() > self.few_max {
                    grown.push((*id, std::mem::take(&mut group.indexed)));
                }
            }
        }
        for (id, indexed) in grown {
            self.unindex(id, &indexed);
            self.narrow.remove(&id);
            self.wide.insert(id);
        }
    }

    pub(super) fn agent_gone(&mut self, agent: &AgentId) {
        for id in self.watchers.remove(agent).unwrap_or_default() {
            if let Some(group) = self.groups.get_mut(&id) {
                remove(&mut group.indexed, agent);
            }
        }
    }

    pub(super) fn audience(&self, event: &Event) -> Audience {
        let kind = event.kind();
        let broad = self.broad.iter().filter_map(|id| self.groups.get(id));
        let broad = broad.filter(|group| group.view.kinds().has(kind));
        let indexed = self.watchers.get(event.agent()).into_iter().flatten();
        let indexed = indexed.filter_map(|id| self.groups.get(id));
        let indexed = indexed.filter(|group| group.view.kinds().has(kind));
        let wide = self.wide.iter().filter_map(|id| self.groups.get(id));
        let wide = wide.filter(|group| group.view.covers(event));
        Audience {
            broad: broad.map(|group| Arc::clone(&group.members)).collect(),
            named: indexed.chain(wide).flat_map(|group| group.members.iter().copied()).collect(),
        }
    }
}

/// Equal when the same connections are found in the same way: numbers say only who came first.
impl PartialEq for Groups {
    fn eq(&self, other: &Self) -> bool {
        let by_view = |groups: &Self| -> HashMap<Arc<View>, Group> {
            groups.groups.values().map(|group| (Arc::clone(&group.view), group.clone())).collect()
        };
        let ways = |groups: &Self| (groups.broad.len(), groups.wide.len(), groups.narrow.len());
        let indexed = |groups: &Self| -> BTreeMap<AgentId, usize> {
            groups.watchers.iter().map(|(agent, of_agent)| (agent.clone(), of_agent.len())).collect()
        };
        self.numbers.len() == other.numbers.len()
            && ways(self) == ways(other)
            && indexed(self) == indexed(other)
            && by_view(self) == by_view(other)
    }
}

impl Eq for Groups {}
