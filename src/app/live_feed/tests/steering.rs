//! Connections that change what they want, fall behind, or bring a fresh token.

use super::super::*;
use crate::app::testing::*;
use crate::domain::cursor::Seq;
use crate::domain::grant::Scope;
use crate::domain::resume::Plan;

async fn two_agents_and(node: &Node) -> Opened {
    node.hub.take(vec![online(1, "a1"), online(2, "b1")]);
    node.open("first").await
}

/// Ada's first token, and what her second one and somebody else's say.
fn tokens(second: Principal) -> Node {
    let second = Principal { token_id: Some("second".into()), issued_at: Some(at(NOW)), ..second };
    Node::new(believes([("first", watcher("ada")), ("second", second), ("bob", watcher("bob"))]))
}

fn refreshed(token: &str) -> SecretText {
    SecretText::new(token)
}

#[tokio::test]
async fn another_interest_begins_anew_with_a_snapshot_through_the_new_view() {
    let node = tokens(watcher("ada"));
    let opened = two_agents_and(&node).await;
    let anew =
        node.feed.change_interest(opened.connection, interest(&["a*"]), opened.beginning.from).await.unwrap();
    assert_eq!(anew.plan, Plan::Snapshot(Why::InterestChanged));
    assert_eq!((anew.from, anew.head), (Seq::new(2), Seq::new(2)));
    assert_eq!(agents_of(&anew), ["a1"]);
    assert_ne!(anew.view.id(), opened.beginning.view.id());
    node.hub.take(vec![online(3, "b1"), online(4, "a1"), online(5, "a2")]);
    assert_eq!(node.screens.handed(opened.connection), [4, 5]);

    let back = node.feed.change_interest(opened.connection, Interest::all(), Seq::new(5)).await.unwrap();
    assert_eq!(back.view, opened.beginning.view);
    node.hub.take(vec![online(6, "b1")]);
    assert_eq!(node.screens.handed(opened.connection), [4, 5, 6]);
}

#[tokio::test]
async fn another_interest_stays_within_the_grant() {
    let node = Node::new(believes([("first", principal("ada", &[Scope::Watch], &["a*"]))]));
    let opened = two_agents_and(&node).await;
    let anew =
        node.feed.change_interest(opened.connection, interest(&["b*"]), opened.beginning.from).await.unwrap();
    assert_eq!(agents_of(&anew), <[String; 0]>::default());
    node.hub.take(vec![online(3, "b1"), online(4, "a1")]);
    assert!(node.screens.handed(opened.connection).is_empty());
}

#[tokio::test]
async fn a_slow_reader_begins_anew_with_the_view_it_has() {
    let node = tokens(watcher("ada"));
    let opened = node.feed.open(Arrival { interest: interest(&["a*"]), ..arrival("first") }).await.unwrap();
    node.hub.take(vec![online(1, "a1"), online(2, "b1")]);
    let anew = node.feed.catch_up(opened.connection, Seq::new(1), None).await.unwrap();
    assert_eq!(anew.plan.why(), Why::SlowReader);
    assert_eq!(anew.from, Seq::new(2));
    assert_eq!(anew.view, opened.beginning.view);
    node.hub.take(vec![online(3, "a1"), online(4, "a2")]);
    assert_eq!(node.screens.handed(opened.connection), [1, 3, 4], "it is still in the index");
}

#[tokio::test]
async fn who_is_gone_cannot_be_steered() {
    let node = tokens(watcher("ada"));
    let id = node.open("first").await.connection;
    assert_eq!(code(node.feed.change_interest(id, Interest::all(), Seq::ZERO).await), Code::NotFound);
    assert_eq!(code(node.feed.catch_up(id, Seq::ZERO, None).await), Code::NotFound);
    assert_eq!(code(node.feed.refresh(id, &refreshed("second"), Seq::ZERO).await), Code::NotFound);
    assert_eq!(node.registered(), []);
}

