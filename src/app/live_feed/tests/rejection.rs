//! Theme 4: unauthenticated connections are rejected, and an address that goes on is not listened to.

use super::super::*;
use crate::app::testing::*;
use crate::domain::cursor::Seq;
use crate::ports::event_publisher::MockEventPublisher;
use crate::ports::gate::Credential;
use crate::ports::health::NotReady;
use crate::ports::token_verifier::{MockTokenVerifier, TokenError};

/// A verifier that refuses everybody, and must be asked exactly so often.
fn refuses(times: usize) -> MockTokenVerifier {
    let mut verifier = MockTokenVerifier::new();
    verifier.expect_verify().times(times).returning(|_, _| Err(TokenError::Invalid));
    verifier
}

fn from(last: u8, token: &str) -> Arrival {
    Arrival { peer: Some(address(last)), ..arrival(token) }
}

#[tokio::test]
async fn a_rejected_connection_is_not_registered_and_no_publisher_hears_of_it() {
    // A mock without expectations fails the test when it is called at all.
    let hub = Arc::new(Hub::new(
        loaded(&[]),
        vec![Arc::new(MockEventPublisher::new())],
        ROOMY,
        ManualClock::new().port(),
    ));
    let node = Node::with(refuses(1), hub, Arc::default());
    assert_eq!(code(node.feed.open(arrival("forged")).await), Code::InvalidToken);
    assert_eq!(node.registered(), []);
    let made_up = Arrival { credential: Ok(Credential::Ticket(SecretText::new("0"))), ..arrival("") };
    assert_eq!(code(node.feed.open(made_up).await), Code::InvalidTicket);
    assert_eq!(node.registered(), []);
}

#[tokio::test]
async fn an_event_after_a_rejection_has_no_audience() {
    let node = Node::new(refuses(1));
    assert!(node.feed.open(arrival("forged")).await.is_err());
    node.hub.take(vec![online(1, "a1")]);
    assert_eq!(node.screens.audience(1), []);
}

#[tokio::test]
async fn the_21st_refusal_of_an_address_in_a_second_is_rate_limited_before_the_verifier_is_asked() {
    let node = Node::new(refuses(20));
    for _ in 0..20 {
        assert_eq!(code(node.feed.open(from(1, "forged")).await), Code::InvalidToken);
    }
    let fault = node.feed.open(from(1, "forged")).await.unwrap_err();
    assert_eq!(fault.code, Code::RateLimited);
    assert_eq!(fault.retry_after, Some(Duration::from_millis(50)), "20 a second: one more each 50 ms");
    assert_eq!(node.registered(), []);
}

#[tokio::test]
async fn another_address_does_not_pay_for_it() {
    let node = Node::new(believes([("good", watcher("ada"))]));
    for _ in 0..21 {
        assert!(node.feed.open(from(1, "forged")).await.is_err());
    }
    assert_eq!(code(node.feed.open(from(1, "good")).await), Code::RateLimited);
    let opened = node.feed.open(from(2, "good")).await.unwrap();
    assert_eq!(node.registered(), [opened.connection]);
}

#[tokio::test]
async fn every_kind_of_refusal_counts_against_the_address() {
    let node =
        Node::new(believes([("admin", principal("root", &[crate::domain::grant::Scope::Admin], &["*"]))]));
    let missing = Arrival { credential: Err(Fault::new(Code::MissingToken, "")), ..arrival("") };
    let ticket = Arrival { credential: Ok(Credential::Ticket(SecretText::new("0"))), ..arrival("") };
    for _ in 0..5 {
        assert_eq!(code(node.feed.open(missing.clone()).await), Code::MissingToken);
        assert_eq!(code(node.feed.open(ticket.clone()).await), Code::InvalidTicket);
        assert_eq!(code(node.feed.open(arrival("forged")).await), Code::InvalidToken);
        assert_eq!(code(node.feed.open(arrival("admin")).await), Code::ForbiddenScope);
    }
    assert_eq!(code(node.feed.open(missing).await), Code::RateLimited);
}

