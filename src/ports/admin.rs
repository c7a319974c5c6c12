//! Port in: what an admin may do.

use async_trait::async_trait;

use crate::domain::fault::Fault;
use crate::domain::grant::Principal;
use crate::domain::id::{ConnectionId, UserId};
use crate::domain::registry::Connection;

/// Which tokens are to be revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revoke {
    /// Every token of this user that was issued until now.
    User(UserId),
    /// The token with this id (`jti`).
    Token(String),
}

/// Shows and ends connections, and revokes tokens.
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

    /// Revokes tokens, durably, and ends the connections that stand on them (4501).
    ///
    /// # Errors
    /// `forbidden_scope`, `unavailable`, `store_full`.
    async fn revoke(&self, by: &Principal, what: Revoke) -> Result<(), Fault>;
}
