//! The client against the server's side of a socket that a test holds.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

use super::connect::{FRAME_BYTES_MAX, config};
use super::stream::WsFrames;
use super::{Address, WsClient};
use crate::domain::cursor::Seq;
use crate::ports::live_source::{Ask, Ending, Frame, LiveFrames, LiveSource};
use crate::ports::token_verifier::SecretText;

const HELLO: &str =
    r#"{"type":"hello","payload":{"epoch":"e","view":"v","mode":"live","heartbeatMs":30000}}"#;

type Server = WebSocketStream<DuplexStream>;

async fn pair() -> (WsFrames<DuplexStream>, Server) {
    let (here, there) = duplex(4 * FRAME_BYTES_MAX);
    let client = WebSocketStream::from_raw_socket(here, Role::Client, Some(config())).await;
    (WsFrames::new(client), WebSocketStream::from_raw_socket(there, Role::Server, None).await)
}

async fn greeted() -> (WsFrames<DuplexStream>, Server) {
    let (mut frames, mut server) = pair().await;
    server.send(Message::text(HELLO)).await.unwrap();
    assert_eq!(frames.next().await.unwrap().text, HELLO);
    (frames, server)
}

async fn ending_after(message: Message) -> Ending {
    let (mut frames, mut server) = greeted().await;
    server.send(message).await.unwrap();
    frames.next().await.unwrap_err()
}

