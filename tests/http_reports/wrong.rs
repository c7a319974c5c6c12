//! Wrong reports: each gets its code, and nothing becomes of it.

use serde_json::{Value, json};

use super::support::{TestServer, http};
use super::{A1, report};

/// Sends text as JSON.
async fn post_text(server: &TestServer, path: &str, body: &[u8]) -> http::Answer {
    let bearer = format!("Bearer {}", server.token("reporter", "report"));
    let headers = [("Authorization", &*bearer), ("Content-Type", "application/json")];
    http::send(server.address, "POST", path, &headers, Some(body)).await
}

#[tokio::test]
async fn what_is_not_json_is_400_and_changes_nothing() {
    let server = TestServer::start().await;
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let bodies: [&[u8]; 9] = [
        b"",
        b"{",
        b"{\"status\":\"online\",}",
        b"{\"status\":\"online\",\"status\":\"offline\"}",
        b"{\"status\":\"online\",\"labels\":{\"a\":\"1\",\"a\":\"2\"}}",
        b"{\"status\":\"online\"} x",
        b"{\"status\":\"\xff\"}",
        b"{'status':'online'}",
        deep.as_bytes(),
    ];
    for path in [&*format!("{A1}/status"), "/api/v1/reports"] {
        for body in bodies {
            let answer = post_text(&server, path, body).await;
            let text = String::from_utf8_lossy(body);
            assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_json"), "{path} {text}");
        }
    }
    assert_eq!(server.seq().await, 0);
}

/// So many labels.
fn labels(count: usize) -> Value {
    Value::from_iter((0..count).map(|n| (format!("k{n}"), json!("v"))))
}

/// A right report of this kind, but for one field.
fn but(kind: &'static str, field: &str, value: Value) -> (&'static str, Value, String) {
    let mut body = match kind {
        "status" => json!({"status": "online"}),
        "lifecycle" => json!({"event": "start"}),
        _ => json!({"lastMessage": "x"}),
    };
    body[field] = value;
    (kind, body, format!("/{field}"))
}

/// Wrong reports: kind, body, and the place of what is wrong.
fn wrong_values() -> Vec<(&'static str, Value, String)> {
    let status = |field: &str, value: Value| but("status", field, value);
    let life = |field: &str, value: Value| but("lifecycle", field, value);
    let activity = |field: &str, value: Value| but("sessions/s1/activity", field, value);
    vec![
        ("status", json!([]), String::new()),
        ("status", json!({}), "/status".to_owned()),
        status("status", json!("gone")),
        status("status", json!(1)),
        status("message", json!(1)),
        status("state", json!("Working")),
        status("state", json!("x".repeat(33))),
        status("labels", json!([])),
        status("labels", json!({"a": 1})),
        status("labels", labels(17)),
        status("labels", json!({"k".repeat(65): "v"})),
        status("labels", json!({"k": "v".repeat(65)})),
        status("labels", json!({"": "v"})),
        status("timestamp", json!(-1)),
        status("timestamp", json!(1_u64 << 53)),
        status("timestamp", json!(1.5)),
        status("timestamp", json!("1")),
        status("reportSeq", json!(1)),
        status("instanceStartedAt", json!(1)),
        status("instanceId", json!("a b")),
        status("leaseMs", json!(999)),
        status("leaseMs", json!(3_600_001)),
        status("ageMs", json!(-1)),
        status("unknown", json!(1)),
        status("a/b~c", json!(1)),
        status("agentId", json!("a2")),
        status("kind", json!("status")),
        status("idempotencyKey", json!("k")),
        status("exitCode", json!(1)),
        life("event", json!("pause")),
        life("exitCode", json!(1_u64 << 31)),
        life("exitCode", json!("1")),
        life("signal", json!("SIG KILL")),
        life("state", json!("idle")),
        ("lifecycle", json!({}), "/event".to_owned()),
        ("sessions/s1/activity", json!({}), "/lastMessage".to_owned()),
        activity("lastMessage", json!(null)),
        activity("labels", json!({})),
    ]
}

