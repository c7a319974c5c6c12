//! Port out: what a token says and whether it is true.

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
