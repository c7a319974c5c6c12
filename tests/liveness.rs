//! What died is noticed, over real sockets and with the server's own clock (contract, section 8). The rules
//! themselves are in the desk's tests, with a clock that is moved.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use support::screen::Screen;
use support::{TestServer, http, reports};

const A1: &str = "/api/v1/agents/a1";

async fn heartbeat(server: &TestServer, body: &Value) -> Value {
    let token = server.token("agent", "report");
    let answer = http::post(server.address, &format!("{A1}/heartbeat"), &token, body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn agent(server: &TestServer) -> Value {
    http::get(server.address, A1, &server.token("w", "watch")).await.json()["agent"].clone()
}

async fn watcher(server: &TestServer) -> Screen {
    let mut screen = Screen::open(server.address, &server.token("w", "watch")).await;
    screen.until("sync:end").await;
    screen
}

/// Status, reason and the rest of the next status event.
async fn next_status(screen: &mut Screen) -> (String, String, Value) {
    loop {
        let frame = screen.next_event().await;
        if frame["type"] == "agent:status" {
            let word = |value: &Value| value.as_str().unwrap().to_owned();
            return (word(&frame["payload"]["status"]), word(&frame["detail"]["reason"]), frame);
        }
    }
}

async fn reporting(server: &TestServer) -> Screen {
    let mut socket = Screen::open(server.address, &server.token("agent", "report")).await;
    socket.until("sync:end").await;
    let payload = json!({"id": "1", "kind": "status", "agentId": "a1", "status": "online"});
    socket.send(&json!({"type": "report", "payload": payload})).await;
    assert_eq!(socket.next_event().await["type"], "reported");
    socket
}

#[tokio::test]
async fn a_lease_that_runs_out_is_told_within_a_second_and_a_heartbeat_brings_the_agent_back() {
    let server = TestServer::start().await;
    let mut screen = watcher(&server).await;
    let asked = Instant::now();
    assert_eq!(heartbeat(&server, &json!({"leaseMs": 1000})).await["changed"], true);
    let (status, reason, online) = next_status(&mut screen).await;
    assert_eq!((status.as_str(), reason.as_str()), ("online", "heard"));
    assert!(online["detail"].get("unleased").is_none());

    let (status, reason, gone) = next_status(&mut screen).await;
    assert_eq!((status.as_str(), reason.as_str()), ("offline", "lease_expired"));
    assert!(asked.elapsed() >= Duration::from_millis(1000), "not before its time");
    let last_seen = gone["detail"]["lastSeenAt"].as_u64().unwrap();
    let late = gone["detail"]["since"].as_u64().unwrap() - last_seen - 1000;
    assert!(late < 1000, "{late} ms after its lease had run out");
    assert_eq!(agent(&server).await["detail"]["lastSeenAt"], last_seen);

    heartbeat(&server, &json!({})).await;
    let (status, reason, _) = next_status(&mut screen).await;
    assert_eq!((status.as_str(), reason.as_str()), ("online", "heard"));
}

#[tokio::test]
async fn heartbeats_keep_an_agent_online_and_make_no_events() {
    let server = TestServer::start().await;
    let first = heartbeat(&server, &json!({"leaseMs": 1000})).await;
    let until = Instant::now() + Duration::from_millis(2500);
    let mut looks = tokio::time::interval(Duration::from_millis(300));
    while Instant::now() < until {
        looks.tick().await;
        let again = heartbeat(&server, &json!({})).await;
        assert_eq!((&again["changed"], &again["seq"]), (&json!(false), &first["seq"]));
    }
    assert_eq!(agent(&server).await["payload"]["status"], "online");
}

#[tokio::test]
async fn an_agent_without_a_lease_is_marked_and_reads_say_when_it_was_heard_last() {
    let server = TestServer::start().await;
    reports::status(&server, "a1", "online", "x").await;
    let first = agent(&server).await;
    assert_eq!(first["detail"]["unleased"], true);
    let heard = first["detail"]["lastSeenAt"].as_u64().unwrap();
    let mut looks = tokio::time::interval(Duration::from_millis(5));
    loop {
        looks.tick().await;
        // Nothing about it changes, and still it was heard: who asks next is told so.
        reports::status(&server, "a1", "online", "x").await;
        let now = agent(&server).await;
        assert_eq!(now["rev"], first["rev"]);
        if now["detail"]["lastSeenAt"].as_u64().unwrap() > heard {
            break;
        }
    }
}

#[tokio::test]
async fn an_agent_whose_socket_hangs_up_is_gone_after_two_seconds_unless_it_comes_back() {
    let server = TestServer::start().await;
    let mut screen = watcher(&server).await;
    let first = reporting(&server).await;
    next_status(&mut screen).await;
    drop(first);
    let second = reporting(&server).await;
    let third = reporting(&server).await;
    drop(second);
    drop(third);
    let hung_up = Instant::now();
    let (status, reason, _) = next_status(&mut screen).await;
    assert_eq!((status.as_str(), reason.as_str()), ("offline", "disconnected"));
    let waited = hung_up.elapsed();
    assert!(waited >= Duration::from_millis(1900) && waited < Duration::from_secs(4), "{waited:?}");
}

#[tokio::test]
async fn a_socket_that_the_server_closed_leaves_its_agents_their_leases() {
    let server = TestServer::start().await;
    let mut screen = watcher(&server).await;
    let mut socket = reporting(&server).await;
    let payload = json!({"id": "2", "kind": "heartbeat", "agentId": "a1", "leaseMs": 4000});
    socket.send(&json!({"type": "report", "payload": payload})).await;
    assert_eq!(socket.next_event().await["type"], "reported");
    next_status(&mut screen).await;
    let connections = reports::connections(&server).await;
    let own = connections.iter().find(|one| one["userId"] == "agent").unwrap();
    let path = format!("/api/v1/connections/{}", own["connectionId"].as_str().unwrap());
    let closed = Instant::now();
    assert_eq!(http::delete(server.address, &path, &server.token("admin", "admin")).await.status, 204);
    assert_eq!(socket.closed().await.0, 4503);
    let (status, reason, _) = next_status(&mut screen).await;
    assert_eq!((status.as_str(), reason.as_str()), ("offline", "lease_expired"));
    assert!(closed.elapsed() >= Duration::from_millis(3900), "{:?}", closed.elapsed());
}

#[tokio::test]
async fn a_default_lease_watches_everybody() {
    let server = TestServer::with(&[("liveness.default_lease_ms", "1000")]).await;
    let mut screen = watcher(&server).await;
    reports::status(&server, "a1", "online", "").await;
    next_status(&mut screen).await;
    let (status, reason, _) = next_status(&mut screen).await;
    assert_eq!((status.as_str(), reason.as_str()), ("offline", "lease_expired"));
}

#[tokio::test]
async fn a_session_that_is_quiet_for_too_long_goes_by_a_numbered_removal() {
    let server = TestServer::with(&[("limits.session_quiet_ms", "1000")]).await;
    let mut screen = watcher(&server).await;
    let seq = reports::activity(&server, "a1", "s1", "x").await;
    let gone = loop {
        let frame = screen.next_event().await;
        if frame["type"] == "session:removed" {
            break frame;
        }
    };
    assert_eq!((&gone["payload"]["sessionId"], gone["seq"].as_u64()), (&json!("s1"), Some(seq + 1)));
    let read = http::get(server.address, A1, &server.token("w", "watch")).await.json();
    assert_eq!(read["sessions"], json!([]));
}
