//! What breaks the WebSocket protocol, and the close that answers it; every other way to break it is in
//! `ws_hostile`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::fold::Fold;
use crate::support::raw::{BINARY, PING, RawSocket, TEXT, masked, unmasked};
use crate::support::reports::{connections, until_connections};

/// Opens a connection, sends these bytes, and reads the close.
async fn close_of(server: &TestServer, bytes: &[u8]) -> (u16, Value) {
    let mut socket = RawSocket::open(server.address, &server.token("u1", "watch")).await;
    socket.until_type("sync:end").await;
    socket.write(bytes).await;
    let (code, reason) = socket.closed().await;
    assert!(reason.len() <= 123, "{reason}");
    assert_eq!(socket.next().await, None, "nothing comes behind a close, and the server ends the connection");
    (code, serde_json::from_str(&reason).unwrap())
}

#[tokio::test]
async fn a_frame_of_8_kib_is_taken_and_one_byte_more_is_1009() {
    let server = TestServer::start().await;
    let mut socket = RawSocket::open(server.address, &server.token("u1", "watch")).await;
    let fitting = format!(r#"{{"type":"ping","payload":{{}}}}{}"#, " ".repeat(8192 - 28));
    assert_eq!(fitting.len(), 8192);
    socket.send(TEXT, fitting.as_bytes()).await;
    socket.until_type("pong").await;
    let over = close_of(&server, &masked(TEXT, format!("{fitting} ").as_bytes())).await;
    assert_eq!(over, (1009, json!({"code": "message_too_large"})));
    let half = fitting.as_bytes().split_at(4096);
    let mut fragments = masked(TEXT, half.0);
    fragments[0] &= 0x7f;
    fragments.extend(masked(0, &[half.1, b" "].concat()));
    assert_eq!(close_of(&server, &fragments).await.0, 1009, "in fragments too");
}

#[tokio::test]
async fn a_frame_that_only_claims_to_be_large_is_refused_by_its_head() {
    let server = TestServer::start().await;
    let mut head = vec![0x81, 0xff];
    head.extend_from_slice(&(16_u64 << 20).to_be_bytes());
    head.extend_from_slice(&[0, 0, 0, 0, b'x']);
    assert_eq!(close_of(&server, &head).await.0, 1009);
}

#[tokio::test]
async fn each_offence_has_its_close_code_and_disturbs_nobody() {
    let server = TestServer::start().await;
    let (_, mut witness) = Fold::open(server.address, "/ws", &server.token("u2", "watch")).await;
    let ping = br#"{"type":"ping"}"#;
    let mut reserved = masked(TEXT, ping);
    reserved[0] |= 0x40;
    let mut fragmented_ping = masked(PING, b"x");
    fragmented_ping[0] &= 0x7f;
    let cases = [
        ("binary", masked(BINARY, ping), 1003),
        ("no UTF-8", masked(TEXT, b"\"\xff\xfe\""), 1007),
        ("a surrogate", masked(TEXT, b"\"\xed\xa0\x80\""), 1007),
        ("no mask", unmasked(TEXT, ping), 1002),
        ("a reserved bit", reserved, 1002),
        ("an unknown opcode", masked(3, b""), 1002),
        ("a ping in fragments", fragmented_ping, 1002),
        ("a ping of 126 bytes", masked(PING, &[0; 126]), 1002),
        ("a continuation of nothing", masked(0, ping), 1002),
        ("a close of one byte", masked(8, b"x"), 1002),
    ];
    for (name, bytes, code) in cases {
        assert_eq!(close_of(&server, &bytes).await.0, code, "{name}");
    }
    until_connections(&server, 1).await;
    witness.send(&json!({"type": "ping", "payload": {}})).await;
    assert_eq!(witness.next_event().await["type"], "pong");
}

#[tokio::test]
async fn an_admin_ends_a_connection() {
    let server = TestServer::start().await;
    let (_, mut screen) = Fold::open(server.address, "/ws", &server.token("u1", "watch")).await;
    let (_, mut other) = Fold::open(server.address, "/ws", &server.token("u1", "watch")).await;
    let line = connections(&server).await[0].clone();
    assert_eq!((&line["userId"], &line["transport"]), (&json!("u1"), &json!("websocket")));
    let path = format!("/api/v1/connections/{}", line["connectionId"].as_str().unwrap());
    let delete = async |token: &str| crate::support::http::delete(server.address, &path, token).await.status;
    assert_eq!(delete(&server.token("u1", "watch report")).await, 403);
    assert_eq!(delete(&server.token("root", "admin")).await, 204);
    assert_eq!(screen.closed().await, (4503, r#"{"code":"forbidden"}"#.to_owned()));
    drop(screen);
    until_connections(&server, 1).await;
    assert_eq!(delete(&server.token("root", "admin")).await, 404);
    other.send(&json!({"type": "ping", "payload": {}})).await;
    assert_eq!(other.next_event().await["type"], "pong");
}

#[tokio::test]
async fn a_close_of_the_client_is_answered_and_its_place_is_free() {
    let server = TestServer::start().await;
    let mut socket = RawSocket::open(server.address, &server.token("u1", "watch")).await;
    socket.until_type("sync:end").await;
    socket.send(8, &1000_u16.to_be_bytes()).await;
    let answered = tokio::time::timeout(Duration::from_secs(1), socket.closed()).await;
    assert_eq!(answered.expect("no answer within a second").0, 1000);
    assert_eq!(socket.next().await, None);
    until_connections(&server, 0).await;
}
