//! `mission-control report`, as shells and hooks call it: the real binary, and servers that come and go.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[path = "support/binary.rs"]
#[allow(dead_code, reason = "each target uses a part of it")]
mod binary;
mod support;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use binary::Binary;
use serde_json::{Value, json};
use support::{PATIENCE, TestServer, http};
use tokio::net::TcpSocket;
use tokio::process::Command;
use tokio::time::{Instant, timeout};

/// Whoever reports from a shell: a token, a server, and a directory in which reports wait.
struct Shell {
    url: String,
    token: String,
    spool: PathBuf,
}

impl Shell {
    fn new(name: &str, address: SocketAddr, token: String) -> Self {
        let spool =
            std::env::temp_dir().join(format!("mission-control-report-{name}-{}", std::process::id()));
        let _left_by_another = std::fs::remove_dir_all(&spool);
        Self { url: format!("http://{address}"), token, spool }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("MISSION_CONTROL_TOKEN", &self.token).env("PATH", "/usr/bin:/bin");
        command.current_dir(std::env::temp_dir()).kill_on_drop(true).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Reports, and gives what came of it.
    async fn output(&self, args: &[&str]) -> Output {
        let mut command = self.command(env!("CARGO_BIN_EXE_mission-control"));
        command.args(["report", "--url", &self.url, "--spool"]).arg(&self.spool).args(args);
        timeout(PATIENCE, command.output()).await.expect("it does not end").unwrap()
    }

    /// Reports; it ends well and prints nothing on standard output. What it says on standard error.
    async fn report(&self, args: &[&str]) -> String {
        let output = self.output(args).await;
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout), (Some(0), Vec::new()), "{args:?}: {said}");
        said
    }

    /// Reports; it fails with 1 and says why.
    async fn fails(&self, args: &[&str]) -> String {
        let output = self.output(args).await;
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
        said
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.spool);
    }
}

/// Every event that the server keeps.
async fn events(address: SocketAddr, token: &str) -> Vec<Value> {
    let (mut events, mut after) = (Vec::new(), String::new());
    loop {
        let page = http::get(address, &format!("/api/v1/events?limit=1000{after}"), token).await.json();
        events.extend(page["events"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={}", next.replace(':', "%3A")),
            None => return events,
        }
    }
}

fn messages(events: &[Value]) -> Vec<&str> {
    let activities = events.iter().filter(|event| event["type"] == "session:activity");
    activities.map(|event| event["payload"]["lastMessage"].as_str().unwrap()).collect()
}

/// An address that refuses connections until something listens there.
async fn nobody() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

#[tokio::test]
async fn everything_that_a_report_may_say_is_a_flag() {
    let server = TestServer::start().await;
    let shell = Shell::new("flags", server.address, server.token("hook", "report"));
    let said = shell
        .report(&[
            "status",
            "a1",
            "error",
            "--message",
            "no disk",
            "--state",
            "waiting",
            "--label",
            "team=x",
            "--label",
            "on=a=b",
            "--timestamp",
            "1795460300000",
            "--instance-id",
            "i1",
            "--instance-started-at",
            "7",
            "--report-seq",
            "1",
            "--idempotency-key",
            "k1",
        ])
        .await;
    assert_eq!(said, "");
    let crash = ["lifecycle", "a1", "crash", "--exit-code", "-3", "--signal", "SIGKILL", "--message", "m"];
    assert_eq!(shell.report(&crash).await, "");
    assert_eq!(shell.report(&["activity", "a1", "s1", "--state", "idle", "--", "--dashes"]).await, "");
    assert_eq!(shell.report(&["status", "a1", "online", "--clear-labels"]).await, "");
    let events = events(server.address, &server.token("w", "watch")).await;
    assert_eq!(
        events[0]["payload"],
        json!({"agentId": "a1", "status": "error", "timestamp": 1_795_460_300_000_u64})
    );
    let detail = &events[0]["detail"];
    assert_eq!((&detail["message"], &detail["state"]), (&json!("no disk"), &json!("waiting")));
    assert_eq!(detail["labels"], json!({"team": "x", "on": "a=b"}));
    let crash = &events[1]["detail"];
    assert_eq!((&crash["exitCode"], &crash["signal"]), (&json!(-3), &json!("SIGKILL")));
    assert_eq!(messages(&events), ["--dashes"]);
    assert_eq!(events.last().unwrap()["payload"]["status"], "online");
    assert!(events.last().unwrap()["detail"].get("labels").is_none(), "{events:?}");
}

#[tokio::test]
async fn a_shell_loop_over_a_server_that_hangs_loses_nothing_and_doubles_nothing() {
    let server = Binary::serve(&[]).await;
    // Servers of the tests have one secret.
    let tokens = TestServer::start().await;
    let watch = tokens.token("watcher", "watch");
    let shell = Shell::new("loop", server.address, tokens.token("hook", "report"));
    // The server stands still in the middle: what was sent to it is taken when it goes on, though nobody
    // waits for the answers any more.
    let script = format!(
        r#"set -eu
        for i in $(seq 1 40); do
            if [ "$i" = 15 ]; then kill -STOP {pid}; fi
            if [ "$i" = 18 ]; then kill -CONT {pid}; fi
            "$1" report --url "$2" --spool "$3" activity loop main "line $i"
        done
        "$1" report --url "$2" --spool "$3" --flush"#,
        pid = server.id(),
    );
    let mut loops = shell.command("bash");
    loops.args(["-c", &script, "loop", env!("CARGO_BIN_EXE_mission-control"), &shell.url]).arg(&shell.spool);
    let output = timeout(6 * PATIENCE, loops.output()).await.expect("the loop does not end").unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("the report is kept").count(), 3, "{said}");
    let events = events(server.address, &watch).await;
    let expected: Vec<_> = (1..=40).map(|index| format!("line {index}")).collect();
    assert_eq!(messages(&events), expected);
}

