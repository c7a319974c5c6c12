//! The same report again: a key gets the first answer back, and nothing happens twice.

use serde_json::{Value, json};

use super::support::{TestServer, http};
use super::{A1, report};

/// Posts with an `Idempotency-Key`.
async fn keyed(server: &TestServer, user: &str, key: &str, path: &str, body: &Value) -> http::Answer {
    let bearer = format!("Bearer {}", server.token(user, "report"));
    let headers =
        [("Authorization", &*bearer), ("Content-Type", "application/json"), ("Idempotency-Key", key)];
    http::send(server.address, "POST", path, &headers, Some(body.to_string().as_bytes())).await
}

#[tokio::test]
async fn the_same_key_and_report_get_the_first_answer_and_another_report_is_a_conflict() {
    let server = TestServer::start().await;
    let path = format!("{A1}/lifecycle");
    let body = json!({"event": "crash", "exitCode": 1});
    let first = keyed(&server, "ann", "k1", &path, &body).await;
    assert_eq!((first.status, &first.json()["seq"]), (200, &json!(2)));
    report(&server, &path, json!({"event": "start"})).await;
    let head = server.seq().await;
    let again = keyed(&server, "ann", "k1", &path, &json!({"exitCode": 1, "event": "crash"})).await;
    assert_eq!((again.status, again.json()), (200, first.json()), "the order of keys does not count");
    let other = keyed(&server, "ann", "k1", &path, &json!({"event": "crash", "exitCode": 2})).await;
    assert_eq!((other.status, other.code().as_str()), (409, "idempotency_conflict"));
    let elsewhere = keyed(&server, "ann", "k1", "/api/v1/agents/a2/lifecycle", &body).await;
    assert_eq!((elsewhere.status, elsewhere.code().as_str()), (409, "idempotency_conflict"));
    assert_eq!(server.seq().await, head);
    let bob = keyed(&server, "bob", "k1", &path, &body).await;
    assert_eq!((bob.status, &bob.json()["applied"]), (200, &json!(true)), "keys of two users never meet");
    assert_eq!(server.seq().await, head + 2);
}

#[tokio::test]
async fn a_key_stands_before_the_fence() {
    let server = TestServer::start().await;
    let path = format!("{A1}/status");
    let old = json!({"status": "online", "instanceId": "i1", "reportSeq": 1});
    let first = keyed(&server, "ann", "k1", &path, &old).await.json();
    report(&server, &path, json!({"status": "online", "instanceId": "i2"})).await;
    assert_eq!(keyed(&server, "ann", "k1", &path, &old).await.json(), first);
    assert_eq!(first["applied"], true);
}

#[tokio::test]
async fn a_refused_report_does_not_use_up_its_key() {
    let server = TestServer::start().await;
    let path = format!("{A1}/status");
    assert_eq!(keyed(&server, "ann", "k1", &path, &json!({"status": "no"})).await.status, 422);
    assert_eq!(keyed(&server, "ann", "k1", &path, &json!({"status": "online"})).await.status, 200);
}

#[tokio::test]
async fn an_item_has_its_own_key_or_the_batchs_with_its_place() {
    let server = TestServer::start().await;
    let item = |event: &str| json!({"kind": "lifecycle", "agentId": "a1", "event": event});
    let mut own = item("stop");
    own["idempotencyKey"] = json!("mine");
    let batch = json!([item("start"), own, item("crash")]);
    let first = keyed(&server, "ann", "b", "/api/v1/reports", &batch).await.json();
    let head = server.seq().await;
    assert_eq!(keyed(&server, "ann", "b", "/api/v1/reports", &batch).await.json(), first);
    let path = format!("{A1}/lifecycle");
    for (key, event, place) in [("b#0", "start", 0), ("mine", "stop", 1), ("b#2", "crash", 2)] {
        let again = keyed(&server, "ann", key, &path, &json!({"event": event})).await;
        assert_eq!((again.status, &again.json()), (200, &first["results"][place]), "{key}");
    }
    assert_eq!(server.seq().await, head);
    let other = keyed(&server, "ann", "b", "/api/v1/reports", &json!([item("stop")])).await.json();
    assert_eq!(
        (&other["results"][0]["applied"], &other["results"][0]["code"]),
        (&json!(false), &json!("idempotency_conflict"))
    );
    assert_eq!(
        keyed(&server, "ann", "b#1", &path, &json!({"event": "restart"})).await.status,
        200,
        "b#1 was not used"
    );
}

#[tokio::test]
async fn the_longest_key_is_good_for_a_batch_too() {
    let server = TestServer::start().await;
    let key = "k".repeat(128);
    let batch = json!([{"kind": "status", "agentId": "a1", "status": "online"}]);
    let first = keyed(&server, "ann", &key, "/api/v1/reports", &batch).await.json();
    assert_eq!(first["results"][0]["applied"], true, "{first}");
    assert_eq!(keyed(&server, "ann", &key, "/api/v1/reports", &batch).await.json(), first);
    assert_eq!(server.seq().await, 1);
}

#[tokio::test]
async fn of_64_times_the_same_report_at_once_one_happens() {
    let server = TestServer::start().await;
    let (address, token) = (server.address, server.token("ann", "report"));
    let sends: Vec<_> = (0..64)
        .map(|_| {
            let bearer = format!("Bearer {token}");
            tokio::spawn(async move {
                let headers = [
                    ("Authorization", &*bearer),
                    ("Content-Type", "application/json"),
                    ("Idempotency-Key", "once"),
                ];
                let path = format!("{A1}/sessions/s1/activity");
                http::send(address, "POST", &path, &headers, Some(br#"{"lastMessage":"x"}"#)).await
            })
        })
        .collect();
    for send in sends {
        let answer = send.await.unwrap();
        assert_eq!((answer.status, &answer.json()["seq"]), (200, &json!(2)));
    }
    assert_eq!(server.seq().await, 2);
}
