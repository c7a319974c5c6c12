//! Theme 1: authentication during the handshake.

use super::super::*;
use crate::app::testing::*;
use crate::domain::grant::Scope;
use crate::domain::interest::Kinds;
use crate::ports::token_verifier::{MockTokenVerifier, TokenError};

/// A verifier that is asked once, for this token at the beginning of the test.
fn asked_once(token: &'static str, answer: Result<Principal, TokenError>) -> MockTokenVerifier {
    let mut verifier = MockTokenVerifier::new();
    verifier
        .expect_verify()
        .withf(move |asked, now| asked.reveal() == token && *now == at(NOW))
        .times(1)
        .returning(move |_, _| answer.clone());
    verifier
}

#[tokio::test]
async fn a_handshake_asks_the_verifier_once_with_its_token_and_the_clocks_time() {
    let ada = principal("ada", &[Scope::Watch, Scope::Report], &["build-*"]);
    let node = Node::new(asked_once("good", Ok(ada.clone())));
    let opened = node.open("good").await;
    assert_eq!(opened.principal, ada);
    assert_eq!(opened.epoch, epoch());
    assert_eq!(opened.server_time, at(NOW));
    assert_eq!(opened.server_started_at, at(NOW));
    assert_eq!(opened.ends_at, at(NOW + 3_600_000 + 5_000), "the token's end and the leeway");
}

#[tokio::test]
async fn who_the_token_speaks_for_is_what_the_registry_knows() {
    let ada = principal("ada", &[Scope::Watch], &["build-*"]);
    let node = Node::new(asked_once("good", Ok(ada.clone())));
    let asks = Interest { agents: patterns(&["*-7"]), kinds: Kinds::ALL };
    let opened = node.feed.open(Arrival { interest: asks.clone(), ..arrival("good") }).await.unwrap();
    let known = node.hub.with_registry(|registry| registry.get(opened.connection).cloned());
    let expected = Connection {
        id: opened.connection,
        user: ada.user,
        token_id: ada.token_id.as_deref().map(Box::from),
        token_issued_at: ada.issued_at,
        transport: "test",
        since: at(NOW),
        view: Arc::new(View::new(ada.grant, asks)),
    };
    assert_eq!(known, Some(expected));
    let of_ada = node.hub.with_registry(|registry| registry.of_user(&user("ada")).collect::<Vec<_>>());
    assert_eq!(of_ada, [opened.connection]);
}

#[tokio::test]
async fn connections_of_one_user_have_ids_of_their_own() {
    let node = Node::new(believes([("a", watcher("ada"))]));
    let (first, second) = (node.open("a").await, node.open("a").await);
    assert_ne!(first.connection, second.connection);
    assert_eq!(node.registered(), [first.connection, second.connection]);
}

#[tokio::test]
async fn a_ticket_stands_for_its_principal_and_the_verifier_is_not_asked_again() {
    let ada = watcher("ada");
    let node = Node::new(MockTokenVerifier::new());
    let opened = node.feed.open(node.ticket_of(&ada)).await.unwrap();
    assert_eq!(opened.principal, ada);
    assert_eq!(node.registered(), [opened.connection]);
}

#[tokio::test]
async fn a_ticket_opens_one_connection_only() {
    let node = Node::new(MockTokenVerifier::new());
    let arrival = node.ticket_of(&watcher("ada"));
    let first = node.feed.open(arrival.clone()).await.unwrap();
    assert_eq!(code(node.feed.open(arrival).await), Code::InvalidTicket);
    assert_eq!(node.registered(), [first.connection]);
}

#[tokio::test]
async fn each_way_to_be_refused_has_its_code_and_registers_nothing() {
    let table = [
        (Err(TokenError::Invalid), Code::InvalidToken),
        (Err(TokenError::Expired), Code::TokenExpired),
        (Ok(principal("root", &[Scope::Admin], &["*"])), Code::ForbiddenScope),
        (Ok(principal("none", &[], &["*"])), Code::ForbiddenScope),
    ];
    for (answer, expected) in table {
        let node = Node::new(asked_once("bad", answer));
        assert_eq!(code(node.feed.open(arrival("bad")).await), expected);
        assert_eq!(node.registered(), []);
    }
}

#[tokio::test]
async fn watching_or_reporting_alone_is_enough_to_come_in() {
    for scope in [Scope::Watch, Scope::Report] {
        let node = Node::new(asked_once("good", Ok(principal("ada", &[scope], &["*"]))));
        assert!(node.feed.open(arrival("good")).await.is_ok(), "{scope:?}");
    }
}

#[tokio::test]
async fn what_the_transport_could_not_read_is_refused_as_it_says() {
    for expected in [Code::MissingToken, Code::AmbiguousCredentials] {
        let node = Node::new(MockTokenVerifier::new());
        let credential = Err(Fault::new(expected, "as the transport found it"));
        assert_eq!(code(node.feed.open(Arrival { credential, ..arrival("") }).await), expected);
        assert_eq!(node.registered(), []);
    }
}
