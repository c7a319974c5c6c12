//! Reports over HTTP, and reads to compare with.

use std::pin::Pin;

use serde_json::{Value, json};

use super::fold::Fleet;
use super::{TestServer, http};

/// An exchange holds its buffers; a test that makes many of them would have no stack left.
fn boxed<T>(exchange: impl Future<Output = T>) -> Pin<Box<impl Future<Output = T>>> {
    Box::pin(exchange)
}

/// Reports an agent's status; the seq of the answer.
pub async fn status(server: &TestServer, agent: &str, status: &str, message: &str) -> u64 {
    let body = json!({"status": status, "message": message});
    post(server, &format!("/api/v1/agents/{agent}/status"), &body).await
}

/// Reports a lifecycle event; the seq of the answer.
pub async fn lifecycle(server: &TestServer, agent: &str, event: &str) -> u64 {
    post(server, &format!("/api/v1/agents/{agent}/lifecycle"), &json!({"event": event})).await
}

/// Reports a session's activity; the seq of the answer.
pub async fn activity(server: &TestServer, agent: &str, session: &str, message: &str) -> u64 {
    let path = format!("/api/v1/agents/{agent}/sessions/{session}/activity");
    post(server, &path, &json!({"lastMessage": message})).await
}

/// Forgets an agent.
pub async fn forget(server: &TestServer, agent: &str) {
    let token = server.token("root", "admin");
    let answer = boxed(http::delete(server.address, &format!("/api/v1/agents/{agent}"), &token)).await;
    assert!(answer.status < 300, "{answer:?}");
}

/// Posts a report and waits until reads show it, which may be a moment after the answer; its seq.
pub async fn post(server: &TestServer, path: &str, body: &Value) -> u64 {
    let seq = post_only(server, path, body).await;
    let token = server.token("reader", "watch");
    let shown = async { while fleet(server, &token, |_| false).await.1 < seq {} };
    tokio::time::timeout(super::PATIENCE, shown).await.expect("reads never show it");
    seq
}

async fn post_only(server: &TestServer, path: &str, body: &Value) -> u64 {
    let answer = boxed(http::post(server.address, path, &server.token("reporter", "report"), body)).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()["seq"].as_u64().unwrap()
}

/// `GET /api/v1/fleet`: the fleet as this token sees it, of the agents that are wanted, and its seq.
pub async fn fleet(server: &TestServer, token: &str, wanted: impl Fn(&str) -> bool) -> (Fleet, u64) {
    let read = boxed(http::get(server.address, "/api/v1/fleet", token)).await.json();
    (Fleet::of_read(&read, wanted), read["seq"].as_u64().unwrap())
}

/// The connections as an admin sees them.
pub async fn connections(server: &TestServer) -> Vec<Value> {
    let token = server.token("root", "admin");
    let list = boxed(http::get(server.address, "/api/v1/connections", &token)).await.json();
    list["connections"].as_array().unwrap().clone()
}

/// Waits until so many connections are left.
pub async fn until_connections(server: &TestServer, count: usize) {
    let left = async { while connections(server).await.len() != count {} };
    tokio::time::timeout(super::PATIENCE, left).await.expect("the connections stay");
}

/// Events as one batch; fails when one of them is refused.
pub async fn batch(server: &TestServer, items: &[Value]) {
    let token = server.token("reporter", "report");
    let answer = boxed(http::post(server.address, "/api/v1/reports", &token, &json!(items))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    for result in answer.json()["results"].as_array().unwrap() {
        assert_eq!(result["applied"], true, "{result}");
    }
}

/// A ring that is soon run through, and no rate in the way.
pub const SMALL_RING: [(&str, &str); 3] = [
    ("limits.reports_burst", "1000000"),
    ("limits.reports_per_second", "1000000"),
    ("stream.ring_events", "64"),
];

/// So many events of about 4 KiB.
pub async fn flood(server: &TestServer, count: usize) {
    let text = "x".repeat(4000);
    let items: Vec<Value> = (0..count)
        .map(|number| {
            let (agent, session) = (format!("a{}", number % 20), format!("s{}", number % 3));
            let message = format!("{number} {text}");
            json!({"kind": "activity", "agentId": agent, "sessionId": session, "lastMessage": message})
        })
        .collect();
    for part in items.chunks(100) {
        batch(server, part).await;
    }
}
