//! Reports over the socket.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::fold::Fold;
use crate::support::screen::Screen;

async fn agent(server: &TestServer) -> Screen {
    let mut screen = Screen::open(server.address, &server.token("agent", "report")).await;
    screen.until("sync:end").await;
    screen
}

async fn report(screen: &mut Screen, payload: Value) -> Value {
    screen.send(&json!({"type": "report", "payload": payload})).await;
    screen.next_event().await
}

#[tokio::test]
async fn each_kind_is_taken_and_answered_once_it_is_kept() {
    let server = TestServer::start().await;
    let (mut fold, mut watcher) = Fold::open(server.address, "/ws", &server.token("u1", "watch")).await;
    let mut screen = agent(&server).await;
    let cases = [
        (json!({"kind": "lifecycle", "event": "start"}), true, 2),
        (json!({"kind": "activity", "sessionId": "s1", "lastMessage": "npm test"}), true, 3),
        (json!({"kind": "status", "status": "error", "message": "x"}), true, 4),
        (json!({"kind": "status", "status": "error", "message": "x"}), false, 4),
    ];
    let mut epoch = Value::Null;
    for (number, (mut payload, changed, seq)) in (1..).zip(cases) {
        payload["id"] = json!(number.to_string());
        payload["agentId"] = json!("a1");
        let answer = report(&mut screen, payload).await;
        epoch = answer["payload"]["epoch"].clone();
        let expected = json!({"id": number.to_string(), "applied": true, "changed": changed,
            "epoch": epoch, "seq": seq});
        assert_eq!(answer, json!({"type": "reported", "payload": expected}));
    }
    assert!(epoch.is_string());
    fold.follow(&mut watcher, |fold| fold.seq == 4).await;
    assert_eq!(fold.fleet.agents["a1"]["payload"]["status"], "error");
}

#[tokio::test]
async fn a_late_report_and_a_repeated_key_are_answered_as_over_http() {
    let server = TestServer::start().await;
    let mut screen = agent(&server).await;
    let of = |seq: u64, status: &str| {
        json!({"id": "1", "kind": "status", "agentId": "a1", "status": status,
            "instanceId": "i1", "reportSeq": seq})
    };
    assert_eq!(report(&mut screen, of(2, "online")).await["payload"]["applied"], true);
    assert_eq!(report(&mut screen, of(1, "error")).await["payload"]["applied"], false);
    let keyed = |status: &str| json!({"id": "2", "kind": "status", "agentId": "a2", "status": status, "idempotencyKey": "k"});
    let first = report(&mut screen, keyed("online")).await;
    assert_eq!(report(&mut screen, keyed("online")).await, first);
    let other = report(&mut screen, keyed("error")).await;
    assert_eq!(
        (&other["type"], &other["payload"]["code"]),
        (&json!("error"), &json!("idempotency_conflict"))
    );
}

#[tokio::test]
async fn refused_reports_are_answered_by_id_and_are_no_strikes() {
    let server = TestServer::start().await;
    let narrow = server.token_for("agent", "report", &["a*"], Duration::from_secs(60));
    let mut screen = Screen::open(server.address, &narrow).await;
    screen.until("sync:end").await;
    let cases = [
        (json!({"kind": "status", "agentId": "a1"}), "invalid_value"),
        (json!({"kind": "status", "agentId": "a1", "status": "gone"}), "invalid_value"),
        (json!({"kind": "status", "agentId": "a b", "status": "online"}), "invalid_id"),
        (json!({"kind": "nonsense", "agentId": "a1"}), "invalid_value"),
        (json!({"kind": "status", "agentId": "b1", "status": "online"}), "forbidden_agent"),
        (json!({"kind": "activity", "agentId": "a1", "lastMessage": "x"}), "invalid_value"),
        (json!({"kind": "status", "agentId": "a1", "status": "online", "reportSeq": 1}), "invalid_value"),
    ];
    for round in 0..4 {
        for (number, (payload, code)) in cases.iter().enumerate() {
            let mut payload = payload.clone();
            payload["id"] = json!(format!("{round}.{number}"));
            let answer = report(&mut screen, payload.clone()).await;
            assert_eq!(answer["type"], "error", "{payload}");
            assert_eq!(
                (&answer["payload"]["id"], &answer["payload"]["code"]),
                (&payload["id"], &json!(code))
            );
        }
    }
    screen.send(&json!({"type": "ping", "payload": {}})).await;
    assert_eq!(screen.next_event().await["type"], "pong");
}

#[tokio::test]
async fn a_token_that_only_watches_may_not_report_and_pays_by_frames() {
    let server = TestServer::start().await;
    let (_, mut screen) = Fold::open(server.address, "/ws", &server.token("u1", "watch")).await;
    let payload = json!({"id": "1", "kind": "status", "agentId": "a1", "status": "online"});
    for _ in 0..60 {
        let _ended = screen.try_send(&json!({"type": "report", "payload": payload})).await;
    }
    let mut refused = 0;
    let code = loop {
        match screen.next_or_close().await {
            Ok(frame) => {
                assert_eq!(frame["payload"]["code"], "forbidden_scope", "{frame}");
                refused += 1;
            }
            Err((code, _)) => break code,
        }
    };
    assert_eq!(code, 4429);
    assert!((20..30).contains(&refused), "{refused}");
}

#[tokio::test]
async fn reports_count_towards_their_agents_rate_and_not_the_frames() {
    let settings = [("limits.reports_per_second", "1"), ("limits.reports_burst", "30")];
    let server = TestServer::with(&settings).await;
    let mut screen = agent(&server).await;
    let of = |agent: &str, number: usize| {
        json!({"id": number.to_string(), "kind": "status", "agentId": agent, "status": "online",
            "message": number.to_string()})
    };
    for number in 0..30 {
        assert_eq!(report(&mut screen, of("a1", number)).await["type"], "reported");
    }
    let over = report(&mut screen, of("a1", 30)).await;
    assert_eq!((&over["type"], &over["payload"]["code"]), (&json!("error"), &json!("rate_limited")));
    assert_eq!(over["payload"]["id"], "30");
    assert!((1..=1000).contains(&over["payload"]["retryMs"].as_u64().unwrap()), "{over}");
    assert_eq!(report(&mut screen, of("a2", 31)).await["type"], "reported", "another agent has its own");
}
