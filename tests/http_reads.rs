//! Reads over real connections: what a token may see, page by page, and how a browser gets one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[path = "http_reads/browser.rs"]
mod browser;
#[path = "http_reads/problems.rs"]
mod problems;
mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::screen::Screen;
use support::{PATIENCE, TestServer, http};

const REPORTS: &str = "/api/v1/reports";

/// A server on which `a1`, `a2` and `secret` were reported: six events, two of each.
async fn with_three_agents(settings: &[(&str, &str)]) -> TestServer {
    let server = TestServer::with(settings).await;
    let of = |agent: &str| json!({"kind": "activity", "agentId": agent, "sessionId": "s1", "lastMessage": format!("of {agent}"), "timestamp": 1});
    let reporter = server.token("reporter", "report");
    let answer =
        http::post(server.address, REPORTS, &reporter, &json!([of("a1"), of("secret"), of("a2")])).await;
    assert_eq!(answer.status, 200);
    server.fleet().await;
    server
}

fn narrow(server: &TestServer) -> String {
    server.token_for("ann", "watch", &["a*"], PATIENCE * 100)
}

fn seqs(page: &Value) -> Vec<u64> {
    page["events"].as_array().unwrap().iter().map(|event| event["seq"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_grant_bounds_every_read_and_nothing_tells_what_it_hides() {
    let server = with_three_agents(&[]).await;
    let token = narrow(&server);
    let mut texts = Vec::new();
    let mut get = async |path: &str| {
        let answer = http::get(server.address, path, &token).await;
        texts.push(String::from_utf8(answer.body.clone()).unwrap());
        answer
    };
    let fleet = get("/api/v1/fleet").await.json();
    assert_eq!(
        (fleet["agents"].as_array().unwrap().len(), fleet["sessions"].as_array().unwrap().len()),
        (2, 2)
    );
    let page = get("/api/v1/events").await.json();
    assert_eq!((seqs(&page), &page["next"]), (vec![1, 2, 5, 6], &json!(null)));
    assert_eq!(get("/api/v1/agents/a1").await.status, 200);
    let own = get("/api/v1/agents/a2/events").await.json();
    assert_eq!((seqs(&own), &own["restarts"]), (vec![5, 6], &json!(0)));
    assert!(own["uptimeMs"].is_u64());
    let mut refusals = Vec::new();
    for path in [
        "/api/v1/agents/secret",
        "/api/v1/agents/secret/events",
        "/api/v1/agents/absent",
        "/api/v1/agents/absent/events",
    ] {
        let answer = get(path).await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{path}");
        let mut body = answer.json();
        body["requestId"] = json!("");
        refusals.push(body);
    }
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "hidden and absent look the same");
    assert_eq!(get("/api/v1/events?agents=secret").await.json()["events"], json!([]));
    assert_eq!(
        get("/api/v1/agents/a1/events?agents=secret").await.json()["events"][0]["payload"]["agentId"],
        "a1"
    );
    assert!(texts.iter().all(|text| !text.contains("secret")), "{texts:?}");
    for scopes in ["report", "admin", "report admin"] {
        for path in ["/api/v1/fleet", "/api/v1/events", "/api/v1/agents/a1", "/api/v1/agents/a1/events"] {
            let answer = http::get(server.address, path, &server.token("bob", scopes)).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden_scope"), "{scopes} {path}");
        }
    }
}

#[tokio::test]
async fn pages_follow_each_other_to_the_head_and_on() {
    let server = with_three_agents(&[]).await;
    let token = narrow(&server);
    let (mut after, mut seen, mut pages) = (String::new(), Vec::new(), 0);
    let head = loop {
        let page = http::get(server.address, &format!("/api/v1/events?limit=1{after}"), &token).await.json();
        assert!(seqs(&page).len() <= 1, "{page}");
        seen.extend(seqs(&page));
        pages += 1;
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break page["head"].as_str().unwrap().to_owned(),
        }
    };
    assert_eq!(seen, [1, 2, 5, 6]);
    assert!(pages <= 6);
    let empty = http::get(server.address, &format!("/api/v1/events?after={head}"), &token).await.json();
    assert_eq!((&empty["events"], &empty["next"], &empty["head"]), (&json!([]), &json!(null), &json!(head)));
    let body = json!({"status": "error"});
    http::post(server.address, "/api/v1/agents/a1/status", &server.token("r", "report"), &body).await;
    let news =
        http::get(server.address, &format!("/api/v1/events?after={}", head.replace(':', "%3A")), &token)
            .await
            .json();
    assert_eq!(seqs(&news), [7]);
    let view = server.fleet().await["view"].as_str().unwrap().to_owned();
    let with_view =
        http::get(server.address, &format!("/api/v1/events?after={head}:{view}"), &token).await.json();
    assert_eq!(seqs(&with_view), [7]);
}

#[tokio::test]
async fn a_page_is_filtered_by_agents_and_types_and_removals_always_come() {
    let server = with_three_agents(&[]).await;
    http::delete(server.address, "/api/v1/agents/a2", &server.token("root", "admin")).await;
    let token = server.token("ann", "watch");
    for (query, expected) in [
        ("", vec![1, 2, 3, 4, 5, 6, 7]),
        ("?types=agent:status", vec![1, 3, 5, 7]),
        ("?types=session%3Aactivity,agent%3Alifecycle", vec![2, 4, 6, 7]),
        ("?types=agent:lifecycle", vec![7]),
        ("?agents=a1", vec![1, 2]),
        ("?agents=a1,s*t", vec![1, 2, 3, 4]),
        ("?agents=a*&types=agent:status", vec![1, 5, 7]),
        ("?agents=nobody", vec![]),
        ("?limit=3", vec![1, 2, 3]),
        ("?limit=1000&unknown=1", vec![1, 2, 3, 4, 5, 6, 7]),
    ] {
        let page = http::get(server.address, &format!("/api/v1/events{query}"), &token).await;
        assert_eq!((page.status, seqs(&page.json())), (200, expected), "{query}");
    }
}

#[tokio::test]
async fn a_query_that_cannot_be_read_is_refused_with_its_place() {
    let server = with_three_agents(&[]).await;
    let token = server.token("ann", "watch");
    let many = (0..65).map(|n| format!("a{n}")).collect::<Vec<_>>().join(",");
    let many = format!("agents={many}");
    for (query, status, code, pointer) in [
        ("limit=0", 422, "invalid_value", "/limit"),
        ("limit=1001", 422, "invalid_value", "/limit"),
        ("limit=-1", 422, "invalid_value", "/limit"),
        ("limit=", 422, "invalid_value", "/limit"),
        ("limit=ten", 422, "invalid_value", "/limit"),
        ("after=nonsense", 422, "invalid_cursor", "/after"),
        ("after=k:-1", 422, "invalid_cursor", "/after"),
        ("after=k:18446744073709551616", 422, "invalid_cursor", "/after"),
        ("agents=a%20b", 422, "invalid_pattern", "/agents"),
        ("agents=*a*b*c*d*", 422, "invalid_pattern", "/agents"),
        (&many, 422, "invalid_pattern", "/agents"),
        ("types=agent:gone", 422, "unknown_type", "/types"),
        ("types=agent:removed", 422, "unknown_type", "/types"),
        ("agents=%zz", 400, "invalid_request", ""),
        ("agents=%ff", 400, "invalid_request", ""),
        ("limit=1&limit=2", 400, "invalid_request", ""),
        ("after=k:1&after=k:1", 400, "invalid_request", ""),
    ] {
        for path in ["/api/v1/events", "/api/v1/agents/a1/events"] {
            let answer = http::get(server.address, &format!("{path}?{query}"), &token).await;
            assert_eq!((answer.status, answer.code().as_str()), (status, code), "{path}?{query}");
            if status == 422 {
                assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{path}?{query}");
            }
        }
    }
}

#[tokio::test]
async fn a_cursor_of_what_is_no_longer_kept_or_of_another_history_is_gone() {
    let server = with_three_agents(&[("log.keep_events", "2")]).await;
    let token = server.token("ann", "watch");
    let get = async |query: &str| http::get(server.address, &format!("/api/v1/events{query}"), &token).await;
    let oldest = get("").await.json();
    assert_eq!((seqs(&oldest), &oldest["next"]), (vec![5, 6], &json!(null)));
    let epoch = oldest["head"].as_str().unwrap().split(':').next().unwrap().to_owned();
    for (after, status) in [
        (format!("{epoch}:3"), 410),
        (format!("{epoch}:4"), 200),
        (format!("{epoch}:6"), 200),
        ("k3f9:6".to_owned(), 410),
    ] {
        let answer = get(&format!("?after={after}")).await;
        assert_eq!(answer.status, status, "{after}");
        assert!(status == 200 || answer.code() == "cursor_expired", "{after}");
    }
    let agent = http::get(server.address, &format!("/api/v1/agents/a1/events?after={epoch}:1"), &token).await;
    assert_eq!((agent.status, agent.code().as_str()), (410, "cursor_expired"));
}

#[tokio::test]
async fn an_admin_sees_the_connections_and_closes_one() {
    let server = TestServer::start().await;
    let mut screen = Screen::open_at(
        server.address,
        "/ws?agents=build-*&types=agent:status",
        &server.token("ann", "watch"),
    )
    .await;
    let hello = screen.until("sync:end").await[0].clone();
    let mut other = Screen::open(server.address, &server.token("bob", "watch")).await;
    other.until("sync:end").await;
    let admin = server.token("root", "admin");
    let list = http::get(server.address, "/api/v1/connections", &admin).await.json();
    let lines = list["connections"].as_array().unwrap();
    assert_eq!(lines.len(), 2);
    let line = &lines[0];
    assert_eq!(
        (&line["connectionId"], &line["userId"], &line["transport"]),
        (&hello["payload"]["connectionId"], &json!("ann"), &json!("websocket"))
    );
    assert_eq!(
        (&line["agents"], &line["types"], &line["complete"]),
        (&json!(["build-*"]), &json!(["agent:status"]), &json!(false))
    );
    assert!(line["since"].as_u64() <= hello["payload"]["serverTime"].as_u64());
    let id = line["connectionId"].as_str().unwrap();
    let path = format!("/api/v1/connections/{id}");
    for (token, path, status, code) in [
        (server.token("ann", "watch report"), &*path, 403, "forbidden_scope"),
        (admin.clone(), "/api/v1/connections/c999", 404, "not_found"),
        (admin.clone(), "/api/v1/connections/nonsense", 422, "invalid_id"),
    ] {
        let answer = http::delete(server.address, path, &token).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{path}");
    }
    let refused =
        http::get(server.address, "/api/v1/connections", &server.token("ann", "watch report")).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "forbidden_scope"));
    let closed = http::delete(server.address, &path, &admin).await;
    assert_eq!((closed.status, closed.body.len()), (204, 0));
    let (code, reason) = screen.closed().await;
    assert_eq!(code, 4503);
    assert_eq!(serde_json::from_str::<Value>(&reason).unwrap()["code"], "forbidden");
    let gone = async {
        while http::get(server.address, "/api/v1/connections", &admin).await.json()["connections"]
            .as_array()
            .unwrap()
            .len()
            != 1
        {}
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("the connection stays in the list");
}

