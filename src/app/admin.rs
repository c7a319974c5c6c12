//! Use case: an admin looks at connections and ends them.

use std::sync::Arc;

use async_trait::async_trait;

use crate::app::gate::require;
use crate::app::hub::Hub;
use crate::app::revocations::RevocationList;
use crate::domain::farewell::Farewell;
use crate::domain::fault::{Code, Fault};
use crate::domain::grant::{Principal, Scope};
use crate::domain::id::ConnectionId;
use crate::domain::registry::Connection;
use crate::domain::revocation::Revocation;
use crate::ports::admin::{Admin, Revoke};
use crate::ports::clock::Clock;

/// The admin's desk.
pub(crate) struct AppAdmin {
    hub: Arc<Hub>,
    revocations: Arc<RevocationList>,
    clock: Arc<dyn Clock>,
}

impl AppAdmin {
    /// Over the connections of this hub and this list of revocations.
    #[must_use]
    pub(crate) fn new(hub: Arc<Hub>, revocations: Arc<RevocationList>, clock: Arc<dyn Clock>) -> Self {
        Self { hub, revocations, clock }
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

    async fn revoke(&self, by: &Principal, what: Revoke) -> Result<(), Fault> {
        require(by, Scope::Admin)?;
        let revocation = match what {
            Revoke::User(user) => Revocation::User { user, issued_until: self.clock.wall() },
            Revoke::Token(id) => Revocation::Token { id },
        };
        self.revocations.add(revocation).await?;
        let revoked = |one: &Connection| {
            self.revocations.cover(&one.user, one.token_id.as_deref(), one.token_issued_at).then_some(one.id)
        };
        let ids: Vec<_> = self.hub.with_registry(|registry| registry.iter().filter_map(revoked).collect());
        ids.into_iter().for_each(|id| self.hub.dismiss(id, Farewell::Revoked, None));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::stage::Stage;
    use crate::app::testing::*;
    use crate::domain::id::UserId;
    use crate::domain::revocation::Revocations;
    use crate::ports::revocation_store::MockRevocationStore;

    fn desk() -> (AppAdmin, Arc<Screens>) {
        let screens = Arc::default();
        let hub = hub(loaded(&[]), &screens, ROOMY);
        for (number, of) in [(1, "ada"), (2, "bob")] {
            hub.join(connection(number, of, view(&["*"])), None, None, &Stage::default()).unwrap();
        }
        (AppAdmin::new(hub, nothing_revoked(), ManualClock::new().port()), screens)
    }

    #[tokio::test]
    async fn an_admin_sees_every_connection_oldest_first() {
        let (desk, _) = desk();
        let seen = desk.connections(&principal("root", &[Scope::Admin], &[])).await.unwrap();
        assert_eq!(seen, [connection(1, "ada", view(&["*"])), connection(2, "bob", view(&["*"]))]);
    }

    #[tokio::test]
    async fn an_admin_ends_one_connection_for_good() {
        let (desk, screens) = desk();
        let admin = principal("root", &[Scope::Admin], &["*"]);
        assert_eq!(desk.disconnect(&admin, ConnectionId::new(2)).await, Ok(()));
        assert_eq!(screens.farewells(), [(ConnectionId::new(2), Farewell::Forbidden, None)]);
        assert_eq!(code(desk.disconnect(&admin, ConnectionId::new(3)).await), Code::NotFound);
        assert_eq!(screens.farewells().len(), 1);
    }

    #[tokio::test]
    async fn nobody_else_sees_or_ends_connections() {
        let (desk, screens) = desk();
        let ada = principal("ada", &[Scope::Watch, Scope::Report], &["*"]);
        assert_eq!(code(desk.connections(&ada).await), Code::ForbiddenScope);
        let own = ConnectionId::new(1);
        assert_eq!(code(desk.disconnect(&ada, own).await), Code::ForbiddenScope);
        let none = code(desk.disconnect(&ada, ConnectionId::new(9)).await);
        assert_eq!(none, Code::ForbiddenScope, "and learns nothing about which there are");
        assert!(screens.farewells().is_empty());
    }
    #[tokio::test]
    async fn a_revoked_users_connections_are_ended_and_no_other() {
        let screens = Arc::default();
        let hub = hub(loaded(&[]), &screens, ROOMY);
        for (number, of) in [(1, "ada"), (2, "bob"), (3, "ada")] {
            hub.join(connection(number, of, view(&["*"])), None, None, &Stage::default()).unwrap();
        }
        let mut store = MockRevocationStore::new();
        store.expect_keep().times(1).returning(|_| Ok(()));
        let list = Arc::new(RevocationList::new(Arc::new(store), Revocations::default()));
        let desk = AppAdmin::new(hub, list, ManualClock::new().port());
        let ada = UserId::parse("ada").unwrap();
        let watcher = principal("ada", &[Scope::Watch], &["*"]);
        assert_eq!(code(desk.revoke(&watcher, Revoke::User(ada.clone())).await), Code::ForbiddenScope);
        assert!(screens.farewells().is_empty());
        assert_eq!(desk.revoke(&principal("root", &[Scope::Admin], &[]), Revoke::User(ada)).await, Ok(()));
        let ended: Vec<_> = screens.farewells().into_iter().map(|(id, why, _)| (id, why)).collect();
        let revoked = |number| (ConnectionId::new(number), Farewell::Revoked);
        assert_eq!(ended, [revoked(1), revoked(3)]);
    }
}
