//! Limits of HTTP itself, with exact bytes: heads, bodies, connections, framing, and who is believed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

mod support;

use serde_json::json;
use support::http::{Connection, get, raw, send};
use support::screen::Screen;
use support::{TestServer, http};

/// A head with these lines and no body.
fn head(server: &TestServer, first: &str, lines: &[String]) -> String {
    let mut head = format!("{first}\r\nHost: {}\r\n", server.address);
    lines.iter().for_each(|line| head.push_str(&format!("{line}\r\n")));
    head + "\r\n"
}

/// The head of a report to `a1`, with these lines besides.
fn report(server: &TestServer, lines: &[&str]) -> String {
    let mut all = vec![
        format!("Authorization: Bearer {}", server.token("reporter", "report")),
        "Content-Type: application/json".to_owned(),
    ];
    all.extend(lines.iter().map(|line| (*line).to_owned()));
    head(server, "POST /api/v1/agents/a1/status HTTP/1.1", &all)
}

const ONLINE: &str = r#"{"status":"online"}"#;

#[tokio::test]
async fn a_head_may_have_64_fields_and_not_65() {
    let server = TestServer::start().await;
    // Host is one of them.
    let fields = |count: usize| (1..count).map(|n| format!("x-{n}: y")).collect::<Vec<_>>();
    let at =
        raw(server.address, head(&server, "GET /healthz HTTP/1.1", &fields(64)).as_bytes()).await.unwrap();
    assert_eq!(at.status, 200);
    for count in [65, 200, 2000] {
        let over =
            raw(server.address, head(&server, "GET /healthz HTTP/1.1", &fields(count)).as_bytes()).await;
        let over = over.unwrap();
        assert_eq!(over.status, 431, "{count}");
        assert!(count > 200 || over.code() == "head_too_large", "{count}");
    }
    let upgrade = head(
        &server,
        "GET /ws HTTP/1.1",
        &[fields(65), vec!["Connection: upgrade".to_owned(), "Upgrade: websocket".to_owned()]].concat(),
    );
    assert_eq!(raw(server.address, upgrade.as_bytes()).await.unwrap().status, 431);
    assert_eq!(send(server.address, "GET", "/healthz", &[], None).await.status, 200, "the server lives");
}

#[tokio::test]
async fn a_head_may_have_16_kib_and_not_more() {
    let server = TestServer::start().await;
    for (bytes, status) in [(16_000, 200), (16_400, 431), (60_000, 431), (600_000, 431)] {
        let lines = vec![format!("x-long: {}", "y".repeat(bytes))];
        let answer = raw(server.address, head(&server, "GET /healthz HTTP/1.1", &lines).as_bytes()).await;
        assert_eq!(answer.unwrap().status, status, "{bytes}");
    }
}

#[tokio::test]
async fn a_uri_may_have_4096_bytes_and_not_one_more() {
    let server = TestServer::start().await;
    let uri = |bytes: usize| format!("/healthz?{}", "x".repeat(bytes - "/healthz?".len()));
    assert_eq!(send(server.address, "GET", &uri(4096), &[], None).await.status, 200);
    let over = send(server.address, "GET", &uri(4097), &[], None).await;
    assert_eq!((over.status, over.code().as_str()), (414, "uri_too_long"));
    assert_eq!(over.header("content-type"), Some("application/problem+json; charset=utf-8"));
    assert_eq!(send(server.address, "GET", &uri(70_000), &[], None).await.status, 414);
}

#[tokio::test]
async fn a_slow_head_a_silent_connection_and_an_idle_one_are_closed_without_an_answer() {
    let server = TestServer::with(&[("limits.head_ms", "300")]).await;
    for begun in ["", "G", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n"] {
        let mut connection = Connection::open(server.address).await;
        connection.write(begun.as_bytes()).await;
        assert_eq!(connection.rest().await, b"", "{begun:?}");
    }
    // Progress buys no time: a byte every tenth of the limit.
    let mut connection = Connection::open(server.address).await;
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(30));
    let (mut reader, mut writer) = connection.stream.split();
    let drip = async {
        use tokio::io::AsyncWriteExt;
        for byte in b"GET /healthz HTTP/1.1\r\nx-slow: ".iter().chain(std::iter::repeat_n(&b'y', 1000)) {
            ticks.tick().await;
            if writer.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
    };
    let read = async {
        use tokio::io::AsyncReadExt;
        let mut answer = Vec::new();
        let _reset = reader.read_to_end(&mut answer).await;
        answer
    };
    let ended = tokio::time::timeout(support::PATIENCE, async {
        tokio::select! { answer = read => answer, () = drip => panic!("not closed") }
    });
    assert_eq!(ended.await.expect("closed in time"), b"");
    let mut kept = Connection::open(server.address).await;
    kept.write(head(&server, "GET /healthz HTTP/1.1", &[]).as_bytes()).await;
    assert_eq!(kept.answer().await.unwrap().status, 200);
    assert_eq!(kept.rest().await, b"", "a kept connection may not be idle for ever");
}

