//! Reports over real connections: what is answered, what becomes of them, and that nothing becomes of wrong ones.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[path = "http_reports/again.rs"]
mod again;
#[path = "http_reports/batches.rs"]
mod batches;
mod support;
#[path = "http_reports/wrong.rs"]
mod wrong;

use serde_json::{Value, json};
use support::{TestServer, http};

const A1: &str = "/api/v1/agents/a1";

/// Reports with a token for everything.
async fn report(server: &TestServer, path: &str, body: Value) -> http::Answer {
    http::post(server.address, path, &server.token("reporter", "report"), &body).await
}

/// All events, without what differs from run to run.
async fn events(server: &TestServer) -> Vec<Value> {
    let page =
        http::get(server.address, "/api/v1/events?limit=1000", &server.token("w", "watch")).await.json();
    let mut events = page["events"].as_array().unwrap().clone();
    for event in &mut events {
        if let Some(detail) = event.get_mut("detail").and_then(Value::as_object_mut) {
            detail.retain(|name, _| name != "since" && name != "lastSeenAt");
        }
    }
    events
}

#[tokio::test]
async fn each_kind_of_report_is_answered_exactly_and_makes_its_events() {
    let server = TestServer::start().await;
    let epoch = server.fleet().await["epoch"].clone();
    let accepted =
        |changed: bool, seq: u64| json!({"applied": true, "changed": changed, "epoch": epoch, "seq": seq});
    let online = json!({"status": "online", "timestamp": 1, "message": "up", "state": "idle", "labels": {"team": "x"}});
    let steps = [
        ("status", online.clone(), accepted(true, 1)),
        ("status", online, accepted(false, 1)),
        (
            "sessions/s1/activity",
            json!({"lastMessage": "npm test", "state": "working", "timestamp": 2}),
            accepted(true, 2),
        ),
        (
            "lifecycle",
            json!({"event": "crash", "exitCode": 137, "signal": "SIGKILL", "message": "oom", "timestamp": 3}),
            accepted(true, 4),
        ),
        ("lifecycle", json!({"event": "crash", "timestamp": 4}), accepted(true, 5)),
        ("lifecycle", json!({"event": "restart", "timestamp": 5}), accepted(true, 7)),
        ("lifecycle", json!({"event": "stop", "labels": {}, "timestamp": 6}), accepted(true, 9)),
        ("lifecycle", json!({"event": "start", "timestamp": 7}), accepted(true, 11)),
        ("status", json!({"status": "error", "timestamp": 8}), accepted(true, 12)),
    ];
    for (path, body, expected) in steps {
        let answer = report(&server, &format!("{A1}/{path}"), body.clone()).await;
        assert_eq!((answer.status, answer.json()), (200, expected), "{path} {body}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    let status = |status, at, seq, detail| json!({"type": "agent:status", "payload": {"agentId": "a1", "status": status, "timestamp": at}, "seq": seq, "detail": detail});
    let lifecycle = |event, at, seq| json!({"type": "agent:lifecycle", "payload": {"agentId": "a1", "event": event, "timestamp": at}, "seq": seq});
    let with = |mut event: Value, detail: Value| {
        event["detail"] = detail;
        event
    };
    let team = json!({"team": "x"});
    let up =
        json!({"reason": "reported", "message": "up", "state": "idle", "labels": team, "unleased": true});
    let expected = vec![
        status("online", 1, 1, up),
        json!({"type": "session:activity", "payload": {"agentId": "a1", "sessionId": "s1", "lastMessage": "npm test", "timestamp": 2}, "seq": 2, "detail": {"state": "working"}}),
        with(lifecycle("crash", 3, 3), json!({"exitCode": 137, "signal": "SIGKILL", "message": "oom"})),
        status("error", 3, 4, json!({"reason": "crash", "message": "oom", "labels": team})),
        lifecycle("crash", 4, 5),
        with(lifecycle("restart", 5, 6), json!({"restarts": 1})),
        status(
            "error",
            5,
            7,
            json!({"reason": "crash_loop", "labels": team, "restarts": 1, "crashes": 2, "unleased": true}),
        ),
        with(lifecycle("stop", 6, 8), json!({"labels": {}})),
        status("offline", 6, 9, json!({"reason": "stop", "restarts": 1})),
        lifecycle("start", 7, 10),
        status("online", 7, 11, json!({"reason": "start", "restarts": 1, "unleased": true})),
        status("error", 8, 12, json!({"reason": "reported", "restarts": 1, "unleased": true})),
    ];
    assert_eq!(events(&server).await, expected);
    let fleet = server.fleet().await;
    let agent = http::get(server.address, A1, &server.token("w", "watch")).await.json();
    assert_eq!((&fleet["agents"], &fleet["sessions"]), (&json!([agent["agent"]]), &agent["sessions"]));
    assert_eq!((&agent["agent"]["sync"], &agent["agent"]["rev"]), (&json!(true), &json!(12)));
    assert_eq!(
        (&agent["sessions"][0]["rev"], &agent["sessions"][0]["payload"]["lastMessage"]),
        (&json!(2), &json!("npm test"))
    );
}

#[tokio::test]
async fn a_first_activity_makes_its_agent_known_before_the_session() {
    let server = TestServer::start().await;
    let answer = report(&server, &format!("{A1}/sessions/s1/activity"), json!({"lastMessage": ""})).await;
    assert_eq!((answer.status, &answer.json()["seq"]), (200, &json!(2)));
    let events = events(&server).await;
    assert_eq!(
        (&events[0]["type"], &events[0]["detail"]),
        (&json!("agent:status"), &json!({"reason": "heard", "unleased": true}))
    );
    assert_eq!(
        (&events[1]["type"], &events[1]["payload"]["lastMessage"]),
        (&json!("session:activity"), &json!(""))
    );
}

#[tokio::test]
async fn a_long_message_is_cut_on_a_character_boundary_and_says_so() {
    let server = TestServer::start().await;
    let long = format!("{}é", "x".repeat(4095));
    let answer = report(&server, &format!("{A1}/sessions/s1/activity"), json!({"lastMessage": long})).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        report(&server, &format!("{A1}/status"), json!({"status": "error", "message": long})).await.status,
        200
    );
    let events = events(&server).await;
    assert_eq!(events[1]["payload"]["lastMessage"], "x".repeat(4095));
    assert_eq!(events[1]["detail"], json!({"truncated": true}));
    assert_eq!(
        (&events[2]["detail"]["message"], &events[2]["detail"]["truncated"]),
        (&json!("x".repeat(4095)), &json!(true))
    );
}

#[tokio::test]
async fn late_reports_are_answered_as_not_applied_and_change_nothing() {
    let server = TestServer::start().await;
    let path = format!("{A1}/status");
    let body = |status, instance, started: u64, seq: u64| json!({"status": status, "instanceId": instance, "instanceStartedAt": started, "reportSeq": seq});
    for (body, applied, seq) in [
        (body("online", "i2", 200, 5), true, 1),
        (body("offline", "i2", 200, 5), false, 1),
        (body("offline", "i2", 200, 4), false, 1),
        (body("offline", "i1", 100, 9), false, 1),
        (body("error", "i2", 200, 6), true, 2),
        (body("online", "i3", 300, 1), true, 3),
        (body("offline", "i2", 200, 7), false, 3),
        (json!({"status": "offline"}), true, 4),
    ] {
        let answer = report(&server, &path, body.clone()).await;
        let json = answer.json();
        assert_eq!(
            (answer.status, &json["applied"], &json["seq"]),
            (200, &json!(applied), &json!(seq)),
            "{body}"
        );
        assert_eq!(json["changed"], applied, "{body}");
    }
    assert_eq!(server.seq().await, 4);
}

#[tokio::test]
async fn an_admin_forgets_an_agent_and_its_sessions() {
    let server = TestServer::start().await;
    report(&server, &format!("{A1}/sessions/s1/activity"), json!({"lastMessage": "x"})).await;
    let admin = server.token("root", "admin");
    let answer = http::delete(server.address, A1, &admin).await;
    let epoch = server.fleet().await["epoch"].clone();
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({"applied": true, "changed": true, "epoch": epoch, "seq": 3}))
    );
    assert_eq!(
        events(&server).await[2],
        json!({"type": "agent:removed", "payload": {"agentId": "a1"}, "seq": 3})
    );
    let fleet = server.fleet().await;
    assert_eq!((&fleet["agents"], &fleet["sessions"]), (&json!([]), &json!([])));
    let again = http::delete(server.address, A1, &admin).await;
    assert_eq!((again.status, again.code().as_str()), (404, "not_found"));
    let hidden = server.token_for("root", "admin", &["b*"], support::PATIENCE * 10);
    report(&server, &format!("{A1}/status"), json!({"status": "online"})).await;
    let refused = http::delete(server.address, A1, &hidden).await;
    assert_eq!((refused.status, refused.code().as_str()), (404, "not_found"));
    assert_eq!(server.seq().await, 4);
}

