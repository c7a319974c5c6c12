//! Port in: what an admin may do.

use async_trait::async_trait;

use crate::domain::fault::Fault;
use crate::domain::grant::Principal;
use crate::domain::id::ConnectionId;
use crate::domain::registry::Connection;

/// Shows and ends connections.
#[cfg_attr(feature = "test-support", mockall::automock)]
#[async_trait]
pub trait Admin: Send + Sync {
    /// The live connections of this node, oldest first.
    ///
    /// # Errors
    /// `forbidden_scope`.
    async fn connections(&self, by: &Principal) -> Result<Vec<Connection>, Fault>;

    /// Ends a connection (4503).
    ///
    /// # Errors
    /// `forbidden_scope`, `not_found`.
    async fn disconnect(&self, by: &Principal, connection: ConnectionId) -> Result<(), Fault>;
}
