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

#[tokio::test]
async fn a_wrong_value_is_422_with_its_place_and_changes_nothing() {
    let server = TestServer::start().await;
    let labels =
        |count: usize| (0..count).map(|n| (format!("k{n}"), json!("v"))).collect::<serde_json::Map<_, _>>();
    let ok = || json!({"status": "online"});
    let with = |field: &str, value: Value| {
        let mut body = json!({"status": "online", "event": "start", "lastMessage": "x"});
        body[field] = value;
        body
    };
    let only = |keep: &str, mut body: Value| {
        let own = ["status", "event", "lastMessage"];
        own.iter().filter(|field| **field != keep).for_each(|field| {
            body.as_object_mut().unwrap().remove(*field);
        });
        body
    };
    let status =
        |field: &str, value: Value| ("status", only("status", with(field, value)), format!("/{field}"));
    let life =
        |field: &str, value: Value| ("lifecycle", only("event", with(field, value)), format!("/{field}"));
    let activity = |field: &str, value: Value| {
        ("sessions/s1/activity", only("lastMessage", with(field, value)), format!("/{field}"))
    };
    let cases = vec![
        ("status", json!([]), String::new()),
        ("status", json!({}), "/status".to_owned()),
        status("status", json!("gone")),
        status("status", json!(1)),
        status("message", json!(1)),
        status("state", json!("Working")),
        status("state", json!("x".repeat(33))),
        status("labels", json!([])),
        status("labels", json!({"a": 1})),
        status("labels", Value::Object(labels(17))),
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
        status("a/b~c", json!(1)).clone(),
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
    ];
    for (path, body, pointer) in cases {
        let answer = report(&server, &format!("{A1}/{path}"), body.clone()).await;
        assert_eq!(answer.status, 422, "{path} {body}");
        let pointer = pointer.replace("/a/b~c", "/a~1b~0c");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{path} {body}");
    }
    let session =
        report(&server, &format!("{A1}/sessions/a%2Fb/activity"), json!({"lastMessage": "x"})).await;
    assert_eq!((session.status, &session.json()["errors"][0]["pointer"]), (422, &json!("/sessionId")));
    let long = report(&server, &format!("/api/v1/agents/{}/status", "a".repeat(129)), ok()).await;
    assert_eq!((long.status, long.code().as_str()), (422, "invalid_id"));
    assert_eq!(server.seq().await, 0);
    let two = report(&server, &format!("{A1}/status"), json!({"state": "X", "more": 1})).await.json();
    let pointers: Vec<_> =
        two["errors"].as_array().unwrap().iter().map(|error| error["pointer"].clone()).collect();
    assert_eq!(pointers, ["/status", "/state", "/more"], "every fault is told at once");
    for (at_most, field) in [(16, "labels"), (32, "state")] {
        let value =
            if field == "labels" { Value::Object(labels(at_most)) } else { json!("x".repeat(at_most)) };
        let answer = report(&server, &format!("{A1}/status"), only("status", with(field, value))).await;
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

#[tokio::test]
async fn a_wrong_head_gets_its_code_and_changes_nothing() {
    let server = TestServer::start().await;
    let good = format!("Bearer {}", server.token("reporter", "report"));
    let watcher = format!("Bearer {}", server.token("reporter", "watch admin"));
    let others =
        format!("Bearer {}", server.token_for("reporter", "report", &["b*"], super::support::PATIENCE * 10));
    let forged = format!("{}x", good.trim_end_matches(|c| c != '.'));
    let ended =
        format!("Bearer {}", server.token_for("reporter", "report", &["*"], std::time::Duration::ZERO));
    let json = ("Content-Type", "application/json");
    let auth = |value: &'static str| ("Authorization", value);
    let with = |token: &str| vec![("Authorization".to_owned(), token.to_owned()), own(json)];
    let path = format!("{A1}/status");
    let cases: Vec<(&str, &str, Vec<(String, String)>, u16, &str)> = vec![
        ("POST", &path, vec![own(json)], 401, "missing_token"),
        ("POST", &path, vec![own(json), own(auth("Bearer "))], 401, "missing_token"),
        ("POST", &path, vec![own(json), own(auth("Basic YTpi"))], 401, "missing_token"),
        ("POST", &path, vec![own(json), own(auth("Bearer nonsense"))], 401, "invalid_token"),
        ("POST", &path, vec![own(json), own(("Cookie", "mission_control_session=x"))], 401, "missing_token"),
        ("POST", &path, with(&forged), 401, "invalid_token"),
        (
            "POST",
            &path,
            [with(&good), vec![("Authorization".to_owned(), good.clone())]].concat(),
            400,
            "ambiguous_credentials",
        ),
        ("POST", &path, with(&watcher), 403, "forbidden_scope"),
        ("POST", &path, with(&others), 403, "forbidden_agent"),
        ("POST", &path, vec![("Authorization".to_owned(), good.clone())], 415, "unsupported_media_type"),
        (
            "POST",
            &path,
            vec![("Authorization".to_owned(), good.clone()), own(("Content-Type", "text/plain"))],
            415,
            "unsupported_media_type",
        ),
        (
            "POST",
            &path,
            [with(&good), vec![own(("Content-Encoding", "gzip"))]].concat(),
            415,
            "unsupported_media_type",
        ),
        ("POST", &path, [with(&good), vec![own(("Idempotency-Key", ""))]].concat(), 422, "invalid_value"),
        (
            "POST",
            &path,
            [with(&good), vec![("Idempotency-Key".to_owned(), "k".repeat(129))]].concat(),
            422,
            "invalid_value",
        ),
        (
            "POST",
            &path,
            [with(&good), vec![own(("Idempotency-Key", "a")), own(("Idempotency-Key", "a"))]].concat(),
            422,
            "invalid_value",
        ),
        ("PUT", &path, with(&good), 405, "method_not_allowed"),
        ("GET", &path, with(&good), 405, "method_not_allowed"),
        ("POST", "/api/v1/agents/a1", with(&good), 405, "method_not_allowed"),
        ("POST", "/api/v1/agents/a1/nothing", with(&good), 404, "not_found"),
        ("POST", "/api/v1/nothing", with(&good), 404, "not_found"),
        ("POST", "/api/v2/agents/a1/status", with(&good), 404, "not_found"),
        ("POST", "/nothing", with(&good), 404, "not_found"),
        ("DELETE", A1, with(&good), 403, "forbidden_scope"),
    ];
    for (method, path, headers, status, code) in cases {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let answer =
            http::send(server.address, method, path, &headers, Some(br#"{"status":"online"}"#)).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{method} {path} {headers:?}");
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401, "{method} {path}");
    }
    assert_eq!(server.seq().await, 0);
    drop(ended);
    let strict = TestServer::with(&[("auth.leeway_ms", "0")]).await;
    let ended = strict.token_for("reporter", "report", &["*"], std::time::Duration::ZERO);
    let answer = http::post(strict.address, &path, &ended, &json!({"status": "online"})).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "token_expired"));
    assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
}

fn own((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[tokio::test]
async fn what_is_not_built_yet_is_refused_by_name_and_changes_nothing() {
    let server = TestServer::start().await;
    let lease = json!({"status": "online", "leaseMs": 1000});
    let busy = json!({"status": "online", "busyUntil": 1});
    for (path, body) in [("status", lease), ("status", busy), ("heartbeat", json!({}))] {
        let answer = report(&server, &format!("{A1}/{path}"), body.clone()).await;
        assert_eq!((answer.status, answer.code().as_str()), (501, "not_built"), "{path} {body}");
        assert!(answer.json()["detail"].as_str().unwrap().contains("lease"), "{path} {body}");
    }
    let bearer = format!("Bearer {}", server.token("reporter", "report watch admin"));
    let bare =
        http::send(server.address, "POST", &format!("{A1}/heartbeat"), &[("Authorization", &bearer)], None)
            .await;
    assert_eq!((bare.status, bare.code().as_str()), (501, "not_built"));
    for (method, path, word) in [
        ("GET", "/api/v1/stream", "SSE"),
        ("POST", "/api/v1/revocations", "revocation"),
        ("GET", "/api/v1/openapi.json", "OpenAPI"),
        ("GET", "/api/v1/asyncapi.json", "AsyncAPI"),
        ("GET", "/metrics", "metrics"),
    ] {
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
