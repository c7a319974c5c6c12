//! Use case: who may come in.

use std::sync::Arc;

use async_trait::async_trait;

use crate::app::tickets::Tickets;
use crate::domain::fault::{Code, Fault};
use crate::domain::grant::{Principal, Scope};
use crate::ports::clock::Clock;
use crate::ports::gate::{Credential, Gate, Ticket};
use crate::ports::token_verifier::{SecretText, TokenError, TokenVerifier};

/// The gate.
pub struct AppGate {
    verifier: Arc<dyn TokenVerifier>,
    clock: Arc<dyn Clock>,
    tickets: Tickets,
}

impl AppGate {
    /// A gate that believes this verifier.
    #[must_use]
    pub fn new(verifier: Arc<dyn TokenVerifier>, clock: Arc<dyn Clock>, tickets: Tickets) -> Self {
        Self { verifier, clock, tickets }
    }

    /// Whom this credential speaks for.
    ///
    /// # Errors
    /// Of [`Gate::admit`], and `invalid_ticket`.
    pub async fn recognise(&self, credential: &Credential) -> Result<Principal, Fault> {
        match credential {
            Credential::Token(token) => self.admit(token).await,
            Credential::Ticket(ticket) => self.tickets.take(ticket),
        }
    }
}

#[async_trait]
impl Gate for AppGate {
    async fn admit(&self, token: &SecretText) -> Result<Principal, Fault> {
        self.verifier.verify(token, self.clock.wall()).await.map_err(|error| match error {
            TokenError::Invalid => Fault::new(Code::InvalidToken, "get a new token"),
            TokenError::Expired => Fault::new(Code::TokenExpired, "get a new token"),
        })
    }

    fn ticket(&self, principal: &Principal) -> Result<Ticket, Fault> {
        self.tickets.give(principal)
    }
}

/// Refuses a principal that lacks the scope.
///
/// # Errors
/// `forbidden_scope`.
pub fn require(principal: &Principal, scope: Scope) -> Result<(), Fault> {
    if principal.grant.scopes.has(scope) {
        Ok(())
    } else {
        Err(Fault::new(Code::ForbiddenScope, format!("a token with the scope {} is needed", scope.as_str())))
    }
}
