//! A client that comes back with its cursor.

use std::time::Duration;

use serde_json::json;

use crate::support::TestServer;
use crate::support::fold::Fold;
use crate::support::reports::{activity, fleet, forget, lifecycle, status};
use crate::support::screen::Screen;

/// What `hello` says to this cursor.
async fn greeted(server: &TestServer, query: &str, token: &str) -> (String, String) {
    let mut screen = Screen::open_at(server.address, &format!("/ws?{query}"), token).await;
    let payload = screen.next().await["payload"].clone();
    let word = |name: &str| payload[name].as_str().unwrap().to_owned();
    (word("mode"), word("reason"))
}

fn pair(mode: &str, reason: &str) -> (String, String) {
    (mode.to_owned(), reason.to_owned())
}

#[tokio::test]
async fn one_who_missed_nothing_goes_on_live() {
    let server = TestServer::start().await;
    let token = server.token("u1", "watch");
    status(&server, "a1", "online", "").await;
    let (mut fold, screen) = Fold::open(server.address, "/ws", &token).await;
    drop(screen);
    let mut screen = fold.resume(server.address, "", &token).await;
    assert_eq!(fold.beginnings.last(), Some(&pair("live", "resumed")));
    status(&server, "a1", "error", "").await;
    let next = screen.next_event().await;
    assert_eq!((&next["type"], &next["seq"]), (&json!("agent:status"), &json!(2)));
}

#[tokio::test]
async fn what_was_missed_is_replayed_as_it_was_and_then_it_is_live() {
    let server = TestServer::start().await;
    let token = server.token("u1", "watch");
    let (mut fold, mut screen) = Fold::open(server.address, "/ws", &token).await;
    status(&server, "a1", "online", "one").await;
    fold.follow(&mut screen, |fold| fold.seq == 1).await;
    let (mut seen, mut witness) = Fold::open(server.address, "/ws", &token).await;
    // Its copy may be the one that the other began with.
    seen.follow(&mut witness, |fold| fold.seq == 1).await;
    drop(screen);
    lifecycle(&server, "a1", "crash").await;
    lifecycle(&server, "a1", "start").await;
    activity(&server, "a1", "s1", "hello").await;
    forget(&server, "a1").await;
    let mut screen = fold.resume(server.address, "", &token).await;
    assert_eq!(fold.beginnings.last(), Some(&pair("replay", "resumed")));
    for _ in 0..6 {
        let frame = screen.next().await;
        assert_eq!(frame, witness.next().await, "the original, byte for byte in its meaning");
        fold.take(&frame);
    }
    let head = status(&server, "a2", "online", "live").await;
    fold.follow(&mut screen, |fold| fold.seq == head).await;
    assert_eq!(fold.fleet, fleet(&server, &token, |_| true).await.0);
}

#[tokio::test]
async fn a_narrow_client_gets_its_replay_at_once() {
    let server = TestServer::start().await;
    let token = server.token("u1", "watch");
    let query = "agents=build-*";
    let (mut fold, screen) = Fold::open(server.address, &format!("/ws?{query}"), &token).await;
    drop(screen);
    status(&server, "test-1", "online", "hidden").await;
    status(&server, "build-1", "online", "shown").await;
    // The heartbeat is half a minute away and nothing happens meanwhile.
    let mut screen = fold.resume(server.address, query, &token).await;
    assert_eq!(fold.beginnings.last(), Some(&pair("replay", "resumed")));
    fold.follow(&mut screen, |fold| fold.seq == 2).await;
    assert_eq!(fold.fleet, fleet(&server, &token, |agent| agent == "build-1").await.0);
}

