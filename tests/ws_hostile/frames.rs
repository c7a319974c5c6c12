//! S40, S41, S43, S44, S46, S47: frames that break the protocol. Each is refused by a whole close frame
//! within a second, then the end of the stream, and not by a reset.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use crate::support::TestServer;
use crate::support::raw::{BINARY, CLOSE, Handshake, PING, RawSocket, TEXT, masked, unmasked};
use crate::support::reports::until_connections;

const SOON: Duration = Duration::from_secs(1);

/// The code and reason of the close that is the last of these bytes from the server.
pub(crate) fn close_in(bytes: &[u8]) -> Option<(u16, Value)> {
    let mut rest = bytes;
    while let [first, second, ..] = *rest {
        let (length, start) = match second {
            126 => (usize::from(u16::from_be_bytes([rest[2], rest[3]])), 4),
            127 => panic!("no frame here is so long"),
            short => (usize::from(short), 2),
        };
        let payload = &rest[start..start + length];
        rest = &rest[start + length..];
        if first == 0x80 | CLOSE {
            assert!(rest.is_empty(), "something comes behind the close");
            let code = u16::from_be_bytes([payload[0], payload[1]]);
            assert!(payload.len() <= 125);
            return Some((code, serde_json::from_slice(&payload[2..]).unwrap()));
        }
    }
    None
}

async fn ready(server: &TestServer) -> RawSocket {
    let mut socket = RawSocket::open(server.address, &server.token("u1", "watch")).await;
    socket.until_type("sync:end").await;
    socket
}

/// Sends bytes and reads to the end of the stream, which must not be a reset.
async fn refused(server: &TestServer, bytes: &[u8]) -> (u16, Value) {
    let mut socket = ready(server).await;
    socket.write(bytes).await;
    let asked = Instant::now();
    let mut got = Vec::new();
    let ended = timeout(SOON * 3, socket.stream.read_to_end(&mut got)).await.expect("not closed");
    ended.expect("a reset");
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    close_in(&got).expect("no close frame")
}

fn protocol_error() -> (u16, Value) {
    (1002, json!({"code": "protocol_error"}))
}

fn close_frames() -> Vec<(String, Vec<u8>)> {
    let codes = [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535_u16];
    let of = |code: u16| (format!("a close with {code}"), masked(CLOSE, &code.to_be_bytes()));
    codes.into_iter().map(of).collect()
}

/// Every way to break section 5 or 7.4 of RFC 6455 with a frame.
fn breaches() -> Vec<(String, Vec<u8>)> {
    let ping = br#"{"type":"ping"}"#;
    let with = |mut frame: Vec<u8>, set: u8, unset: u8| {
        frame[0] = (frame[0] | set) & !unset;
        frame
    };
    let open = || with(masked(TEXT, b"{"), 0, 0x80);
    let mut all = vec![
        ("no mask".to_owned(), unmasked(TEXT, ping)),
        ("no mask and nothing in it".to_owned(), unmasked(TEXT, b"")),
        ("a ping in fragments".to_owned(), with(masked(PING, b"x"), 0, 0x80)),
        ("a close in fragments".to_owned(), with(masked(CLOSE, &1000_u16.to_be_bytes()), 0, 0x80)),
        ("a ping of 126 bytes".to_owned(), masked(PING, &[0; 126])),
        ("a pong of 64 KiB".to_owned(), masked(0xA, &[0; 65_536])),
        ("a continuation of nothing".to_owned(), masked(0, ping)),
        ("a message inside a message".to_owned(), [open(), masked(TEXT, b"}")].concat()),
        ("a binary one inside a message".to_owned(), [open(), masked(BINARY, b"}")].concat()),
        ("a close of one byte".to_owned(), masked(CLOSE, b"x")),
        ("a length of two bytes that is short".to_owned(), vec![0x81, 0xfe, 0, 125]),
        ("a length of eight bytes that is short".to_owned(), vec![0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff]),
    ];
    for bit in [0x40, 0x20, 0x10] {
        all.push((format!("reserved bit {bit:x}"), with(masked(TEXT, ping), bit, 0)));
        all.push((format!("reserved bit {bit:x} of a ping"), with(masked(PING, b""), bit, 0)));
    }
    for opcode in [3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF] {
        all.push((format!("opcode {opcode:x}"), masked(opcode, b"")));
    }
    all.extend(close_frames());
    all
}