#[tokio::test]
async fn a_slow_body_is_closed_without_an_answer_and_changes_nothing() {
    let server = TestServer::with(&[("limits.body_ms", "300")]).await;
    for (line, begun) in [
        ("Content-Length: 19", "{\"status\""),
        ("Content-Length: 19", ""),
        ("Transfer-Encoding: chunked", "5\r\n{\"sta"),
    ] {
        let mut connection = Connection::open(server.address).await;
        connection.write(report(&server, &[line]).as_bytes()).await;
        connection.write(begun.as_bytes()).await;
        assert_eq!(connection.rest().await, b"", "{line} {begun:?}");
    }
    assert_eq!(server.seq().await, 0);
}

#[tokio::test]
async fn a_body_that_ends_early_changes_nothing() {
    let server = TestServer::start().await;
    let mut connection = Connection::open(server.address).await;
    connection.write(report(&server, &["Content-Length: 100"]).as_bytes()).await;
    connection.write(ONLINE.as_bytes()).await;
    tokio::io::AsyncWriteExt::shutdown(&mut connection.stream).await.unwrap();
    let rest = String::from_utf8(connection.rest().await).unwrap();
    assert!(rest.is_empty() || rest.starts_with("HTTP/1.1 400"), "{rest}");
    assert_eq!(server.seq().await, 0);
}

#[tokio::test]
async fn a_body_too_large_is_refused_before_it_is_read() {
    let server = TestServer::with(&[("limits.body_bytes", "100")]).await;
    for length in ["101", "1000000000000", "18446744073709551615"] {
        let mut connection = Connection::open(server.address).await;
        connection.write(report(&server, &[&format!("Content-Length: {length}")]).as_bytes()).await;
        let answer = connection.answer().await.unwrap();
        // One that hyper's own counter cannot hold is refused by hyper.
        let refused = if length.len() < 20 { 413 } else { 431 };
        assert_eq!(answer.status, refused, "{length}");
        assert_eq!(connection.rest().await, b"", "what would follow is no request");
    }
    let chunk = format!("33\r\n{}\r\n", "y".repeat(0x33));
    let mut connection = Connection::open(server.address).await;
    connection.write(report(&server, &["Transfer-Encoding: chunked"]).as_bytes()).await;
    connection.write(chunk.repeat(2).as_bytes()).await;
    let answer = connection.answer().await.unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (413, "body_too_large"));
    let whole = format!(
        "{}{:x}\r\n{ONLINE}\r\n0\r\n\r\n",
        report(&server, &["Transfer-Encoding: chunked"]),
        ONLINE.len()
    );
    assert_eq!(
        raw(server.address, whole.as_bytes()).await.unwrap().status,
        200,
        "a chunked body within it is fine"
    );
    assert_eq!(server.seq().await, 1);
}