#[tokio::test]
async fn ids_of_a_path_are_percent_decoded() {
    let server = TestServer::start().await;
    for (path, status) in [
        ("/api/v1/agents/a%40b%3Ac/status", 200),
        ("/api/v1/agents/a%2fb/status", 422),
        ("/api/v1/agents/a%20b/status", 422),
        ("/api/v1/agents/a+b/status", 422),
        ("/api/v1/agents/a%00b/status", 422),
        ("/api/v1/agents/a%0d%0ab/status", 422),
        ("/api/v1/agents/%24SYS/status", 422),
        ("/api/v1/agents/a%2A/status", 422),
        ("/api/v1/agents/a%3Eb/status", 422),
        ("/api/v1/agents/%C3%A9/status", 422),
        ("/api/v1/agents/a%zz/status", 400),
        ("/api/v1/agents/a%/status", 400),
        ("/api/v1/agents/%ff/status", 400),
    ] {
        let answer = report(&server, path, json!({"status": "online"})).await;
        assert_eq!(answer.status, status, "{path}");
        if status == 422 {
            assert_eq!(
                (answer.code().as_str(), &answer.json()["errors"][0]["pointer"]),
                ("invalid_id", &json!("/agentId")),
                "{path}"
            );
        }
    }
    assert_eq!(server.seq().await, 1);
    assert_eq!(server.fleet().await["agents"][0]["payload"]["agentId"], "a@b:c");
    let read = http::get(server.address, "/api/v1/agents/a%40b%3ac", &server.token("w", "watch")).await;
    assert_eq!(read.status, 200);
}

