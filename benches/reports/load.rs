//! Those who report: each over one connection, the next when the one before was answered.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::server::Server;

/// Answers in a second.
pub(crate) async fn rate(server: &Server, at_once: usize, warm_up: Duration, length: Duration) -> f64 {
    let (answers, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let mut reporters = Vec::new();
    for number in 0..at_once {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let head = format!(
            "POST /api/v1/agents/agent-{number}/sessions/main/activity HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: ",
            server.address, server.token
        );
        let (answers, stop) = (Arc::clone(&answers), Arc::clone(&stop));
        reporters.push(tokio::spawn(async move {
            let (mut request, mut answer, mut count) = (Vec::new(), Vec::new(), 0_u64);
            while !stop.load(Ordering::Relaxed) {
                count += 1;
                let body =
                    format!(r#"{{"lastMessage":"step {count:010} of agent {number}: the tests pass"}}"#);
                request.clear();
                write!(request, "{head}{}\r\n\r\n{body}", body.len()).unwrap();
                stream.write_all(&request).await.unwrap();
                read(&mut stream, &mut answer).await;
                answers.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    tokio::time::sleep(warm_up).await;
    let (before, from) = (answers.load(Ordering::Relaxed), Instant::now());
    tokio::time::sleep(length).await;
    let (after, took) = (answers.load(Ordering::Relaxed), from.elapsed());
    stop.store(true, Ordering::Relaxed);
    for reporter in reporters {
        reporter.await.unwrap();
    }
    f64::from(u32::try_from(after - before).unwrap()) / took.as_secs_f64()
}

/// Reads one answer, which must be a good one.
async fn read(stream: &mut TcpStream, answer: &mut Vec<u8>) {
    answer.clear();
    loop {
        let read = stream.read_buf(answer).await.unwrap();
        assert!(read > 0, "it hung up");
        let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&answer[..end]).unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{}", String::from_utf8_lossy(answer));
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
        });
        if answer.len() >= end + 4 + length.expect("it says how long it is") {
            return;
        }
    }
}
