//! The node stops: everybody is told when to come back, and nothing waits for those who do not listen.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::support::fold::Fold;
use crate::support::raw::Handshake;
use crate::support::reports::batch;
use crate::support::{TestServer, http};

#[tokio::test]
async fn goodbye_and_1012_say_when_to_come_back_spread_over_time() {
    let mut server = TestServer::start().await;
    let token = server.token("u1", "watch");
    let mut screens = Vec::new();
    for _ in 0..250 {
        screens.push(Fold::open(server.address, "/ws", &token).await.1);
    }
    let asked = Instant::now();
    server.begin_stop();
    let mut hints = Vec::new();
    let mut told_after = Vec::new();
    for screen in &mut screens {
        let goodbye = screen.next_event().await;
        told_after.push(asked.elapsed());
        assert_eq!((&goodbye["type"], &goodbye["payload"]["code"]), (&json!("goodbye"), &json!("restart")));
        let (code, reason) = screen.closed().await;
        assert_eq!(code, 1012);
        assert!(reason.len() <= 123);
        assert_eq!(serde_json::from_str::<Value>(&reason).unwrap(), goodbye["payload"]);
        hints.push(goodbye["payload"]["retryMs"].as_u64().unwrap());
    }
    server.stop().await;
    // 250 ÷ 500 a second.
    assert!(hints.iter().all(|hint| (1..=500).contains(hint)), "{hints:?}");
    hints.sort_unstable();
    hints.dedup();
    assert!(hints.len() > 200, "the hints are the same: {hints:?}");
    assert!(*told_after.last().unwrap() > Duration::from_millis(300), "all at once: {told_after:?}");
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn without_live_connections_it_stops_within_a_second() {
    let server = TestServer::start().await;
    let mut kept_alive = TcpStream::connect(server.address).await.unwrap();
    kept_alive.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert_eq!(http::read(&mut kept_alive).await.unwrap().status, 200);
    let _silent = TcpStream::connect(server.address).await.unwrap();
    let asked = Instant::now();
    server.stop().await;
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn one_that_reads_nothing_does_not_hold_up_the_stop() {
    let server = TestServer::with(&[("limits.reports_burst", "100000")]).await;
    let token = server.token("u1", "watch");
    let _blocked = Handshake::new("/ws").bearer(&token).small_window().open(server.address).await;
    let text = "x".repeat(4000);
    let item = json!({"kind": "activity", "agentId": "a1", "sessionId": "s1", "lastMessage": text});
    for _ in 0..20 {
        batch(&server, &vec![item.clone(); 100]).await;
    }
    let asked = Instant::now();
    server.stop().await;
    assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn a_drain_ends_at_its_limit() {
    let server = TestServer::with(&[("server.drain_ms", "0")]).await;
    let token = server.token("u1", "watch");
    let _screens =
        (Fold::open(server.address, "/ws", &token).await, Fold::open(server.address, "/ws", &token).await);
    let asked = Instant::now();
    server.stop().await;
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_arrives_while_it_begins_is_told_or_refused_and_never_forgotten() {
    for _ in 0..10 {
        let server = TestServer::start().await;
        let (address, token) = (server.address, server.token("u1", "watch"));
        let arriving = (0..20).map(|_| {
            let handshake = Handshake::new("/ws").bearer(&token);
            tokio::spawn(async move { drop(handshake.try_ask(address).await) })
        });
        let arriving: Vec<_> = arriving.collect();
        let asked = Instant::now();
        server.stop().await;
        assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
        for one in arriving {
            one.await.unwrap();
        }
    }
}
