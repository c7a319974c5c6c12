//! What `mission-control run` tells a real server of real programs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

mod support;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use support::{PATIENCE, TestServer, http};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpSocket;
use tokio::process::{Child, Command};
use tokio::time::timeout;

const BINARY: &str = env!("CARGO_BIN_EXE_mission-control");

/// Runs programs as agents of one server.
struct Runner {
    url: String,
    token: String,
    spool: PathBuf,
}

impl Runner {
    fn new(name: &str, address: SocketAddr, token: String) -> Self {
        let spool =
            std::env::temp_dir().join(format!("mission-control-run-reports-{name}-{}", std::process::id()));
        let _left_by_another = std::fs::remove_dir_all(&spool);
        Self { url: format!("http://{address}"), token, spool }
    }

    fn command(&self, command: &str, args: &[&str]) -> Command {
        let mut made = Command::new(BINARY);
        made.env_clear().env("PATH", "/usr/bin:/bin").env("MISSION_CONTROL_TOKEN", &self.token);
        made.args([command, "--url", &self.url, "--spool"]).arg(&self.spool).args(args);
        made.current_dir(std::env::temp_dir()).stdin(Stdio::null()).stdout(Stdio::piped());
        made.stderr(Stdio::piped()).kill_on_drop(true);
        made
    }

    /// Runs this as an agent, until it ended.
    async fn run(&self, args: &[&str]) -> Output {
        let running = self.command("run", args).output();
        timeout(2 * PATIENCE, running).await.expect("it does not end").unwrap()
    }

    /// Starts this as an agent, and waits for its first line of output.
    async fn started(&self, args: &[&str]) -> Child {
        let mut child = self.command("run", args).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        timeout(PATIENCE, lines.next_line()).await.expect("it says nothing").unwrap().unwrap();
        child
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.spool);
    }
}

async fn signal(name: &str, child: &Child) {
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-s", name, &id]).status().await.unwrap().success());
}

async fn ended(child: Child) -> (Option<i32>, String) {
    let output = timeout(2 * PATIENCE, child.wait_with_output()).await.expect("it does not end").unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// The events of an agent, each by its type's last word and what it says.
async fn events(server: &TestServer, agent: &str) -> Vec<Value> {
    let path = format!("/api/v1/events?limit=1000&agents={agent}");
    let page = http::get(server.address, &path, &server.token("w", "watch")).await.json();
    assert_eq!(page["next"], Value::Null);
    page["events"].as_array().unwrap().clone()
}

fn told(events: &[Value]) -> Vec<String> {
    let text = |event: &Value| {
        let payload = &event["payload"];
        let what = ["event", "status", "lastMessage"].iter().find_map(|name| payload[name].as_str());
        what.unwrap().to_owned()
    };
    events.iter().map(text).collect()
}

/// Waits until the server heard this agent say `ready` so many times.
async fn heard(server: &TestServer, agent: &str, times: usize) {
    let heard = async {
        while told(&events(server, agent).await).iter().filter(|word| *word == "ready").count() < times {}
    };
    timeout(PATIENCE, heard).await.expect("it is not heard");
}

#[tokio::test]
async fn a_program_is_seen_from_its_start_to_its_end() {
    let server = TestServer::start().await;
    let runner = Runner::new("whole", server.address, server.token("r", "report"));
    let script = r"printf '\033[31mred\033[0m\n'; exit 3";
    let output = runner.run(&["--agent", "a1", "--label", "team=x", "--", "sh", "-c", script]).await;
    assert_eq!((output.status.code(), output.stdout), (Some(3), b"\x1b[31mred\x1b[0m\n".to_vec()));
    let events = events(&server, "a1").await;
    assert_eq!(told(&events), ["start", "online", "red", "crash", "error"]);
    assert_eq!(events[1]["detail"]["labels"]["team"], "x");
    let crash = &events[3]["detail"];
    assert_eq!((crash["exitCode"].as_i64(), crash["message"].as_str()), (Some(3), Some("red")));
    assert_eq!(events[4]["detail"]["reason"], "crash");
}

#[tokio::test]
async fn a_stop_that_was_asked_for_is_no_crash() {
    let server = TestServer::start().await;
    let runner = Runner::new("stop", server.address, server.token("r", "report"));
    let flags = ["--agent", "a1", "--restart", "always", "--", "sh", "-c", "echo ready; exec sleep 600"];
    let child = runner.started(&flags).await;
    signal("TERM", &child).await;
    let (code, said) = ended(child).await;
    assert_eq!(code, None, "it ended by the same signal: {said}");
    let events = events(&server, "a1").await;
    assert_eq!(told(&events), ["start", "online", "ready", "stop", "offline"]);
    assert_eq!(events[3]["detail"]["signal"], "SIGTERM");
}

#[tokio::test]
async fn a_run_that_is_killed_itself_is_noticed_when_its_lease_ends() {
    let server = TestServer::start().await;
    let runner = Runner::new("killed", server.address, server.token("r", "report"));
    let flags = ["--agent", "a1", "--lease", "1s", "--", "sh", "-c", "echo ready; read -r _; exec sleep 5"];
    let child = runner.started(&flags).await;
    heard(&server, "a1", 1).await;
    signal("KILL", &child).await;
    let gone = async { while told(&events(&server, "a1").await).last().unwrap() != "offline" {} };
    timeout(PATIENCE, gone).await.expect("nobody notices");
    let events = events(&server, "a1").await;
    assert_eq!(events.last().unwrap()["detail"]["reason"], "lease_expired");
}

#[tokio::test]
async fn a_whole_life_without_the_server_is_told_to_it_later() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let tokens = TestServer::start().await;
    let runner = Runner::new("later", socket.local_addr().unwrap(), tokens.token("r", "report"));
    let output = runner.run(&["--agent", "a1", "--", "sh", "-c", "echo working; kill -KILL $$"]).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("they are kept") && said.contains("report --flush"), "{said}");
    let server = TestServer::on(socket.listen(64).unwrap().into_std().unwrap(), &[]).await;
    let flushed = runner.command("report", &["--flush"]).output().await.unwrap();
    assert!(flushed.status.success(), "{flushed:?}");
    let events = events(&server, "a1").await;
    assert_eq!(told(&events), ["start", "online", "working", "crash", "error"]);
    assert_eq!(events[3]["detail"]["signal"], "SIGKILL");
}

