//! Frames that are understood, frames that are not, and too many of either.

use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::support::TestServer;
use crate::support::fold::Fold;
use crate::support::reports::connections;
use crate::support::screen::Screen;

async fn screen(server: &TestServer) -> Screen {
    Fold::open(server.address, "/ws", &server.token("u1", "watch")).await.1
}

#[tokio::test]
async fn a_ping_is_answered_with_its_id() {
    let server = TestServer::start().await;
    let mut screen = screen(&server).await;
    let long = "x".repeat(128);
    for payload in [json!({"id": "7"}), json!({"id": ""}), json!({"id": long}), json!({})] {
        screen.send(&json!({"type": "ping", "payload": payload})).await;
        assert_eq!(screen.next_event().await, json!({"type": "pong", "payload": payload}));
    }
    screen.send(&json!({"type": "ping"})).await;
    assert_eq!(screen.next_event().await, json!({"type": "pong", "payload": {}}));
}

#[tokio::test]
async fn what_is_not_understood_is_answered_and_changes_nothing() {
    let server = TestServer::start().await;
    let deep = format!(r#"{{"type":"ping","payload":{}{}}}"#, "[".repeat(2000), "]".repeat(2000));
    let wide = json!({"type": "subscribe", "payload": {"agents": vec!["a"; 400]}}).to_string();
    let many: Vec<String> = (0..65).map(|number| format!("a{number}")).collect();
    let many = json!({"type": "subscribe", "payload": {"agents": many}}).to_string();
    let texts = [
        "",
        "nonsense",
        "[]",
        "7",
        "null",
        "{}",
        r#"{"type":7}"#,
        r#"{"type":"resync"}"#,
        r#"{"type":"__proto__","payload":{}}"#,
        r#"{"type":"ping","type":"ping"}"#,
        r#"{"type":"ping","payload":{"id":"1","id":"2"}}"#,
        r#"{"type":"ping","payload":{"id":7}}"#,
        r#"{"type":"ping","payload":[]}"#,
        r#"{"type":"subscribe","payload":{"agents":"build-*"}}"#,
        r#"{"type":"subscribe","payload":{"agents":[7]}}"#,
        r#"{"type":"subscribe","payload":{"agents":["a b"]}}"#,
        r#"{"type":"subscribe","payload":{"types":["agent:gone"]}}"#,
        r#"{"type":"subscribe","payload":{"agent":["a"]}}"#,
        r#"{"type":"auth:refresh","payload":{}}"#,
        r#"{"type":"auth:refresh"}"#,
        r#"{"type":"ping"} {"type":"ping"}"#,
        &deep,
        &many,
    ];
    for part in texts.chunks(9) {
        let mut screen = screen(&server).await;
        let before = connections(&server).await;
        for text in part {
            screen.send_text(text).await;
            let answer = screen.next_event().await;
            assert_eq!(answer["type"], "error", "{text}");
            let payload = &answer["payload"];
            assert!(payload["code"].is_string() && payload["message"].is_string(), "{answer}");
            assert!(!answer.to_string().contains("nonsense"), "it repeats what it was sent: {answer}");
        }
        assert_eq!(connections(&server).await, before);
        drop(screen);
        crate::support::reports::until_connections(&server, 0).await;
    }
    let mut screen = screen(&server).await;
    screen.send_text(&wide).await;
    let answer = screen.next_event().await;
    assert_eq!(
        answer["payload"]["code"], "invalid_pattern",
        "65 are too many, also when they are one: {answer}"
    );
}

#[tokio::test]
async fn the_tenth_frame_not_understood_in_a_minute_ends_it() {
    let server = TestServer::start().await;
    let mut bad = screen(&server).await;
    let mut good = screen(&server).await;
    for _ in 0..9 {
        bad.send_text("{").await;
        assert_eq!(bad.next_event().await["type"], "error");
    }
    bad.send(&json!({"type": "ping", "payload": {}})).await;
    assert_eq!(bad.next_event().await["type"], "pong", "nine are forgiven");
    bad.send_text("{").await;
    assert_eq!(bad.next_event().await["type"], "error", "the tenth is answered too");
    assert_eq!(bad.closed().await, (4500, r#"{"code":"bad_client"}"#.to_owned()));
    good.send(&json!({"type": "ping", "payload": {}})).await;
    assert_eq!(good.next_event().await["type"], "pong", "nobody else is ended");
}

#[tokio::test]
async fn past_the_burst_of_twenty_it_is_too_much() {
    let server = TestServer::start().await;
    let mut screen = screen(&server).await;
    for _ in 0..60 {
        let _ended = screen.try_send(&json!({"type": "ping", "payload": {}})).await;
    }
    let mut answered = 0;
    let (code, reason) = loop {
        match screen.next_or_close().await {
            Ok(frame) => {
                assert_eq!(frame["type"], "pong");
                answered += 1;
            }
            Err(close) => break close,
        }
    };
    assert_eq!(code, 4429);
    let reason: Value = serde_json::from_str(&reason).unwrap();
    assert_eq!(reason["code"], "too_many_frames");
    assert!((20..30).contains(&answered), "{answered}");
}

#[tokio::test]
async fn twenty_at_once_are_fine() {
    let server = TestServer::start().await;
    let mut screen = screen(&server).await;
    for number in 0..20 {
        screen.send(&json!({"type": "ping", "payload": {"id": number.to_string()}})).await;
    }
    for number in 0..20 {
        assert_eq!(screen.next_event().await["payload"]["id"], number.to_string());
    }
}

#[tokio::test]
async fn pings_and_pongs_at_line_rate_are_too_many_frames() {
    for kind in [Message::Ping(Vec::new().into()), Message::Pong(Vec::new().into())] {
        let server = TestServer::start().await;
        let mut screen = screen(&server).await;
        for _ in 0..21 {
            // The server may have closed already.
            let _refused = screen.socket.send(kind.clone()).await;
        }
        assert_eq!(screen.closed().await.0, 4429, "{kind:?}");
    }
}
