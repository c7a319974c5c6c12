//! Errors: every one has the same shape and the headers that go with its status, and tells no secret.

use std::collections::BTreeSet;

use serde_json::json;

use super::support::http::{Answer, send};
use super::support::{TestServer, http};

/// A handshake without a token.
const HANDSHAKE: [(&str, &str); 4] = [
    ("Connection", "upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
];

/// What every error answer is held to.
fn check(answer: &Answer, token: &str, what: &str) {
    assert_eq!(answer.header("content-type"), Some("application/problem+json; charset=utf-8"), "{what}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
    let body = answer.json();
    let names: BTreeSet<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = BTreeSet::from(["type", "title", "status", "detail", "code", "requestId"]);
    if answer.status == 422 {
        expected.insert("errors");
        let errors = body["errors"].as_array().unwrap();
        assert!(!errors.is_empty(), "{what}");
        for error in errors {
            let names: Vec<&str> = error.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(
                names.iter().collect::<BTreeSet<_>>(),
                ["pointer", "code", "detail"].iter().collect(),
                "{what}"
            );
        }
    }
    assert_eq!(names, expected, "{what}");
    assert_eq!(body["status"], answer.status, "{what}");
    assert_eq!(body["type"], format!("urn:mission-control:problem:{}", answer.code()), "{what}");
    assert_eq!(body["requestId"].as_str(), answer.header("x-request-id"), "{what}");
    assert_eq!(answer.header("www-authenticate").is_some(), answer.status == 401, "{what}");
    assert_eq!(answer.header("retry-after").is_some(), matches!(answer.status, 429 | 503 | 507), "{what}");
    let text = String::from_utf8(answer.body.clone()).unwrap();
    let signature = token.rsplit('.').next().unwrap();
    for secret in [token, signature, "src/", ".rs", "panicked", "backtrace", "/tmp"] {
        assert!(!text.contains(secret), "{what}: {text}");
    }
}

#[tokio::test]
async fn every_error_is_a_problem_with_the_headers_of_its_status() {
    let server = TestServer::with(&[
        ("limits.agents", "1"),
        ("limits.reports_per_second", "1"),
        ("limits.reports_burst", "2"),
    ])
    .await;
    let address = server.address;
    let token = server.token("ann", "watch report admin");
    let bearer = format!("Bearer {token}");
    let auth = ("Authorization", &*bearer);
    let json = ("Content-Type", "application/json");
    let status = |agent: &str| format!("/api/v1/agents/{agent}/status");
    let online: &[u8] = br#"{"status":"online"}"#;
    let large = vec![b' '; 65_537];
    let fields: Vec<(String, String)> = (0..65).map(|n| (format!("x-{n}"), String::new())).collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    let long = format!("/api/v1/events?{}", "x".repeat(4096));
    let old = http::post(address, &status("a"), &token, &json!({"status": "online"})).await;
    assert_eq!(old.status, 200);
    let key = ("Idempotency-Key", "k");
    assert_eq!(send(address, "POST", &status("a"), &[auth, json, key], Some(online)).await.status, 200);
    let wrong = ("Authorization", &bearer[..bearer.len() - 2]);
    let evil = ("Origin", "https://evil.com");
    let mut seen = BTreeSet::new();
    for (expected, method, path, headers, body) in [
        (429, "POST", &*status("a"), vec![auth, json], Some(online)),
        (400, "POST", &status("a"), vec![auth, json], Some(b"{")),
        (400, "GET", "/api/v1/fleet", vec![auth, auth], None),
        (400, "GET", "/api/v1/events?agents=%", vec![auth], None),
        (401, "GET", "/api/v1/fleet", vec![], None),
        (401, "GET", "/api/v1/fleet", vec![wrong], None),
        (401, "POST", "/api/v1/session-token", vec![], None),
        (401, "GET", "/ws", HANDSHAKE.to_vec(), None),
        (403, "GET", "/api/v1/fleet", vec![auth, evil], None),
        (404, "GET", "/api/v1/agents/nobody", vec![auth], None),
        (404, "GET", "/api/v1/nothing", vec![auth], None),
        (404, "GET", "/nothing", vec![auth], None),
        (405, "PATCH", "/api/v1/fleet", vec![auth], None),
        (405, "DELETE", "/ws", vec![auth], None),
        (410, "GET", "/api/v1/events?after=k3f9:1", vec![auth], None),
        (413, "POST", &status("a"), vec![auth, json], Some(&large)),
        (414, "GET", &long, vec![auth], None),
        (415, "POST", &status("a"), vec![auth], Some(online)),
        (422, "POST", &status("a"), vec![auth, json], Some(b"{}")),
        (422, "GET", "/api/v1/events?limit=0", vec![auth], None),
        (422, "GET", "/api/v1/agents/a%20b", vec![auth], None),
        (426, "GET", "/ws", vec![auth], None),
        (431, "GET", "/api/v1/fleet", fields, None),
        (501, "GET", "/metrics", vec![auth], None),
        (507, "POST", &status("b"), vec![auth, json], Some(online)),
    ] {
        let answer = send(address, method, path, &headers, body).await;
        assert_eq!(answer.status, expected, "{}", String::from_utf8_lossy(&answer.body));
        check(&answer, &token, &format!("{expected}"));
        seen.insert(answer.json()["requestId"].as_str().unwrap().to_owned());
    }
    assert_eq!(seen.len(), 25, "each request has an id of its own");
    let conflict = send(address, "POST", &status("b"), &[auth, json, key], Some(online)).await;
    assert_eq!(conflict.status, 409);
    check(&conflict, &token, "409");
    server.control.drain(std::time::Duration::ZERO).await;
    let draining = send(address, "GET", "/readyz", &[], None).await;
    assert_eq!(draining.status, 503);
    check(&draining, &token, "503");
}

#[tokio::test]
async fn a_method_that_is_not_there_is_405_and_a_path_that_is_not_there_404() {
    let server = TestServer::start().await;
    for (method, path, status) in [
        ("GET", "/api/v1/reports", 405),
        ("POST", "/api/v1/fleet", 405),
        ("GET", "/api/v1/agents/a/status", 405),
        ("PUT", "/api/v1/agents/a", 405),
        ("POST", "/api/v1/connections", 405),
        ("GET", "/api/v1/tickets", 405),
        ("POST", "/healthz", 405),
        ("POST", "/ws", 405),
        ("POST", "/", 405),
        ("GET", "/api", 404),
        ("GET", "/api/v1", 404),
        ("GET", "/api/v1/agents", 404),
        ("GET", "/api/v1/agents/a/sessions/s", 404),
        ("GET", "/api/v1/agents/a/sessions/s/activity/x", 404),
        ("POST", "/api/v1/nothing", 404),
        ("GET", "/assets/nothing.js", 404),
        ("GET", "/assets/../Cargo.toml", 404),
        ("GET", "/.env", 404),
    ] {
        let answer = send(server.address, method, path, &[], None).await;
        assert_eq!(answer.status, status, "{method} {path}");
        check(&answer, "a.token.nobody-sent", path);
    }
}

#[tokio::test]
async fn the_page_is_there_and_fenced_in() {
    let server = TestServer::start().await;
    let page = send(server.address, "GET", "/", &[], None).await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("connect-src 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
}
