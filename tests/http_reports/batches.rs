//! Batches and rates: item by item, in order, and one bad item never fails the rest.

use serde_json::{Value, json};

use super::support::{PATIENCE, TestServer, http};
use super::{A1, report};

const REPORTS: &str = "/api/v1/reports";

fn activity(agent: &str, number: usize) -> Value {
    json!({"kind": "activity", "agentId": agent, "sessionId": "s", "lastMessage": number.to_string()})
}

#[tokio::test]
async fn a_batch_has_1_to_1000_items_in_a_list() {
    let server = TestServer::start().await;
    let items = |count: usize| {
        Value::from_iter((0..count).map(|number| activity(&format!("a{}", number % 10), number)))
    };
    for (body, code) in
        [(items(0), "invalid_batch"), (items(1001), "invalid_batch"), (activity("a1", 0), "invalid_value")]
    {
        let answer = report(&server, REPORTS, body).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, code));
    }
    assert_eq!(server.seq().await, 0);
    let answer = report(&server, REPORTS, items(1000)).await;
    let answer = answer.json();
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), 1000);
    let seqs: Vec<_> = results.iter().map(|result| result["seq"].as_u64().unwrap()).collect();
    assert!(seqs.is_sorted() && seqs.last() == Some(&1010), "ten agents became known");
    assert_eq!(server.seq().await, 1010);
}

#[tokio::test]
async fn one_bad_item_never_fails_the_rest() {
    let server = TestServer::start().await;
    let token = server.token_for("reporter", "report", &["a*"], PATIENCE * 10);
    let items = json!([
        {"kind": "status", "agentId": "a1", "status": "online"},
        {"kind": "status", "agentId": "a1", "status": "gone"},
        {"kind": "status", "agentId": "b1", "status": "online"},
        {"kind": "status", "agentId": "a b", "status": "online"},
        {"kind": "noise", "agentId": "a1"},
        {"kind": "heartbeat", "agentId": "a1"},
        {"kind": "status", "agentId": "a1", "status": "online", "leaseMs": 1000},
        {"kind": "activity", "agentId": "a1", "lastMessage": "x"},
        {"kind": "status", "agentId": "a1", "status": "offline", "idempotencyKey": 7},
        "status",
        {"kind": "status", "agentId": "a1", "status": "online"},
        {"kind": "lifecycle", "agentId": "a1", "event": "stop"},
    ]);
    let answer = http::post(server.address, REPORTS, &token, &items).await;
    assert_eq!(answer.status, 200);
    let answer = answer.json();
    let outcome: Vec<_> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| {
            assert_eq!(result["applied"] == true, result.get("code").is_none(), "{result}");
            assert_eq!(result["applied"] == false, result.get("detail").is_some(), "{result}");
            result.get("code").or(result.get("seq")).unwrap().clone()
        })
        .collect();
    let expected = json!([
        1,
        "invalid_value",
        "forbidden_agent",
        "invalid_id",
        "invalid_value",
        1,
        1,
        "invalid_value",
        "invalid_value",
        "invalid_value",
        1,
        3
    ]);
    assert_eq!(Value::from(outcome), expected);
    assert_eq!(server.seq().await, 3);
}

#[tokio::test]
async fn past_an_agents_rate_its_items_wait_and_every_later_one_with_them() {
    let server = TestServer::start().await;
    let mut items: Vec<_> = (0..205).map(|number| activity("a1", number)).collect();
    items.insert(202, activity("a2", 0));
    items.push(activity("a2", 1));
    let answer = report(&server, REPORTS, Value::from(items)).await.json();
    let results = answer["results"].as_array().unwrap();
    for (place, result) in results.iter().enumerate() {
        let of_other = place == 202 || place == 206;
        if place < 200 || of_other {
            assert_eq!(result["applied"], true, "{place}: {result}");
        } else {
            assert_eq!(
                (&result["applied"], &result["code"]),
                (&json!(false), &json!("rate_limited")),
                "{place}: {result}"
            );
            let wait = result["retryMs"].as_u64().unwrap();
            assert!((1..=10).contains(&wait), "{place}: {result}");
        }
    }
    assert_eq!(
        server.seq().await,
        201 + 3,
        "200 activities of one agent, 2 of the other, and both became known"
    );
}

#[tokio::test]
async fn the_report_after_a_burst_is_429_with_a_time_to_come_back() {
    // One a second: nothing comes back while the test looks.
    let server = TestServer::with(&[("limits.reports_per_second", "1")]).await;
    let burst = Value::from_iter((0..200).map(|number| activity("a1", number)));
    let answer = report(&server, REPORTS, burst).await.json();
    assert!(answer["results"].as_array().unwrap().iter().all(|result| result["applied"] == true));
    let over = report(&server, &format!("{A1}/status"), json!({"status": "error"})).await;
    assert_eq!((over.status, over.code().as_str()), (429, "rate_limited"));
    assert_eq!(over.header("retry-after"), Some("1"));
    assert_eq!(server.seq().await, 201);
    assert_eq!(report(&server, "/api/v1/agents/a2/status", json!({"status": "error"})).await.status, 200);
}

#[tokio::test]
async fn a_full_fleet_refuses_items_of_new_agents_only() {
    let server = TestServer::with(&[("limits.agents", "1")]).await;
    let batch = json!([activity("a1", 0), activity("a2", 0), activity("a1", 1)]);
    let results = report(&server, REPORTS, batch).await.json()["results"].clone();
    assert_eq!(
        (&results[0]["seq"], &results[1]["code"], &results[2]["seq"]),
        (&json!(2), &json!("fleet_full"), &json!(3))
    );
}

#[tokio::test]
async fn the_session_that_was_quiet_for_longest_makes_room() {
    let server = TestServer::with(&[("limits.sessions_per_agent", "2")]).await;
    let activity = |session: &str| json!({"kind": "activity", "agentId": "a1", "sessionId": session, "lastMessage": "x"});
    let batch = json!([activity("s1"), activity("s2"), activity("s1"), activity("s3")]);
    let results = report(&server, REPORTS, batch).await.json()["results"].clone();
    assert_eq!(results[3]["seq"], 6);
    let events = super::events(&server).await;
    assert_eq!(
        events[4],
        json!({"type": "session:removed", "payload": {"agentId": "a1", "sessionId": "s2"}, "seq": 5})
    );
    let sessions = server.fleet().await["sessions"].clone();
    let ids: Vec<_> =
        sessions.as_array().unwrap().iter().map(|one| one["payload"]["sessionId"].clone()).collect();
    assert_eq!(ids, ["s1", "s3"]);
}
