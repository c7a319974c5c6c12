//! A connection that dies, in every way one can.

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::TestServer;
use crate::support::fold::Fold;
use crate::support::raw::{RawSocket, TEXT, masked};
use crate::support::reports::{status, until_connections};

#[derive(Debug, Clone, Copy)]
enum Death {
    Reset,
    EndWithoutClose,
    EndInsideAFrame,
    ResetInsideAFrame,
    HalfClosed,
    Closed,
    CloseAndReset,
}

impl Death {
    const ALL: [Self; 7] = [
        Self::Reset,
        Self::EndWithoutClose,
        Self::EndInsideAFrame,
        Self::ResetInsideAFrame,
        Self::HalfClosed,
        Self::Closed,
        Self::CloseAndReset,
    ];

    async fn strike(self, mut socket: RawSocket) -> Option<RawSocket> {
        let frame = masked(TEXT, br#"{"type":"ping"}"#);
        match self {
            Self::Reset => socket.reset(),
            Self::EndWithoutClose => {}
            Self::EndInsideAFrame => socket.write(&frame[..9]).await,
            Self::ResetInsideAFrame => {
                socket.write(&frame[..9]).await;
                socket.reset();
            }
            Self::HalfClosed => {
                socket.stream.shutdown().await.unwrap();
                return Some(socket);
            }
            Self::Closed => {
                socket.send(8, &1001_u16.to_be_bytes()).await;
                return Some(socket);
            }
            Self::CloseAndReset => {
                socket.send(8, &1001_u16.to_be_bytes()).await;
                socket.reset();
            }
        }
        None
    }
}

#[tokio::test]
async fn a_connection_that_dies_disturbs_nobody_and_is_forgotten() {
    let server = TestServer::start().await;
    let token = server.token("u1", "watch");
    let (mut fold, mut witness) = Fold::open(server.address, "/ws", &token).await;
    let mut kept = Vec::new();
    for (round, death) in Death::ALL.into_iter().enumerate() {
        let mut dying = Vec::new();
        for _ in 0..5 {
            let mut socket = RawSocket::open(server.address, &token).await;
            socket.until_type("sync:end").await;
            dying.push(socket);
        }
        until_connections(&server, 6).await;
        for socket in dying {
            kept.extend(death.strike(socket).await);
        }
        let head = status(&server, "a1", "online", &format!("{round}: {death:?}")).await;
        fold.follow(&mut witness, |fold| fold.seq == head).await;
        until_connections(&server, 1).await;
    }
    drop(witness);
    until_connections(&server, 0).await;
}

#[tokio::test]
async fn one_that_dies_in_its_handshake_or_its_copy_is_forgotten() {
    let server = TestServer::start().await;
    let token = server.token("u1", "watch");
    for number in 0..50 {
        status(&server, &format!("a{number}"), "online", &"x".repeat(4000)).await;
    }
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Authorization: Bearer {token}\r\n\r\n"
    );
    for cut in [1, 20, request.len() / 2, request.len() - 1, request.len()] {
        for reset in [true, false] {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            stream.write_all(&request.as_bytes()[..cut]).await.unwrap();
            if reset {
                stream.set_zero_linger().unwrap();
            }
        }
    }
    let (_, mut witness) = Fold::open(server.address, "/ws", &token).await;
    until_connections(&server, 1).await;
    witness.send(&json!({"type": "ping", "payload": {}})).await;
    assert_eq!(witness.next_event().await["type"], "pong");
}
