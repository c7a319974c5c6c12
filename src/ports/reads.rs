//! Port in: what a watcher may read once. Only what the grant covers; what it hides is not there.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::cursor::{Epoch, Seq};
use crate::domain::event::Recorded;
use crate::domain::fault::Fault;
use crate::domain::fleet::Fleet;
use crate::domain::grant::Principal;
use crate::domain::id::AgentId;
use crate::domain::interest::Interest;
use crate::domain::view::View;

/// One consistent copy of the fleet, to be read through the view.
#[derive(Debug, Clone)]
pub struct FleetCopy {
    /// The history.
    pub epoch: Epoch,
    /// The fleet at one position.
    pub fleet: Arc<Fleet>,
    /// What of it may be shown.
    pub view: View,
}

/// Which events are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventsQuery {
    /// Those after this position of this history; from the oldest kept when absent.
    pub after: Option<(Epoch, Seq)>,
    /// Of which agents and kinds.
    pub interest: Interest,
    /// At most this many, 1 to 1,000.
    pub limit: usize,
}

/// Some events, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventsPage {
    /// The history.
    pub epoch: Epoch,
    /// The events that may be shown.
    pub events: Vec<Recorded>,
    /// Where the next page begins, or nothing at the end.
    pub next: Option<Seq>,
    /// Where the head is.
    pub head: Seq,
}

/// How an agent has been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// For how long it has been online, and the same process; nothing while it is not.
    pub uptime: Duration,
    /// How often it was restarted.
    pub restarts: u32,
}

/// Answers reads.
#[cfg_attr(feature = "test-support", mockall::automock)]
#[async_trait]
pub trait Reads: Send + Sync {
    /// The fleet.
    ///
    /// # Errors
    /// `forbidden_scope`.
    async fn fleet(&self, by: &Principal) -> Result<FleetCopy, Fault>;

    /// Events that were kept.
    ///
    /// # Errors
    /// `forbidden_scope`, `cursor_expired`, `unavailable`.
    async fn events(&self, by: &Principal, query: EventsQuery) -> Result<EventsPage, Fault>;

    /// How one agent has been.
    ///
    /// # Errors
    /// `forbidden_scope`, `not_found`.
    async fn record(&self, by: &Principal, agent: &AgentId) -> Result<Record, Fault>;
}
