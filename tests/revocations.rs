//! A revoked token is refused at every door, its sockets close, and a restart does not forget it.

mod support;

use serde_json::json;
use support::screen::Screen;
use support::{TestServer, http};

#[tokio::test]
async fn a_revoked_users_sockets_close_and_its_tokens_and_tickets_are_refused() {
    let server = TestServer::start().await;
    let (ada, bob, root) =
        (server.token("ada", "watch"), server.token("bob", "watch"), server.token("root", "admin"));
    let mut hers = Screen::open(server.address, &ada).await;
    let mut his = Screen::open(server.address, &bob).await;
    hers.until("sync:end").await;
    his.until("sync:end").await;
    let ticket =
        http::post(server.address, "/api/v1/tickets", &ada, &json!({})).await.json()["ticket"].clone();

    let answer = http::post(server.address, "/api/v1/revocations", &root, &json!({"userId": "ada"})).await;
    assert_eq!(answer.status, 204);
    let (code, reason) = hers.closed().await;
    assert_eq!((code, reason.as_str()), (4501, r#"{"code":"token_revoked"}"#));
    let read = http::get(server.address, "/api/v1/fleet", &ada).await;
    assert_eq!((read.status, read.code().as_str()), (401, "token_revoked"));
    let path = format!("/ws?ticket={}", ticket.as_str().unwrap());
    let refused = Screen::try_open(server.address, &path, &[]).await.err().unwrap();
    assert_eq!((refused.status, refused.code().as_str()), (401, "token_revoked"));

    his.send(&json!({"type": "ping", "payload": {"id": "1"}})).await;
    assert_eq!(his.next_event().await["type"], "pong", "nobody else is touched");
}

#[tokio::test]
async fn one_token_is_revoked_by_its_id_and_a_restart_does_not_forget_it() {
    let server = TestServer::start().await;
    let ada = server.token("ada", "watch");
    let claims = support::claims(&ada);
    let other = server.token("ada", "watch");
    let root = server.token("root", "admin");
    let body = json!({"jti": claims["jti"]});
    assert_eq!(http::post(server.address, "/api/v1/revocations", &root, &body).await.status, 204);
    assert_eq!(http::get(server.address, "/api/v1/fleet", &ada).await.status, 401);
    assert_eq!(http::get(server.address, "/api/v1/fleet", &other).await.status, 200);

    let server = server.restart().await;
    assert_eq!(http::get(server.address, "/api/v1/fleet", &ada).await.code(), "token_revoked");
    assert_eq!(http::get(server.address, "/api/v1/fleet", &other).await.status, 200);
}

#[tokio::test]
async fn a_wrong_revocation_changes_nothing() {
    let server = TestServer::start().await;
    let root = server.token("root", "admin");
    for body in [
        json!({}),
        json!({"userId": "a", "jti": "b"}),
        json!({"userId": ""}),
        json!({"jti": ""}),
        json!({"x": 1}),
    ] {
        let answer = http::post(server.address, "/api/v1/revocations", &root, &body).await;
        assert_eq!(answer.status, 422, "{body}");
    }
    let watcher = server.token("ada", "watch report");
    let answer =
        http::post(server.address, "/api/v1/revocations", &watcher, &json!({"userId": "root"})).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden_scope"));
    assert_eq!(http::get(server.address, "/api/v1/connections", &root).await.status, 200);
}

#[tokio::test]
async fn a_report_whose_body_comes_after_its_token_was_revoked_is_refused() {
    let server = TestServer::start().await;
    let (ada, root) = (server.token("ada", "report"), server.token("root", "admin watch"));
    let body = r#"{"status":"online"}"#;
    let head = format!(
        "POST /api/v1/agents/a1/status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ada}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    let mut slow = http::Connection::open(server.address).await;
    slow.write(head.as_bytes()).await;
    // The server asks for the body once it has admitted the token.
    assert_eq!(slow.answer().await.unwrap().status, 100);
    let revoked = http::post(server.address, "/api/v1/revocations", &root, &json!({"userId": "ada"})).await;
    assert_eq!(revoked.status, 204);
    slow.write(body.as_bytes()).await;
    let answer = slow.answer().await.unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (401, "token_revoked"));
    assert_eq!(http::get(server.address, "/api/v1/fleet", &root).await.json()["seq"], 0);
}
