//! What is wrong with a request is said before the stream begins.

use serde_json::json;

use crate::support::reports::connections;
use crate::support::stream::{Ask, Stream};
use crate::support::{TestServer, http};

#[tokio::test]
async fn a_refusal_is_an_answer_with_a_problem() {
    let server = TestServer::with(&[("limits.refused_handshakes_per_second", "1000")]).await;
    let (token, report) = (server.token("u1", "watch"), server.token("u1", "admin"));
    let pair = format!("mission-control.v1, bearer.{token}");
    let cases = [
        (Ask::new(""), 401, "missing_token"),
        (Ask::new("").bearer("nonsense"), 401, "invalid_token"),
        (Ask::new("ticket=00000000000000000000000000000000"), 401, "invalid_ticket"),
        (Ask::new("").with("Sec-WebSocket-Protocol", &*pair), 401, "missing_token"),
        (Ask::new(&format!("token={token}")).bearer(&token), 400, "ambiguous_credentials"),
        (Ask::new("").bearer(&report), 403, "forbidden_scope"),
        (Ask::new("").bearer(&token).with("Origin", "https://evil.example"), 403, "forbidden_origin"),
        (Ask::new("after=nonsense").bearer(&token), 422, "invalid_cursor"),
        (Ask::new("").bearer(&token).with("Last-Event-ID", "nonsense"), 422, "invalid_cursor"),
        (Ask::new("").bearer(&token).with("Last-Event-ID", "ä:1"), 422, "invalid_cursor"),
        (Ask::new("types=nonsense").bearer(&token), 422, "unknown_type"),
        (Ask::new("agents=a%20b").bearer(&token), 422, "invalid_pattern"),
        (Ask::new("").bearer(&token).method("POST"), 405, "method_not_allowed"),
        (Ask::new("").bearer(&token).method("DELETE"), 405, "method_not_allowed"),
    ];
    for (asked, status, code) in cases {
        let answer = asked.ask(server.address).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{asked:?}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json; charset=utf-8"));
        assert_eq!(answer.header("x-request-id").unwrap(), answer.json()["requestId"]);
    }
    let head = http::send(server.address, "HEAD", "/api/v1/stream", &[], None).await;
    assert_eq!(head.status, 405);
    assert_eq!(connections(&server).await.len(), 0);
}

#[tokio::test]
async fn each_way_of_a_credential_opens_it_and_a_ticket_once() {
    let server = TestServer::start().await;
    let token = server.token("u1", "watch");
    let ticket = http::post(server.address, "/api/v1/tickets", &token, &json!({})).await.json();
    let ticket = format!("ticket={}", ticket["ticket"].as_str().unwrap());
    for asked in [Ask::new("").bearer(&token), Ask::new(&format!("token={token}")), Ask::new(&ticket)] {
        let mut stream = asked.open(server.address).await;
        assert_eq!(stream.next().await.data["payload"]["userId"], "u1");
    }
    assert_eq!(Ask::new(&ticket).ask(server.address).await.code(), "invalid_ticket");
    let strict = TestServer::with(&[("auth.query_token", "false")]).await;
    assert_eq!(Ask::new(&format!("token={token}")).ask(strict.address).await.code(), "invalid_token");
}

#[tokio::test]
async fn refused_requests_of_an_address_are_counted() {
    let server = TestServer::with(&[("limits.refused_handshakes_per_second", "3")]).await;
    let mut codes = Vec::new();
    for _ in 0..5 {
        codes.push(Ask::new("after=nonsense").ask(server.address).await.code());
    }
    assert_eq!(codes[..3], ["invalid_cursor", "invalid_cursor", "invalid_cursor"]);
    assert_eq!(codes[4], "rate_limited");
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_may_read_it_and_its_refusals() {
    let server = TestServer::with(&[("server.allowed_origins", "https://screens.example")]).await;
    let token = server.token("u1", "watch");
    let page = |origin: String| Ask::new("").bearer(&token).with("Origin", origin);
    let stream = page("https://screens.example".to_owned()).open(server.address).await;
    assert_eq!(stream.answer.header("access-control-allow-origin"), Some("https://screens.example"));
    let own = page(format!("http://{}", server.address)).open(server.address).await;
    assert_eq!(own.answer.header("access-control-allow-origin"), None);
    let refused = Ask::new("").with("Origin", "https://screens.example").ask(server.address).await;
    assert_eq!((refused.status, refused.header("vary")), (401, Some("Origin")));
    assert_eq!(refused.header("access-control-allow-origin"), Some("https://screens.example"));
}

#[tokio::test]
async fn one_user_has_so_many_connections_over_all_transports() {
    let server = TestServer::with(&[("limits.connections_per_user", "1")]).await;
    let token = server.token("u1", "watch");
    let _first = Stream::at(server.address, "", &token).await;
    assert_eq!(Ask::new("").bearer(&token).ask(server.address).await.code(), "too_many_connections");
}