#[tokio::test]
async fn a_wrong_value_is_422_with_its_place_and_changes_nothing() {
    let server = TestServer::start().await;
    for (path, body, pointer) in wrong_values() {
        let answer = report(&server, &format!("{A1}/{path}"), body.clone()).await;
        assert_eq!(answer.status, 422, "{path} {body}");
        let pointer = pointer.replace("/a/b~c", "/a~1b~0c");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{path} {body}");
    }
    let session =
        report(&server, &format!("{A1}/sessions/a%2Fb/activity"), json!({"lastMessage": "x"})).await;
    assert_eq!((session.status, &session.json()["errors"][0]["pointer"]), (422, &json!("/sessionId")));
    let long =
        report(&server, &format!("/api/v1/agents/{}/status", "a".repeat(129)), json!({"status": "online"}))
            .await;
    assert_eq!((long.status, long.code().as_str()), (422, "invalid_id"));
    assert_eq!(server.seq().await, 0);
    let two = report(&server, &format!("{A1}/status"), json!({"state": "X", "more": 1})).await.json();
    let pointers: Vec<_> =
        two["errors"].as_array().unwrap().iter().map(|error| error["pointer"].clone()).collect();
    assert_eq!(pointers, ["/status", "/state", "/more"], "every fault is told at once");
    for (field, value) in [("labels", labels(16)), ("state", json!("x".repeat(32)))] {
        let answer = report(&server, &format!("{A1}/status"), but("status", field, value).1).await;
        assert_eq!(answer.status, 200, "{field} at its limit");
    }
    assert_eq!(server.seq().await, 2);
}

#[tokio::test]
async fn a_body_may_have_as_many_bytes_as_its_limit_and_not_one_more() {
    let server = TestServer::start().await;
    let single = br#"{"status":"online"}"#.to_vec();
    let batch = br#"[{"kind":"status","agentId":"a2","status":"online"}]"#.to_vec();
    for (path, body, limit) in
        [(&*format!("{A1}/status"), single, 65_536), ("/api/v1/reports", batch, 524_288)]
    {
        let mut body = body;
        body.resize(limit + 1, b' ');
        let over = post_text(&server, path, &body).await;
        assert_eq!((over.status, over.code().as_str()), (413, "body_too_large"), "{path}");
        let before = server.seq().await;
        let at = post_text(&server, path, &body[..limit]).await;
        assert_eq!((at.status, server.seq().await), (200, before + 1), "{path}");
    }
}

/// Method, path, headers, and the status and code they get.
type Head = (&'static str, String, Vec<(&'static str, String)>, u16, &'static str);

