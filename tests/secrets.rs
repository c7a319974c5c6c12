//! No credential is ever written down: the real binary, everything logged, every way a secret comes in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

mod support;

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use mission_control::app::run::offline_sign_in_code;
use mission_control::domain::id::UserId;
use serde_json::{Value, json};
use support::http::{Answer, raw, send};
use support::screen::Screen;
use support::{PATIENCE, SECRET, TestServer, http};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The real binary, with everything logged.
struct Binary {
    address: SocketAddr,
    child: Child,
    stdout: JoinHandle<String>,
    stderr: JoinHandle<String>,
}

impl Binary {
    async fn start(server: &TestServer, format: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mission-control"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(&server.settings.server.data_dir)
            .env_clear()
            .current_dir(std::env::temp_dir())
            .env("RUST_LOG", "trace")
            .env("MISSION_CONTROL__TELEMETRY__LOG", format)
            .env("MISSION_CONTROL__AUTH__SECRET", SECRET)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        timeout(PATIENCE, lines.read_line(&mut first)).await.expect("no greeting in time").unwrap();
        let address = first.trim().rsplit("http://").next().unwrap().parse().unwrap();
        let stdout = tokio::spawn(async move {
            let mut rest = first;
            lines.read_to_string(&mut rest).await.unwrap();
            rest
        });
        let mut errors = child.stderr.take().unwrap();
        let stderr = tokio::spawn(async move {
            let mut all = Vec::new();
            errors.read_to_end(&mut all).await.unwrap();
            String::from_utf8(all).unwrap()
        });
        Self { address, child, stdout, stderr }
    }

    /// Ends it and gives what it wrote to standard output and to standard error.
    async fn end(mut self) -> (String, String) {
        timeout(PATIENCE, self.child.kill()).await.expect("ended in time").unwrap();
        (self.stdout.await.unwrap(), self.stderr.await.unwrap())
    }
}

/// What was sent, and what came back.
#[derive(Default)]
struct Canaries {
    secrets: Vec<String>,
    answers: Vec<Vec<u8>>,
    statuses: std::collections::BTreeSet<u16>,
}

impl Canaries {
    /// Takes a secret, and its parts where it is a token; the first part of a token is no secret.
    fn hatch(&mut self, secret: &str) -> String {
        self.secrets.push(secret.to_owned());
        self.secrets.extend(secret.split('.').skip(1).map(str::to_owned));
        secret.to_owned()
    }

    fn heard(&mut self, answer: &Answer) {
        self.statuses.insert(answer.status);
        self.answers.push(answer.body.clone());
        self.answers.push(format!("{:?}", answer.headers).into_bytes());
    }

    fn refused(&mut self, screen: Result<Screen, support::screen::Refused>) {
        let refused = screen.err().expect("the handshake is refused");
        self.statuses.insert(refused.status);
        self.answers.push(refused.body);
        self.answers.push(format!("{:?}", refused.headers).into_bytes());
    }

    fn none_is_in(&self, text: &[u8], what: &str) {
        for secret in &self.secrets {
            let found = text.windows(secret.len()).position(|window| window == secret.as_bytes());
            if let Some(at) = found {
                let around = &text[at.saturating_sub(300)..(at + secret.len()).min(text.len())];
                panic!("{what}: {}", String::from_utf8_lossy(around));
            }
        }
    }
}

fn token(server: &TestServer, user: &str, scopes: &str, agents: &[&str]) -> String {
    server.token_for(user, scopes, agents, Duration::from_secs(3600))
}

