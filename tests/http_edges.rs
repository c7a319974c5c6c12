//! Edges that an attack found: a stop that a stranger could hold up, a cursor from the future, a
//! cookie asked for from another site, two versions of one handshake.

mod support;

use std::time::Duration;

use support::http::{Connection, send};
use support::{TestServer, http};

#[tokio::test]
async fn half_a_request_does_not_hold_up_a_stop() {
    let server = TestServer::start().await;
    let mut stranger = Connection::open(server.address).await;
    stranger.write(b"GET /heal").await;
    // The server has seen the half request once it answers a whole one that came later.
    assert_eq!(send(server.address, "GET", "/healthz", &[], None).await.status, 200);
    let stopped = tokio::time::timeout(Duration::from_secs(1), server.stop()).await;
    assert!(stopped.is_ok(), "without sockets a stop takes under a second");
}

#[tokio::test]
async fn a_cursor_ahead_of_the_history_is_not_taken_for_the_end_of_it() {
    let server = TestServer::start().await;
    let token = server.token("ann", "watch");
    let epoch = http::get(server.address, "/api/v1/fleet", &token).await.json()["epoch"].clone();
    let at = |seq: u64| format!("/api/v1/events?after={}:{seq}", epoch.as_str().unwrap());
    assert_eq!(http::get(server.address, &at(0), &token).await.status, 200);
    let ahead = http::get(server.address, &at(1), &token).await;
    assert_eq!((ahead.status, ahead.code().as_str()), (410, "cursor_expired"));
}

#[tokio::test]
async fn a_cookie_is_good_for_our_own_pages_also_where_a_browser_leaves_the_origin_out() {
    let server = TestServer::start().await;
    for (site, status) in [("cross-site", 403), ("same-site", 403), ("none", 403), ("same-origin", 401)] {
        let headers = [("Sec-Fetch-Site", site), ("Cookie", "mission_control_session=x")];
        let answer = send(server.address, "POST", "/api/v1/session-token", &headers, Some(b"")).await;
        assert_eq!(answer.status, status, "{site}");
    }
}

#[tokio::test]
async fn a_handshake_names_one_version() {
    let server = TestServer::start().await;
    let bearer = format!("Bearer {}", server.token("ann", "watch"));
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Upgrade", "websocket"),
        ("Connection", "upgrade"),
        ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Version", "7"),
    ];
    let refused = send(server.address, "GET", "/ws", &headers, None).await;
    assert_eq!((refused.status, refused.code().as_str()), (426, "upgrade_required"));
}

#[tokio::test]
async fn an_empty_list_means_all_for_events_as_it_does_for_the_stream() {
    let server = TestServer::start().await;
    let token = server.token("ann", "watch report");
    let body = serde_json::json!({"status": "online"});
    assert_eq!(http::post(server.address, "/api/v1/agents/a1/status", &token, &body).await.status, 200);
    for query in ["", "?agents=", "?types=", "?after=&agents=&types=&limit=5"] {
        let page = http::get(server.address, &format!("/api/v1/events{query}"), &token).await.json();
        assert_eq!(page["events"].as_array().map(Vec::len), Some(1), "{query}");
    }
}
