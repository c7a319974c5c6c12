//! S10, S32, S33, S36: heads that lie about the host, the framing or the name of an agent.

use serde_json::json;
use tokio::time::Instant;

use crate::support::http::{Connection, raw};
use crate::support::raw::{Handshake, TEXT, masked};
use crate::support::{TestServer, http};

fn request(target: &str, lines: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\n{lines}Connection: close\r\n\r\n").into_bytes()
}

#[tokio::test]
async fn s10_a_name_of_somebody_else_is_421_at_a_listener_on_this_machine() {
    let allowed = ("server.allowed_origins", "https://good.example:8443");
    let server = TestServer::with(&[allowed]).await;
    for host in ["localhost", "localhost:1", "a.localhost", "127.0.0.1", "[::1]:3000", "good.example"] {
        let lines = format!("Host: {host}\r\n");
        assert_eq!(raw(server.address, &request("/healthz", &lines)).await.unwrap().status, 200, "{host}");
    }
    for (target, host) in [
        ("/healthz", "attacker.example"),
        ("/", "attacker.example:3000"),
        ("/api/v1/fleet", "localhost.attacker.example"),
        ("/healthz", "10.0.0.1"),
        ("/healthz", ""),
        ("http://attacker.example/healthz", "localhost"),
        ("http://localhost/healthz", "attacker.example"),
    ] {
        let answer = raw(server.address, &request(target, &format!("Host: {host}\r\n"))).await.unwrap();
        assert_eq!((answer.status, answer.code().as_str()), (421, "misdirected_request"), "{target} {host}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json; charset=utf-8"));
    }
    let whole = request("http://localhost:3000/healthz", "Host: localhost:3000\r\n");
    assert_eq!(raw(server.address, &whole).await.unwrap().status, 200);
    for lines in
        ["", "Host: localhost\r\nHost: localhost\r\n", "Host: localhost\r\nHost: attacker.example\r\n"]
    {
        let answer = raw(server.address, &request("/healthz", lines)).await.unwrap();
        assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_request"), "{lines:?}");
    }
    let old = raw(server.address, b"GET /healthz HTTP/1.0\r\n\r\n").await.unwrap();
    assert_eq!(old.status, 200, "no browser sends it, and probes do");
    let bearer = format!("Authorization: Bearer {}\r\n", server.token("u1", "watch"));
    let upgrade =
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    // Its page's own origin, as the browser sees it: same-origin by name, and still not ours.
    let rebound = format!(
        "GET /ws HTTP/1.1\r\nHost: attacker.example\r\nOrigin: http://attacker.example\r\nConnection: Upgrade\r\n{upgrade}{bearer}\r\n"
    );
    assert_eq!(raw(server.address, rebound.as_bytes()).await.unwrap().status, 421);
}