#[tokio::test]
async fn a_fresh_token_with_the_same_grant_prolongs_without_a_new_beginning() {
    let later = Principal { expires_at: at(NOW + 7_200_000), ..watcher("ada") };
    let node = tokens(later);
    let opened = two_agents_and(&node).await;
    let fresh =
        node.feed.refresh(opened.connection, &refreshed("second"), opened.beginning.from).await.unwrap();
    assert_eq!(fresh.ends_at, at(NOW + 7_200_000 + 5_000));
    assert_eq!(fresh.principal.expires_at, at(NOW + 7_200_000));
    assert!(fresh.resync.is_none());
    let known = node.hub.with_registry(|registry| registry.get(opened.connection).cloned()).unwrap();
    assert_eq!((known.token_id.as_deref(), known.token_issued_at), (Some("second"), Some(at(NOW))));
    assert_eq!(known.view, opened.beginning.view);
}

#[tokio::test]
async fn a_fresh_token_with_another_grant_begins_anew_and_keeps_the_interest() {
    let node = tokens(principal("ada", &[Scope::Watch, Scope::Report], &["b*", "c*"]));
    node.hub.take(vec![online(1, "a1"), online(2, "b1"), online(3, "c1")]);
    let asks = interest(&["a*", "b*"]);
    let opened = node.feed.open(Arrival { interest: asks.clone(), ..arrival("first") }).await.unwrap();
    let fresh =
        node.feed.refresh(opened.connection, &refreshed("second"), opened.beginning.from).await.unwrap();
    let anew = fresh.resync.expect("the grant changed");
    assert_eq!(anew.plan, Plan::Snapshot(Why::GrantChanged));
    assert_eq!(anew.from, Seq::new(3));
    assert_eq!(*anew.view.interest(), asks);
    assert_eq!(agents_of(&anew), ["b1"]);
    node.hub.take(vec![online(4, "a1"), online(5, "b1"), online(6, "c1"), online(7, "b2")]);
    assert_eq!(node.screens.handed(opened.connection), [5, 7]);
}

#[tokio::test]
async fn a_connection_that_may_no_longer_watch_but_report_is_handed_nothing_more() {
    let node = tokens(principal("ada", &[Scope::Report], &["*"]));
    let opened = two_agents_and(&node).await;
    let fresh =
        node.feed.refresh(opened.connection, &refreshed("second"), opened.beginning.from).await.unwrap();
    assert!(fresh.resync.is_some());
    node.hub.take(vec![online(3, "a1"), removed(4, "a1")]);
    assert!(node.screens.handed(opened.connection).is_empty());
    assert_eq!(node.registered(), [opened.connection]);
}

#[tokio::test]
async fn a_refused_refresh_changes_nothing() {
    let table = [
        ("forged", watcher("ada"), Code::InvalidToken),
        ("bob", watcher("ada"), Code::InvalidToken),
        ("second", principal("ada", &[Scope::Admin], &["*"]), Code::ForbiddenScope),
        ("second", principal("ada", &[], &["*"]), Code::ForbiddenScope),
    ];
    for (token, second, expected) in table {
        let node = tokens(second);
        let opened = two_agents_and(&node).await;
        let before = node.hub.with_registry(|registry| registry.clone());
        assert_eq!(
            code(node.feed.refresh(opened.connection, &refreshed(token), opened.beginning.from).await),
            expected
        );
        assert_eq!(node.hub.with_registry(|registry| registry.clone()), before, "{token}");
        node.hub.take(vec![online(3, "a1")]);
        assert_eq!(node.screens.handed(opened.connection), [3]);
        assert_eq!(node.screens.farewells(), [], "whether it ends is the transport's to say");
    }
}

#[tokio::test]
async fn a_refresh_of_one_connection_leaves_the_users_others_alone() {
    let node = tokens(principal("ada", &[Scope::Watch], &["b*"]));
    let (one, other) = (two_agents_and(&node).await, node.open("first").await);
    node.feed.refresh(one.connection, &refreshed("second"), one.beginning.from).await.unwrap();
    node.hub.take(vec![online(3, "a1")]);
    assert_eq!(node.screens.audience(3), [other.connection]);
    let known = node.hub.with_registry(|registry| registry.get(other.connection).cloned()).unwrap();
    assert_eq!(known.token_id.as_deref(), Some("jti-ada"));
}
