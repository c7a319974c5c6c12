//! Port out: the way to the screens. Every transport is one.
//!
//! ```
//! use mission_control::domain::cursor::Seq;
//! use mission_control::domain::event::{Event, Recorded};
//! use mission_control::domain::farewell::Farewell;
//! use mission_control::domain::id::{AgentId, ConnectionId};
//! use mission_control::domain::registry::Audience;
//! use mission_control::domain::time::Moment;
//! use mission_control::ports::event_publisher::{Delivery, EventPublisher};
//! use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
//! use std::time::Duration;
//!
//! /// Has no screens, and counts what it would have shown them.
//! #[derive(Default)]
//! struct Counter(AtomicU64);
//!
//! impl EventPublisher for Counter {
//!     fn publish(&self, batch: &[Delivery]) {
//!         self.0.fetch_add(batch.len() as u64, Ordering::Relaxed);
//!     }
//!
//!     fn dismiss(&self, _: ConnectionId, _: Farewell, _: Option<Duration>) {}
//!
//!     fn begin_anew(&self) {}
//! }
//!
//! let counter = Counter::default();
//! let event = Event::AgentRemoved(AgentId::parse("a1").unwrap());
//! let recorded = Arc::new(Recorded { seq: Seq::new(1), at: Moment::default(), event });
//! counter.publish(&[Delivery { recorded, audience: Audience::default() }]);
//! assert_eq!(counter.0.into_inner(), 1);
//! ```

use std::sync::Arc;
use std::time::Duration;

use crate::domain::event::Recorded;
use crate::domain::farewell::Farewell;
use crate::domain::id::ConnectionId;
use crate::domain::registry::Audience;

/// One event and those who see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The event.
    pub recorded: Arc<Recorded>,
    /// Those who see it, on every transport of this node: a transport leaves out whom it does not know.
    pub audience: Audience,
}

/// Carries events to connections.
///
/// Called in the order of seqs, never at the same time from two places, and for every event, also
/// one that nobody sees. It must not block and must not fail: what a socket cannot take now is that
/// socket's matter.
#[cfg_attr(feature = "test-support", mockall::automock)]
pub trait EventPublisher: Send + Sync {
    /// Carries these events to their audiences.
    fn publish(&self, batch: &[Delivery]);

    /// Ends a connection, with a hint after how long it should come back. Nothing happens when this
    /// transport does not know it.
    fn dismiss(&self, connection: ConnectionId, farewell: Farewell, retry_after: Option<Duration>);

    /// The history was loaded anew, and may be another one: events that are held are of no use to whoever comes
    /// from now on. Everybody was dismissed before. Called under the hub's lock, as the others.
    fn begin_anew(&self);
}
