//! Where those who speak to a server from outside have their tokens from.

use crate::ports::token_verifier::SecretText;

/// There is no token, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoToken(pub String);

/// Where tokens come from.
#[cfg_attr(test, mockall::automock)]
pub trait Tokens: Send + Sync {
    /// The token to use now. A source that can only say the same one again says the same one again.
    ///
    /// # Errors
    /// [`NoToken`].
    fn token(&self) -> Result<SecretText, NoToken>;
}