#[tokio::test]
async fn health_and_readiness_need_no_token_and_readiness_ends_with_the_drain() {
    let server = TestServer::start().await;
    server.fleet().await;
    for (path, word) in [("/healthz", "ok"), ("/readyz", "ready")] {
        let answer = http::send(server.address, "GET", path, &[], None).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"status": word})), "{path}");
    }
    server.control.drain(Duration::ZERO).await;
    assert_eq!(http::send(server.address, "GET", "/healthz", &[], None).await.status, 200);
    let token = server.token("ann", "watch report admin");
    let body = json!({"status": "online"});
    for answer in [
        http::send(server.address, "GET", "/readyz", &[], None).await,
        http::post(server.address, "/api/v1/agents/a1/status", &token, &body).await,
        http::post(
            server.address,
            REPORTS,
            &token,
            &json!([{"kind": "status", "agentId": "a1", "status": "online"}]),
        )
        .await,
        http::delete(server.address, "/api/v1/agents/a1", &token).await,
    ] {
        assert_eq!((answer.status, answer.code().as_str()), (503, "draining"));
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    let bearer = format!("Bearer {token}");
    let refused = Screen::try_open(server.address, "/ws", &[("Authorization", &bearer)]).await.err().unwrap();
    assert_eq!((refused.status, refused.code().as_str()), (503, "draining"));
    assert_eq!(http::get(server.address, "/api/v1/fleet", &token).await.status, 200, "reads go on");
}

