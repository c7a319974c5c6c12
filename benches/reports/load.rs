//! Those who report: each over one connection, the next when the one before was answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::http;
use super::server::Server;

/// Answers in a second.
pub(crate) async fn rate(server: &Server, at_once: usize, warm_up: Duration, length: Duration) -> f64 {
    let (answers, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let mut reporters = Vec::new();
    for number in 0..at_once {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (address, token) = (server.address, server.token.clone());
        let (answers, stop) = (Arc::clone(&answers), Arc::clone(&stop));
        reporters.push(tokio::spawn(async move {
            let (mut request, mut answer, mut count) = (Vec::new(), Vec::new(), 0_u64);
            while !stop.load(Ordering::Relaxed) {
                count += 1;
                let message = format!("step {count:010} of agent {number}: the tests pass");
                http::write(&mut request, address, &token, number, &message);
                stream.write_all(&request).await.unwrap();
                http::read(&mut stream, &mut answer).await;
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
