//! The server is killed at random under load. `MISSION_CONTROL_KILLS` says how often; a plain run does it 20
//! times, `./test --long` 200 times.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use mission_control::app::run::offline_token;
use mission_control::app::settings::{Settings, Sources};
use mission_control::domain::grant::{Grant, Scope, Scopes};
use mission_control::domain::id::UserId;
use mission_control::domain::pattern::Patterns;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::history::{Client, Dice, Event, Frame, History, Position, Report, assert_right, event};
use super::server::Server;
use crate::support::{PATIENCE, SECRET};

const REPORTERS: u64 = 4;
const SCREENS: u64 = 24;
const AGENTS: u64 = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_random_under_load_lose_nothing_and_double_nothing() {
    #[allow(clippy::disallowed_methods, reason = "a run by hand says how long it is, and from which seed")]
    let rounds = std::env::var("MISSION_CONTROL_KILLS").map_or(20, |text| text.parse().unwrap());
    #[allow(clippy::disallowed_methods, reason = "a run by hand says how long it is, and from which seed")]
    let seed = std::env::var("MISSION_CONTROL_SEED").map_or(1, |text| text.parse().unwrap());
    let (mut dice, mut server) = (Dice::new(seed), Server::new("kills"));
    server.start().await;
    let stop = Arc::new(AtomicBool::new(false));
    let address = server.address;
    let reporters: Vec<_> = (0..REPORTERS)
        .map(|number| tokio::spawn(report(address, number, seed + number, Arc::clone(&stop))))
        .collect();
    let screens: Vec<_> = (0..SCREENS)
        .map(|number| {
            tokio::spawn(Watcher::new(address, number, seed + 100 + number).watch(Arc::clone(&stop)))
        })
        .collect();
    for _ in 0..rounds {
        pause(Duration::from_millis(50 + dice.below(1950))).await;
        server.kill().await;
        server.start().await;
    }
    stop.store(true, Ordering::SeqCst);
    let mut history = History::default();
    for reporter in reporters {
        history.reports.extend(reporter.await.unwrap());
    }
    let (epoch, head) = fleet(address).await;
    for screen in screens {
        let mut watcher = screen.await.unwrap();
        watcher.finish(&epoch, head).await;
        history.screens.push(watcher.client.screen);
    }
    history.events = events(address, &epoch).await;
    let resumed = history.screens.iter().flat_map(|screen| &screen.frames);
    let count = |wanted: &str| {
        resumed.clone().filter(|frame| matches!(frame, Frame::Began { mode, .. } if mode == wanted)).count()
    };
    eprintln!(
        "{rounds} kills, {} reports, {} events; begun: {} snapshots, {} deltas, {} replays, {} live",
        history.reports.len(),
        history.events.len(),
        count("snapshot"),
        count("delta"),
        count("replay"),
        count("live")
    );
    assert!(
        history.reports.iter().all(|report| !report.answers.is_empty()),
        "each was sent until it was answered"
    );
    assert!(count("replay") > 0 && count("delta") > 0, "screens came back in every way");
    assert_right(&history, seed);
}

pub(crate) async fn pause(time: Duration) {
    let _passed = timeout(time, std::future::pending::<()>()).await;
}

pub(crate) fn token(user: &str, scopes: &str) -> String {
    let environment = [("MISSION_CONTROL__AUTH__SECRET".to_owned(), SECRET.to_owned())].into();
    let settings = Settings::load(&Sources { environment, ..Sources::default() }).unwrap();
    let scopes = Scopes::of(scopes.split_whitespace().map(|word| Scope::parse(word).unwrap()));
    let grant = Grant { scopes, agents: Patterns::all() };
    let token = offline_token(&settings, UserId::parse(user).unwrap(), grant, Duration::from_secs(3600));
    token.unwrap().reveal().to_owned()
}

