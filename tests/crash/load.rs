//! What runs while something is done to the server: reporters that insist, and screens that always come back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use mission_control::app::run::offline_token;
use mission_control::app::settings::{Settings, Sources};
use mission_control::domain::grant::{Grant, Scope, Scopes};
use mission_control::domain::id::UserId;
use mission_control::domain::pattern::Patterns;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::history::{Client, Dice, Event, Frame, History, Position, Report, View, event};
use crate::support::{PATIENCE, SECRET};

const AGENTS: u64 = 12;

/// Who is at work.
#[derive(Debug, Clone)]
pub(crate) struct Crowd {
    pub(crate) reporters: u64,
    pub(crate) screens: Vec<Kind>,
    /// Bytes that each message is longer.
    pub(crate) padding: usize,
}

/// How a screen watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Sees the agents that begin so, and goes away at random in between.
    Roams(&'static str),
    /// Sees everything, stays, and at times reads nothing for seconds.
    Stalls,
}

/// The agent of which there is one event among a hundred.
pub(crate) const RARE: &str = "rare";

/// Reporters and screens at work.
pub(crate) struct Load {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    reporters: Vec<JoinHandle<Vec<Report>>>,
    screens: Vec<JoinHandle<Watcher>>,
    /// How often a connection was brought up to date since it read too slowly.
    pub(crate) conflated: Arc<AtomicU64>,
}

impl Load {
    /// Every third screen sees the agents that begin with `a` alone.
    pub(crate) fn start(address: SocketAddr, seed: u64, reporters: u64, screens: u64) -> Self {
        let sees = |number: u64| if number.is_multiple_of(3) { "a" } else { "" };
        let screens = (0..screens).map(|number| Kind::Roams(sees(number))).collect();
        Self::of(&Crowd { reporters, screens, padding: 0 }, address, seed)
    }

    pub(crate) fn of(crowd: &Crowd, address: SocketAddr, seed: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let report = |number| report(address, number, seed + number, crowd.padding, Arc::clone(&stop));
        let reporters = (0..crowd.reporters).map(|number| tokio::spawn(report(number))).collect();
        let conflated = Arc::default();
        let screens = (0..).zip(&crowd.screens).map(|(number, kind)| {
            let mut watcher = Watcher::new(address, number, seed + 100 + number, *kind);
            watcher.conflated = Arc::clone(&conflated);
            tokio::spawn(watcher.watch(Arc::clone(&stop)))
        });
        let screens = screens.collect();
        Self { address, stop, reporters, screens, conflated }
    }

    /// Lets the last reports be answered and every screen come to the end. What it saw and what is read then.
    pub(crate) async fn finish(self) -> History {
        self.stop.store(true, Ordering::SeqCst);
        let mut history = History::default();
        for reporter in self.reporters {
            history.reports.extend(reporter.await.unwrap());
        }
        let (epoch, head) = fleet(self.address).await;
        for screen in self.screens {
            let mut watcher = screen.await.unwrap();
            watcher.finish(&epoch, head).await;
            history.screens.push(watcher.client.screen);
        }
        history.events = events(self.address, &epoch).await;
        history
    }
}

/// How many connections began so.
pub(crate) fn begun(history: &History, wanted: &str) -> usize {
    let frames = history.screens.iter().flat_map(|screen| &screen.frames);
    frames.filter(|frame| matches!(frame, Frame::Began { mode, .. } if mode == wanted)).count()
}

/// A number by which a run by hand is longer or another.
#[allow(clippy::disallowed_methods, reason = "a run by hand says how long it is, and from which seed")]
pub(crate) fn asked(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
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
            // 401: while the clock stands elsewhere no token is good.
            Some((status, value)) if status != 503 && status != 401 => return (status, value),
            _ => pause(Duration::from_millis(20)).await,
        }
    }
}