#[tokio::test]
async fn what_happened_while_the_server_was_away_comes_in_order_with_its_own_time() {
    let (socket, address) = nobody().await;
    let early = TestServer::start().await;
    let shell = Shell::new("away", address, early.token("hook", "report"));
    let before = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
    let begun = Instant::now();
    for (index, report) in [
        vec!["lifecycle", "a1", "start"],
        vec!["activity", "a1", "s1", "one"],
        vec!["lifecycle", "a1", "crash", "--exit-code", "3"],
    ]
    .into_iter()
    .enumerate()
    {
        let said = shell.report(&report).await;
        assert!(said.contains("the report is kept"), "{index}: {said}");
    }
    assert!(begun.elapsed() < 3 * Duration::from_secs(2), "they are back within 2 s each");
    let after = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
    let listener = socket.listen(64).unwrap().into_std().unwrap();
    let server = TestServer::on(listener, &[]).await;
    assert_eq!(shell.report(&["activity", "a1", "s1", "two"]).await, "");
    let events = events(server.address, &server.token("w", "watch")).await;
    let told: Vec<_> = events
        .iter()
        .map(|event| event["payload"]["event"].as_str().or(event["payload"]["lastMessage"].as_str()))
        .collect();
    assert_eq!(told, [Some("start"), None, Some("one"), Some("crash"), None, Some("two")]);
    for event in &events[..5] {
        let at = u128::from(event["payload"]["timestamp"].as_u64().unwrap());
        assert!((before..=after).contains(&at), "{before} {event} {after}");
    }
}

#[tokio::test]
async fn flush_sends_what_waits_and_fails_while_it_cannot() {
    let (socket, address) = nobody().await;
    let early = TestServer::start().await;
    let shell = Shell::new("flush", address, early.token("hook", "report"));
    shell.report(&["status", "a1", "online"]).await;
    let said = shell.fails(&["--flush"]).await;
    assert!(said.contains("the rest is kept"), "{said}");
    let server = TestServer::on(socket.listen(64).unwrap().into_std().unwrap(), &[]).await;
    assert_eq!(shell.report(&["--flush"]).await, "");
    assert_eq!(shell.report(&["--flush"]).await, "");
    assert_eq!(server.seq().await, 1);
}

#[tokio::test]
async fn a_heartbeat_is_about_now_and_is_not_kept() {
    let (_socket, address) = nobody().await;
    let shell = Shell::new("beat", address, TestServer::start().await.token("hook", "report"));
    let said = shell.report(&["heartbeat", "a1"]).await;
    assert!(said.contains("cannot reach the server") && !said.contains("kept"), "{said}");
    assert!(!shell.spool.exists(), "nothing was kept");
}

#[tokio::test]
async fn what_the_server_will_never_take_fails_and_holds_nothing_back() {
    let server = TestServer::start().await;
    let token = server.token_for("hook", "report", &["mine-*"], Duration::from_secs(60));
    let shell = Shell::new("refused", server.address, token);
    let said = shell.fails(&["status", "other", "online"]).await;
    assert!(said.contains("forbidden_agent"), "{said}");
    assert_eq!(shell.report(&["status", "mine-1", "online", "--lease-ms", "5000"]).await, "");
    assert_eq!(server.seq().await, 1);
}

#[tokio::test]
async fn a_token_that_is_not_taken_fails_loudly_and_the_report_waits_for_a_good_one() {
    let server = TestServer::start().await;
    let mut shell = Shell::new("token", server.address, server.token("hook", "report"));
    let good = std::mem::take(&mut shell.token);
    // The same holder, and a signature that is none.
    shell.token = format!("{}.{}", good.rsplit_once('.').unwrap().0, "AAAA");
    let said = shell.fails(&["activity", "a1", "s1", "one"]).await;
    assert!(said.contains("401") && said.contains("The report is kept"), "{said}");
    assert!(!said.contains("AAAA"), "{said}");
    shell.token = good;
    assert_eq!(shell.report(&["activity", "a1", "s1", "two"]).await, "");
    let events = events(server.address, &server.token("w", "watch")).await;
    assert_eq!(messages(&events), ["one", "two"]);
}