#[tokio::test]
async fn of_256_reports_at_once_to_one_agent_all_land_in_one_row() {
    let server = TestServer::with(&[("limits.reports_burst", "1000")]).await;
    let token = server.token("reporter", "report");
    let reports = (0..256).map(|number| {
        let (address, token) = (server.address, token.clone());
        tokio::spawn(async move {
            let body = json!({"lastMessage": number.to_string()});
            let answer =
                http::post(address, &format!("{A1}/sessions/s{}/activity", number % 7), &token, &body).await;
            (number, answer.status, answer.json())
        })
    });
    let reports: Vec<_> = reports.collect();
    let mut seqs = Vec::new();
    let mut said = std::collections::BTreeMap::new();
    for report in reports {
        let (number, status, answer) = report.await.unwrap();
        assert_eq!(
            (status, &answer["applied"], &answer["changed"]),
            (200, &json!(true), &json!(true)),
            "{answer}"
        );
        let seq = answer["seq"].as_u64().unwrap();
        seqs.push(seq);
        said.insert(seq, number.to_string());
    }
    seqs.sort_unstable();
    assert_eq!(seqs, (2..=257).collect::<Vec<_>>());
    for event in &events(&server).await[1..] {
        let seq = event["seq"].as_u64().unwrap();
        assert_eq!(event["payload"]["lastMessage"], said[&seq], "the answer's seq is that of its own event");
    }
}