/// Reports until it is told to stop, each until it is answered; some are sent again after that.
async fn report(
    address: SocketAddr,
    number: u64,
    seed: u64,
    padding: usize,
    stop: Arc<AtomicBool>,
) -> Vec<Report> {
    let (mut dice, mut reports) = (Dice::new(seed), Vec::new());
    let token = token(&format!("reporter{number}"), "report admin");
    let mut count = 0;
    while !stop.load(Ordering::SeqCst) {
        let agent = dice.below(AGENTS);
        let agent = match agent {
            _ if dice.below(100) == 0 => RARE.to_owned(),
            even if even % 2 == 0 => format!("a{agent}"),
            _ => format!("b{agent}"),
        };
        if dice.below(40) == 0 {
            let head = format!("DELETE /api/v1/agents/{agent} HTTP/1.1\r\nAuthorization: Bearer {token}");
            let _gone_or_unknown = insist(address, &head, "").await;
            continue;
        }
        count += 1;
        let key = format!("w{number}r{count}");
        let id = format!("{key}{}", "-".repeat(padding));
        let head = format!(
            "POST /api/v1/agents/{agent}/sessions/s/activity HTTP/1.1\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nIdempotency-Key: {key}"
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
    kind: Kind,
    conflated: Arc<AtomicU64>,
}

impl Watcher {
    fn new(address: SocketAddr, number: u64, seed: u64, kind: Kind) -> Self {
        let sees = match kind {
            Kind::Roams(sees) => sees,
            Kind::Stalls => "",
        };
        Self {
            address,
            client: Client::new(format!("screen {number}"), View::beginning(sees)),
            dice: Dice::new(seed),
            token: token(&format!("screen{number}"), "watch"),
            kind,
            conflated: Arc::default(),
        }
    }

    /// Watches until it is told to stop, and goes away at random in between.
    async fn watch(mut self, stop: Arc<AtomicBool>) -> Self {
        while !stop.load(Ordering::SeqCst) {
            let frames = 20 + self.dice.below(400);
            let stopped = Arc::clone(&stop);
            let mut left = if self.kind == Kind::Stalls { u64::MAX } else { frames };
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
        self.kind = Kind::Roams("");
        while self.client.at.as_ref().is_none_or(|at| *at < goal) {
            self.connect(|client| client.at.as_ref().is_some_and(|at| *at >= goal)).await;
        }
    }

    /// One connection, until it ends or this holds.
    async fn connect(&mut self, mut enough: impl FnMut(&Client) -> bool) {
        let after = self.client.cursor().map(|cursor| format!("after={cursor}")).unwrap_or_default();
        let agents = self.client.asked.agents.first().map(|agents| format!("&agents={agents}"));
        let agents = agents.unwrap_or_default();
        let uri = format!("ws://{}/ws?{after}{agents}", self.address);
        let mut request = uri.into_client_request().unwrap();
        request.headers_mut().insert("Authorization", format!("Bearer {}", self.token).parse().unwrap());
        let address = self.address;
        let opening = async {
            let tcp = TcpSocket::new_v4().ok()?;
            // A system that takes much for it hides that it does not read.
            tcp.set_recv_buffer_size(16 << 10).ok()?;
            let tcp = tcp.connect(address).await.ok()?;
            tokio_tungstenite::client_async(request, tcp).await.ok()
        };
        let Ok(Some((mut socket, _))) = timeout(Duration::from_secs(5), opening).await else {
            pause(Duration::from_millis(20)).await;
            return;
        };
        loop {
            if self.kind == Kind::Stalls && self.dice.below(200) == 0 {
                pause(Duration::from_millis(2_000 + self.dice.below(4_000))).await;
            }
            // A heartbeat comes every second.
            let Ok(Some(Ok(message))) = timeout(PATIENCE, socket.next()).await else { return };
            if message.is_close() {
                return;
            }
            let Ok(text) = message.to_text() else { continue };
            let Ok(frame) = serde_json::from_str::<Value>(text) else { continue };
            if self.client.take(&frame).is_some_and(|reason| reason == "slow_reader") {
                self.conflated.fetch_add(1, Ordering::SeqCst);
            }
            if enough(&self.client) {
                return;
            }
        }
    }
}