/// Wrong heads.
fn wrong_heads(server: &TestServer) -> Vec<Head> {
    let long = super::support::PATIENCE * 10;
    let good = format!("Bearer {}", server.token("reporter", "report"));
    let watcher = format!("Bearer {}", server.token("reporter", "watch admin"));
    let others = format!("Bearer {}", server.token_for("reporter", "report", &["b*"], long));
    let forged = format!("{}x", good.trim_end_matches(|c| c != '.'));
    let auth = |value: &str| ("Authorization", value.to_owned());
    let json = || ("Content-Type", "application/json".to_owned());
    let post = |headers: Vec<(&'static str, String)>, status, code| {
        ("POST", format!("{A1}/status"), headers, status, code)
    };
    let but = |name, value: &str, status, code| {
        post(vec![auth(&good), json(), (name, value.to_owned())], status, code)
    };
    let at =
        |method, path: &str, status, code| (method, path.to_owned(), vec![auth(&good), json()], status, code);
    vec![
        post(vec![json()], 401, "missing_token"),
        post(vec![json(), auth("Bearer ")], 401, "missing_token"),
        post(vec![json(), auth("Basic YTpi")], 401, "missing_token"),
        post(vec![json(), auth("Bearer nonsense")], 401, "invalid_token"),
        post(vec![json(), ("Cookie", "mission_control_session=x".to_owned())], 401, "missing_token"),
        post(vec![json(), auth(&forged)], 401, "invalid_token"),
        post(vec![json(), auth(&watcher)], 403, "forbidden_scope"),
        post(vec![json(), auth(&others)], 403, "forbidden_agent"),
        post(vec![auth(&good)], 415, "unsupported_media_type"),
        post(vec![auth(&good), ("Content-Type", "text/plain".to_owned())], 415, "unsupported_media_type"),
        but("Content-Encoding", "gzip", 415, "unsupported_media_type"),
        but("Authorization", &good, 400, "ambiguous_credentials"),
        but("Idempotency-Key", "", 422, "invalid_value"),
        but("Idempotency-Key", &"k".repeat(129), 422, "invalid_value"),
        post(
            vec![
                auth(&good),
                json(),
                ("Idempotency-Key", "a".to_owned()),
                ("Idempotency-Key", "a".to_owned()),
            ],
            422,
            "invalid_value",
        ),
        at("PUT", "/api/v1/agents/a1/status", 405, "method_not_allowed"),
        at("GET", "/api/v1/agents/a1/status", 405, "method_not_allowed"),
        at("POST", "/api/v1/agents/a1", 405, "method_not_allowed"),
        at("POST", "/api/v1/agents/a1/nothing", 404, "not_found"),
        at("POST", "/api/v1/nothing", 404, "not_found"),
        at("POST", "/api/v2/agents/a1/status", 404, "not_found"),
        at("POST", "/nothing", 404, "not_found"),
        at("DELETE", A1, 403, "forbidden_scope"),
    ]
}

#[tokio::test]
async fn a_wrong_head_gets_its_code_and_changes_nothing() {
    let server = TestServer::start().await;
    let body = br#"{"status":"online"}"#;
    for (method, path, headers, status, code) in wrong_heads(&server) {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, &**value)).collect();
        let answer = http::send(server.address, method, &path, &headers, Some(body)).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{method} {path} {headers:?}");
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401, "{method} {path}");
    }
    assert_eq!(server.seq().await, 0);
}

#[tokio::test]
async fn a_token_that_has_ended_is_told_apart_from_one_that_is_none() {
    let server = TestServer::with(&[("auth.leeway_ms", "0")]).await;
    let ended = server.token_for("reporter", "report", &["*"], std::time::Duration::ZERO);
    let answer =
        http::post(server.address, &format!("{A1}/status"), &ended, &json!({"status": "online"})).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "token_expired"));
    assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
}

#[tokio::test]
async fn what_is_not_built_yet_is_refused_by_name_and_changes_nothing() {
    let server = TestServer::start().await;
    let bearer = format!("Bearer {}", server.token("reporter", "report watch admin"));
    for (method, path, word) in [("GET", "/metrics", "metrics")] {
        let answer = http::send(server.address, method, path, &[("Authorization", &bearer)], None).await;
        assert_eq!((answer.status, answer.code().as_str()), (501, "not_built"), "{path}");
        assert!(answer.json()["detail"].as_str().unwrap().contains(word), "{path}");
    }
    assert_eq!(server.seq().await, 0);
    assert_eq!(server.fleet().await["agents"], json!([]));
}

#[tokio::test]
async fn a_full_fleet_takes_reports_of_its_agents_and_no_other_agent() {
    let server = TestServer::with(&[("limits.agents", "1")]).await;
    assert_eq!(report(&server, &format!("{A1}/status"), json!({"status": "online"})).await.status, 200);
    let full = report(&server, "/api/v1/agents/a2/status", json!({"status": "online"})).await;
    assert_eq!((full.status, full.code().as_str()), (507, "fleet_full"));
    assert!(full.header("retry-after").is_some());
    assert!(!String::from_utf8_lossy(&full.body).contains("a1"));
    assert_eq!(server.seq().await, 1);
    assert_eq!(report(&server, &format!("{A1}/status"), json!({"status": "error"})).await.status, 200);
}