#[tokio::test]
async fn s40_every_breach_of_the_protocol_is_1002_then_the_end_and_no_reset() {
    let server = TestServer::start().await;
    for (name, bytes) in breaches() {
        assert_eq!(refused(&server, &bytes).await, protocol_error(), "{name}");
    }
    until_connections(&server, 0).await;
}

#[tokio::test]
async fn s40_the_close_arrives_also_when_the_peer_goes_on_sending() {
    let server = TestServer::start().await;
    for (name, bytes) in breaches().into_iter().step_by(6) {
        let mut socket = ready(&server).await;
        let (mut reading, mut writing) = socket.stream.split();
        let sending = async {
            let more = masked(TEXT, &[b' '; 4096]);
            let mut sent = writing.write_all(&bytes).await;
            while sent.is_ok() {
                sent = writing.write_all(&more).await;
                tokio::task::yield_now().await;
            }
            std::future::pending::<()>().await;
        };
        let mut got = Vec::new();
        let ended = tokio::select! {
            ended = timeout(SOON * 3, reading.read_to_end(&mut got)) => ended.expect("not closed"),
            () = sending => unreachable!(),
        };
        ended.expect("a reset overtook the close");
        assert_eq!(close_in(&got), Some(protocol_error()), "{name}");
    }
    until_connections(&server, 0).await;
}

#[tokio::test]
async fn s41_a_length_with_its_top_bit_set_is_refused_by_the_head() {
    let server = TestServer::start().await;
    for (first, length) in [(0x81, 1_u64 << 63 | 1), (0x82, 1 << 63 | 1), (0x81, u64::MAX)] {
        let head = [&[first, 0xff], &length.to_be_bytes()[..]].concat();
        let (code, _) = refused(&server, &head).await;
        // A binary message is refused by its first two bytes, before its length.
        assert_eq!(code, if first == 0x82 { 1003 } else { 1002 });
    }
    let head = [&[0x81, 0xff], &(u64::MAX >> 1).to_be_bytes()[..]].concat();
    assert_eq!(refused(&server, &head).await.0, 1009, "the largest that is well formed");
}

#[tokio::test]
async fn s43_one_byte_over_the_limit_in_small_fragments_is_1009() {
    let server = TestServer::start().await;
    let mut bytes = masked(TEXT, &[b' '; 1024]);
    for _ in 0..7 {
        bytes.extend(masked(0, &[b' '; 1024]));
    }
    bytes.extend(masked(0, b" "));
    let mut at = 0;
    for length in [1032; 8] {
        bytes[at] &= 0x7f;
        at += length;
    }
    assert_eq!(refused(&server, &bytes).await, (1009, json!({"code": "message_too_large"})));
}