#[tokio::test]
async fn what_two_readers_could_read_in_two_ways_is_refused_and_closed() {
    let server = TestServer::start().await;
    // What a second reader would take for a request of its own; if it were, a2 would be known.
    let hidden = report(&server, &["Content-Length: 19"]).replace("/a1/", "/a2/") + ONLINE;
    let chunked = format!("{:x}\r\n{ONLINE}\r\n0\r\n\r\n{hidden}", ONLINE.len());
    let with = |lines: &[&str], body: &str| report(&server, lines) + body;
    for (what, bytes) in [
        ("two lengths", with(&["Content-Length: 19", "Content-Length: 20"], &format!("{ONLINE} {hidden}"))),
        ("a list of lengths", with(&["Content-Length: 19, 19"], &format!("{ONLINE}{hidden}"))),
        ("a signed length", with(&["Content-Length: +19"], &format!("{ONLINE}{hidden}"))),
        ("a coding after chunked", with(&["Transfer-Encoding: chunked, identity"], &chunked)),
        ("an unknown coding", with(&["Transfer-Encoding: xchunked"], &chunked)),
        ("a folded line", with(&["x-folded: a", " b", "Content-Length: 19"], &format!("{ONLINE}{hidden}"))),
        ("a space before the colon", with(&["Content-Length : 19"], &format!("{ONLINE}{hidden}"))),
        ("a bare carriage return", with(&["x-a: b\rContent-Length: 19"], &format!("{ONLINE}{hidden}"))),
        ("a zero byte", with(&["x-a: b\0c", "Content-Length: 19"], &format!("{ONLINE}{hidden}"))),
    ] {
        let mut connection = Connection::open(server.address).await;
        connection.write(bytes.as_bytes()).await;
        let answer = connection.answer().await.unwrap_or_else(|| panic!("{what}: closed without an answer"));
        assert_eq!(answer.status, 400, "{what}");
        assert_eq!(String::from_utf8_lossy(&connection.rest().await), "", "{what}");
    }
    let handshake = "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==";
    let bearer = format!("Authorization: Bearer {}", server.token("ann", "watch"));
    let lines = [handshake.to_owned(), bearer, "Content-Length: 3".to_owned()];
    let with_body = head(&server, "GET /ws HTTP/1.1", &lines) + "abc";
    let mut connection = Connection::open(server.address).await;
    connection.write(with_body.as_bytes()).await;
    assert_eq!(connection.answer().await.unwrap().status, 400, "a handshake has no body");
    assert_eq!(connection.rest().await, b"");
    for (what, chunks) in [
        ("a chunk size of 17 digits", format!("1{:016x}\r\n{ONLINE}\r\n0\r\n\r\n", ONLINE.len())),
        ("a chunk size that is none", format!("1g\r\n{ONLINE}\r\n0\r\n\r\n")),
        ("no line end after a chunk", format!("{:x}\r\n{ONLINE}0\r\n\r\n", ONLINE.len())),
    ] {
        let mut connection = Connection::open(server.address).await;
        connection.write(with(&["Transfer-Encoding: chunked"], &chunks).as_bytes()).await;
        let answer = connection.answer().await;
        assert!(answer.is_none_or(|answer| matches!(answer.status, 400 | 413)), "{what}");
        assert_eq!(String::from_utf8_lossy(&connection.rest().await), "", "{what}");
    }
    assert_eq!(server.seq().await, 0);
}

#[tokio::test]
async fn chunks_win_over_a_length_and_what_follows_them_is_no_request() {
    let server = TestServer::start().await;
    let hidden = report(&server, &["Content-Length: 19"]).replace("/a1/", "/a2/") + ONLINE;
    let chunked = format!("{:x}\r\n{ONLINE}\r\n0\r\n\r\n{hidden}", ONLINE.len());
    let both = ["Content-Length: 19", "Transfer-Encoding: chunked"];
    for lines in [both, [both[1], both[0]]] {
        let mut connection = Connection::open(server.address).await;
        connection.write((report(&server, &lines) + &chunked).as_bytes()).await;
        assert_eq!(connection.answer().await.unwrap().status, 200, "{lines:?}");
        assert_eq!(String::from_utf8_lossy(&connection.rest().await), "", "{lines:?}");
    }
    assert_eq!(server.seq().await, 1);
}

#[tokio::test]
async fn http_2_is_not_spoken() {
    let server = TestServer::start().await;
    let mut connection = Connection::open(server.address).await;
    connection.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
    let rest = connection.rest().await;
    assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 400"), "{rest:?}");
    let lines =
        ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"];
    let upgrade = head(&server, "GET /healthz HTTP/1.1", &lines.map(str::to_owned));
    assert_eq!(raw(server.address, upgrade.as_bytes()).await.unwrap().status, 200, "h2c is passed over");
}

