//! Port out: revocations that outlive the node.
//!
//! ```
//! use async_trait::async_trait;
//! use mission_control::domain::revocation::Revocation;
//! use mission_control::ports::revocation_store::{RevocationStore, RevocationStoreError};
//! use std::sync::Mutex;
//!
//! /// Forgets with the process: for tests.
//! #[derive(Default)]
//! struct InMemory(Mutex<Vec<Revocation>>);
//!
//! #[async_trait]
//! impl RevocationStore for InMemory {
//!     async fn load(&self) -> Result<Vec<Revocation>, RevocationStoreError> {
//!         Ok(self.0.lock().unwrap().clone())
//!     }
//!
//!     async fn keep(&self, revocation: &Revocation) -> Result<(), RevocationStoreError> {
//!         self.0.lock().unwrap().push(revocation.clone());
//!         Ok(())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let (store, stolen) = (InMemory::default(), Revocation::Token { id: "t1".into() });
//! store.keep(&stolen).await.unwrap();
//! assert_eq!(store.load().await.unwrap(), [stolen]);
//! # }
//! ```

use async_trait::async_trait;

use crate::domain::revocation::Revocation;

/// The store failed; what was to be kept may not be.
#[derive(Debug, thiserror::Error)]
#[error("revocations cannot be kept")]
pub struct RevocationStoreError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Keeps revocations.
#[cfg_attr(feature = "test-support", mockall::automock)]
#[async_trait]
pub trait RevocationStore: Send + Sync {
    /// Everything that was kept, in the order in which it came.
    ///
    /// # Errors
    /// When it cannot be read, or was damaged: a node that does not know what is revoked must not start.
    async fn load(&self) -> Result<Vec<Revocation>, RevocationStoreError>;

    /// Keeps one more; answers only when it is durable.
    ///
    /// # Errors
    /// When it could not be made durable.
    async fn keep(&self, revocation: &Revocation) -> Result<(), RevocationStoreError>;
}
