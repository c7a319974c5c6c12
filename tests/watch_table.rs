//! `mission-control watch` at a terminal, as people see it: the real binary on a pseudo-terminal, against a
//! real server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

mod support;

use std::process::Stdio;

use serde_json::{Value, json};
use support::{PATIENCE, TestServer, http};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

const HELPER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/watch_table/terminal.py");

/// A terminal with a running `watch` in it. Dropping it kills both.
struct Terminal {
    child: Child,
    orders: ChildStdin,
    out: ChildStdout,
    screen: vt100::Parser,
    /// Everything that was written to it.
    written: Vec<u8>,
}

impl Terminal {
    /// A terminal of 24 lines of 80 cells.
    fn run(server: &TestServer, args: &[&str], environment: &[(&str, &str)]) -> Self {
        let (url, token) = (format!("http://{}", server.address), server.token("alice", "watch"));
        let mut command = Command::new("python3");
        command.args([HELPER, "24", "80", env!("CARGO_BIN_EXE_mission-control"), "watch", "--url", &url]);
        command.args(args).env_clear().env("MISSION_CONTROL_TOKEN", token).env("TERM", "xterm-256color");
        command.env("PATH", std::env::var_os("PATH").unwrap()).envs(environment.iter().copied());
        command.current_dir(std::env::temp_dir()).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("python3 is needed: install Python 3.11");
        let (orders, out) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, orders, out, screen: vt100::Parser::new(24, 80, 0), written: Vec::new() }
    }

    async fn order(&mut self, order: &str) {
        self.orders.write_all(format!("{order}\n").as_bytes()).await.unwrap();
    }

    async fn resize(&mut self, rows: u16, columns: u16) {
        self.screen.screen_mut().set_size(rows, columns);
        self.order(&format!("resize {rows} {columns}")).await;
    }

    fn lines(&self) -> Vec<String> {
        let columns = self.screen.screen().size().1;
        self.screen.screen().rows(0, columns).map(|line| line.trim_end().to_owned()).collect()
    }

    /// Reads on until the screen is so.
    async fn until(&mut self, what: &str, is_so: impl Fn(&[String]) -> bool) {
        let shown = async {
            while !is_so(&self.lines()) {
                if !self.read().await {
                    break;
                }
            }
        };
        let _late = timeout(PATIENCE, shown).await;
        assert!(is_so(&self.lines()), "the screen never shows {what}: {:#?}", self.lines());
    }

    /// Reads on until a line of the screen has this.
    async fn shows(&mut self, part: &str) {
        self.until(part, |lines| lines.iter().any(|line| line.contains(part))).await;
    }

    async fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        let count = self.out.read(&mut bytes).await.unwrap();
        self.screen.process(&bytes[..count]);
        self.written.extend(&bytes[..count]);
        count > 0
    }

    /// Waits for its end: the exit code, whether the terminal's modes are as before, and the last screen.
    async fn ended(mut self) -> (Value, Self) {
        let rest = async { while self.read().await {} };
        timeout(PATIENCE, rest).await.expect("it did not end in time");
        let mut told = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut told).await.unwrap();
        (serde_json::from_str(&told).unwrap_or_else(|_| panic!("{told}")), self)
    }

    /// It was a table, and nothing of it is left: neither the alternate screen nor a hidden cursor.
    fn assert_given_back(&self) {
        assert!(self.wrote("\u{1b}[?1049h") && self.wrote("\u{1b}[?1049l"));
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor());
    }

    fn wrote(&self, text: &str) -> bool {
        self.written.windows(text.len()).any(|bytes| bytes == text.as_bytes())
    }
}

async fn report(server: &TestServer, path: &str, body: &Value) {
    let token = server.token("reporter", "report");
    let answer = http::post(server.address, &format!("/api/v1/agents/{path}"), &token, body).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
}

#[tokio::test]
async fn a_table_follows_the_fleet_through_a_restart_and_gives_the_terminal_back() {
    let server = TestServer::start().await;
    report(&server, "a0/lifecycle", &json!({"event": "start"})).await;
    let mut terminal = Terminal::run(&server, &[], &[]);
    terminal.shows("● live").await;
    terminal.shows("● online   a0").await;
    report(&server, "a1/lifecycle", &json!({"event": "start"})).await;
    report(&server, "a1/sessions/s1/activity", &json!({"lastMessage": "npm test", "state": "working"})).await;
    terminal.shows("● online   a1").await;
    let crash = json!({"event": "crash", "exitCode": 137, "signal": "SIGKILL"});
    report(&server, "a1/lifecycle", &crash).await;
    terminal.shows("exit 137, SIGKILL, crash").await;
    terminal
        .until("errors first", |lines| {
            lines[4].starts_with("▲ error    a1")
                && lines[5].starts_with("● online   a0")
                && lines[1].starts_with("▲ 1 error   ● 1 online   ○ 0 offline")
        })
        .await;

    terminal.resize(12, 120).await;
    terminal.shows("RESTARTS").await;
    terminal.until("the foot in its last line", |lines| lines[11].starts_with("2 agents")).await;

    let down = server.down().await;
    terminal.shows("NOT LIVE, as of ").await;
    assert!(terminal.lines()[4].starts_with("▲ error"), "the rows stay: {:#?}", terminal.lines());
    terminal.shows("✕ reconnecting").await;
    let server = down.up().await;
    terminal
        .until("the new history", |lines| {
            lines[0].ends_with("● live") && lines[4] == "No agent was reported yet."
        })
        .await;
    report(&server, "a2/status", &json!({"status": "offline"})).await;
    terminal.shows("○ offline   a2").await;

    terminal.order("type q").await;
    let (end, terminal) = terminal.ended().await;
    assert_eq!(end, json!({"code": 0, "restored": true}));
    terminal.assert_given_back();
}

