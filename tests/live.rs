//! What the product is for: a report comes in, and every screen that may see it does, at once.

mod support;

use std::time::{Duration, Instant};

use serde_json::json;
use support::screen::Screen;
use support::{TestServer, http};

#[tokio::test]
async fn two_users_on_three_connections_all_see_a_change_in_under_500_ms() {
    let server = TestServer::start().await;
    let mut screens = Vec::new();
    for user in ["alice", "alice", "bob"] {
        let mut screen = Screen::open(server.address, &server.token(user, "watch")).await;
        screen.until("sync:end").await;
        screens.push(screen);
    }
    let reporter = server.token("reporter", "report");
    let answer =
        http::post(server.address, "/api/v1/agents/a1/status", &reporter, &json!({"status": "online"})).await;
    assert_eq!((answer.status, &answer.json()["seq"]), (200, &json!(1)));
    #[allow(clippy::disallowed_methods, reason = "the test measures real time")]
    let answered = Instant::now();
    for screen in &mut screens {
        let frame = screen.next_event().await;
        assert_eq!((&frame["type"], &frame["seq"]), (&json!("agent:status"), &json!(1)));
    }
    assert!(answered.elapsed() < Duration::from_millis(500), "{:?}", answered.elapsed());
}

#[tokio::test]
async fn whoever_reported_reads_what_it_reported_at_once() {
    let server = TestServer::start().await;
    let token = server.token("ann", "report watch");
    for number in 1..=200_u32 {
        let path = format!("/api/v1/agents/a{number}/status");
        let answer = http::post(server.address, &path, &token, &json!({"status": "online"})).await;
        let read = http::get(server.address, &format!("/api/v1/agents/a{number}"), &token).await;
        assert_eq!((answer.status, read.status), (200, 200), "a{number}");
        let fleet = http::get(server.address, "/api/v1/fleet", &token).await.json();
        assert_eq!(fleet["seq"], answer.json()["seq"]);
    }
}
