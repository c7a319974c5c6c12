//! What a connection asks for and what its token allows, in the copy and live.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::support::fold::Fold;
use crate::support::reports::{activity, fleet, forget, lifecycle, status};
use crate::support::screen::Screen;
use crate::support::{PATIENCE, TestServer};

const HEARTBEATS: (&str, &str) = ("stream.heartbeat_ms", "1000");

/// Something of every kind about two agents.
async fn stir(server: &TestServer, message: &str) -> u64 {
    for agent in ["build-1", "test-1"] {
        status(server, agent, "online", message).await;
        activity(server, agent, "s1", message).await;
        lifecycle(server, agent, "stop").await;
    }
    status(server, "test-1", "online", message).await
}

fn about(frames: &[Value], agent: &str) -> bool {
    frames.iter().all(|frame| frame["payload"].get("agentId").is_none_or(|id| id == agent))
}

/// Takes frames until a heartbeat is at this position.
async fn up_to(fold: &mut Fold, screen: &mut Screen, head: u64) -> Vec<Value> {
    let mut frames = Vec::new();
    while fold.seq < head {
        let frame = screen.next().await;
        fold.take(&frame);
        frames.push(frame);
    }
    frames
}

#[tokio::test]
async fn an_interest_in_agents_narrows_the_copy_and_what_is_live() {
    let server = TestServer::with(&[HEARTBEATS]).await;
    let token = server.token("u1", "watch");
    stir(&server, "before").await;
    let (mut fold, mut screen) = Fold::open(server.address, "/ws?agents=build-*,nobody", &token).await;
    assert!(!fold.complete);
    let head = stir(&server, "after").await;
    let frames = up_to(&mut fold, &mut screen, head).await;
    assert!(about(&frames, "build-1"), "{frames:?}");
    assert_eq!(fold.fleet, fleet(&server, &token, |agent| agent == "build-1").await.0);
}

#[tokio::test]
async fn a_grant_hides_the_rest_whatever_is_asked_for() {
    let server = TestServer::with(&[HEARTBEATS]).await;
    let token = server.token_for("u1", "watch", &["build-*"], Duration::from_secs(60));
    stir(&server, "before").await;
    for path in ["/ws", "/ws?agents=*", "/ws?agents=test-1,build-1"] {
        let (mut fold, mut screen) = Fold::open(server.address, path, &token).await;
        assert!(!fold.complete);
        let head = stir(&server, "after").await;
        let frames = up_to(&mut fold, &mut screen, head).await;
        assert!(about(&frames, "build-1"), "{frames:?}");
        assert_eq!(fold.fleet, fleet(&server, &token, |_| true).await.0);
    }
    let (fold, _screen) = Fold::open(server.address, "/ws?agents=test-*", &token).await;
    assert!(fold.fleet.agents.is_empty());
}

#[tokio::test]
async fn types_choose_among_the_kinds_and_removals_always_come() {
    let server = TestServer::with(&[HEARTBEATS, ("limits.sessions_per_agent", "1")]).await;
    let token = server.token("u1", "watch");
    stir(&server, "before").await;
    for kind in ["agent:status", "agent:lifecycle", "session:activity"] {
        let (mut fold, mut screen) = Fold::open(server.address, &format!("/ws?types={kind}"), &token).await;
        assert_eq!(fold.fleet.agents.is_empty(), kind != "agent:status");
        assert_eq!(fold.fleet.sessions.is_empty(), kind != "session:activity");
        stir(&server, kind).await;
        activity(&server, "test-1", kind, "another session").await;
        forget(&server, "build-1").await;
        let head = status(&server, "test-1", "error", kind).await;
        let frames = up_to(&mut fold, &mut screen, head).await;
        let mut kinds: Vec<_> = frames.iter().map(|frame| frame["type"].as_str().unwrap()).collect();
        kinds.retain(|other| *other != "heartbeat");
        for other in ["agent:status", "agent:lifecycle", "session:activity"] {
            assert_eq!(kinds.contains(&other), other == kind, "{kinds:?}");
        }
        assert!(kinds.contains(&"agent:removed") && kinds.contains(&"session:removed"), "{kinds:?}");
    }
}