#[tokio::test]
async fn a_ticket_opens_one_connection_and_is_no_token() {
    let server = TestServer::start().await;
    let bearer = format!("Bearer {}", server.token("ann", "watch"));
    let answer =
        http::send(server.address, "POST", "/api/v1/tickets", &[("Authorization", &bearer)], None).await;
    assert_eq!((answer.status, &answer.json()["expiresInMs"]), (200, &json!(30_000)));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let ticket = answer.json()["ticket"].as_str().unwrap().to_owned();
    let path = format!("/ws?ticket={ticket}");
    let as_token = http::get(server.address, "/api/v1/fleet", &ticket).await;
    assert_eq!((as_token.status, as_token.code().as_str()), (401, "invalid_token"));
    let mut screen = Screen::try_open(server.address, &path, &[]).await.unwrap();
    assert_eq!(screen.next().await["payload"]["userId"], "ann");
    let again = Screen::try_open(server.address, &path, &[]).await.err().unwrap();
    assert_eq!((again.status, again.code().as_str()), (401, "invalid_ticket"));
    let nobody = http::send(server.address, "POST", "/api/v1/tickets", &[], None).await;
    assert_eq!((nobody.status, nobody.code().as_str()), (401, "missing_token"));
    let query = http::send(
        server.address,
        "GET",
        &format!("/api/v1/fleet?token={}", server.token("ann", "watch")),
        &[],
        None,
    )
    .await;
    assert_eq!(
        (query.status, query.code().as_str()),
        (401, "missing_token"),
        "a token in the query is for live connections"
    );
}
