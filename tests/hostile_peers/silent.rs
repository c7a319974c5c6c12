//! S12, S30: peers that say nothing, or next to nothing. They are ended in time, their descriptors come
//! back, and whoever means it gets in at once all the while.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::binary::Binary;
use crate::support::raw::{Handshake, RawSocket};
use crate::support::{PATIENCE, TestServer};

const SILENT: usize = 1000;
const SLOW: usize = 200;
/// Descriptors of the clients that look, which come and go.
const SLACK: usize = 3;

/// Comes in, gets its hello, and goes; how long that took.
async fn good_client(binary: &Binary, token: &str) -> Duration {
    let asked = Instant::now();
    let mut socket = Box::pin(RawSocket::open(binary.address, token)).await;
    socket.until_type("hello").await;
    socket.reset();
    asked.elapsed()
}

#[tokio::test]
async fn s12_two_thousand_silent_sockets_are_ended_and_hold_up_nobody() {
    let limits = [("limits.head_ms", "2500"), ("stream.heartbeat_ms", "3000")];
    let (binary, signer) = (Binary::serve(&limits).await, TestServer::start().await);
    let (silent, good) = (signer.token("silent", "watch"), signer.token("good", "watch"));
    good_client(&binary, &good).await;
    let base = binary.descriptors() + SLACK;
    let handshake = Handshake::new("/ws").bearer(&silent);
    let (mut upgraded, mut mute) = (Vec::new(), Vec::new());
    let (mut most, mut slowest) = (0, Duration::ZERO);
    for _ in 0..SILENT {
        mute.push(TcpStream::connect(binary.address).await.unwrap());
    }
    for number in 0..SILENT {
        upgraded.push(Box::pin(handshake.open(binary.address)).await);
        if number % 100 == 99 {
            slowest = slowest.max(good_client(&binary, &good).await);
            most = most.max(binary.descriptors());
        }
    }
    let reaped = async {
        loop {
            slowest = slowest.max(good_client(&binary, &good).await);
            let held = binary.descriptors();
            most = most.max(held);
            if held <= base {
                return;
            }
        }
    };
    timeout(PATIENCE * 2, reaped).await.expect("silent sockets stay");
    println!("at most {most} descriptors over {base}, slowest good handshake {slowest:?}");
    assert!(most > base + SILENT / 2, "they were hardly ever there together: {most} descriptors over {base}");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    for socket in &mut mute {
        let mut said = Vec::new();
        let _reset = timeout(PATIENCE, socket.read_to_end(&mut said)).await.expect("not closed");
        assert_eq!(said, b"", "a head that never came is not answered");
    }
    for mut socket in upgraded {
        assert_eq!(socket.closed().await, (4408, r#"{"code":"silent"}"#.to_owned()));
    }
}

/// Sends a byte of this a second, until it is closed; what was answered.
async fn drip(mut stream: TcpStream, begin: String, rest: &'static [u8]) -> Vec<u8> {
    stream.write_all(begin.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    let mut said = Vec::new();
    let dripping = async {
        for byte in rest.iter().cycle() {
            ticks.tick().await;
            if writer.write_all(&[*byte]).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        closed = timeout(PATIENCE, reader.read_to_end(&mut said)) => drop(closed.expect("not closed")),
        () = dripping => unreachable!(),
    }
    said
}

#[tokio::test]
async fn s30_heads_and_bodies_of_a_byte_a_second_are_ended_without_an_answer() {
    let limits = [("limits.head_ms", "1500"), ("limits.body_ms", "1500")];
    let (binary, signer) = (Binary::serve(&limits).await, TestServer::start().await);
    let (reporter, good) = (signer.token("reporter", "report"), signer.token("good", "watch"));
    good_client(&binary, &good).await;
    let base = binary.descriptors() + SLACK;
    let head = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nx-slow: ".to_owned();
    let body = format!(
        "POST /api/v1/agents/a1/status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {reporter}\r\n\
         Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    );
    let mut slow = tokio::task::JoinSet::new();
    for number in 0..SLOW {
        let stream = TcpStream::connect(binary.address).await.unwrap();
        let begin = if number % 2 == 0 { head.clone() } else { body.clone() };
        slow.spawn(drip(stream, begin, b"y"));
    }
    let (mut slowest, mut ended) = (Duration::ZERO, 0);
    while ended < SLOW {
        slowest = slowest.max(good_client(&binary, &good).await);
        while let Some(said) = slow.try_join_next() {
            assert_eq!(String::from_utf8_lossy(&said.unwrap()), "", "answered");
            ended += 1;
        }
    }
    binary.until_descriptors(base).await;
    println!("slowest good handshake {slowest:?}");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
}