#[tokio::test]
async fn a_cursor_moves_with_heartbeats_while_everything_is_hidden() {
    let server = TestServer::with(&[HEARTBEATS]).await;
    let token = server.token("u1", "watch");
    let (mut fold, mut screen) = Fold::open(server.address, "/ws?agents=nobody", &token).await;
    let head = stir(&server, "hidden").await;
    let frames = up_to(&mut fold, &mut screen, head).await;
    assert!(frames.iter().all(|frame| frame["type"] == "heartbeat"), "{frames:?}");
    drop(screen);
    fold.resume(server.address, "agents=nobody", &token).await;
    assert_eq!(fold.beginnings.last(), Some(&("live".to_owned(), "resumed".to_owned())));
}

fn subscribe(agents: Value) -> Value {
    json!({"type": "subscribe", "payload": {"agents": agents}})
}

#[tokio::test]
async fn a_new_interest_begins_anew_and_goes_on_live() {
    let server = TestServer::with(&[HEARTBEATS]).await;
    let token = server.token("u1", "watch");
    stir(&server, "before").await;
    let (mut fold, mut screen) = Fold::open(server.address, "/ws", &token).await;
    let seq = fold.seq;
    screen.send(&subscribe(json!(["build-*"]))).await;
    let resync = screen.next_event().await;
    let narrow = &resync["payload"]["view"];
    let expected = json!({"type": "resync", "seq": seq, "payload": {"mode": "snapshot",
        "reason": "interest_changed", "from": seq + 1, "view": narrow, "complete": false}});
    assert_eq!(resync, expected);
    fold.take(&resync);
    fold.follow(&mut screen, |fold| fold.fleet.agents.len() == 1).await;
    let head = stir(&server, "after").await;
    let frames = up_to(&mut fold, &mut screen, head).await;
    assert!(about(&frames, "build-1"), "{frames:?}");
    assert_eq!(fold.fleet, fleet(&server, &token, |agent| agent == "build-1").await.0);

    screen.send(&json!({"type": "subscribe", "payload": {}})).await;
    fold.follow(&mut screen, |fold| fold.complete && fold.fleet.agents.len() == 2).await;
    let head = stir(&server, "all again").await;
    up_to(&mut fold, &mut screen, head).await;
    assert_eq!(fold.fleet, fleet(&server, &token, |_| true).await.0);
}

#[tokio::test]
async fn the_interest_changes_at_most_once_a_second_and_the_last_wins() {
    let server = TestServer::start().await;
    let (_, mut screen) = Fold::open(server.address, "/ws", &server.token("u1", "watch")).await;
    screen.send(&subscribe(json!(["first"]))).await;
    let first = screen.until("sync:end").await;
    let granted = Instant::now();
    for agent in ["second", "third", "last"] {
        screen.send(&subscribe(json!([agent]))).await;
    }
    let second = screen.until("sync:end").await;
    assert!(granted.elapsed() > Duration::from_millis(800), "{:?}", granted.elapsed());
    assert_ne!(first[0]["payload"]["view"], second[0]["payload"]["view"]);
    let kept = crate::support::reports::connections(&server).await;
    assert_eq!(kept[0]["agents"], json!(["last"]));
    screen.send(&json!({"type": "ping", "payload": {}})).await;
    let next = timeout(PATIENCE, screen.next_event()).await.expect("no pong");
    assert_eq!(next["type"], "pong", "nothing else waits");
}

#[tokio::test]
async fn an_interest_never_shows_what_the_grant_hides() {
    let server = TestServer::with(&[HEARTBEATS]).await;
    let token = server.token_for("u1", "watch", &["build-*"], Duration::from_secs(60));
    stir(&server, "before").await;
    let (mut fold, mut screen) = Fold::open(server.address, "/ws?agents=build-1", &token).await;
    screen.send(&subscribe(json!(["*"]))).await;
    fold.follow(&mut screen, |fold| fold.beginnings.len() == 2).await;
    let head = stir(&server, "after").await;
    let frames = up_to(&mut fold, &mut screen, head).await;
    assert!(about(&frames, "build-1"), "{frames:?}");
    assert!(!fold.complete);
}
