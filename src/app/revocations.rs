//! Which tokens are no longer believed. Asked at every door, after the token itself was verified.

#[cfg(test)]
mod tests;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::domain::fault::{Code, Fault};
use crate::domain::grant::Principal;
use crate::domain::id::UserId;
use crate::domain::revocation::{Revocation, Revocations};
use crate::domain::time::Timestamp;
use crate::ports::revocation_store::{RevocationStore, RevocationStoreError};

/// Most users and tokens that are revoked at a time.
const REVOCATIONS_MAX: usize = 100_000;

/// What was revoked so far.
pub(crate) struct RevocationList {
    store: Arc<dyn RevocationStore>,
    known: RwLock<Revocations>,
}

impl RevocationList {
    /// Continues from what the store kept.
    ///
    /// # Errors
    /// When the store cannot tell: a node that does not know what is revoked must not start.
    pub(crate) async fn load(store: Arc<dyn RevocationStore>) -> Result<Self, RevocationStoreError> {
        let mut known = Revocations::default();
        store.load().await?.into_iter().for_each(|one| known.add(one));
        Ok(Self::new(store, known))
    }

    /// Continues from what is known.
    #[must_use]
    pub(crate) fn new(store: Arc<dyn RevocationStore>, known: Revocations) -> Self {
        Self { store, known: RwLock::new(known) }
    }

    /// Refuses a principal whose token is revoked.
    ///
    /// # Errors
    /// `token_revoked`.
    pub(crate) fn check(&self, principal: &Principal) -> Result<(), Fault> {
        if self.known.read().unwrap_or_else(PoisonError::into_inner).cover_principal(principal) {
            return Err(Fault::new(Code::TokenRevoked, "ask an admin, then get a new token"));
        }
        Ok(())
    }

    /// Whether a token of this user, with this id and time of issue, is revoked.
    #[must_use]
    pub(crate) fn cover(&self, user: &UserId, token_id: Option<&str>, issued_at: Option<Timestamp>) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).cover(user, token_id, issued_at)
    }

    /// Revokes; in force and durable when it answers.
    ///
    /// # Errors
    /// `unavailable` when it cannot be kept, `store_full`.
    pub(crate) async fn add(&self, revocation: Revocation) -> Result<(), Fault> {
        let wait = Duration::from_secs(1);
        if self.known.read().unwrap_or_else(PoisonError::into_inner).len() >= REVOCATIONS_MAX {
            return Err(Fault::new(Code::StoreFull, "use another signing secret instead").retry_after(wait));
        }
        self.store.keep(&revocation).await.map_err(|error| {
            tracing::error!(%error, "a revocation cannot be kept");
            Fault::new(Code::Unavailable, "nothing was revoked; send it again").retry_after(wait)
        })?;
        self.known.write().unwrap_or_else(PoisonError::into_inner).add(revocation);
        Ok(())
    }
}
