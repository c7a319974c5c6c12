//! Port in: who may come in.
//!
//! ```
//! use mission_control::domain::fault::Fault;
//! use mission_control::ports::gate::{Credential, Gate, Ticket};
//! use mission_control::ports::token_verifier::SecretText;
//!
//! /// What a transport does with a token that came in a header: it asks for a ticket that may stand in an address.
//! async fn ticket(gate: &dyn Gate, token: &str) -> Result<Credential, Fault> {
//!     let principal = gate.admit(&SecretText::new(token)).await?;
//!     let Ticket { text, .. } = gate.ticket(&principal)?;
//!     Ok(Credential::Ticket(text))
//! }
//! # let _ = ticket;
//! ```

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::fault::Fault;
use crate::domain::grant::Principal;
use crate::ports::token_verifier::SecretText;

/// What a caller proves itself with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A token.
    Token(SecretText),
    /// A ticket: good once, for one live connection.
    Ticket(SecretText),
}

/// A fresh ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its text.
    pub text: SecretText,
    /// How long it is good for.
    pub expires_in: Duration,
}

/// Lets callers in, or says why not.
#[cfg_attr(feature = "test-support", mockall::automock)]
#[async_trait]
pub trait Gate: Send + Sync {
    /// Whom this token speaks for.
    ///
    /// # Errors
    /// `invalid_token`, `token_expired`, `token_revoked`.
    async fn admit(&self, token: &SecretText) -> Result<Principal, Fault>;

    /// Refuses a principal whose token was revoked since it was admitted: for what takes a while, such
    /// as a body that comes slowly.
    ///
    /// # Errors
    /// `token_revoked`.
    fn recheck(&self, principal: &Principal) -> Result<(), Fault>;

    /// Gives a ticket that opens one live connection in the place of this principal's token.
    ///
    /// # Errors
    /// `overloaded` when too many tickets are out; `internal`.
    fn ticket(&self, principal: &Principal) -> Result<Ticket, Fault>;
}
