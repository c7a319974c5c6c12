//! Our routes in somebody else's warp server, beside their own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

mod support;

use std::net::SocketAddr;

use serde_json::json;
use support::screen::Screen;
use support::stream::Stream;
use support::{TestServer, http};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use warp::Filter;

/// Somebody's program: a route of its own, then all of ours.
async fn theirs(server: &TestServer) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let own = warp::path!("hello" / String).map(|name| format!("hello {name}"));
    let routes = own.or(server.control.routes());
    (address, tokio::spawn(warp::serve(routes).incoming(listener).run()))
}

#[tokio::test]
async fn reports_reads_and_live_events_work_beside_routes_of_others() {
    let server = TestServer::start().await;
    let (address, serving) = theirs(&server).await;
    let own = http::send(address, "GET", "/hello/world", &[], None).await;
    assert_eq!((own.status, own.body), (200, b"hello world".to_vec()));

    let mut screen = Screen::open(address, &server.token("ann", "watch")).await;
    let hello = screen.until("sync:end").await[0].clone();
    let mut stream = Stream::at(address, "", &server.token("ann", "watch")).await;
    while stream.next().await.event != "sync:end" {}
    let reporter = server.token("reporter", "report");
    let answer =
        http::post(address, "/api/v1/agents/a1/status", &reporter, &json!({"status": "online"})).await;
    assert_eq!((answer.status, &answer.json()["epoch"]), (200, &hello["payload"]["epoch"]));
    let frame = screen.next_event().await;
    assert_eq!(
        (&frame["type"], &frame["seq"], &frame["payload"]["agentId"]),
        (&json!("agent:status"), &json!(1), &json!("a1"))
    );
    assert_eq!(stream.next_event().await, frame, "and on the stream");
    let fleet = http::get(address, "/api/v1/fleet", &server.token("ann", "watch")).await;
    assert_eq!((fleet.status, &fleet.json()["agents"][0]["payload"]["agentId"]), (200, &json!("a1")));
    assert_eq!(http::send(address, "GET", "/", &[], None).await.status, 200, "the page");
    assert_eq!(http::send(address, "GET", "/readyz", &[], None).await.status, 200);
    serving.abort();
}

#[tokio::test]
async fn refusals_are_the_same_there_and_each_request_has_an_id_of_its_own() {
    let server = TestServer::with(&[("limits.body_bytes", "100"), ("limits.body_ms", "300")]).await;
    let (address, serving) = theirs(&server).await;
    let bearer = format!("Bearer {}", server.token("reporter", "report"));
    let post = [("Authorization", &*bearer), ("Content-Type", "application/json")];
    let large = [b' '; 101];
    let mut ids = std::collections::BTreeSet::new();
    for (method, path, headers, body, status) in [
        ("GET", "/api/v1/fleet", &[][..], None, 401),
        ("GET", "/api/v1/nothing", &[], None, 404),
        ("PUT", "/api/v1/reports", &[], None, 405),
        ("POST", "/api/v1/agents/a1/status", &post, Some(&large[..]), 413),
        ("POST", "/api/v1/agents/a1/status", &post, Some(b"{}"), 422),
        ("GET", "/ws", &[], None, 426),
        ("GET", "/healthz", &[], None, 200),
    ] {
        let answer = http::send(address, method, path, headers, body).await;
        assert_eq!(answer.status, status, "{path}");
        let id = answer.header("x-request-id").unwrap().to_owned();
        assert!(status == 200 || answer.json()["requestId"] == id, "{path}");
        assert!(ids.insert(id), "{path}");
    }
    let refused = Screen::try_open(address, "/ws", &[]).await.err().unwrap();
    assert_eq!((refused.status, refused.code().as_str()), (401, "missing_token"));
    // Their server ends no connection for us: a body that is too slow is told so.
    let mut connection = http::Connection::open(address).await;
    let slow = format!(
        "POST /api/v1/agents/a1/status HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    );
    connection.write(slow.as_bytes()).await;
    let answer = connection.answer().await.unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_request"));
    serving.abort();
}
