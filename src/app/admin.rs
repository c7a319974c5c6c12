//! Use case: an admin looks at connections and ends them.

use std::sync::Arc;

use async_trait::async_trait;

use crate::app::gate::require;
use crate::app::hub::Hub;
use crate::domain::farewell::Farewell;
use crate::domain::fault::{Code, Fault};
use crate::domain::grant::{Principal, Scope};
use crate::domain::id::ConnectionId;
use crate::domain::registry::Connection;
use crate::ports::admin::Admin;

/// The admin's desk.
pub struct AppAdmin {
    hub: Arc<Hub>,
}

impl AppAdmin {
    /// Over the connections of this hub.
    #[must_use]
    pub fn new(hub: Arc<Hub>) -> Self {
        Self { hub }
    }
}

#[async_trait]
impl Admin for AppAdmin {
    async fn connections(&self, by: &Principal) -> Result<Vec<Connection>, Fault> {
        require(by, Scope::Admin)?;
        Ok(self.hub.with_registry(|registry| registry.iter().cloned().collect()))
    }

    async fn disconnect(&self, by: &Principal, connection: ConnectionId) -> Result<(), Fault> {
        require(by, Scope::Admin)?;
        if self.hub.with_registry(|registry| registry.get(connection).is_none()) {
            return Err(Fault::new(Code::NotFound, "there is no such connection"));
        }
        self.hub.dismiss(connection, Farewell::Forbidden, None);
        Ok(())
    }
}