#[tokio::test]
async fn s10_behind_a_proxy_every_host_is_answered() {
    let server = TestServer::with(&[("server.behind_tls_proxy", "true")]).await;
    let answer = raw(server.address, &request("/healthz", "Host: fleet.example\r\n")).await.unwrap();
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn s32_headers_made_to_be_slow_are_answered_at_once() {
    let server = TestServer::start().await;
    let handshake = || Handshake::new("/ws").bearer(&server.token("u1", "watch"));
    let spaces = format!("b{}x", " ".repeat(12_000));
    for (name, value, status) in [
        ("Sec-WebSocket-Protocol", spaces.clone(), 101),
        ("Sec-WebSocket-Protocol", ",".repeat(12_000), 101),
        ("Sec-WebSocket-Extensions", "constructor".to_owned(), 101),
        (
            "Sec-WebSocket-Extensions",
            "permessage-deflate; server_max_window_bits=99; __proto__=1".to_owned(),
            101,
        ),
        ("Sec-WebSocket-Extensions", spaces, 101),
        ("Sec-WebSocket-Extensions", "x".repeat(32 * 1024), 431),
    ] {
        let asked = Instant::now();
        let answer = handshake().with(name, value).ask(server.address).await;
        assert_eq!((answer.status, answer.header("sec-websocket-extensions")), (status, None), "{name}");
        assert!(asked.elapsed().as_millis() < 250, "{:?}", asked.elapsed());
    }
}

const ONLINE: &str = r#"{"status":"online"}"#;

fn report(server: &TestServer, agent: &str, lines: &str) -> String {
    let token = server.token("reporter", "report");
    format!(
        "POST /api/v1/agents/{agent}/status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n{lines}"
    )
}

#[tokio::test]
async fn s33_two_equal_lengths_are_one_and_never_hide_a_second_request() {
    let server = TestServer::start().await;
    let length = format!("Content-Length: {}\r\n", ONLINE.len());
    // hyper makes one of two fields that agree, as RFC 9110, section 8.6, allows; both readers of such a
    // head agree where the body ends, so the request behind it is a request for both.
    let twice = report(&server, "a1", &format!("{length}{length}\r\n{ONLINE}"));
    let behind = report(&server, "a2", &format!("{length}Connection: close\r\n\r\n{ONLINE}"));
    let mut connection = Connection::open(server.address).await;
    connection.write((twice + &behind).as_bytes()).await;
    let (first, second) = (connection.answer().await.unwrap(), connection.answer().await.unwrap());
    assert_eq!((first.status, second.status), (200, 200));
    assert_eq!(connection.rest().await, b"");
    assert_eq!(server.seq().await, 2);
}

#[tokio::test]
async fn s33_bare_line_feeds_end_lines_and_nothing_else() {
    let server = TestServer::start().await;
    let hidden = report(&server, "a2", &format!("Content-Length: {}\r\n\r\n{ONLINE}", ONLINE.len()));
    // A line may end with a bare line feed (RFC 9112, section 2.2): the body still has its length, and what
    // stands in it is no request.
    let outer = format!("Content-Length: {}\r\nConnection: close\r\n", hidden.len());
    let bare = report(&server, "a1", &outer).replace("\r\n", "\n") + "\n" + &hidden;
    let mut connection = Connection::open(server.address).await;
    connection.write(bare.as_bytes()).await;
    assert_eq!(connection.answer().await.unwrap().status, 400, "a body that is no JSON");
    assert_eq!(connection.rest().await, b"");
    // A line feed inside of a value ends the line there for every reader: what follows is a field.
    let split = report(&server, "a1", &format!("x-a: b\nContent-Length: {}\r\n\r\n{ONLINE}", ONLINE.len()));
    let mut connection = Connection::open(server.address).await;
    connection.write(split.as_bytes()).await;
    assert_eq!(connection.answer().await.unwrap().status, 200);
    // In a chunk's size a bare line feed is refused.
    let chunk =
        report(&server, "a1", "Transfer-Encoding: chunked\r\n\r\n13\n") + ONLINE + "\r\n0\r\n\r\n" + &hidden;
    let mut connection = Connection::open(server.address).await;
    connection.write(chunk.as_bytes()).await;
    assert!(connection.answer().await.is_none_or(|answer| matches!(answer.status, 400 | 413)));
    assert_eq!(String::from_utf8_lossy(&connection.rest().await), "");
    assert_eq!(server.seq().await, 1);
}

#[tokio::test]
async fn s33_what_comes_before_the_101_is_frames_and_never_a_request() {
    let server = TestServer::start().await;
    let token = server.token("u1", "watch");
    let handshake = format!(
        "GET /ws HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    );
    // By design: a client that knows its handshake is good may send on without waiting for the answer.
    let mut early = Connection::open(server.address).await;
    let ping = masked(TEXT, br#"{"type":"ping","payload":{"id":"early"}}"#);
    early.write(&[handshake.as_bytes(), &ping, &masked(8, &1000_u16.to_be_bytes())].concat()).await;
    assert_eq!(early.answer().await.unwrap().status, 101);
    let rest = early.rest().await;
    assert!(String::from_utf8_lossy(&rest).contains(r#"{"type":"pong","payload":{"id":"early"}}"#));
    // A request is no frame: `P` and `G` both have reserved bits set, or a mask missing.
    for hidden in [
        report(&server, "a1", &format!("Content-Length: {}\r\n\r\n{ONLINE}", ONLINE.len())),
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
    ] {
        let mut smuggler = Connection::open(server.address).await;
        smuggler.write((handshake.clone() + &hidden).as_bytes()).await;
        assert_eq!(smuggler.answer().await.unwrap().status, 101);
        let rest = smuggler.rest().await;
        assert!(!String::from_utf8_lossy(&rest).contains("HTTP/1.1"), "it was answered");
        assert!(rest.windows(2).any(|pair| pair == 1002_u16.to_be_bytes()), "no close");
    }
    assert_eq!(server.seq().await, 0);
}

#[tokio::test]
async fn s36_no_agent_has_a_name_with_a_meaning_elsewhere() {
    let server = TestServer::start().await;
    let token = server.token("reporter", "report");
    let body = json!({"status": "online"});
    for name in [
        "a%20b",
        "*",
        "a.%3E",
        "%3E",
        "a%0D%0Ab",
        "a%0Ab",
        "a%00b",
        "%24SYS",
        "%24JS.x",
        "a%2F..%2Fb",
        "%C3%A9",
    ] {
        let answer =
            http::post(server.address, &format!("/api/v1/agents/{name}/status"), &token, &body).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "invalid_id"), "{name}");
    }
    let long = format!("/api/v1/agents/{}/status", "a".repeat(300));
    assert_eq!(http::post(server.address, &long, &token, &body).await.status, 422);
    for name in ["a b", "*", ">", "a\r\nb", "a\nb", "\0", "$SYS", "$JS", "", "é"] {
        let batch = json!([{"kind": "status", "agentId": name, "status": "online"}]);
        let answer = http::post(server.address, "/api/v1/reports", &token, &batch).await.json();
        assert_eq!(answer["results"][0]["code"], "invalid_id", "{name:?} {answer}");
    }
    assert_eq!(server.seq().await, 0);
}
