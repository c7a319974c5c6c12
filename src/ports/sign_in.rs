//! Port in: how a person's browser signs in, by a one-time link.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::fault::Fault;
use crate::ports::token_verifier::SecretText;

/// What a browser keeps, out of reach of page code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserSession {
    /// The cookie's value.
    pub cookie: SecretText,
    /// How long it is good for.
    pub expires_in: Duration,
}

/// What page code gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionToken {
    /// A token like any other.
    pub token: SecretText,
    /// How long it is good for.
    pub expires_in: Duration,
}

/// Signs browsers in and out.
#[cfg_attr(feature = "test-support", mockall::automock)]
#[async_trait]
pub trait SignIn: Send + Sync {
    /// Takes a one-time code.
    ///
    /// # Errors
    /// `invalid_code` when it is unknown, used or too old.
    async fn redeem(&self, code: &SecretText) -> Result<BrowserSession, Fault>;

    /// Gives a short token to a signed-in browser.
    ///
    /// # Errors
    /// `not_signed_in`.
    async fn session_token(&self, cookie: &SecretText) -> Result<SessionToken, Fault>;

    /// Ends the browser's session; a cookie that is not good is no error.
    async fn sign_out(&self, cookie: &SecretText);
}
