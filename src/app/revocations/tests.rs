//! What is revoked stays so, and is in force only when it is kept.

use mockall::predicate::eq;

use super::*;
use crate::app::testing::*;
use crate::domain::grant::Scope;
use crate::ports::revocation_store::MockRevocationStore;

fn token(id: &str) -> Revocation {
    Revocation::Token { id: id.to_owned() }
}

#[tokio::test]
async fn a_node_knows_from_its_start_what_was_kept() {
    let mut store = MockRevocationStore::new();
    store.expect_load().times(1).returning(|| Ok(vec![token("j1")]));
    let list = RevocationList::load(Arc::new(store)).await.unwrap();
    let mut ada = principal("ada", &[Scope::Watch], &["*"]);
    assert_eq!(list.check(&ada), Ok(()));
    ada.token_id = Some("j1".to_owned());
    assert_eq!(list.check(&ada).unwrap_err().code, Code::TokenRevoked);
}

#[tokio::test]
async fn a_revocation_is_kept_before_it_is_answered() {
    let mut store = MockRevocationStore::new();
    store.expect_keep().with(eq(token("j1"))).times(1).returning(|_| Ok(()));
    let list = RevocationList::new(Arc::new(store), Revocations::default());
    let ada = principal("ada", &[Scope::Watch], &["*"]);
    assert_eq!(list.add(token("j1")).await, Ok(()));
    assert!(list.cover(&ada.user, Some("j1"), None));
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_in_force_and_says_so() {
    let mut store = MockRevocationStore::new();
    store.expect_keep().times(1).returning(|_| Err(RevocationStoreError("no disk".into())));
    let list = RevocationList::new(Arc::new(store), Revocations::default());
    let ada = principal("ada", &[Scope::Watch], &["*"]);
    assert_eq!(list.add(token("j1")).await.unwrap_err().code, Code::Unavailable);
    assert!(!list.cover(&ada.user, Some("j1"), None));
}
