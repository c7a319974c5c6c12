//! The connection registry: which user has which connections, and which of them see an event.
//!
//! A connection that is shown every agent is found by the kind of event alone. All others are found
//! through an index from agents to those who watch them, so an event about one agent touches its
//! watchers only, however many connections there are.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::event::{Event, EventKind};
use super::id::{AgentId, ConnectionId, UserId};
use super::time::Timestamp;
use super::view::View;

/// One live connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// Whose it is.
    pub user: UserId,
    /// The id of the token it came with (`jti`), where that had one.
    pub token_id: Option<String>,
    /// When that token was issued, where it says so.
    pub token_issued_at: Option<Timestamp>,
    /// The transport that serves it.
    pub transport: &'static str,
    /// When it came.
    pub since: Timestamp,
    /// What it is shown.
    pub view: View,
}

/// Those who see one event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audience {
    /// Connections that are shown every agent, and this kind of event.
    pub broad: Arc<BTreeSet<ConnectionId>>,
    /// Connections that were found through the index.
    pub named: Vec<ConnectionId>,
}

impl Audience {
    /// Everybody in it, each once.
    pub fn iter(&self) -> impl Iterator<Item = ConnectionId> {
        self.broad.iter().chain(&self.named).copied()
    }

    /// Whether nobody sees the event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.broad.is_empty() && self.named.is_empty()
    }
}

/// All live connections of this node.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConnectionRegistry {
    connections: BTreeMap<ConnectionId, Kept>,
    users: HashMap<UserId, BTreeSet<ConnectionId>>,
    broad: Broad,
    watchers: HashMap<AgentId, BTreeSet<ConnectionId>>,
    /// Connections that are shown some agents: asked once for each agent that becomes known.
    choosy: BTreeSet<ConnectionId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    connection: Connection,
    /// The agents under which the index has it.
    watched: BTreeSet<AgentId>,
}

/// The connections that are shown every agent, by the kinds of event they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Broad {
    status: Arc<BTreeSet<ConnectionId>>,
    lifecycle: Arc<BTreeSet<ConnectionId>>,
    activity: Arc<BTreeSet<ConnectionId>>,
    removal: Arc<BTreeSet<ConnectionId>>,
}

impl Broad {
    const KINDS: [EventKind; 4] =
        [EventKind::Status, EventKind::Lifecycle, EventKind::Activity, EventKind::Removal];

    const fn of(&self, kind: EventKind) -> &Arc<BTreeSet<ConnectionId>> {
        match kind {
            EventKind::Status => &self.status,
            EventKind::Lifecycle => &self.lifecycle,
            EventKind::Activity => &self.activity,
            EventKind::Removal => &self.removal,
        }
    }

    const fn of_mut(&mut self, kind: EventKind) -> &mut Arc<BTreeSet<ConnectionId>> {
        match kind {
            EventKind::Status => &mut self.status,
            EventKind::Lifecycle => &mut self.lifecycle,
            EventKind::Activity => &mut self.activity,
            EventKind::Removal => &mut self.removal,
        }
    }
}