#[tokio::test]
async fn an_address_is_heard_again_after_the_wait_it_was_told() {
    let node = Node::new(believes([("good", watcher("ada"))]));
    for _ in 0..20 {
        assert!(node.feed.open(arrival("forged")).await.is_err());
    }
    let wait = node.feed.open(arrival("good")).await.unwrap_err().retry_after.unwrap();
    node.clock.advance(wait - Duration::from_millis(1));
    assert_eq!(code(node.feed.open(arrival("good")).await), Code::RateLimited);
    node.clock.advance(Duration::from_millis(1));
    assert!(node.feed.open(arrival("good")).await.is_ok());
}

#[tokio::test]
async fn good_handshakes_are_never_counted_against_their_address() {
    let node = Node::new(believes([("good", watcher("ada"))]));
    let mut opened = Vec::new();
    for _ in 0..100 {
        opened.push(node.open("good").await);
    }
    assert_eq!(node.registered().len(), 100);
}

#[tokio::test]
async fn a_node_without_room_does_not_blame_the_address() {
    let screens = Arc::default();
    let limits = crate::app::hub::HubLimits { connections: 1, ..ROOMY };
    let node = Node::with(believes([("good", watcher("ada"))]), hub(loaded(&[]), &screens, limits), screens);
    let first = node.open("good").await;
    for _ in 0..25 {
        assert_eq!(code(node.feed.open(arrival("good")).await), Code::Overloaded);
    }
    drop(first);
    assert!(node.feed.open(arrival("good")).await.is_ok());
}

#[tokio::test]
async fn a_peer_of_unknown_address_is_refused_like_any_other() {
    let node = Node::new(refuses(30));
    for _ in 0..30 {
        let nowhere = Arrival { peer: None, ..arrival("forged") };
        assert_eq!(code(node.feed.open(nowhere).await), Code::InvalidToken);
    }
}

#[tokio::test]
async fn the_node_takes_so_many_handshakes_a_second_from_all_addresses_together() {
    let node = Node::new(refuses(5_001));
    for number in 0..5_000_u32 {
        let peer = Some(IpAddr::from(number.to_be_bytes()));
        assert_eq!(code(node.feed.open(Arrival { peer, ..arrival("x") }).await), Code::InvalidToken);
    }
    let fault = node.feed.open(from(9, "x")).await.unwrap_err();
    assert_eq!((fault.code, fault.retry_after), (Code::Overloaded, Some(Duration::from_micros(200))));
    node.clock.advance(Duration::from_millis(1));
    assert_eq!(code(node.feed.open(from(9, "x")).await), Code::InvalidToken);
}

#[tokio::test]
async fn a_node_that_drains_or_lost_its_log_refuses_before_it_looks_at_the_token() {
    for (stage, expected) in [(NotReady::Draining, Code::Draining), (NotReady::LogFailed, Code::Unavailable)]
    {
        let node = Node::new(MockTokenVerifier::new());
        node.stage.set(Err(stage));
        let fault = node.feed.open(arrival("good")).await.unwrap_err();
        assert_eq!(fault.code, expected);
        assert!(fault.retry_after.is_some());
        assert_eq!(node.registered(), []);
    }
}

#[tokio::test]
async fn a_node_that_just_starts_lets_in() {
    let node = Node::with(
        believes([("good", watcher("ada"))]),
        hub(loaded(&[]), &Arc::default(), ROOMY),
        Arc::default(),
    );
    let starting = AppLiveFeed::new(
        Arc::clone(&node.gate),
        Arc::clone(&node.hub),
        Arc::new(crate::ports::event_log::MockEventLog::new()),
        node.clock.port(),
        Arc::default(),
        node.feed.settings,
    );
    assert_eq!(starting.open(arrival("good")).await.unwrap().beginning.head, Seq::ZERO);
}

#[tokio::test]
async fn a_connection_whose_admission_was_overtaken_by_the_drain_is_refused() {
    // The stage changes while the verifier thinks: after the first look at it, before the join.
    let stage: Arc<Mutex<Option<Arc<Stage>>>> = Arc::default();
    let of_verifier = Arc::clone(&stage);
    let mut verifier = MockTokenVerifier::new();
    verifier.expect_verify().times(1).returning(move |_, _| {
        of_verifier.lock().unwrap().as_ref().unwrap().set(Err(NotReady::Draining));
        Ok(watcher("ada"))
    });
    let node = Node::new(verifier);
    *stage.lock().unwrap() = Some(Arc::clone(&node.stage));
    assert_eq!(code(node.feed.open(arrival("good")).await), Code::Draining);
    assert_eq!(node.registered(), []);
}
