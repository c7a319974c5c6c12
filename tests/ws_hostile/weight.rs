//! S42, S44, S45: frames that cost the server more than the peer. The server runs in a process of its
//! own, so that its memory and its time can be seen.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout};

use crate::binary::Binary;
use crate::support::raw::{Handshake, PING, RawSocket, TEXT, masked};
use crate::support::{PATIENCE, TestServer, http};

const SOCKETS: usize = 200;

/// Sends this again and again until the server has ended the connection; how often.
async fn pour(socket: &mut RawSocket, bytes: &[u8], most: usize) -> usize {
    let pouring = async {
        for sent in 0..most {
            if socket.stream.write_all(bytes).await.is_err() {
                return sent;
            }
        }
        most
    };
    timeout(PATIENCE, pouring).await.expect("the server neither takes it nor ends")
}

#[tokio::test]
async fn s42_what_is_only_declared_takes_no_memory() {
    let (binary, signer) = (Binary::serve(&[]).await, TestServer::start().await);
    let token = signer.token("u1", "watch");
    let mut open = Vec::new();
    for _ in 0..SOCKETS {
        let mut socket = Box::pin(RawSocket::open(binary.address, &token)).await;
        socket.until_type("sync:end").await;
        open.push(socket);
    }
    let before = binary.resident_kib();
    let head = |length: u64| [&[0x81, 0xff], &length.to_be_bytes()[..], &[1, 2, 3, 4, b' ']].concat();
    let half = open.split_off(SOCKETS / 2);
    for (mut socket, length) in open.into_iter().zip([16_u64 << 20, 65_536, 1 << 62].into_iter().cycle()) {
        socket.write(&head(length)).await;
        assert_eq!(socket.closed().await.0, 1009, "{length}");
    }
    // At the limit a frame is waited for, and what came of it is held.
    let mut held = half;
    for socket in &mut held {
        socket.write(&[0x81, 0xfe, 0x20, 0, 1, 2, 3, 4, 0x21]).await;
    }
    let admin = signer.token("root", "admin");
    // Those that were closed are gone once the server heard of it.
    let half_is_left = async { while binary.connections(&admin).await != SOCKETS / 2 {} };
    timeout(PATIENCE, half_is_left).await.expect("closed connections go, and the others stay");
    let grown = binary.resident_kib().saturating_sub(before);
    assert!(grown < 20 * 1024, "the memory grew by {grown} KiB");
}

#[tokio::test]
async fn s44_a_million_empty_fragments_end_at_the_seventeenth() {
    let (binary, signer) = (Binary::serve(&[]).await, TestServer::start().await);
    let mut socket = RawSocket::open(binary.address, &signer.token("u1", "watch")).await;
    socket.until_type("sync:end").await;
    let before = binary.core_time();
    let mut first = masked(TEXT, b"");
    first[0] &= 0x7f;
    let mut fragment = masked(0, b"");
    fragment[0] &= 0x7f;
    socket.write(&first).await;
    let sent = pour(&mut socket, &fragment.repeat(1000), 1000).await;
    let used = binary.core_time().saturating_sub(before);
    assert!(used < Duration::from_secs(1), "{sent} thousand took {used:?} of a core");
    until_nobody(&binary, &signer.token("root", "admin")).await;
}

async fn until_nobody(binary: &Binary, admin: &str) {
    let gone = async { while binary.connections(admin).await > 0 {} };
    timeout(PATIENCE, gone).await.expect("it stays connected");
}

#[tokio::test]
async fn s45_pings_at_line_rate_from_a_peer_that_never_reads_end_and_hold_nothing() {
    let (binary, signer) = (Binary::serve(&[]).await, TestServer::start().await);
    let handshake = Handshake::new("/ws").bearer(&signer.token("u1", "watch")).small_window();
    let pings = masked(PING, &[b'p'; 125]).repeat(500);
    // Buffers and tables find their size before anything is measured.
    pour(&mut handshake.open(binary.address).await, &pings, usize::MAX).await;
    let (before, used) = (binary.resident_kib(), binary.core_time());
    for _ in 0..3 {
        let sent = pour(&mut handshake.open(binary.address).await, &pings, usize::MAX).await;
        println!("ended after {sent} times 500 pings");
    }
    let used = binary.core_time().saturating_sub(used);
    let grown = binary.resident_kib().saturating_sub(before);
    assert!(grown < 2 * 1024, "the memory grew by {grown} KiB");
    println!("{grown} KiB, {used:?} of a core");
    until_nobody(&binary, &signer.token("root", "admin")).await;
}

#[tokio::test]
async fn s45_a_flood_of_pings_from_fifty_connections_holds_up_nobody() {
    let (binary, signer) = (Binary::serve(&[]).await, TestServer::start().await);
    let handshake = Handshake::new("/ws").bearer(&signer.token("flood", "watch"));
    let pings = masked(PING, &[b'p'; 125]).repeat(50);
    let (address, mut flood) = (binary.address, tokio::task::JoinSet::new());
    for _ in 0..50 {
        let (handshake, pings) = (handshake.clone(), pings.clone());
        flood.spawn(async move {
            loop {
                let mut socket = handshake.open(address).await;
                pour(&mut socket, &pings, 400).await;
            }
        });
    }
    let mut good = RawSocket::open(address, &signer.token("good", "watch")).await;
    good.until_type("sync:end").await;
    let reporter = signer.token("reporter", "report");
    let mut slowest = Duration::ZERO;
    for number in 0..40 {
        let body = json!({"status": "online", "message": number.to_string()});
        let asked = Instant::now();
        let answer = http::post(address, "/api/v1/agents/a1/status", &reporter, &body).await;
        assert_eq!(answer.status, 200);
        while good.until_type("agent:status").await["seq"] != answer.json()["seq"] {}
        slowest = slowest.max(asked.elapsed());
    }
    assert!(!flood.is_empty() && flood.try_join_next().is_none(), "the flood has dried up");
    println!("slowest under the flood: {slowest:?}");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
}
