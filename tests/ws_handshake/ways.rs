//! The ways in.

use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use crate::support::raw::Handshake;
use crate::support::{PATIENCE, TestServer, http};
use crate::{refused, ticket};

#[tokio::test]
async fn every_credential_opens_the_stream() {
    let server = TestServer::start().await;
    let token = server.token("alice", "watch");
    let pair = format!("mission-control.v1, bearer.{token}");
    let ways = [
        Handshake::new("/ws").bearer(&token),
        Handshake::new("/ws").with("Authorization", format!("bearer {token}")),
        Handshake::new(format!("/ws?token={token}")),
        Handshake::new(format!("/ws?ticket={}", ticket(&server, &token).await)),
        Handshake::new("/ws").with("Sec-WebSocket-Protocol", &*pair),
    ];
    for way in ways {
        let mut socket = way.open(server.address).await;
        let hello = socket.until_type("hello").await;
        assert_eq!(hello["payload"]["userId"], "alice");
    }
}

#[tokio::test]
async fn the_answer_and_the_beginning_of_the_stream_come_in_one_piece() {
    let server = TestServer::start().await;
    let token = server.token("alice", "watch");
    let mut connection = http::Connection::open(server.address).await;
    let handshake = format!(
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    connection.write(handshake.as_bytes()).await;
    let mut piece = vec![0; 65_536];
    let count = timeout(PATIENCE, connection.stream.read(&mut piece)).await.expect("no answer in time");
    let text = String::from_utf8_lossy(&piece[..count.unwrap()]).into_owned();
    assert!(text.starts_with("HTTP/1.1 101 "), "{text}");
    assert!(text.contains("\"hello\"") && text.contains("\"sync:end\""), "{text}");
}

#[tokio::test]
async fn of_the_subprotocol_pair_only_the_name_comes_back() {
    let server = TestServer::start().await;
    let token = server.token("alice", "watch");
    let echoed = async |offer: Option<String>| {
        let asked = offer.into_iter().fold(Handshake::new("/ws"), |handshake, offer| {
            let bare = !offer.contains("bearer.");
            let handshake = handshake.with("Sec-WebSocket-Protocol", offer);
            if bare { handshake.bearer(&token) } else { handshake }
        });
        let answer = asked.ask(server.address).await;
        assert_eq!(answer.status, 101, "{answer:?}");
        assert_eq!(answer.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        assert_eq!(answer.header("sec-websocket-extensions"), None);
        let protocols = answer.headers.iter().filter(|(name, _)| name == "sec-websocket-protocol");
        protocols.map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    let name = vec!["mission-control.v1".to_owned()];
    assert_eq!(echoed(Some(format!("mission-control.v1, bearer.{token}"))).await, name);
    assert_eq!(echoed(Some(format!("bearer.{token},mission-control.v1"))).await, name);
    assert_eq!(echoed(Some("mission-control.v1".to_owned())).await, name);
    assert_eq!(echoed(Some("chat".to_owned())).await, Vec::<String>::new());
    let alone = Handshake::new("/ws").with("Sec-WebSocket-Protocol", format!("bearer.{token}"));
    assert_eq!(refused(&alone.ask(server.address).await), (400, "invalid_request".to_owned()));
}

#[tokio::test]
async fn a_ticket_is_good_once_and_for_nothing_else() {
    let server = TestServer::start().await;
    let ticket = ticket(&server, &server.token("alice", "watch")).await;
    let bearer = http::get(server.address, "/api/v1/fleet", &ticket).await;
    assert_eq!(bearer.status, 401);
    let with_ticket = Handshake::new(format!("/ws?ticket={ticket}"));
    assert_eq!(with_ticket.ask(server.address).await.status, 101);
    assert_eq!(refused(&with_ticket.ask(server.address).await), (401, "invalid_ticket".to_owned()));
}

#[tokio::test]
async fn a_token_in_the_query_can_be_turned_off() {
    let server = TestServer::with(&[("auth.query_token", "false")]).await;
    let token = server.token("alice", "watch");
    let in_query = Handshake::new(format!("/ws?token={token}"));
    assert_eq!(refused(&in_query.ask(server.address).await).0, 401);
    assert_eq!(Handshake::new("/ws").bearer(&token).ask(server.address).await.status, 101);
    let by_ticket = Handshake::new(format!("/ws?ticket={}", ticket(&server, &token).await));
    assert_eq!(by_ticket.ask(server.address).await.status, 101);
}