#[tokio::test]
async fn s44_the_seventeenth_fragment_is_1009_and_the_sixteenth_is_not() {
    let server = TestServer::start().await;
    let part = |opcode: u8, last: bool, text: &[u8]| {
        let mut frame = masked(opcode, text);
        frame[0] &= if last { 0xff } else { 0x7f };
        frame
    };
    let mut sixteen = part(TEXT, false, br#"{"type":"ping"}"#);
    for _ in 0..14 {
        sixteen.extend(part(0, false, b""));
    }
    let mut socket = ready(&server).await;
    socket.write(&[sixteen.clone(), part(0, true, b"")].concat()).await;
    socket.until_type("pong").await;
    let seventeen = [sixteen, part(0, false, b""), part(0, true, b"")].concat();
    assert_eq!(refused(&server, &seventeen).await, (1009, json!({"code": "message_too_large"})));
}

/// Text that is no UTF-8, and how many of its bytes show it.
const NOT_TEXT: [(&str, &[u8], usize); 9] = [
    ("a byte that is none", b"a\xff", 2),
    ("a continuation first", b"\x80", 1),
    ("two bytes for one", b"\xc0\xaf", 1),
    ("three bytes for two", b"\xe0\x80\xaf", 2),
    ("four bytes for three", b"\xf0\x80\x80\xaf", 2),
    ("a surrogate", b"\xed\xa0\x80", 2),
    ("above U+10FFFF", b"\xf4\x90\x80\x80", 2),
    ("a first byte above", b"\xf5\x80\x80\x80", 1),
    ("one cut by the next", b"\xe2\x82a", 3),
];

#[tokio::test]
async fn s46_text_that_is_not_utf_8_is_1007_whole_and_in_fragments() {
    let server = TestServer::start().await;
    let not_text = (1007, json!({"code": "invalid_utf8"}));
    for (name, text, _) in NOT_TEXT {
        assert_eq!(refused(&server, &masked(TEXT, text)).await, not_text, "{name}");
        let mut parts = Vec::new();
        for (at, byte) in text.iter().enumerate() {
            let mut frame = masked(if at == 0 { TEXT } else { 0 }, &[*byte]);
            frame[0] &= 0x7f;
            parts.extend(frame);
        }
        assert_eq!(refused(&server, &parts).await, not_text, "{name}, in fragments");
    }
    let cut = masked(TEXT, "\"€".as_bytes().split_at(3).0);
    assert_eq!(refused(&server, &cut).await, not_text, "a character that the message cuts");
    let reason = [&1000_u16.to_be_bytes()[..], b"\xff"].concat();
    assert_eq!(refused(&server, &masked(CLOSE, &reason)).await.0, 1007, "the reason of a close is text too");
}

#[tokio::test]
async fn s46_it_is_refused_at_the_byte_that_shows_it() {
    let server = TestServer::start().await;
    for (name, text, shown_by) in NOT_TEXT {
        // A message that says it will be longer: nothing of it is waited for.
        let frame = masked(TEXT, &[text, b" and more that never comes"].concat());
        let end = 6 + shown_by;
        let mut socket = ready(&server).await;
        for byte in &frame[..end - 1] {
            socket.write(&[*byte]).await;
        }
        // Its answer shows that the server has read what came before, and did not mind.
        let unknown = Handshake::new("/ws").ask(server.address).await.status;
        assert!(matches!(unknown, 401 | 429));
        let mut early = [0; 64];
        assert!(socket.stream.try_read(&mut early).is_err(), "{name}: refused too early");
        socket.write(&frame[end - 1..end]).await;
        assert_eq!(socket.closed().await.0, 1007, "{name}");
    }
}

#[tokio::test]
async fn s47_binary_is_1003_and_no_extension_is_agreed_to() {
    let server = TestServer::start().await;
    let binary = (1003, json!({"code": "binary_message"}));
    assert_eq!(refused(&server, &masked(BINARY, b"{}")).await, binary);
    assert_eq!(refused(&server, &masked(BINARY, b"")).await, binary);
    for offer in
        ["permessage-deflate", "permessage-deflate; client_max_window_bits=8, x-webkit-deflate-frame"]
    {
        let asked = Handshake::new("/ws").bearer(&server.token("u1", "watch"));
        let asked = asked.with("Sec-WebSocket-Extensions", offer);
        let answer = asked.ask(server.address).await;
        assert_eq!((answer.status, answer.header("sec-websocket-extensions")), (101, None));
        let mut socket = asked.open(server.address).await;
        let mut squeezed =
            masked(TEXT, b"\xaa\x56\x2a\xa9\x2c\x48\x55\xb2\x52\x2a\xc8\xcc\x4b\x57\xaa\x05\x00");
        squeezed[0] |= 0x40;
        socket.write(&squeezed).await;
        assert_eq!(socket.closed().await.0, 1002);
    }
}
