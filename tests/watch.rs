//! `mission-control watch`, as people run it: the real binary against a real server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

mod support;

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use support::{PATIENCE, SECRET, TestServer, http};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::timeout;

/// A running `watch`. Dropping it kills it.
struct Watcher {
    child: Child,
    out: Lines<BufReader<ChildStdout>>,
    errors: Lines<BufReader<ChildStderr>>,
}

impl Watcher {
    /// Runs with nothing in the environment but these variables.
    fn run(args: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mission-control"));
        command.arg("watch").args(args).env_clear().envs(environment.iter().copied());
        command.current_dir(std::env::temp_dir()).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap()).lines();
        let errors = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, out, errors }
    }

    /// Watches a server as this user.
    fn of(server: &TestServer, user: &str, args: &[&str]) -> Self {
        let (url, token) = (format!("http://{}", server.address), server.token(user, "watch"));
        let args: Vec<&str> = ["--url", &url].into_iter().chain(args.iter().copied()).collect();
        Self::run(&args, &[("MISSION_CONTROL_TOKEN", &token)])
    }

    async fn line(&mut self) -> String {
        let line = timeout(PATIENCE, self.out.next_line()).await.expect("no line in time");
        line.unwrap().expect("standard output ended")
    }

    /// The lines of `--json` up to one of this type, which is the last.
    async fn until(&mut self, kind: &str) -> Vec<(String, Value)> {
        let mut lines = Vec::new();
        loop {
            let line = self.line().await;
            let frame: Value = serde_json::from_str(&line).unwrap();
            let last = frame["type"] == kind;
            lines.push((line, frame));
            if last {
                return lines;
            }
        }
    }

    /// Waits for a line about the connection.
    async fn told(&mut self, part: &str) -> String {
        loop {
            let line = timeout(PATIENCE, self.errors.next_line()).await.expect("not told in time");
            let line = line.unwrap().unwrap_or_else(|| panic!("never told: {part}"));
            if line.contains(part) {
                return line;
            }
        }
    }

    async fn ended(&mut self) -> ExitStatus {
        timeout(PATIENCE, self.child.wait()).await.expect("it did not end in time").unwrap()
    }

    /// Waits for its end, and what it told last.
    async fn last_words(mut self) -> (Option<i32>, String) {
        let status = self.ended().await;
        let mut words = Vec::new();
        while let Some(line) = timeout(PATIENCE, self.errors.next_line()).await.unwrap().unwrap() {
            words.push(line);
        }
        (status.code(), words.join("\n"))
    }
}

async fn report(server: &TestServer, path: &str, body: &Value) {
    let token = server.token("reporter", "report");
    let answer = http::post(server.address, &format!("/api/v1/agents/{path}"), &token, body).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
}

