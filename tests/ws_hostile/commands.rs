//! S48, S49: frames that are well formed and mean no good, and too many of any.

use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::fold::Fold;
use crate::support::raw::{Handshake, RawSocket, TEXT};
use crate::support::reports::{status, until_connections};

fn nasty() -> Vec<String> {
    let deep = |open: &str, close: &str, count: usize| {
        format!(r#"{{"type":"ping","payload":{}1{}}}"#, open.repeat(count), close.repeat(count))
    };
    let mut all: Vec<String> = [
        "\u{0}",
        "\u{feff}{\"type\":\"ping\"}",
        "NaN",
        "-",
        "1e400",
        "\"",
        "\"\\ud800\"",
        r#"{"type":"\ud800"}"#,
        r#"{"__proto__":{"type":"ping"}}"#,
        r#"{"type":"ping","__proto__":{"admin":true}}"#,
        r#"{"type":"ping","payload":{"__proto__":{}}}"#,
        r#"{"type":"constructor"}"#,
        r#"{"type":"toString","payload":{}}"#,
        r#"{"type":null}"#,
        r#"{"type":["ping"]}"#,
        r#"{"type":"PING"}"#,
        r#"{"type":"ping\u0000"}"#,
        r#"{"type":"hello","payload":{}}"#,
        r#"{"type":"goodbye","payload":{"code":"restart"}}"#,
        r#"{"type":"ping","payload":{"id":1e999}}"#,
        r#"{"type":"ping","payload":{"id":{}}}"#,
        r#"{"type":"subscribe","payload":{"agents":{"length":1e9}}}"#,
        r#"{"type":"subscribe","payload":{"agents":[null]}}"#,
        r#"{"type":"subscribe","payload":{"agents":["*a*b*c*d*e*"]}}"#,
        r#"{"type":"subscribe","payload":{"types":[{}]}}"#,
        r#"{"type":"auth:refresh","payload":{"token":7}}"#,
        r#"51-["x",{"_placeholder":true,"num":0}]"#,
        "0",
        "40",
    ]
    .map(str::to_owned)
    .to_vec();
    all.push(deep("[", "]", 4000));
    all.push(deep("{\"a\":", "}", 1000));
    all.push(deep("[", "", 4000));
    all.push(format!(r#"{{"type":"ping","payload":{{"id":"{}"}}}}"#, "x".repeat(129)));
    all.push(format!("{}1", "-".repeat(8000)));
    all.push("9".repeat(8000));
    all.push(format!(r#"{{{}"type":"ping"}}"#, r#""k":0,"#.repeat(1000)));
    all
}

/// The next text frame that is an error, or the code of a close.
async fn answer(socket: &mut RawSocket) -> Result<Value, u16> {
    loop {
        let frame = socket.next().await.expect("ended without a close");
        match frame.opcode {
            8 => return Err(u16::from_be_bytes([frame.payload[0], frame.payload[1]])),
            TEXT => return Ok(serde_json::from_slice(&frame.payload).unwrap()),
            _ => {}
        }
    }
}

#[tokio::test]
async fn s48_nasty_text_is_answered_by_an_error_and_a_witness_goes_on() {
    let server = TestServer::start().await;
    let (mut fold, mut witness) = Fold::open(server.address, "/ws", &server.token("u2", "watch")).await;
    for (round, part) in nasty().chunks(10).enumerate() {
        let handshake = Handshake::new("/ws?agents=nobody").bearer(&server.token("u1", "watch"));
        let mut socket = handshake.open(server.address).await;
        socket.until_type("sync:end").await;
        for text in part {
            let head = &text[..text.len().min(60)];
            socket.send(TEXT, text.as_bytes()).await;
            let said = answer(&mut socket).await.unwrap_or_else(|code| panic!("{code} for {head}"));
            assert_eq!(said["type"], "error", "{head}");
            assert!(said["payload"]["code"].is_string() && said["payload"]["message"].is_string(), "{said}");
        }
        if part.len() == 10 {
            assert_eq!(socket.closed().await, (4500, r#"{"code":"bad_client"}"#.to_owned()), "the tenth");
        }
        let head = status(&server, "a1", "online", &round.to_string()).await;
        fold.follow(&mut witness, |fold| fold.seq == head).await;
    }
}

#[tokio::test]
async fn s49_fifty_valid_frames_at_once_are_4429() {
    let server = TestServer::start().await;
    for frame in [r#"{"type":"ping"}"#, r#"{"type":"subscribe","payload":{"agents":["a*"]}}"#] {
        let mut socket = RawSocket::open(server.address, &server.token("u1", "watch")).await;
        socket.until_type("sync:end").await;
        let all: Vec<u8> =
            (0..50).flat_map(|_| crate::support::raw::masked(TEXT, frame.as_bytes())).collect();
        socket.write(&all).await;
        assert_eq!(socket.closed().await, (4429, r#"{"code":"too_many_frames"}"#.to_owned()), "{frame}");
    }
    until_connections(&server, 0).await;
}

#[tokio::test]
async fn s49_sixty_five_patterns_are_an_error_and_change_nothing() {
    let server = TestServer::start().await;
    let mut socket = RawSocket::open(server.address, &server.token("u1", "watch")).await;
    socket.until_type("sync:end").await;
    let wish = |count: usize| {
        let agents: Vec<String> = (0..count).map(|number| format!("b{number}")).collect();
        json!({"type": "subscribe", "payload": {"agents": agents}}).to_string()
    };
    socket.send(TEXT, wish(65).as_bytes()).await;
    assert_eq!(answer(&mut socket).await.unwrap()["payload"]["code"], "invalid_pattern");
    status(&server, "a1", "online", "still seen").await;
    assert_eq!(answer(&mut socket).await.unwrap()["type"], "agent:status");
    socket.send(TEXT, wish(64).as_bytes()).await;
    assert_eq!(answer(&mut socket).await.unwrap()["type"], "resync");
}

#[tokio::test]
async fn s49_a_socket_more_than_a_user_may_have_is_429_before_the_upgrade() {
    let server = TestServer::with(&[("limits.connections_per_user", "20")]).await;
    let handshake = Handshake::new("/ws").bearer(&server.token("u1", "watch"));
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(handshake.open(server.address).await);
    }
    for _ in 0..15 {
        let refused = handshake.ask(server.address).await;
        assert_eq!((refused.status, refused.code().as_str()), (429, "too_many_connections"));
        assert!(refused.header("retry-after").is_some());
        assert!(refused.header("sec-websocket-accept").is_none());
    }
    let other = Handshake::new("/ws").bearer(&server.token("u2", "watch"));
    assert_eq!(other.ask(server.address).await.status, 101, "another user has places of its own");
    open.pop().unwrap().reset();
    until_connections(&server, 19).await;
    handshake.open(server.address).await;
}
