//! The connection registry: which user has which connections, and which of them see an event.
//!
//! Connections with equal views are one group. Groups that are shown every agent are found by the kind
//! of event alone, groups that are shown a few through an index from agents to those who watch them, so
//! an event about one agent touches its watchers only. A group that is shown more agents than
//! [`FEW_MAX`] is asked about each event: its index would cost megabytes.
//!
//! ```
//! use mission_control::domain::event::Event;
//! use mission_control::domain::fleet::Fleet;
//! use mission_control::domain::grant::{Grant, Scope, Scopes};
//! use mission_control::domain::id::{AgentId, ConnectionId, UserId};
//! use mission_control::domain::registry::{Audience, Connection, ConnectionRegistry, FEW_MAX, Watched};
//! use mission_control::domain::{interest::Interest, pattern::Patterns, time::Timestamp, view::View};
//! use std::sync::Arc;
//!
//! let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::parse(["a1"]).unwrap() };
//! let view = Arc::new(View::new(grant, Interest::all()));
//! let mut registry = ConnectionRegistry::indexing(FEW_MAX);
//! let watched = Watched::of(&view, &Fleet::default(), FEW_MAX);
//! let ann = Connection {
//!     id: ConnectionId::parse("c1").unwrap(),
//!     user: UserId::parse("ann").unwrap(),
//!     token_id: None,
//!     token_issued_at: None,
//!     transport: "ws",
//!     since: Timestamp::saturating(1),
//!     view,
//! };
//! registry.connect(ann, watched);
//! for (agent, sees) in [("a1", true), ("a2", false)] {
//!     let agent = AgentId::parse(agent).unwrap();
//!     registry.agent_known(&agent);
//!     let audience: Audience = registry.audience(&Event::AgentRemoved(agent));
//!     assert_eq!(!audience.is_empty(), sees);
//! }
//! ```

mod groups;
mod watched;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::event::Event;
use super::id::{AgentId, ConnectionId, UserId};
use super::time::Timestamp;
use super::view::View;
use groups::{GroupId, Groups};

pub use watched::Watched;

/// Most agents under which the index has a group.
pub const FEW_MAX: usize = 1024;

/// One live connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// Whose it is.
    pub user: UserId,
    /// The id of the token it came with (`jti`), where that had one.
    pub token_id: Option<Box<str>>,
    /// When that token was issued, where it says so.
    pub token_issued_at: Option<Timestamp>,
    /// The transport that serves it.
    pub transport: &'static str,
    /// When it came.
    pub since: Timestamp,
    /// What it is shown. In the registry, equal views are one.
    pub view: Arc<View>,
}

/// Those who see one event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audience {
    /// Connections that are shown every agent, and this kind of event; no connection is in two sets.
    pub broad: Vec<Arc<BTreeSet<ConnectionId>>>,
    /// Connections that are shown some agents, this one among them.
    pub named: Vec<ConnectionId>,
}

impl Audience {
    /// Everybody in it, each once.
    pub fn iter(&self) -> impl Iterator<Item = ConnectionId> {
        self.broad.iter().flat_map(|set| set.iter()).chain(&self.named).copied()
    }

    /// Whether nobody sees the event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.broad.is_empty() && self.named.is_empty()
    }
}

/// All live connections of this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionRegistry {
    connections: BTreeMap<ConnectionId, Kept>,
    of_users: BTreeSet<(UserId, ConnectionId)>,
    groups: Groups,
}

#[derive(Debug, Clone)]
struct Kept {
    connection: Connection,
    group: GroupId,
}

/// The group's number says only when it was made.
impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.connection == other.connection
    }
}

impl Eq for Kept {}

impl Default for ConnectionRegistry {
    fn default() -> Self {
        Self::indexing(FEW_MAX)
    }
}

impl ConnectionRegistry {
    /// No connections yet, and an index that has a group under at most so many agents.
    #[must_use]
    pub fn indexing(few_max: usize) -> Self {
        let groups = Groups::new(few_max);
        Self { connections: BTreeMap::new(), of_users: BTreeSet::new(), groups }
    }

    /// Whether a connection that comes with this view, or changes to it, must bring the agents that the
    /// view shows: not when every agent or none is shown, and not when another connection has this view.
    #[must_use]
    pub fn must_be_told(&self, view: &View) -> bool {
        self.groups.must_be_told(view)
    }

    /// Takes a new connection. `watched` are the agents there are that its view shows; they matter
    /// only where [`Self::must_be_told`] says so.
    pub fn connect(&mut self, mut connection: Connection, watched: Watched) {
        let id = connection.id;
        if let Some(before) = self.get(id) {
            let user = before.user.clone();
            // In this order: a group that it alone was in, and is in again, stays.
            self.change_view(id, Arc::clone(&connection.view), watched);
            self.of_users.remove(&(user, id));
            self.of_users.insert((connection.user.clone(), id));
            if let Some(kept) = self.connections.get_mut(&id) {
                connection.view = Arc::clone(&kept.connection.view);
                kept.connection = connection;
            }
            return;
        }
        self.of_users.insert((connection.user.clone(), id));
        let (group, view) = self.groups.enter(id, connection.view, watched);
        connection.view = view;
        self.connections.insert(id, Kept { connection, group });
    }

    /// Changes what a connection is shown, as [`Self::connect`] takes it. Nothing happens when it is gone.
    pub fn change_view(&mut self, id: ConnectionId, view: Arc<View>, watched: Watched) {
        let Some(kept) = self.connections.get_mut(&id) else { return };
        if kept.connection.view == view {
            return;
        }
        self.groups.leave(id, kept.group);
        (kept.group, kept.connection.view) = self.groups.enter(id, view, watched);
    }

    /// Notes that a refreshed token now stands behind a connection.
    pub fn change_token(
        &mut self,
        id: ConnectionId,
        token_id: Option<Box<str>>,
        token_issued_at: Option<Timestamp>,
    ) {
        if let Some(kept) = self.connections.get_mut(&id) {
            kept.connection.token_id = token_id;
            kept.connection.token_issued_at = token_issued_at;
        }
    }

    /// Forgets a connection and gives back what was known of it.
    pub fn disconnect(&mut self, id: ConnectionId) -> Option<Connection> {
        let Kept { connection, group } = self.connections.remove(&id)?;
        self.of_users.remove(&(connection.user.clone(), id));
        self.groups.leave(id, group);
        Some(connection)
    }

    /// Adds an agent that became known to the index.
    pub fn agent_known(&mut self, agent: &AgentId) {
        self.groups.agent_known(agent);
    }

    /// Takes a forgotten agent out of the index.
    pub fn agent_gone(&mut self, agent: &AgentId) {
        self.groups.agent_gone(agent);
    }

    /// Those who see this event. An agent's own events come between [`Self::agent_known`] and
    /// [`Self::agent_gone`].
    #[must_use]
    pub fn audience(&self, event: &Event) -> Audience {
        self.groups.audience(event)
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
        let all = (user.clone(), ConnectionId::MIN)..=(user.clone(), ConnectionId::MAX);
        self.of_users.range(all).map(|(_, id)| *id)
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
}