fn code(ending: &Ending) -> u16 {
    match ending {
        Ending::Closed { code, .. } => *code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn two_heartbeats_of_silence_end_it_and_any_word_puts_that_off() {
    let (mut frames, mut server) = greeted().await;
    let begun = Instant::now();
    assert!(timeout(Duration::from_secs(59), frames.next()).await.is_err());
    server.send(Message::Ping("x".into())).await.unwrap();
    assert_eq!(frames.next().await, Err(Ending::Silent(Duration::from_secs(60))));
    assert_eq!(begun.elapsed().as_secs(), 59 + 60);
    assert_eq!(server.next().await.unwrap().unwrap(), Message::Pong("x".into()));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_no_hello_is_left() {
    let (mut frames, _server) = pair().await;
    assert_eq!(frames.next().await, Err(Ending::Silent(Duration::from_secs(10))));
    let (mut frames, mut server) = pair().await;
    server.send(Message::text(r#"{"type":"heartbeat","seq":1}"#)).await.unwrap();
    assert_eq!(code(&frames.next().await.unwrap_err()), 1002);
}

#[tokio::test]
async fn frames_come_in_order_and_a_wait_that_was_given_up_loses_none() {
    let (mut frames, mut server) = greeted().await;
    for seq in 1..=3_u64 {
        assert!(timeout(Duration::ZERO, frames.next()).await.is_err());
        server.send(Message::text(format!(r#"{{"type":"heartbeat","seq":{seq}}}"#))).await.unwrap();
        assert_eq!(
            frames.next().await.unwrap().frame,
            Frame::Heartbeat { seq: Seq::new(seq), server_time: None }
        );
    }
}

#[tokio::test]
async fn the_close_code_its_word_and_its_hint_are_told_and_the_close_is_answered() {
    let (mut frames, mut server) = greeted().await;
    let reason = r#"{"code":"restart","retryMs":250}"#.into();
    server.close(Some(CloseFrame { code: 1012.into(), reason })).await.unwrap();
    let expected = Ending::Closed {
        code: 1012,
        word: "restart".to_owned(),
        retry_after: Some(Duration::from_millis(250)),
    };
    assert_eq!(frames.next().await, Err(expected.clone()));
    assert!(matches!(server.next().await, Some(Ok(Message::Close(_)))));
    assert_eq!(frames.next().await, Err(expected), "it stays ended");
}

#[tokio::test]
async fn what_breaks_the_rules_has_the_code_of_its_rule() {
    assert_eq!(code(&ending_after(Message::Close(None)).await), 1005);
    assert_eq!(code(&ending_after(Message::binary(vec![1])).await), 1003);
    assert_eq!(code(&ending_after(Message::text("nonsense")).await), 1002);
    assert_eq!(code(&ending_after(Message::text(HELLO)).await), 1002);
    let large = Message::text("x".repeat(FRAME_BYTES_MAX + 1));
    assert_eq!(code(&ending_after(large).await), 1009);
}

#[tokio::test]
async fn bytes_that_are_no_websocket_and_a_lost_connection_are_told_apart() {
    for (bytes, expected) in
        [(&[0x81, 0x01, 0xff][..], Some(1007)), (&[0x83, 0x00][..], Some(1002)), (&[], None)]
    {
        let (here, mut there) = duplex(1024);
        let socket = WebSocketStream::from_raw_socket(here, Role::Client, Some(config())).await;
        there.write_all(bytes).await.unwrap();
        drop(there);
        match (WsFrames::new(socket).next().await.unwrap_err(), expected) {
            (Ending::Closed { code, .. }, Some(expected)) => assert_eq!(code, expected),
            (Ending::Broken(_), None) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_fresh_token_is_sent_as_the_contract_says() {
    let (mut frames, mut server) = greeted().await;
    frames.refresh(&SecretText::new("a.b.c")).await.unwrap();
    let sent: serde_json::Value =
        serde_json::from_str(server.next().await.unwrap().unwrap().to_text().unwrap()).unwrap();
    assert_eq!(sent, serde_json::json!({"type": "auth:refresh", "payload": {"token": "a.b.c"}}));
    frames.close().await;
    assert!(matches!(server.next().await, Some(Ok(Message::Close(Some(_))))));
}

/// Opens a connection to a server that reads a head and answers these bytes: the head, and what came of it.
async fn answered(scheme: &str, token: &str, answer: &'static [u8]) -> (String, Ending) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: Address = format!("{scheme}://{}/prefix", listener.local_addr().unwrap()).parse().unwrap();
    let serving = async {
        let (mut peer, _) = listener.accept().await.unwrap();
        let mut head = vec![0; 4096];
        let count = peer.read(&mut head).await.unwrap();
        peer.write_all(answer).await.unwrap();
        head.truncate(count);
        head
    };
    let (token, ask) = (SecretText::new(token), Ask::default());
    let client = WsClient::new(address);
    let (opened, head) = tokio::join!(client.open(&ask, &token), serving);
    (String::from_utf8_lossy(&head).into_owned(), opened.err().unwrap())
}

#[tokio::test]
async fn the_token_goes_into_a_header_and_a_refusal_is_told_by_its_problem() {
    let answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 47\r\n\r\n{\"code\":\"forbidden_scope\",\"detail\":\"not yours\"}";
    let (head, ending) = answered("http", "a.b.c", answer).await;
    assert!(head.starts_with("GET /prefix/ws HTTP/1.1\r\n"), "{head}");
    assert!(head.to_lowercase().contains("\r\nauthorization: bearer a.b.c\r\n"), "{head}");
    let told = "the server refused the connection: 403 (forbidden_scope): not yours";
    assert_eq!(ending.to_string(), told);
}

#[tokio::test]
async fn tls_is_spoken_to_https_and_what_is_not_tls_is_told() {
    let (head, ending) = answered("https", "a.b.c", b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    assert!(head.starts_with('\u{16}'), "no TLS handshake: {head:?}");
    assert!(matches!(ending, Ending::Unreachable(_)), "{ending:?}");
}

#[tokio::test]
async fn a_token_that_cannot_be_one_is_not_sent() {
    let client = WsClient::new("http://127.0.0.1:9".parse().unwrap());
    let opened = client.open(&Ask::default(), &SecretText::new("a\r\nb: c")).await;
    assert!(matches!(opened.err(), Some(Ending::Refused { status: 401, .. })));
}

#[tokio::test]
async fn nobody_at_the_address_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = WsClient::new(address.parse().unwrap());
    let opened = client.open(&Ask::default(), &SecretText::new("a")).await;
    assert!(matches!(opened.err(), Some(Ending::Unreachable(_))));
}
