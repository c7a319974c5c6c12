//! What a node lets in: how many, how often, for what, and until when.

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::refused;
use crate::support::raw::{Handshake, RawSocket};
use crate::support::screen::Screen;
use crate::support::{PATIENCE, TestServer, http};

#[tokio::test]
async fn a_token_that_neither_watches_nor_reports_is_403() {
    let server = TestServer::start().await;
    let asked = Handshake::new("/ws").bearer(&server.token("root", "admin"));
    assert_eq!(refused(&asked.ask(server.address).await), (403, "forbidden_scope".to_owned()));
}

#[tokio::test]
async fn a_user_has_so_many_connections_and_a_place_becomes_free() {
    let server = TestServer::with(&[("limits.connections_per_user", "2")]).await;
    let asked = Handshake::new("/ws").bearer(&server.token("alice", "watch"));
    let first = asked.open(server.address).await;
    let _second = asked.open(server.address).await;
    assert_eq!(refused(&asked.ask(server.address).await), (429, "too_many_connections".to_owned()));
    Screen::open(server.address, &server.token("bob", "watch")).await;
    drop(first);
    let freed = async { while asked.ask(server.address).await.status != 101 {} };
    tokio::time::timeout(PATIENCE, freed).await.expect("the place stays taken");
}

#[tokio::test]
async fn a_full_node_says_so_and_blames_nobody() {
    let server = TestServer::with(&[("limits.connections", "3")]).await;
    let asked = Handshake::new("/ws").bearer(&server.token("alice", "watch"));
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(asked.open(server.address).await);
    }
    for _ in 0..30 {
        assert_eq!(refused(&asked.ask(server.address).await), (503, "overloaded".to_owned()));
    }
}

#[tokio::test]
async fn after_twenty_refusals_in_a_second_an_address_waits_and_others_do_not() {
    let server = TestServer::start().await;
    let good = Handshake::new("/ws").bearer(&server.token("alice", "watch"));
    let strangers = [
        Handshake::new("/ws"),
        Handshake::new("/ws").bearer("nonsense"),
        good.clone().with("Origin", "https://evil.example"),
        good.clone().without("Sec-WebSocket-Version"),
        Handshake::new("/ws?after=text").bearer("nonsense"),
    ];
    let asked = strangers.iter().cycle().map(|stranger| stranger.clone().from([127, 0, 0, 2]));
    let mut refusals = 0;
    for stranger in asked.take(2000) {
        let (status, code) = refused(&stranger.ask(server.address).await);
        if status == 429 {
            assert_eq!(code, "rate_limited");
            break;
        }
        refusals += 1;
    }
    assert!((20..2000).contains(&refusals), "{refusals} were refused before the address had to wait");
    let now_good = good.clone().from([127, 0, 0, 2]).ask(server.address).await;
    assert_eq!(refused(&now_good).0, 429, "the address waits, whoever asks from it");
    assert_eq!(good.clone().from([127, 0, 0, 3]).ask(server.address).await.status, 101);
    let rested = async { while good.clone().from([127, 0, 0, 2]).ask(server.address).await.status != 101 {} };
    timeout(PATIENCE, rested).await.expect("the address is let in again");
}

#[tokio::test]
async fn good_handshakes_of_one_address_are_not_counted_against_it() {
    let server = TestServer::start().await;
    let good = Handshake::new("/ws").bearer(&server.token("alice", "watch"));
    for _ in 0..60 {
        assert_eq!(good.ask(server.address).await.status, 101);
    }
}

#[tokio::test]
async fn a_node_that_drains_sends_everybody_elsewhere() {
    let mut server = TestServer::start().await;
    let watch = server.token("alice", "watch");
    let asked = Handshake::new("/ws").bearer(&watch);
    // Clients that never answer a close keep the drain busy for a moment.
    let mut silent: Vec<RawSocket> = Vec::new();
    for _ in 0..400 {
        silent.push(asked.open(server.address).await);
    }
    server.begin_stop();
    let draining =
        async { while http::send(server.address, "GET", "/readyz", &[], None).await.status != 503 {} };
    timeout(PATIENCE, draining).await.expect("it is never not ready");
    assert_eq!(refused(&asked.ask(server.address).await), (503, "draining".to_owned()));
    assert_eq!(refused(&Handshake::new("/ws").ask(server.address).await).0, 503);
    let report = server.token("reporter", "report");
    let answer =
        http::post(server.address, "/api/v1/agents/a/status", &report, &json!({"status": "online"})).await;
    assert_eq!(refused(&answer), (503, "draining".to_owned()));
    server.stop().await;
}

#[tokio::test]
async fn a_token_that_only_reports_gets_hello_heartbeats_and_its_answers() {
    let server = TestServer::with(&[("stream.heartbeat_ms", "1000")]).await;
    let mut screen = Screen::open(server.address, &server.token("agent", "report")).await;
    let hello = screen.next().await;
    assert_eq!((&hello["type"], &hello["payload"]["complete"]), (&json!("hello"), &json!(false)));
    let other = server.token("other", "report");
    let body = json!({"status": "online"});
    http::post(server.address, "/api/v1/agents/b/status", &other, &body).await;
    screen.send(&report("1", "a")).await;
    let mut kinds: Vec<Value> = Vec::new();
    for _ in 0..2 {
        for frame in screen.until("heartbeat").await {
            assert!(frame["payload"].get("agentId").is_none(), "it may not watch: {frame}");
            kinds.push(frame["type"].clone());
        }
    }
    assert_eq!(kinds.iter().filter(|kind| *kind == "reported").count(), 1, "{kinds:?}");
    assert!(kinds.iter().all(|kind| ["sync:end", "heartbeat", "reported"].iter().any(|known| kind == known)));
}

fn report(id: &str, agent: &str) -> Value {
    let payload = json!({"id": id, "kind": "status", "agentId": agent, "status": "online"});
    json!({"type": "report", "payload": payload})
}
