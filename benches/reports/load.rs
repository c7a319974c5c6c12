//! Those who report: each over one connection, the next when the one before was answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::http;
use super::proc::Spent;
use super::server::Server;

/// How a server answers.
#[derive(Clone, Copy)]
pub(crate) struct Answered {
    /// Answers in a second.
    pub(crate) a_second: f64,
    /// Microseconds of the server's processor time for each, user and system.
    pub(crate) micros: f64,
}

impl Answered {
    /// The mean of two equal servers.
    pub(crate) const fn between(one: Self, other: Self) -> Self {
        Self {
            a_second: f64::midpoint(one.a_second, other.a_second),
            micros: f64::midpoint(one.micros, other.micros),
        }
    }
}

/// Asks a server for so long.
pub(crate) async fn ask(server: &Server, at_once: usize, warm_up: Duration, length: Duration) -> Answered {
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
    let spent = || Spent::of(server.id()).unwrap();
    let (before, idle, from) = (answers.load(Ordering::Relaxed), spent(), Instant::now());
    tokio::time::sleep(length).await;
    let (after, busy, took) = (answers.load(Ordering::Relaxed), spent().since(&idle), from.elapsed());
    stop.store(true, Ordering::Relaxed);
    for reporter in reporters {
        reporter.await.unwrap();
    }
    let answered = f64::from(u32::try_from(after - before).unwrap());
    Answered { a_second: answered / took.as_secs_f64(), micros: busy.as_secs_f64() * 1e6 / answered }
}