#[tokio::test]
async fn each_reason_for_a_beginning_is_named() {
    let settings = [("stream.replay_events", "5"), ("stream.tombstones", "1")];
    let server = TestServer::with(&settings).await;
    let token = server.token("u1", "watch");
    // Of two removals the first, event 2, is forgotten: what changed after 1 cannot be told any more.
    for agent in ["gone", "gone too"] {
        let agent = agent.replace(' ', "-");
        status(&server, &agent, "online", "").await;
        forget(&server, &agent).await;
    }
    for number in 4..12 {
        status(&server, "a1", "online", &number.to_string()).await;
    }
    let (fold, _screen) = Fold::open(server.address, "/ws", &token).await;
    let cursor = fold.cursor().unwrap();
    let (epoch, view) = (cursor.split(':').next().unwrap(), cursor.split(':').nth(2).unwrap());
    let narrow = server.token_for("u1", "watch", &["a*"], Duration::from_secs(60));
    let table = [
        (String::new(), &token, pair("snapshot", "new")),
        ("after=".to_owned(), &token, pair("snapshot", "new")),
        (format!("after=other:12:{view}"), &token, pair("snapshot", "epoch_changed")),
        ("after=other:99".to_owned(), &token, pair("snapshot", "epoch_changed")),
        (format!("after={epoch}:13:{view}"), &token, pair("snapshot", "cursor_ahead")),
        (format!("after={epoch}:18446744073709551615"), &token, pair("snapshot", "cursor_ahead")),
        (format!("after={cursor}&agents=a1"), &token, pair("snapshot", "interest_changed")),
        (format!("after={cursor}&types=agent:status"), &token, pair("snapshot", "interest_changed")),
        (format!("after={cursor}"), &narrow, pair("snapshot", "grant_changed")),
        (format!("after={cursor}&agents=a1"), &narrow, pair("snapshot", "interest_changed")),
        (format!("after={epoch}:1:{view}"), &token, pair("snapshot", "compacted")),
        (format!("after={epoch}:0"), &token, pair("snapshot", "compacted")),
        (format!("after={epoch}:2:{view}"), &token, pair("delta", "resumed")),
        (format!("after={epoch}:6"), &token, pair("delta", "resumed")),
        (format!("after={epoch}:7:{view}"), &token, pair("replay", "resumed")),
        (format!("after={epoch}:7"), &token, pair("replay", "resumed")),
        (format!("after={epoch}:12:{view}"), &token, pair("live", "resumed")),
        (format!("after={epoch}:12"), &narrow, pair("live", "resumed")),
    ];
    for (query, token, expected) in table {
        assert_eq!(greeted(&server, &query, token).await, expected, "{query}");
    }
}

#[tokio::test]
async fn what_the_ring_no_longer_holds_is_replayed_from_the_log() {
    let server = TestServer::with(&[("stream.ring_events", "4")]).await;
    let token = server.token("u1", "watch");
    let (mut fold, screen) = Fold::open(server.address, "/ws", &token).await;
    drop(screen);
    for number in 0..5 {
        status(&server, "a1", "online", &number.to_string()).await;
    }
    let mut screen = fold.resume(server.address, "", &token).await;
    assert_eq!(fold.beginnings.last(), Some(&pair("replay", "resumed")));
    fold.follow(&mut screen, |fold| fold.seq == 5).await;
    let head = status(&server, "a1", "online", "live").await;
    fold.follow(&mut screen, |fold| fold.seq == head).await;
    assert_eq!(fold.fleet, fleet(&server, &token, |_| true).await.0);
}

#[tokio::test]
async fn a_cursor_of_another_server_begins_anew() {
    let (first, second) = (TestServer::start().await, TestServer::start().await);
    for agent in ["a1", "a2"] {
        status(&first, agent, "online", "").await;
    }
    status(&second, "b1", "online", "").await;
    let token = first.token("u1", "watch");
    let (mut fold, screen) = Fold::open(first.address, "/ws", &token).await;
    drop(screen);
    let mut screen = fold.resume(second.address, "", &token).await;
    assert_eq!(fold.beginnings.last(), Some(&pair("snapshot", "epoch_changed")));
    fold.follow(&mut screen, |fold| fold.fleet.agents.contains_key("b1")).await;
    assert_eq!(fold.fleet.agents.len(), 1, "what is absent is dropped");
}

#[tokio::test]
async fn fifty_hostile_cursors_hurt_nobody() {
    let server = TestServer::start().await;
    let token = server.token("u1", "watch");
    let (mut fold, mut screen) = Fold::open(server.address, "/ws", &token).await;
    status(&server, "a1", "online", "").await;
    fold.follow(&mut screen, |fold| fold.seq == 1).await;
    let cursor = fold.cursor().unwrap();
    let epoch = cursor.split(':').next().unwrap();
    let mut hostile = Vec::new();
    for number in 0..50 {
        let seq = u64::MAX - number;
        let path = format!("/ws?after={epoch}:{seq}");
        hostile.push(Fold::open(server.address, &path, &token).await);
    }
    let head = status(&server, "a1", "error", "").await;
    fold.follow(&mut screen, |fold| fold.seq == head).await;
    for (mut seen, mut other) in hostile {
        assert!(seen.seq < head, "it did not come ahead of the head");
        seen.follow(&mut other, |fold| fold.seq == head).await;
        assert_eq!(seen.fleet, fold.fleet);
    }
}