impl ConnectionRegistry {
    /// Takes a new connection. `known` are the agents there are.
    pub fn connect<'a>(&mut self, connection: Connection, known: impl IntoIterator<Item = &'a AgentId>) {
        let id = connection.id;
        self.disconnect(id);
        self.users.entry(connection.user.clone()).or_default().insert(id);
        let watched = self.index(id, &connection.view, known);
        self.connections.insert(id, Kept { connection, watched });
    }

    /// Changes what a connection is shown. Nothing happens when it is gone.
    pub fn change_view<'a>(
        &mut self,
        id: ConnectionId,
        view: View,
        known: impl IntoIterator<Item = &'a AgentId>,
    ) {
        let Some(mut kept) = self.connections.remove(&id) else { return };
        self.unindex(id, &kept.watched);
        kept.watched = self.index(id, &view, known);
        kept.connection.view = view;
        self.connections.insert(id, kept);
    }

    /// Notes that a refreshed token now stands behind a connection.
    pub fn change_token(
        &mut self,
        id: ConnectionId,
        token_id: Option<String>,
        token_issued_at: Option<Timestamp>,
    ) {
        if let Some(kept) = self.connections.get_mut(&id) {
            kept.connection.token_id = token_id;
            kept.connection.token_issued_at = token_issued_at;
        }
    }

    /// Forgets a connection and gives back what was known of it.
    pub fn disconnect(&mut self, id: ConnectionId) -> Option<Connection> {
        let kept = self.connections.remove(&id)?;
        if let Some(of_user) = self.users.get_mut(&kept.connection.user) {
            of_user.remove(&id);
            if of_user.is_empty() {
                self.users.remove(&kept.connection.user);
            }
        }
        self.unindex(id, &kept.watched);
        Some(kept.connection)
    }

    /// Adds an agent that became known to the index.
    pub fn agent_known(&mut self, agent: &AgentId) {
        for id in &self.choosy {
            let Some(kept) = self.connections.get_mut(id) else { continue };
            if kept.connection.view.shows(agent) && kept.watched.insert(agent.clone()) {
                self.watchers.entry(agent.clone()).or_default().insert(*id);
            }
        }
    }

    /// Takes a forgotten agent out of the index.
    pub fn agent_gone(&mut self, agent: &AgentId) {
        for id in self.watchers.remove(agent).unwrap_or_default() {
            if let Some(kept) = self.connections.get_mut(&id) {
                kept.watched.remove(agent);
            }
        }
    }

    /// Those who see this event. An agent's own events come between [`Self::agent_known`] and
    /// [`Self::agent_gone`].
    #[must_use]
    pub fn audience(&self, event: &Event) -> Audience {
        let kind = event.kind();
        let named = self.watchers.get(event.agent()).into_iter().flatten().copied();
        let wants = |id: &ConnectionId| {
            self.connections.get(id).is_some_and(|kept| kept.connection.view.kinds().has(kind))
        };
        Audience { broad: Arc::clone(self.broad.of(kind)), named: named.filter(wants).collect() }
    }

    /// One connection.
    #[must_use]
    pub fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.connections.get(&id).map(|kept| &kept.connection)
    }

    /// All connections, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.connections.values().map(|kept| &kept.connection)
    }

    /// The connections of one user, oldest first.
    pub fn of_user(&self, user: &UserId) -> impl Iterator<Item = ConnectionId> {
        self.users.get(user).into_iter().flatten().copied()
    }

    /// How many connections there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.connections.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    fn index<'a>(
        &mut self,
        id: ConnectionId,
        view: &View,
        known: impl IntoIterator<Item = &'a AgentId>,
    ) -> BTreeSet<AgentId> {
        if view.shows_nothing() {
            return BTreeSet::new();
        }
        if view.shows_every_agent() {
            for kind in Broad::KINDS.into_iter().filter(|kind| view.kinds().has(*kind)) {
                Arc::make_mut(self.broad.of_mut(kind)).insert(id);
            }
            return BTreeSet::new();
        }
        self.choosy.insert(id);
        let watched: BTreeSet<_> = known.into_iter().filter(|agent| view.shows(agent)).cloned().collect();
        for agent in &watched {
            self.watchers.entry(agent.clone()).or_default().insert(id);
        }
        watched
    }

    fn unindex(&mut self, id: ConnectionId, watched: &BTreeSet<AgentId>) {
        for kind in Broad::KINDS {
            if self.broad.of(kind).contains(&id) {
                Arc::make_mut(self.broad.of_mut(kind)).remove(&id);
            }
        }
        self.choosy.remove(&id);
        for agent in watched {
            if let Some(of_agent) = self.watchers.get_mut(agent) {
                of_agent.remove(&id);
                if of_agent.is_empty() {
                    self.watchers.remove(agent);
                }
            }
        }
    }
}