#[tokio::test]
async fn an_older_run_of_an_agent_changes_nothing_any_more_and_says_so() {
    let server = TestServer::start().await;
    let runner = Runner::new("twice", server.address, server.token("r", "report"));
    let script = "echo ready; exec sleep 600";
    let older = runner.started(&["--agent", "a1", "--", "sh", "-c", script]).await;
    heard(&server, "a1", 1).await;
    let newer = runner.started(&["--agent", "a1", "--", "sh", "-c", script]).await;
    heard(&server, "a1", 2).await;
    signal("TERM", &older).await;
    let (_, said) = ended(older).await;
    assert!(said.contains("Does a1 run twice?"), "{said}");
    let events = events(&server, "a1").await;
    assert_eq!(told(&events).last().unwrap(), "ready", "{events:?}");
    signal("TERM", &newer).await;
    ended(newer).await;
}

#[tokio::test]
async fn a_server_that_hangs_keeps_no_program_waiting() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let tokens = TestServer::start().await;
    let runner = Runner::new("hang", listener.local_addr().unwrap(), tokens.token("r", "report"));
    // Connections are taken by the system, and never answered.
    let mut child = runner.command("run", &["--agent", "a1", "--", "seq", "200000"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let all = async {
        let mut count = 0;
        while let Some(line) = lines.next_line().await.unwrap() {
            count += 1;
            assert_eq!(line, count.to_string());
        }
        count
    };
    assert_eq!(timeout(PATIENCE, all).await.expect("its output waits for the server"), 200_000);
    let (code, said) = ended(child).await;
    assert_eq!(code, Some(0));
    assert!(said.contains("some reports were not sent"), "{said}");
}

#[tokio::test]
async fn what_never_ran_is_told_as_a_crash_with_its_reason() {
    let server = TestServer::start().await;
    let runner = Runner::new("missing", server.address, server.token("r", "report"));
    let output = runner.run(&["--agent", "a1", "--restart", "always", "--", "no-such-program"]).await;
    assert_eq!(output.status.code(), Some(127));
    let events = events(&server, "a1").await;
    assert_eq!(told(&events), ["crash", "error"]);
    assert!(events[0]["detail"]["message"].as_str().unwrap().contains("no-such-program"), "{events:?}");
}

#[tokio::test]
async fn where_nothing_can_be_kept_a_program_is_seen_all_the_same_and_beats() {
    let server = TestServer::start().await;
    let runner = Runner::new("unkept", server.address, server.token("r", "report"));
    std::fs::write(&runner.spool, "a file in the place of the directory").unwrap();
    let script = "echo ready; sleep 3; exit 4";
    let output = runner.run(&["--agent", "a1", "--lease", "1s", "--", "sh", "-c", script]).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("reports cannot be kept") && !said.contains("away"), "{said}");
    let events = events(&server, "a1").await;
    assert_eq!(told(&events), ["start", "online", "ready", "crash", "error"]);
    assert_eq!(events[3]["detail"]["exitCode"], 4);
    std::fs::remove_file(&runner.spool).unwrap();
}

#[tokio::test]
async fn without_a_token_it_does_not_begin() {
    let server = TestServer::start().await;
    let mut runner = Runner::new("untold", server.address, String::new());
    runner.token = String::new();
    let mut command =
        runner.command("run", &["--agent", "a1", "--data-dir", "/nowhere", "--", "echo", "ran"]);
    let output = timeout(Duration::from_secs(20), command.output()).await.unwrap().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(125), Vec::new()), "{said}");
    assert!(said.contains("there is no token"), "{said}");
}
