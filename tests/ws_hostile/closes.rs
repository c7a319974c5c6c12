//! Each close code that somebody outside can bring about, brought about once, with its reason: in one
//! place, so that none is forgotten. 1001 is not used by this version, 1011 and 1013 need a log that
//! breaks or memory that is full (`app::hub` tests, `adapters::ws`), 4410 takes half a minute: `farewells.rs`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::raw::{BINARY, Handshake, PING, RawSocket, TEXT, masked, unmasked};
use crate::support::{TestServer, http};

const STRICT: (&str, &str) = ("auth.leeway_ms", "0");

async fn of(server: &TestServer, bytes: &[u8]) -> (u16, Value) {
    let mut socket = RawSocket::open(server.address, &server.token("u1", "watch")).await;
    socket.until_type("sync:end").await;
    socket.write(bytes).await;
    closed(&mut socket).await
}

async fn closed(socket: &mut RawSocket) -> (u16, Value) {
    let (code, reason) = socket.closed().await;
    assert!(reason.len() <= 123, "{reason}");
    (code, serde_json::from_str(&reason).unwrap())
}

#[tokio::test]
async fn what_a_client_sends_brings_about_1002_1003_1007_1009_4429_and_4500() {
    let server = TestServer::start().await;
    for (code, word, bytes) in [
        (1002, "protocol_error", unmasked(TEXT, b"{}")),
        (1003, "binary_message", masked(BINARY, b"{}")),
        (1007, "invalid_utf8", masked(TEXT, b"\xff")),
        (1009, "message_too_large", masked(TEXT, &[b' '; 8193])),
        (4429, "too_many_frames", masked(PING, b"").repeat(50)),
        (4500, "bad_client", masked(TEXT, b"{").repeat(10)),
    ] {
        assert_eq!(of(&server, &bytes).await, (code, json!({"code": word})));
    }
}

#[tokio::test]
async fn what_becomes_of_a_token_brings_about_4401_4501_and_4503() {
    let server = TestServer::with(&[STRICT]).await;
    let root = server.token("root", "admin");
    let open = async |token: &str| {
        let mut socket = Handshake::new("/ws").bearer(token).open(server.address).await;
        let id = socket.until_type("hello").await["payload"]["connectionId"].as_str().unwrap().to_owned();
        (socket, id)
    };
    let (mut short, _) = open(&server.token_for("u1", "watch", &["*"], Duration::from_secs(2))).await;
    assert_eq!(closed(&mut short).await, (4401, json!({"code": "token_expired"})));
    let (mut thrown_out, id) = open(&server.token("u2", "watch")).await;
    let path = format!("/api/v1/connections/{id}");
    assert_eq!(http::delete(server.address, &path, &root).await.status, 204);
    assert_eq!(closed(&mut thrown_out).await, (4503, json!({"code": "forbidden"})));
    let (mut revoked, _) = open(&server.token("u3", "watch")).await;
    let all = json!({"userId": "u3"});
    assert_eq!(http::post(server.address, "/api/v1/revocations", &root, &all).await.status, 204);
    assert_eq!(closed(&mut revoked).await, (4501, json!({"code": "token_revoked"})));
}

#[tokio::test]
async fn silence_brings_about_4408_and_a_stop_1012() {
    let mut server = TestServer::with(&[("stream.heartbeat_ms", "1000")]).await;
    let token = server.token("u1", "watch");
    let mut silent = RawSocket::open(server.address, &token).await;
    assert_eq!(closed(&mut silent).await, (4408, json!({"code": "silent"})));
    let mut last = RawSocket::open(server.address, &token).await;
    last.until_type("sync:end").await;
    server.begin_stop();
    let goodbye = last.until_type("goodbye").await;
    let (code, reason) = closed(&mut last).await;
    assert_eq!((code, &reason["code"]), (1012, &json!("restart")));
    assert_eq!(reason, goodbye["payload"]);
    assert!(reason["retryMs"].is_u64());
    server.stop().await;
}
