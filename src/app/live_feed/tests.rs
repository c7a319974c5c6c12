//! The five themes the product was first asked for, each in its own file, and what came after.
//!
//! The format of messages is the wire module's and is tested there; that a refused message changes
//! nothing is tested in `intake`.

mod authentication;
mod broadcast;
mod disconnection;
mod rejection;
mod steering;

use crate::app::testing::*;
use crate::domain::grant::Scope;
use crate::ports::conformance::live_feed::{Subject, suite};
use crate::ports::token_verifier::{MockTokenVerifier, SecretText, TokenError};

#[tokio::test]
async fn it_keeps_every_promise_of_the_port() {
    // A token's text says what it is for; the verifier believes what it reads.
    let mut verifier = MockTokenVerifier::new();
    verifier.expect_verify().returning(|token, _| {
        let mut parts = token.reveal().split('|');
        let (Some(user), Some(scopes), Some(agents)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(TokenError::Invalid);
        };
        let scopes: Vec<_> = scopes.split(' ').filter_map(Scope::parse).collect();
        Ok(principal(user, &scopes, &[agents]))
    });
    let node = Node::new(verifier);
    let token = |user: &str, scopes: &[Scope], agents: &str| {
        let scopes: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
        SecretText::new(format!("{user}|{}|{agents}", scopes.join(" ")))
    };
    let registered = || node.registered().len();
    suite(&Subject { feed: &node.feed, token: &token, registered: &registered }).await;
}