/// Asks once: status and body, or nothing where the server is not there, or went before it answered.
pub(crate) async fn ask(address: SocketAddr, head: &str, body: &str) -> Option<(u16, Value)> {
    let asked = async {
        let mut socket = TcpStream::connect(address).await.ok()?;
        let length = body.len();
        let text = format!(
            "{head}\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        socket.write_all(text.as_bytes()).await.ok()?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, serde_json::from_str(body).unwrap_or(Value::Null)))
    };
    timeout(Duration::from_secs(5), asked).await.ok().flatten()
}

/// As [`ask`], until there is an answer that stays.
pub(crate) async fn insist(address: SocketAddr, head: &str, body: &str) -> (u16, Value) {
    loop {
        match ask(address, head, body).await {
            Some((status, value)) if status != 503 => return (status, value),
            _ => pause(Duration::from_millis(20)).await,
        }
    }
}

/// Reports until it is told to stop, each until it is answered; some are sent again after that.
async fn report(address: SocketAddr, number: u64, seed: u64, stop: Arc<AtomicBool>) -> Vec<Report> {
    let (mut dice, mut reports) = (Dice::new(seed), Vec::new());
    let token = token(&format!("reporter{number}"), "report admin");
    let mut count = 0;
    while !stop.load(Ordering::SeqCst) {
        let agent = dice.below(AGENTS);
        let agent = if agent % 2 == 0 { format!("a{agent}") } else { format!("b{agent}") };
        if dice.below(40) == 0 {
            let head = format!("DELETE /api/v1/agents/{agent} HTTP/1.1\r\nAuthorization: Bearer {token}");
            let _gone_or_unknown = insist(address, &head, "").await;
            continue;
        }
        count += 1;
        let id = format!("w{number}r{count}");
        let head = format!(
            "POST /api/v1/agents/{agent}/sessions/s/activity HTTP/1.1\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nIdempotency-Key: {id}"
        );
        let body = json!({ "lastMessage": id }).to_string();
        let times = if dice.below(5) == 0 { 2 } else { 1 };
        let mut answers = Vec::new();
        for _ in 0..times {
            let (status, answer) = insist(address, &head, &body).await;
            assert_eq!(status, 200, "{answer}");
            let epoch = answer["epoch"].as_str().unwrap().to_owned();
            answers.push((epoch, answer["seq"].as_u64().unwrap()));
        }
        reports.push(Report { id, answers, key_taken_in: None });
    }
    reports
}

pub(crate) async fn fleet(address: SocketAddr) -> (String, u64) {
    let head = format!("GET /api/v1/fleet HTTP/1.1\r\nAuthorization: Bearer {}", token("w", "watch"));
    let (_, fleet) = insist(address, &head, "").await;
    (fleet["epoch"].as_str().unwrap().to_owned(), fleet["seq"].as_u64().unwrap())
}

pub(crate) async fn events(address: SocketAddr, epoch: &str) -> Vec<(Position, Event)> {
    let (token, mut after, mut all) = (token("w", "watch"), String::new(), Vec::new());
    loop {
        let head = format!("GET /api/v1/events?limit=1000{after} HTTP/1.1\r\nAuthorization: Bearer {token}");
        let (status, page) = insist(address, &head, "").await;
        assert_eq!(status, 200, "{page}");
        for frame in page["events"].as_array().unwrap() {
            all.push(((epoch.to_owned(), frame["seq"].as_u64().unwrap()), event(frame)));
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return all,
        }
    }
}

/// A client that comes back whatever happens.
struct Watcher {
    address: SocketAddr,
    client: Client,
    dice: Dice,
    token: String,
}

impl Watcher {
    fn new(address: SocketAddr, number: u64, seed: u64) -> Self {
        Self {
            address,
            client: Client::new(format!("screen {number}"), if number.is_multiple_of(3) { "a" } else { "" }),
            dice: Dice::new(seed),
            token: token(&format!("screen{number}"), "watch"),
        }
    }

    /// Watches until it is told to stop, and goes away at random in between.
    async fn watch(mut self, stop: Arc<AtomicBool>) -> Self {
        while !stop.load(Ordering::SeqCst) {
            let frames = 20 + self.dice.below(400);
            let stopped = Arc::clone(&stop);
            let mut left = frames;
            self.connect(|_| {
                left = left.saturating_sub(1);
                left == 0 || stopped.load(Ordering::SeqCst)
            })
            .await;
            pause(Duration::from_millis(self.dice.below(300))).await;
        }
        self
    }

    /// Comes back until it has everything.
    async fn finish(&mut self, epoch: &str, head: u64) {
        let goal = (epoch.to_owned(), head);
        while self.client.at.as_ref().is_none_or(|at| *at < goal) {
            self.connect(|client| client.at.as_ref().is_some_and(|at| *at >= goal)).await;
        }
    }

    /// One connection, until it ends or this holds.
    async fn connect(&mut self, mut enough: impl FnMut(&Client) -> bool) {
        let after = self.client.cursor().map(|cursor| format!("after={cursor}")).unwrap_or_default();
        let agents = if self.client.asked.is_empty() { "" } else { "&agents=a*" };
        let uri = format!("ws://{}/ws?{after}{agents}", self.address);
        let mut request = uri.into_client_request().unwrap();
        request.headers_mut().insert("Authorization", format!("Bearer {}", self.token).parse().unwrap());
        let opening = timeout(Duration::from_secs(5), tokio_tungstenite::connect_async(request)).await;
        let Ok(Ok((mut socket, _))) = opening else {
            pause(Duration::from_millis(20)).await;
            return;
        };
        loop {
            // A heartbeat comes every second.
            let Ok(Some(Ok(message))) = timeout(PATIENCE, socket.next()).await else { return };
            if message.is_close() {
                return;
            }
            let Ok(text) = message.to_text() else { continue };
            let Ok(frame) = serde_json::from_str::<Value>(text) else { continue };
            let _reason = self.client.take(&frame);
            if enough(&self.client) {
                return;
            }
        }
    }
}