#[tokio::test]
async fn two_users_see_the_same_events_with_the_same_numbers() {
    let server = TestServer::start().await;
    report(&server, "a0/status", &json!({"status": "online"})).await;
    let mut watchers = [Watcher::of(&server, "alice", &["--json"]), Watcher::of(&server, "bob", &["--json"])];
    for (watcher, user) in watchers.iter_mut().zip(["alice", "bob"]) {
        let copy = watcher.until("sync:end").await;
        let kinds: Vec<_> = copy.iter().map(|(_, frame)| frame["type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["hello", "agent:status", "sync:end"]);
        assert_eq!(copy[0].1["payload"]["userId"], user);
    }
    report(&server, "a1/lifecycle", &json!({"event": "start"})).await;
    report(&server, "a1/lifecycle", &json!({"event": "crash", "exitCode": 137, "signal": "SIGKILL"})).await;
    report(&server, "a1/sessions/s1/activity", &json!({"lastMessage": "npm test"})).await;
    let [alice, bob] = &mut watchers;
    let (alice, bob) = (alice.until("session:activity").await, bob.until("session:activity").await);
    assert_eq!(alice, bob);
    let seqs: Vec<_> = alice.iter().map(|(_, frame)| frame["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (2..2 + u64::try_from(seqs.len()).unwrap()).collect::<Vec<_>>());
    assert!(seqs.len() >= 5, "{alice:?}");
}

#[tokio::test]
async fn a_server_that_comes_back_is_found_again_and_its_new_history_shown_anew() {
    let server = TestServer::start().await;
    let mut watcher = Watcher::of(&server, "alice", &["--json"]);
    let before = watcher.until("sync:end").await;
    let server = server.restart().await;
    let told = watcher.told("next try in").await;
    assert!(told.contains("1012 (restart)"), "{told}");
    let again: Vec<_> = watcher.until("sync:end").await;
    let hello = again.iter().map(|(_, frame)| frame).find(|frame| frame["type"] == "hello").unwrap();
    assert_ne!(hello["payload"]["epoch"], before[0].1["payload"]["epoch"]);
    assert_eq!(
        (&hello["payload"]["mode"], &hello["payload"]["reason"]),
        (&json!("snapshot"), &json!("epoch_changed"))
    );
    report(&server, "a1/status", &json!({"status": "online"})).await;
    assert_eq!(watcher.until("agent:status").await.last().unwrap().1["seq"], 1);
}

#[tokio::test]
async fn an_admin_ends_it_for_good_and_it_says_so() {
    let server = TestServer::start().await;
    let mut watcher = Watcher::of(&server, "alice", &["--json"]);
    let hello = &watcher.until("sync:end").await[0].1;
    let id = hello["payload"]["connectionId"].as_str().unwrap();
    let admin = server.token("root", "admin");
    let answer = http::delete(server.address, &format!("/api/v1/connections/{id}"), &admin).await;
    assert!((200..300).contains(&answer.status), "{answer:?}");
    let (code, words) = watcher.last_words().await;
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("mission-control: the connection was closed: 4503 (forbidden)"), "{words}");
}

#[tokio::test]
async fn a_hostile_message_is_shown_harmlessly() {
    let server = TestServer::start().await;
    let hostile = "\u{1b}]0;owned\u{7}\u{1b}[2J\r\nfake line\u{9b}31m\u{202e}";
    report(&server, "a1/sessions/s1/activity", &json!({"lastMessage": hostile})).await;
    let mut people = Watcher::of(&server, "alice", &[]);
    let mut machine = Watcher::of(&server, "alice", &["--json"]);
    let _status = people.line().await;
    for text in [people.line().await, {
        report(&server, "a1/sessions/s1/activity", &json!({"lastMessage": format!("{hostile}!")})).await;
        people.line().await
    }] {
        assert!(!text.chars().any(|c| c.is_control() || c == '\u{202e}'), "{text:?}");
        assert!(
            text.contains(r"a1  s1  \u{1b}]0;owned\u{7}\u{1b}[2J\r\nfake line\u{9b}31m\u{202e}"),
            "{text}"
        );
    }
    let (text, frame) = machine.until("session:activity").await.pop().unwrap();
    assert!(!text.chars().any(char::is_control), "{text:?}");
    // It may have connected before or after the second report.
    assert!(frame["payload"]["lastMessage"].as_str().unwrap().starts_with(hostile), "{frame}");
}

#[tokio::test]
async fn when_nobody_reads_any_more_it_ends_quietly() {
    let server = TestServer::start().await;
    let mut watcher = Watcher::of(&server, "alice", &["--json"]);
    watcher.until("sync:end").await;
    watcher.told("up to date").await;
    let Watcher { child, out, errors } = watcher;
    drop(out);
    report(&server, "a1/status", &json!({"status": "online"})).await;
    let out =
        BufReader::new(Command::new("true").stdout(Stdio::piped()).spawn().unwrap().stdout.unwrap()).lines();
    let (code, words) = Watcher { child, out, errors }.last_words().await;
    assert_eq!((code, words.as_str()), (Some(0), ""));
}

#[tokio::test]
async fn a_signal_ends_it_in_peace_connected_or_not() {
    let server = TestServer::start().await;
    let mut connected = Watcher::of(&server, "alice", &["--json"]);
    connected.until("sync:end").await;
    let mut waiting = Watcher::run(&["--url", "http://127.0.0.1:1"], &[("MISSION_CONTROL_TOKEN", "x")]);
    waiting.told("cannot reach the server").await;
    for (mut watcher, signal) in [(connected, "-TERM"), (waiting, "-INT")] {
        let pid = watcher.child.id().unwrap().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().await.unwrap().success());
        assert_eq!(watcher.ended().await.code(), Some(0));
    }
}

#[tokio::test]
async fn a_pager_that_takes_no_more_does_not_keep_a_signal_away() {
    let server = TestServer::start().await;
    let long = "x".repeat(4096);
    for number in 0..40 {
        report(&server, &format!("a1/sessions/s{number}/activity"), &json!({"lastMessage": long})).await;
    }
    let mut watcher = Watcher::of(&server, "alice", &["--json"]);
    // More than a pipe holds, and nobody reads it.
    watcher.told("connected as alice").await;
    let pid = watcher.child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().await.unwrap().success());
    assert_eq!(watcher.ended().await.code(), Some(0));
}

#[tokio::test]
async fn without_a_token_one_is_made_with_the_secret_and_without_that_it_says_what_to_do() {
    let server = TestServer::start().await;
    report(&server, "other/status", &json!({"status": "online"})).await;
    report(&server, "build-7/sessions/s/activity", &json!({"lastMessage": "x"})).await;
    let url = format!("http://{}", server.address);
    let args = ["--url", &url, "--as", "carol", "--agents", "build-*,x", "--types", "agent:status", "--json"];
    let mut watcher = Watcher::run(&args, &[("MISSION_CONTROL__AUTH__SECRET", SECRET)]);
    let frames = watcher.until("sync:end").await;
    assert_eq!(frames[0].1["payload"]["userId"], "carol");
    let agents: Vec<_> =
        frames.iter().filter_map(|(_, frame)| frame["payload"]["agentId"].as_str()).collect();
    assert_eq!(agents, ["build-7"]);

    let (code, words) = Watcher::run(&["--url", &url, "--data-dir", "nowhere"], &[]).last_words().await;
    assert_eq!(code, Some(1));
    assert!(words.contains("--token-file FILE or set MISSION_CONTROL_TOKEN"), "{words}");
}

#[tokio::test]
async fn what_the_server_refuses_is_told_by_its_code() {
    let server = TestServer::start().await;
    let (code, words) = Watcher::of(&server, "alice", &["--types", "agent:mood"]).last_words().await;
    assert_eq!(code, Some(1));
    assert!(words.contains("422 (unknown_type)"), "{words}");
    let url = format!("http://{}", server.address);
    let watcher = Watcher::run(&["--url", &url], &[("MISSION_CONTROL_TOKEN", "not.a.token")]);
    let (code, words) = watcher.last_words().await;
    assert_eq!(code, Some(1));
    assert!(words.contains("signed out") && words.contains("401 (invalid_token)"), "{words}");
    let (code, words) = Watcher::of(&server, "alice", &["--url", "ftp://x"]).last_words().await;
    assert_eq!(code, Some(2), "the address was given twice: {words}");
    let watcher = Watcher::run(&["--url", "ftp://x"], &[("MISSION_CONTROL_TOKEN", "x")]);
    let (code, words) = watcher.last_words().await;
    assert_eq!(
        (code, words.as_str()),
        (Some(1), "mission-control: an address begins with http:// or https://")
    );
}

#[tokio::test]
async fn a_token_file_that_is_kept_fresh_keeps_the_connection() {
    let server = TestServer::start().await;
    let file: PathBuf = std::env::temp_dir().join(format!("mission-control-watch-{}", std::process::id()));
    // The end is announced 30 s before: there are some seconds to put another token into the file.
    let short = server.token_for("alice", "watch", &["*"], Duration::from_secs(34));
    std::fs::write(&file, short).unwrap();
    let (url, path) = (format!("http://{}", server.address), file.display().to_string());
    let mut watcher = Watcher::run(&["--url", &url, "--token-file", &path, "--json"], &[]);
    watcher.until("hello").await;
    std::fs::write(&file, server.token("alice", "watch")).unwrap();
    let frames = watcher.until("auth:refreshed").await;
    assert!(frames.iter().any(|(_, frame)| frame["type"] == "auth:expiring"), "{frames:?}");
    assert!(frames.iter().all(|(_, frame)| frame["type"] != "hello"), "{frames:?}");
    std::fs::remove_file(&file).unwrap();
}
