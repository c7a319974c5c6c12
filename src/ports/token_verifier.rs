//! Port out: what a token says and whether it is true.
//!
//! ```
//! use async_trait::async_trait;
//! use mission_control::domain::grant::{Grant, Principal, Scope, Scopes};
//! use mission_control::domain::{id::UserId, pattern::Patterns, time::Timestamp};
//! use mission_control::ports::token_verifier::{SecretText, TOKEN_BYTES_MAX, TokenError, TokenVerifier};
//! use std::time::Duration;
//!
//! /// One token for everybody on a network that is trusted, good for a minute at a time.
//! struct OneForAll(SecretText);
//!
//! #[async_trait]
//! impl TokenVerifier for OneForAll {
//!     async fn verify(&self, token: &SecretText, now: Timestamp) -> Result<Principal, TokenError> {
//!         if token.reveal().len() > TOKEN_BYTES_MAX || *token != self.0 {
//!             return Err(TokenError::Invalid);
//!         }
//!         let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() };
//!         let user = UserId::parse("everybody").map_err(|_| TokenError::Invalid)?;
//!         let expires_at = now.plus(Duration::from_secs(60));
//!         Ok(Principal { user, grant, expires_at, issued_at: Some(now), token_id: None })
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let (verifier, now) = (OneForAll(SecretText::new("open sesame")), Timestamp::saturating(1));
//! assert!(verifier.verify(&SecretText::new("open sesame"), now).await.is_ok());
//! assert_eq!(verifier.verify(&SecretText::new("open"), now).await, Err(TokenError::Invalid));
//! assert_eq!(format!("{:?}", SecretText::new("open sesame")), "SecretText(…)", "never shown");
//! # }
//! ```

use async_trait::async_trait;

use crate::domain::grant::Principal;
use crate::domain::time::Timestamp;

/// The longest token, in bytes. Checked before any of it is decoded.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// A secret text: a token, a ticket, a code. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl SecretText {
    /// Keeps a text that must not be shown.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for those who check or hand it over.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretText(…)")
    }
}

/// Why a token is refused. Says nothing about the token itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token of ours: form, algorithm, signature or claims.
    #[error("the token is not valid")]
    Invalid,
    /// It was valid, and has ended.
    #[error("the token has expired")]
    Expired,
}

/// Checks tokens. Which algorithms, issuer and audience are good comes from settings, never from the
/// token. Every adapter passes [`crate::ports::conformance::token_verifier`].
#[cfg_attr(feature = "test-support", mockall::automock)]
#[async_trait]
pub trait TokenVerifier: Send + Sync {
    /// Whom the token speaks for at this time.
    ///
    /// # Errors
    /// [`TokenError`]; no part of the token is kept or told.
    async fn verify(&self, token: &SecretText, now: Timestamp) -> Result<Principal, TokenError>;
}