#[tokio::test]
async fn past_the_cap_connections_wait_and_come_in_when_one_goes() {
    let server = TestServer::with(&[("limits.connections", "2")]).await;
    let request = head(&server, "GET /healthz HTTP/1.1", &[]);
    let mut first = Connection::open(server.address).await;
    let mut second = Connection::open(server.address).await;
    for connection in [&mut first, &mut second] {
        connection.write(request.as_bytes()).await;
        assert_eq!(connection.answer().await.unwrap().status, 200);
    }
    let mut third = Connection::open(server.address).await;
    third.write(request.as_bytes()).await;
    // The server answers the others meanwhile, so it had its chance to answer the third.
    for _ in 0..20 {
        first.write(request.as_bytes()).await;
        assert_eq!(first.answer().await.unwrap().status, 200);
    }
    let mut byte = [0];
    let waiting = third.stream.try_read(&mut byte).unwrap_err();
    assert_eq!(waiting.kind(), std::io::ErrorKind::WouldBlock);
    drop(second);
    assert_eq!(third.answer().await.unwrap().status, 200);
    drop((first, third));
    assert_eq!(send(server.address, "GET", "/healthz", &[], None).await.status, 200);
    // Live connections have a count of their own.
    let mut screens = Vec::new();
    for _ in 0..2 {
        let mut screen = Screen::open(server.address, &server.token("ann", "watch")).await;
        screen.until("sync:end").await;
        screens.push(screen);
    }
    assert_eq!(send(server.address, "GET", "/healthz", &[], None).await.status, 200);
    let bearer = format!("Bearer {}", server.token("ann", "watch"));
    let full = Screen::try_open(server.address, "/ws", &[("Authorization", &bearer)]).await.err().unwrap();
    assert_eq!((full.status, full.code().as_str()), (503, "overloaded"));
}

#[tokio::test]
async fn a_connection_is_kept_and_requests_sent_ahead_are_answered_in_order() {
    let server = TestServer::start().await;
    let mut connection = Connection::open(server.address).await;
    let mut all = String::new();
    for number in 0..10 {
        let body = json!({"status": "error", "message": number.to_string()}).to_string();
        all += &(report(&server, &[&format!("Content-Length: {}", body.len())]) + &body);
        all += &head(&server, "GET /nothing HTTP/1.1", &[]);
    }
    connection.write(all.as_bytes()).await;
    for number in 1..=10 {
        assert_eq!(connection.answer().await.unwrap().json()["seq"], number);
        assert_eq!(connection.answer().await.unwrap().status, 404);
    }
    connection
        .write(head(&server, "GET /healthz HTTP/1.1", &["Connection: close".to_owned()]).as_bytes())
        .await;
    assert_eq!(connection.answer().await.unwrap().status, 200);
    assert_eq!(connection.rest().await, b"");
}

#[tokio::test]
async fn a_client_that_asks_before_it_sends_is_told_to_go_on_or_refused_at_once() {
    let server = TestServer::with(&[("limits.body_bytes", "100")]).await;
    let mut connection = Connection::open(server.address).await;
    connection.write(report(&server, &["Content-Length: 19", "Expect: 100-continue"]).as_bytes()).await;
    assert_eq!(connection.answer().await.unwrap().status, 100);
    connection.write(ONLINE.as_bytes()).await;
    assert_eq!(connection.answer().await.unwrap().status, 200);
    let mut large = Connection::open(server.address).await;
    large.write(report(&server, &["Content-Length: 101", "Expect: 100-continue"]).as_bytes()).await;
    assert_eq!(large.answer().await.unwrap().status, 413);
    let mut stranger = Connection::open(server.address).await;
    let request = head(
        &server,
        "POST /api/v1/reports HTTP/1.1",
        &["Content-Length: 9".to_owned(), "Expect: 100-continue".to_owned()],
    );
    stranger.write(request.as_bytes()).await;
    assert_eq!(stranger.answer().await.unwrap().status, 401, "a stranger's body is not asked for");
}

#[tokio::test]
async fn the_address_of_a_stranger_is_its_own_whatever_it_says_of_others() {
    let refused = async |server: &TestServer, from: &str| {
        let answer =
            Screen::try_open(server.address, "/ws", &[("X-Forwarded-For", from)]).await.err().unwrap();
        answer.status
    };
    let one = ("limits.refused_handshakes_per_second", "1");
    let open = TestServer::with(&[one]).await;
    assert_eq!(refused(&open, "192.0.2.1").await, 401);
    assert_eq!(refused(&open, "192.0.2.2").await, 429, "the peer counts, not what it says");
    let behind = TestServer::with(&[one, ("server.trusted_proxies", "127.0.0.1")]).await;
    for from in ["192.0.2.1", "192.0.2.2", "192.0.2.1, 192.0.2.3", "192.0.2.1, 192.0.2.4, 127.0.0.1"] {
        assert_eq!(refused(&behind, from).await, 401, "{from}");
    }
    assert_eq!(refused(&behind, "203.0.113.9, 192.0.2.4").await, 429, "only what the proxy saw counts");
    let token = behind.token("ann", "watch");
    assert_eq!(get(behind.address, "/api/v1/fleet", &token).await.status, 200);
    assert_eq!(http::get(open.address, "/api/v1/fleet", &open.token("ann", "watch")).await.status, 200);
}
