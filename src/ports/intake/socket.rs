//! A socket over which agents report: as long as it is open they are believed to live.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::id::AgentId;

/// How a socket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parting {
    /// Its peer hung up.
    ByPeer,
    /// The server closed it, or nobody answered any more.
    ByServer,
}

/// What is done when a socket is gone, with the agents that it stood for.
type Farewell = Box<dyn FnOnce(Parting, BTreeSet<AgentId>) + Send + Sync>;

/// A socket that stands for the lives of the agents whose reports came over it.
///
/// A transport makes one for a connection, gives a clone with each report, and drops its own when the
/// connection ends. The last clone to go ends it: no report is decided after its socket's end.
///
/// ```
/// use mission_control::domain::id::AgentId;
/// use mission_control::ports::intake::{Parting, Socket};
///
/// let socket = Socket::default();
/// socket.stand_for(AgentId::parse("importer").unwrap(), 10, || {
///     Box::new(|parting, agents| assert_eq!((parting, agents.len()), (Parting::ByPeer, 1)))
/// });
/// let other = AgentId::parse("reporter").unwrap();
/// assert!(!socket.stand_down(&other), "it never stood for that one");
/// socket.parted_by_peer();
/// drop(socket);
/// ```
#[derive(Clone, Default)]
pub struct Socket(Arc<Shared>);

#[derive(Default)]
struct Shared {
    by_peer: AtomicBool,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    agents: BTreeSet<AgentId>,
    farewell: Option<Farewell>,
}

impl Socket {
    /// Notes that the peer hung up.
    pub fn parted_by_peer(&self) {
        self.0.by_peer.store(true, Ordering::Relaxed);
    }

    /// Lets the socket stand for an agent's life, for at most so many. `farewell` is asked for with the first.
    /// Whether it does so now and did not before; nothing when it stands for too many.
    pub fn stand_for(&self, agent: AgentId, max: usize, farewell: impl FnOnce() -> Farewell) -> Option<bool> {
        let mut held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.agents.contains(&agent) {
            return Some(false);
        }
        if held.agents.len() >= max {
            return None;
        }
        if held.farewell.is_none() {
            held.farewell = Some(farewell());
        }
        Some(held.agents.insert(agent))
    }

    /// Lets the socket stand for an agent's life no more. Whether it did.
    pub fn stand_down(&self, agent: &AgentId) -> bool {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner).agents.remove(agent)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let parting = if *self.by_peer.get_mut() { Parting::ByPeer } else { Parting::ByServer };
        let held = std::mem::take(self.held.get_mut().unwrap_or_else(PoisonError::into_inner));
        if let Some(farewell) = held.farewell {
            farewell(parting, held.agents);
        }
    }
}

impl PartialEq for Socket {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Socket {}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Socket")
    }
}