#[tokio::test]
async fn keys_scroll_and_filter() {
    let server = TestServer::start().await;
    for number in 0..40 {
        report(&server, &format!("a{number:02}/status"), &json!({"status": "online"})).await;
    }
    let mut terminal = Terminal::run(&server, &[], &[]);
    terminal.shows("1–19 of 40, … 21 more").await;
    for (keys, expected) in [
        ("\\e[B", "2–20 of 40"),
        ("\\e[6~", "21–39 of 40"),
        ("\\e[F", "22–40 of 40, the end"),
        ("\\e[H", "1–19"),
    ] {
        terminal.order(&format!("type {keys}")).await;
        terminal.shows(expected).await;
    }
    terminal.order("type /a3").await;
    terminal.until("those that have it", |lines| lines[4].contains("a30") && lines[14].is_empty()).await;
    terminal.order("type \u{3}").await;
    let (end, terminal) = terminal.ended().await;
    assert_eq!(end, json!({"code": 0, "restored": true}));
    terminal.assert_given_back();
}

#[tokio::test]
async fn signals_give_the_terminal_back() {
    let server = TestServer::start().await;
    for signal in ["TERM", "INT", "HUP", "QUIT"] {
        let mut terminal = Terminal::run(&server, &[], &[]);
        terminal.shows("No agent was reported yet.").await;
        terminal.order(&format!("signal {signal}")).await;
        let (end, terminal) = terminal.ended().await;
        assert_eq!(end, json!({"code": 0, "restored": true}), "{signal}");
        terminal.assert_given_back();
    }
}

#[tokio::test]
async fn the_last_words_stand_on_the_screen_that_was_there_before() {
    let server = TestServer::start().await;
    let mut terminal = Terminal::run(&server, &[], &[]);
    terminal.shows("● live").await;
    let admin = server.token("root", "admin");
    let connections = http::get(server.address, "/api/v1/connections", &admin).await.json();
    let id = connections["connections"][0]["connectionId"].as_str().unwrap();
    http::delete(server.address, &format!("/api/v1/connections/{id}"), &admin).await;
    let (end, terminal) = terminal.ended().await;
    assert_eq!(end, json!({"code": 1, "restored": true}));
    terminal.assert_given_back();
    let lines = terminal.lines().join("");
    assert!(lines.starts_with("mission-control: the connection was closed: 4503 (forbidden)"), "{lines}");
}

#[tokio::test]
async fn without_colour_none_is_drawn_and_with_it_shapes_still_tell() {
    let server = TestServer::start().await;
    report(&server, "a1/status", &json!({"status": "error"})).await;
    for (environment, coloured) in [(vec![], true), (vec![("NO_COLOR", "1")], false)] {
        let mut terminal = Terminal::run(&server, &[], &environment);
        terminal.shows("▲ error    a1").await;
        let colour = terminal.screen.screen().cell(4, 0).unwrap().fgcolor();
        assert_eq!(colour != vt100::Color::Default, coloured, "{environment:?}");
    }
}

#[tokio::test]
async fn a_terminal_without_a_cursor_and_the_flags_get_lines() {
    let server = TestServer::start().await;
    report(&server, "a1/status", &json!({"status": "online"})).await;
    let line = "a1  online  reason=reported (as it stands)";
    let json = r#"{"type":"agent:status","payload":{"agentId":"a1","status":"online""#;
    for (args, environment, expected) in [
        (vec!["--lines"], vec![], line),
        (vec![], vec![("TERM", "dumb")], line),
        (vec![], vec![("TERM", "")], line),
        (vec!["--json"], vec![], json),
    ] {
        let mut terminal = Terminal::run(&server, &args, &environment);
        terminal.shows("up to date: 1 agents, 0 sessions").await;
        assert!(terminal.wrote(expected), "{args:?} {environment:?}: {:#?}", terminal.lines());
        assert!(!terminal.wrote("\u{1b}"), "{args:?} {environment:?}: {:#?}", terminal.lines());
        terminal.order("signal TERM").await;
        assert_eq!(terminal.ended().await.0["code"], 0);
    }
}

#[tokio::test]
async fn a_hostile_server_cannot_steer_the_terminal() {
    let server = TestServer::start().await;
    let hostile = "\u{1b}[?1049l\u{1b}]0;owned\u{7}\u{9b}2J\r\n\u{202e}";
    report(&server, "a1/sessions/s1/activity", &json!({"lastMessage": hostile})).await;
    let mut terminal = Terminal::run(&server, &[], &[]);
    terminal.resize(24, 200).await;
    terminal.shows(r"\u{1b}[?1049l\u{1b}]0;owned\u{7}\u{9b}2J\r\n\u{202e}").await;
    assert!(terminal.screen.screen().alternate_screen());
    assert!(!terminal.wrote("\u{1b}]0") && !terminal.wrote("\u{202e}"));
}
