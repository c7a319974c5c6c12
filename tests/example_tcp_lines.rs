//! The example of a third transport, as its own program: what docs/ADDING_A_TRANSPORT.md promises of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[path = "architecture/tracked.rs"]
mod tracked;

mod support;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use support::fold::{Fleet, Fold};
use support::{PATIENCE, SECRET, TestServer, http};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

const LINES_MAX: usize = 150;

/// The running example. Dropping it kills it.
struct Example {
    child: Child,
    web: SocketAddr,
    lines: SocketAddr,
    data_dir: PathBuf,
}

impl Example {
    /// The program as it is now: `cargo test` for one test alone builds no example.
    async fn build() -> PathBuf {
        let tests = std::env::current_exe().unwrap();
        let target = tests.ancestors().nth(3).unwrap();
        let build = Command::new(env!("CARGO"))
            .args(["build", "--locked", "--offline", "--quiet", "--example", "tcp_lines", "--target-dir"])
            .arg(target)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(build.await.unwrap().success(), "the example does not build");
        target.join("debug/examples/tcp_lines")
    }

    async fn start() -> Self {
        let program = Self::build().await;
        let data_dir = std::env::temp_dir().join(format!("tcp-lines-{}", std::process::id()));
        let mut child = Command::new(program)
            .env("MISSION_CONTROL__SERVER__LISTEN", "127.0.0.1:0")
            .env("MISSION_CONTROL__SERVER__DATA_DIR", &data_dir)
            .env("MISSION_CONTROL__AUTH__SECRET", SECRET)
            .env("MISSION_CONTROL__STREAM__HEARTBEAT_MS", "1000")
            .current_dir(std::env::temp_dir())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = timeout(PATIENCE, told.next_line()).await.expect("it says nothing").unwrap().unwrap();
        let (web, lines) = told.split_once(' ').unwrap();
        Self { child, web: web.parse().unwrap(), lines: lines.parse().unwrap(), data_dir }
    }

    async fn connect(&self, first: &str) -> Client {
        let mut stream = TcpStream::connect(self.lines).await.unwrap();
        stream.write_all(first.as_bytes()).await.unwrap();
        Client(BufReader::new(stream))
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.data_dir);
    }
}

struct Client(BufReader<TcpStream>);

impl Client {
    /// The next frame; none when the connection was closed behind a whole line.
    async fn next(&mut self) -> Option<Value> {
        let mut line = String::new();
        let read = timeout(PATIENCE, self.0.read_line(&mut line)).await.expect("nothing in time");
        (read.unwrap() > 0).then(|| serde_json::from_str(&line).unwrap())
    }

    async fn follow(&mut self, fold: &mut Fold, until: impl Fn(&Fold) -> bool) {
        while !until(fold) {
            fold.take(&self.next().await.expect("closed"));
        }
    }
}

#[tokio::test]
async fn it_follows_the_fleet_over_lines() {
    // Signs with the same secret.
    let server = TestServer::start().await;
    let mut example = Example::start().await;
    let report = |agent: &str, status: &str| {
        let (path, token) = (format!("/api/v1/agents/{agent}/status"), server.token("reporter", "report"));
        let (web, body) = (example.web, json!({ "status": status }));
        async move {
            let answer = http::post(web, &path, &token, &body).await;
            answer.json()["seq"].as_u64().unwrap()
        }
    };
    report("a1", "online").await;
    let token = server.token("u1", "watch");
    let mut client = example.connect(&format!("{token}\n")).await;
    let mut fold = Fold::default();
    client.follow(&mut fold, |fold| fold.synced).await;
    report("a1", "error").await;
    let head = report("a2", "online").await;
    client.follow(&mut fold, |fold| fold.seq == head).await;
    let read = http::get(example.web, "/api/v1/fleet", &token).await.json();
    assert_eq!(fold.fleet, Fleet::of_read(&read, |_| true));
    while client.next().await.unwrap()["type"] != "heartbeat" {}
    let admin = server.token("root", "admin");
    let list = http::get(example.web, "/api/v1/connections", &admin).await.json();
    assert_eq!(list["connections"][0]["transport"], "lines");

    for (first, code) in [("nonsense\n", "invalid_token"), (&*"x".repeat(8192), "missing_token")] {
        let mut stranger = example.connect(first).await;
        assert_eq!(stranger.next().await.unwrap()["payload"]["code"], code);
    }

    let mut closed = example.connect(&format!("{token}\n")).await;
    let hello = closed.next().await.unwrap();
    let path = format!("/api/v1/connections/{}", hello["payload"]["connectionId"].as_str().unwrap());
    assert_eq!(http::delete(example.web, &path, &admin).await.status, 204);
    let last = async { while closed.next().await.unwrap()["type"] != "goodbye" {} };
    timeout(PATIENCE, last).await.expect("no goodbye");
    assert_eq!(closed.next().await, None);

    let mut one_who_reads_nothing = example.connect(&format!("{token}\n")).await;
    let pid = example.child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    let restart = loop {
        let frame = client.next().await.unwrap();
        if frame["type"] == "goodbye" {
            break frame;
        }
    };
    assert_eq!(restart["payload"]["code"], "restart");
    assert!(restart["payload"]["retryMs"].as_u64().is_some());
    let ended = timeout(Duration::from_secs(15), example.child.wait()).await.expect("it does not end");
    assert!(ended.unwrap().success());
    let mut rest = Vec::new();
    let _reset = one_who_reads_nothing.0.read_to_end(&mut rest).await;
}

#[test]
fn a_transport_is_under_150_lines() {
    let lines = tracked::text("examples/tcp_lines.rs").lines().count();
    assert!(lines < LINES_MAX, "{lines} lines");
}
