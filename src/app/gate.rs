//! Use case: who may come in.

use std::sync::Arc;

use async_trait::async_trait;

use crate::app::revocations::RevocationList;
use crate::app::tickets::Tickets;
use crate::domain::fault::{Code, Fault};
use crate::domain::grant::{Principal, Scope};
use crate::ports::clock::Clock;
use crate::ports::gate::{Credential, Gate, Ticket};
use crate::ports::token_verifier::{SecretText, TokenError, TokenVerifier};

/// The gate.
pub(crate) struct AppGate {
    verifier: Arc<dyn TokenVerifier>,
    clock: Arc<dyn Clock>,
    tickets: Tickets,
    revocations: Arc<RevocationList>,
}

impl AppGate {
    /// A gate that believes this verifier, but for what is revoked.
    #[must_use]
    pub(crate) fn new(
        verifier: Arc<dyn TokenVerifier>,
        clock: Arc<dyn Clock>,
        tickets: Tickets,
        revocations: Arc<RevocationList>,
    ) -> Self {
        Self { verifier, clock, tickets, revocations }
    }

    /// Whom this credential speaks for.
    ///
    /// # Errors
    /// Of [`Gate::admit`], and `invalid_ticket`.
    pub(crate) async fn recognise(&self, credential: &Credential) -> Result<Principal, Fault> {
        match credential {
            Credential::Token(token) => self.admit(token).await,
            Credential::Ticket(ticket) => {
                let principal = self.tickets.take(ticket)?;
                self.revocations.check(&principal)?;
                Ok(principal)
            }
        }
    }
}

#[async_trait]
impl Gate for AppGate {
    async fn admit(&self, token: &SecretText) -> Result<Principal, Fault> {
        let principal =
            self.verifier.verify(token, self.clock.wall()).await.map_err(|error| match error {
                TokenError::Invalid => Fault::new(Code::InvalidToken, "get a new token"),
                TokenError::Expired => Fault::new(Code::TokenExpired, "get a new token"),
            })?;
        self.revocations.check(&principal)?;
        Ok(principal)
    }

    fn recheck(&self, principal: &Principal) -> Result<(), Fault> {
        self.revocations.check(principal)
    }

    fn ticket(&self, principal: &Principal) -> Result<Ticket, Fault> {
        self.tickets.give(principal)
    }
}

/// Refuses a principal that lacks the scope.
///
/// # Errors
/// `forbidden_scope`.
pub(crate) fn require(principal: &Principal, scope: Scope) -> Result<(), Fault> {
    if principal.grant.scopes.has(scope) {
        Ok(())
    } else {
        Err(Fault::new(Code::ForbiddenScope, format!("a token with the scope {} is needed", scope.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::testing::*;
    use crate::ports::token_verifier::MockTokenVerifier;

    fn gate(verifier: MockTokenVerifier, clock: &Arc<ManualClock>) -> AppGate {
        let tickets = Tickets::new(clock.port(), Arc::new(CountingEntropy::default()));
        AppGate::new(Arc::new(verifier), clock.port(), tickets, nothing_revoked())
    }

    #[tokio::test]
    async fn a_token_is_verified_at_the_time_of_each_call() {
        let clock = ManualClock::new();
        let mut verifier = MockTokenVerifier::new();
        for later in [0, 90_000] {
            verifier
                .expect_verify()
                .withf(move |token, now| token.reveal() == "t" && *now == at(NOW + later))
                .times(1)
                .returning(|_, _| Ok(watcher("ada")));
        }
        let gate = gate(verifier, &clock);
        let token = SecretText::new("t");
        assert_eq!(gate.admit(&token).await, Ok(watcher("ada")));
        clock.advance(std::time::Duration::from_secs(90));
        let credential = Credential::Token(token);
        assert_eq!(gate.recognise(&credential).await, Ok(watcher("ada")));
    }

    #[tokio::test]
    async fn a_refusal_has_its_code_and_does_not_repeat_the_token() {
        let table = [(TokenError::Invalid, Code::InvalidToken), (TokenError::Expired, Code::TokenExpired)];
        for (error, expected) in table {
            let mut verifier = MockTokenVerifier::new();
            verifier.expect_verify().times(1).returning(move |_, _| Err(error));
            let token = SecretText::new("s3cr3t");
            let fault = gate(verifier, &ManualClock::new()).admit(&token).await.unwrap_err();
            assert_eq!(fault.code, expected);
            assert!(!format!("{fault} {fault:?} {token:?}").contains("s3cr3t"));
        }
    }

    #[tokio::test]
    async fn a_ticket_is_no_token_and_a_token_is_no_ticket() {
        let mut verifier = MockTokenVerifier::new();
        verifier.expect_verify().times(1).returning(|_, _| Err(TokenError::Invalid));
        let gate = gate(verifier, &ManualClock::new());
        let text = gate.ticket(&watcher("ada")).unwrap().text;
        assert_eq!(code(gate.admit(&text).await), Code::InvalidToken);
        let swapped = Credential::Ticket(SecretText::new("a.jwt.token"));
        assert_eq!(code(gate.recognise(&swapped).await), Code::InvalidTicket);
        assert_eq!(gate.recognise(&Credential::Ticket(text)).await, Ok(watcher("ada")));
    }

    #[test]
    fn no_scope_implies_another() {
        for held in Scope::ALL {
            for needed in Scope::ALL {
                let answer = require(&principal("ada", &[held], &["*"]), needed);
                assert_eq!(answer.is_ok(), held == needed, "{held:?} for {needed:?}");
            }
        }
        let fault = require(&principal("ada", &[], &["*"]), Scope::Watch).unwrap_err();
        assert_eq!(fault.code, Code::ForbiddenScope);
    }
}
