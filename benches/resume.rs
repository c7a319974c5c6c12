//! Two thousand screens come back at once to a fleet of a thousand agents:
//! `cargo bench --bench resume -- [clients] [events behind] [agents]`. Fifty screens watch a steady flow of reports meanwhile; how long an event takes from the report to each of them is taken twice while
//! nothing else happens, then while the others come back with a cursor 100,000 events old: first to another server on the
//! same machine, which is what their own work and the machine cost, then to this one.
//!
//! It is a measurement and judges nothing; it fails only where something broke. How to read it: docs/TESTING.md.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a tool that prints, asks the clock, and stops at what it did not expect"
)]

#[path = "resume/client.rs"]
mod client;
mod files;
mod http;
mod server;

use std::collections::BTreeMap;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use client::Client;
use server::{Directory, Server};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const STEADY: usize = 50;
/// Events in a second while it is measured.
const PER_SECOND: u32 = 200;
const FOR: Duration = Duration::from_secs(10);
/// How often they come back, and the time that is looked at of each.
const REPEATED: usize = 3;
const LOOKED_AT: Duration = Duration::from_secs(2);
/// The word that makes this program those who come back: address, token, cursor, how many.
const ROLE: &str = "--resume";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if let [role, address, token, cursor, count] = words.as_slice()
        && role == ROLE
    {
        let clients = resume(address.parse().unwrap(), token, cursor, count.parse().unwrap());
        runtime.block_on(clients);
        return ExitCode::SUCCESS;
    }
    let mut numbers = words.iter().filter_map(|word| word.parse().ok());
    let (clients, behind) = (numbers.next().unwrap_or(2_000), numbers.next().unwrap_or(100_000));
    // What comes back, what is here, and what the servers have open.
    if let Some(code) = files::raise(usize::try_from(clients).unwrap() + 500).expect("as many open files") {
        return code;
    }
    runtime.block_on(measure(clients, behind, numbers.next().unwrap_or(1_000)));
    ExitCode::SUCCESS
}

/// What the steady screens saw since it was last taken: times from report to arrival.
type Seen = Arc<Mutex<Vec<Duration>>>;

async fn measure(clients: u64, behind: u64, agents: u64) {
    let (directory, elsewhere) = (Directory::new("resume"), Directory::new("resume-elsewhere"));
    let (server, other) = (Server::ours(&directory.0, "disk"), Server::ours(&elsewhere.0, "disk"));
    let cursor = cursor_before(&server, behind, agents).await;
    let other_cursor = cursor_before(&other, behind, agents).await;
    let (seen, stop, began): (Seen, _, _) =
        (Arc::default(), Arc::new(AtomicBool::new(false)), Instant::now());
    let mut tasks = Vec::new();
    for _ in 0..STEADY {
        let mut steady = Client::open(server.address, &server.token, None).await;
        let _here = steady.until(|text| text.contains(r#""type":"sync:end""#)).await;
        let (seen, stop) = (Arc::clone(&seen), Arc::clone(&stop));
        tasks.push(tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let text = steady.text().await;
                if let Some(sent) = text.split("sent ").nth(1).and_then(|rest| rest.split(' ').next()) {
                    let sent = Duration::from_micros(sent.parse().unwrap());
                    seen.lock().unwrap().push(began.elapsed().saturating_sub(sent));
                }
            }
        }));
    }
    tasks.push(tokio::spawn(flow(server.address, server.token.clone(), began, Arc::clone(&stop))));
    println!("| | p50 | p99 | most | events seen |\n|---|---|---|---|---|");
    for name in ["nothing else", "nothing else, again"] {
        seen.lock().unwrap().clear();
        tokio::time::sleep(FOR).await;
        row(name, &seen);
    }
    let mut said = String::new();
    for _ in 0..REPEATED {
        for (name, to, cursor) in
            [("to another server", &other, &other_cursor), ("while they come back", &server, &cursor)]
        {
            seen.lock().unwrap().clear();
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args([ROLE, &to.address.to_string(), &to.token, cursor, &clients.to_string()]);
            let until = tokio::time::Instant::now() + LOOKED_AT;
            let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
            tokio::time::sleep_until(until).await;
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            row(name, &seen);
            said += &format!("{name}: {}\n", String::from_utf8_lossy(&output.stdout).trim());
        }
    }
    println!("\n{}", said.trim());
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
}

/// Lets so many events happen, and gives a cursor from before them.
async fn cursor_before(server: &Server, events: u64, agents: u64) -> String {
    let mut early = Client::open(server.address, &server.token, None).await;
    let (epoch, view, seq) = early.begun().await;
    drop(early);
    fill(server, events, agents).await;
    format!("{epoch}:{seq}:{view}")
}

fn row(name: &str, seen: &Seen) {
    let mut seen = std::mem::take(&mut *seen.lock().unwrap());
    seen.sort_unstable();
    let at = |part: usize| seen[(seen.len() - 1) * part / 100].as_secs_f64() * 1_000.0;
    println!("| {name} | {:.2} ms | {:.2} ms | {:.2} ms | {} |", at(50), at(99), at(100), seen.len());
}

/// Lets so many events happen, of each agent in turn.
async fn fill(server: &Server, events: u64, agents: u64) {
    let (done, mut tasks) = (Arc::new(AtomicU64::new(0)), Vec::new());
    for _ in 0..64 {
        let (done, address, token) = (Arc::clone(&done), server.address, server.token.clone());
        tasks.push(tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let (mut request, mut answer) = (Vec::new(), Vec::new());
            loop {
                let event = done.fetch_add(1, Ordering::Relaxed);
                if event >= events {
                    return;
                }
                let number = usize::try_from(event % agents).unwrap();
                http::write(&mut request, address, &token, number, "work that was done while they were away");
                stream.write_all(&request).await.unwrap();
                http::read(&mut stream, &mut answer).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

/// Reports steadily, with the time in each message.
async fn flow(address: std::net::SocketAddr, token: String, began: Instant, stop: Arc<AtomicBool>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut request, mut answer) = (Vec::new(), Vec::new());
    let mut tick = tokio::time::interval(Duration::from_secs(1) / PER_SECOND);
    while !stop.load(Ordering::Relaxed) {
        tick.tick().await;
        let sent = format!("sent {} us", began.elapsed().as_micros());
        http::write(&mut request, address, &token, 0, &sent);
        stream.write_all(&request).await.unwrap();
        http::read(&mut stream, &mut answer).await;
    }
}

/// All of them at once, each until it is up to date.
async fn resume(address: std::net::SocketAddr, token: &str, cursor: &str, count: usize) {
    let (began, mut tasks) = (Instant::now(), Vec::new());
    for _ in 0..count {
        let (token, cursor) = (token.to_owned(), cursor.to_owned());
        tasks.push(tokio::spawn(async move {
            let mut client = Client::open(address, &token, Some(&cursor)).await;
            let (_, _, head) = client.begun().await;
            let mode = client.mode.clone();
            let end = format!(r#""seq":{head},"#);
            client
                .until(|text| {
                    text.contains(r#""type":"sync:end""#) || (mode == "replay" && text.contains(&end))
                })
                .await;
            (mode, client.bytes, began.elapsed())
        }));
    }
    let (mut modes, mut bytes, mut last) = (BTreeMap::<String, u64>::new(), 0, Duration::ZERO);
    for task in tasks {
        let (mode, took, at) = task.await.unwrap();
        *modes.entry(mode).or_default() += 1;
        bytes += took;
        last = last.max(at);
    }
    println!("{count} came back within {:.2} s: {modes:?}, {bytes} bytes", last.as_secs_f64());
}