/// A token by header, in good requests and in all kinds of bad ones.
async fn by_header(server: &TestServer, address: SocketAddr, canaries: &mut Canaries) {
    let good = canaries.hatch(&token(server, "header", "watch report", &["a*"]));
    let forged = canaries.hatch(&format!("{good}forged"));
    let ended = canaries.hatch(&server.token_for("ended", "watch", &["*"], Duration::ZERO));
    let bearer = format!("Bearer {good}");
    let large = vec![b' '; 70_000];
    let long = format!("/api/v1/fleet?{}", "x".repeat(5000));
    let json = ("Content-Type", "application/json");
    let auth = ("Authorization", &*bearer);
    let many: Vec<(String, String)> = (0..70).map(|n| (format!("x-{n}"), good.clone())).take(70).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (&**name, &**value)).collect();
    let status = "/api/v1/agents/a1/status";
    for (method, path, headers, body) in [
        ("GET", "/api/v1/fleet", vec![auth], None),
        ("GET", "/api/v1/fleet", vec![("Authorization", &*forged)], None),
        ("GET", "/api/v1/agents/a9", vec![auth], None),
        ("GET", "/api/v1/connections", vec![auth], None),
        ("GET", "/api/v1/fleet", vec![auth, auth], None),
        ("GET", &long, vec![auth], None),
        ("GET", "/api/v1/fleet", many, None),
        ("PUT", status, vec![auth], None),
        ("POST", status, vec![auth], Some(&b"{}"[..])),
        ("POST", status, vec![auth, json], Some(b"{}")),
        ("POST", status, vec![auth, json], Some(br#"{"status":"online"}"#)),
        ("POST", status, vec![auth, json], Some(good.as_bytes())),
        ("POST", status, vec![auth, json], Some(&large)),
        ("POST", "/api/v1/agents/b1/status", vec![auth, json], Some(br#"{"status":"online"}"#)),
        ("GET", "/metrics", vec![auth], None),
    ] {
        canaries.heard(&send(address, method, path, &headers, body).await);
    }
    canaries.heard(&http::get(address, "/api/v1/fleet", &forged).await);
    canaries.heard(&http::get(address, "/api/v1/fleet", &ended).await);
    let long = canaries.hatch(&"c4n4ry".repeat(2000));
    canaries.heard(&http::get(address, "/api/v1/fleet", &long).await);
    let broken =
        format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {good}\0\r\n\r\n");
    canaries.heard(&raw(address, broken.as_bytes()).await.unwrap());
    let huge =
        format!("GET /healthz?{good} HTTP/1.1\r\nHost: localhost\r\nx: {}\r\n\r\n", "y".repeat(100_000));
    canaries.heard(&raw(address, huge.as_bytes()).await.unwrap());
}

/// Tokens and tickets by every way that opens a connection, and a fresh one over it.
async fn by_handshake(server: &TestServer, address: SocketAddr, canaries: &mut Canaries) {
    let good = canaries.hatch(&token(server, "socket", "watch report", &["*"]));
    let blind = canaries.hatch(&token(server, "blind", "admin", &["*"]));
    let forged = canaries.hatch(&format!("{good}forged"));
    let fresh = canaries.hatch(&token(server, "socket", "watch", &["f*"]));
    let bearer = format!("Bearer {good}");
    let asked = send(address, "POST", "/api/v1/tickets", &[("Authorization", &bearer)], None).await;
    let ticket = canaries.hatch(asked.json()["ticket"].as_str().unwrap());
    let pair = format!("mission-control.v1, bearer.{good}");
    let ways: [(String, Vec<(&str, &str)>); 4] = [
        ("/ws".to_owned(), vec![("Authorization", &bearer)]),
        (format!("/ws?token={good}"), vec![]),
        (format!("/ws?ticket={ticket}"), vec![]),
        ("/ws".to_owned(), vec![("Sec-WebSocket-Protocol", &pair)]),
    ];
    let mut frames = Vec::new();
    for (path, headers) in &ways {
        let mut screen = Screen::try_open(address, path, headers).await.unwrap();
        frames.extend(screen.until("sync:end").await);
        for token in [&forged, &blind, &fresh] {
            screen.send(&json!({"type": "auth:refresh", "payload": {"token": token}})).await;
            if token == &blind || token == &forged {
                frames.push(screen.next().await);
            } else {
                frames.extend(screen.until("sync:end").await);
            }
        }
        screen.send_text(&format!("{{{good}")).await;
        frames.push(screen.next().await);
        screen.send_text(&"y".repeat(9000).replacen("yyy", &good, 1)).await;
        frames.push(json!(screen.closed().await.1));
    }
    canaries.statuses.insert(101);
    canaries.answers.push(Value::from(frames).to_string().into_bytes());
    for (path, headers) in [
        (format!("/ws?token={forged}"), vec![]),
        (format!("/ws?token={blind}"), vec![]),
        (format!("/ws?ticket={ticket}"), vec![]),
        (format!("/ws?token={good}&ticket={ticket}"), vec![]),
        (format!("/ws?token={good}&after=nonsense"), vec![]),
        (format!("/ws?after={good}"), vec![]),
        (format!("/ws?agents={good}&types={good}&token={good}"), vec![]),
        (format!("/ws?token={good}%zz"), vec![]),
        (format!("/ws?token={good}"), vec![("Origin", "https://evil.example")]),
        (format!("/ws?token={}", good.repeat(20)), vec![]),
        ("/ws".to_owned(), vec![("Sec-WebSocket-Protocol", &*pair), ("Authorization", &bearer)]),
        (format!("/api/v1/stream?token={good}"), vec![]),
        (format!("/nothing?token={good}"), vec![]),
    ] {
        canaries.refused(Screen::try_open(address, &path, &headers).await);
    }
    canaries.heard(&send(address, "GET", &format!("/ws?token={good}"), &[], None).await);
    canaries.heard(&send(address, "POST", &format!("/ws?token={good}"), &[], None).await);
    canaries.heard(&send(address, "GET", &format!("/api/v1/events?token={good}"), &[], None).await);
}

/// A browser's code and cookie. What an answer is there to hand out is not held against it.
async fn by_browser(server: &TestServer, address: SocketAddr, canaries: &mut Canaries) {
    let code = offline_sign_in_code(&server.settings, UserId::parse("owner").unwrap()).unwrap();
    let code = canaries.hatch(code.reveal());
    let json = [("Content-Type", "application/json")];
    let sign_in = json!({ "code": code }).to_string();
    let first = send(address, "POST", "/api/v1/sign-in", &json, Some(sign_in.as_bytes())).await;
    assert_eq!(first.status, 204);
    let cookie = first.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    canaries.hatch(cookie.split_once('=').unwrap().1);
    for body in
        [sign_in.as_bytes(), &sign_in.as_bytes()[..sign_in.len() - 1], format!("{{\"{code}\":1}}").as_bytes()]
    {
        let answer = send(address, "POST", "/api/v1/sign-in", &json, Some(body)).await;
        canaries.statuses.insert(answer.status);
        if body.len() < sign_in.len() + 1 {
            canaries.heard(&answer);
        }
    }
    let given = send(address, "POST", "/api/v1/session-token", &[("Cookie", &cookie)], None).await;
    canaries.hatch(given.json()["token"].as_str().unwrap());
    for (path, origin) in [("/api/v1/session-token", "https://evil.example"), ("/api/v1/sign-out", "null")] {
        canaries.heard(&send(address, "POST", path, &[("Cookie", &cookie), ("Origin", origin)], None).await);
    }
    canaries.heard(&send(address, "POST", "/api/v1/sign-out", &[("Cookie", &cookie)], None).await);
    canaries.heard(&send(address, "POST", "/api/v1/session-token", &[("Cookie", &cookie)], None).await);
}

/// Sends everything to a binary that logs in this format; gives what it logged.
async fn everything(format: &str) -> String {
    // Not asked for anything: it only makes tokens with the same secret.
    let server = TestServer::with(&[("auth.leeway_ms", "0")]).await;
    let binary = Binary::start(&server, format).await;
    let mut canaries = Canaries::default();
    by_header(&server, binary.address, &mut canaries).await;
    by_handshake(&server, binary.address, &mut canaries).await;
    by_browser(&server, binary.address, &mut canaries).await;
    let expected = [101, 200, 204, 400, 401, 403, 404, 405, 413, 414, 415, 422, 426, 431, 501];
    assert_eq!(canaries.statuses, expected.into(), "every kind of outcome was provoked");
    let (stdout, stderr) = binary.end().await;
    assert!(stderr.lines().count() > 50, "{stderr}");
    canaries.none_is_in(stdout.as_bytes(), "standard output");
    canaries.none_is_in(stderr.as_bytes(), "standard error");
    for answer in &canaries.answers {
        canaries.none_is_in(answer, "an answer");
    }
    stderr
}

#[tokio::test]
async fn no_credential_is_in_a_log_for_people_or_in_an_answer() {
    everything("pretty").await;
}

#[tokio::test]
async fn no_credential_is_in_a_log_for_machines_and_each_line_says_whom_it_is_about() {
    let log = everything("json").await;
    let mut about = std::collections::BTreeMap::new();
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let target = line["target"].as_str().unwrap().to_owned();
        let spans = line["spans"].as_array().cloned().unwrap_or_default();
        let has = |name: &str| line.get(name).is_some() || spans.iter().any(|span| span.get(name).is_some());
        if target.starts_with("mission_control::adapters::ws::s") {
            assert!(has("connection_id"), "{line}");
            *about.entry("connection").or_insert(0) += 1;
        } else if ["adapters::ws", "adapters::http::dispatch", "adapters::jwt"]
            .iter()
            .any(|part| target.contains(part))
        {
            // A refresh is checked on its connection, everything else in its request; where a connection
            // begins, one line names both.
            assert!(has("request_id") || has("connection_id"), "{line}");
            assert!(line["message"] != "connected" || (has("request_id") && has("connection_id")), "{line}");
            *about.entry("request").or_insert(0) += 1;
        }
    }
    assert!(about.values().all(|count| *count >= 8) && about.len() == 2, "{about:?}");
}
