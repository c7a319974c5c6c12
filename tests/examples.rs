//! The examples are programs that work: `embed` and `mount` serve, `file_log` outlives its own end. The transport
//! has a test of its own, and `swap_in_a_test` is one itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[path = "../examples/file_log.rs"]
#[allow(dead_code, unreachable_pub, reason = "it is a program, and its main is not called here")]
mod file_log;
mod support;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use file_log::FileLog;
use mission_control::ports::conformance::event_log;
use mission_control::ports::event_log::EventLog;
use serde_json::json;
use support::{PATIENCE, SECRET, TestServer, http};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("mission-control-example-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

/// Builds an example as it is now, and runs it with these settings.
async fn started(name: &str, data: &Path, listen: &str) -> Child {
    let tests = std::env::current_exe().unwrap();
    let target = tests.ancestors().nth(3).unwrap();
    let build = Command::new(env!("CARGO"))
        .args(["build", "--locked", "--offline", "--quiet", "--example", name, "--target-dir"])
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(build.await.unwrap().success(), "{name} does not build");
    Command::new(target.join("debug/examples").join(name))
        .env("MISSION_CONTROL__SERVER__LISTEN", listen)
        .env("MISSION_CONTROL__SERVER__DATA_DIR", data)
        .env("MISSION_CONTROL__AUTH__SECRET", SECRET)
        .current_dir(std::env::temp_dir())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Runs an example on a free port, and waits until it says where it listens.
async fn running(name: &str, data: &Path) -> (Child, SocketAddr) {
    let mut child = started(name, data, "127.0.0.1:0").await;
    let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
    let told = timeout(PATIENCE, told.next_line()).await.expect("it says nothing").unwrap().unwrap();
    (child, told.rsplit("http://").next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn the_server_is_embedded_in_ten_lines() {
    let main = include_str!("../examples/embed.rs").split("async fn main").nth(1).unwrap();
    assert!(main.lines().count() <= 10, "{main}");
    let (folder, tokens) = (Folder::new(), TestServer::start().await);
    // It does not say where it listens, so the test does: at an address that is free a moment before.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut child = started("embed", &folder.0, &free.to_string()).await;
    let listening = async {
        while tokio::net::TcpStream::connect(free).await.is_err() {
            assert!(child.try_wait().unwrap().is_none(), "it ended");
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, listening).await.expect("it does not listen");
    let fleet = http::get(free, "/api/v1/fleet", &tokens.token("ann", "watch")).await.json();
    assert_eq!(fleet["agents"][0]["payload"]["status"], "online", "{fleet}");
}

#[tokio::test]
async fn mounted_routes_stand_beside_those_of_the_program() {
    let (folder, tokens) = (Folder::new(), TestServer::start().await);
    let (mut child, address) = running("mount", &folder.0).await;
    let own = http::send(address, "GET", "/hello/world", &[], None).await;
    assert_eq!((own.status, own.body), (200, b"hello world\n".to_vec()));
    let fleet = http::get(address, "/api/v1/fleet", &tokens.token("ann", "watch")).await;
    assert_eq!((fleet.status, &fleet.json()["agents"]), (200, &json!([])));
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &id]).status().await.unwrap().success());
    assert!(timeout(PATIENCE, child.wait()).await.expect("it does not stop").unwrap().success());
}

#[tokio::test]
async fn a_log_of_commands_is_a_log() {
    let folder = Folder::new();
    let number = AtomicU64::new(0);
    event_log::suite(async || {
        let name = number.fetch_add(1, Ordering::Relaxed).to_string();
        let log: Arc<dyn EventLog> = Arc::new(FileLog::open(&folder.0.join(name)).await.unwrap());
        log
    })
    .await;
}

#[tokio::test]
async fn a_history_of_commands_outlives_its_process() {
    let (folder, tokens) = (Folder::new(), TestServer::start().await);
    let (reporter, watcher) = (tokens.token("r", "report admin"), tokens.token("w", "watch"));
    let (mut child, address) = running("file_log", &folder.0).await;
    for body in [json!({"event": "start", "labels": {"team": "x"}}), json!({"event": "crash", "exitCode": 3})]
    {
        assert_eq!(http::post(address, "/api/v1/agents/a1/lifecycle", &reporter, &body).await.status, 200);
    }
    http::post(address, "/api/v1/agents/a2/status", &reporter, &json!({"status": "online"})).await;
    assert_eq!(http::delete(address, "/api/v1/agents/a2", &reporter).await.status, 200);
    let before = http::get(address, "/api/v1/events", &watcher).await.json();
    assert_eq!(before["events"].as_array().unwrap().len(), 6, "{before}");
    child.kill().await.unwrap();
    // A crash in the middle of a line.
    let path = folder.0.join("commands.jsonl");
    let mut torn = std::fs::read(&path).unwrap();
    torn.extend_from_slice(b"{\"at\":17954");
    std::fs::write(&path, torn).unwrap();
    let (_child, address) = running("file_log", &folder.0).await;
    let after = http::get(address, "/api/v1/events", &watcher).await.json();
    assert_eq!(after, before, "the same events with the same seqs, in the same epoch");
}