#[tokio::test]
async fn nobodys_reports_are_sent_in_the_name_of_another() {
    let (socket, address) = nobody().await;
    let early = TestServer::start().await;
    let alice = Shell::new("holders", address, early.token("alice", "report"));
    let mut bob = Shell::new("holders-bob", address, early.token("bob", "report"));
    bob.spool.clone_from(&alice.spool);
    alice.report(&["activity", "a1", "s1", "of alice"]).await;
    let server = TestServer::on(socket.listen(64).unwrap().into_std().unwrap(), &[]).await;
    bob.report(&["activity", "b1", "s1", "of bob"]).await;
    let token = server.token("w", "watch");
    assert_eq!(messages(&events(server.address, &token).await), ["of bob"]);
    let said = bob.fails(&["--flush"]).await;
    let whose = format!("1 report waits for http://{address} too, of alice: report --flush --url");
    assert!(said.contains(&whose), "{said}");
    alice.report(&["--flush"]).await;
    assert_eq!(messages(&events(server.address, &token).await), ["of bob", "of alice"]);
    bob.report(&["--flush"]).await;
}

#[tokio::test]
async fn many_at_once_all_get_through() {
    let server = TestServer::start().await;
    let shell = std::sync::Arc::new(Shell::new("many", server.address, server.token("hook", "report")));
    let reports: Vec<_> = (0..24)
        .map(|index| {
            let shell = std::sync::Arc::clone(&shell);
            tokio::spawn(async move { shell.report(&["status", &format!("a{index}"), "online"]).await })
        })
        .collect();
    for report in reports {
        report.await.unwrap();
    }
    shell.report(&["--flush"]).await;
    assert_eq!(server.fleet().await["agents"].as_array().unwrap().len(), 24);
    assert_eq!(server.seq().await, 24);
}

#[tokio::test]
async fn where_nothing_can_be_kept_a_report_is_sent_all_the_same() {
    let server = TestServer::start().await;
    let shell = Shell::new("unkept", server.address, server.token("hook", "report"));
    std::fs::write(&shell.spool, "a file in the place of the directory").unwrap();
    let said = shell.report(&["status", "a1", "online"]).await;
    assert!(said.contains("reports cannot be kept") && said.contains("all the same"), "{said}");
    assert_eq!(server.seq().await, 1);
    let mut lost = Shell::new("unkept-away", nobody().await.1, server.token("hook", "report"));
    lost.spool.clone_from(&shell.spool);
    let said = lost.fails(&["status", "a1", "online"]).await;
    assert!(said.contains("the report is lost"), "{said}");
    std::fs::remove_file(&shell.spool).unwrap();
}

#[tokio::test]
async fn what_an_agent_does_need_not_be_text() {
    use std::os::unix::ffi::OsStrExt;
    let server = TestServer::start().await;
    let shell = Shell::new("bytes", server.address, server.token("hook", "report"));
    let mut command = shell.command(env!("CARGO_BIN_EXE_mission-control"));
    command.args(["report", "--url", &shell.url, "--spool"]).arg(&shell.spool).args(["activity", "a1", "s1"]);
    command.arg(std::ffi::OsStr::from_bytes(b"a\xff\xfe"));
    assert!(timeout(PATIENCE, command.output()).await.expect("it does not end").unwrap().status.success());
    let events = events(server.address, &server.token("w", "watch")).await;
    assert_eq!(messages(&events), ["a\u{fffd}\u{fffd}"]);
}

#[tokio::test]
async fn who_says_nothing_or_nonsense_is_told_how_to_say_it() {
    let server = TestServer::start().await;
    let shell = Shell::new("nonsense", server.address, server.token("hook", "report"));
    let long_key = "k".repeat(129);
    for (args, part) in [
        (vec![], "say what to report, or --flush"),
        (vec!["--flush", "status", "a1", "online"], "say what to report, or --flush"),
        (vec!["status", "a1", "online", "--label", "=x"], "write it like team=data"),
        (vec!["status", "a1", "online", "--idempotency-key", ""], "1 to 128 characters"),
        (vec!["status", "a1", "online", "--idempotency-key", &long_key], "1 to 128 characters"),
        (vec!["status", "a b", "online"], "an id is made of letters, digits"),
        (vec!["status", "a1", "busy"], "online, offline or error is needed"),
        (vec!["lifecycle", "a1", "died"], "start, stop, restart or crash is needed"),
        (vec!["status", "a1", "online", "--label", "x"], "write it like team=data"),
        (vec!["status", "a1", "online", "--report-seq", "1"], "--instance-id"),
        (vec!["status", "a1", "online", "--lease-ms", "10"], "1000"),
    ] {
        let output = shell.output(&args).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(said.contains(part), "{args:?}: {said}");
    }
    assert_eq!(server.seq().await, 0);
    assert!(!shell.spool.exists());
}
