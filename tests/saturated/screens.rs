//! Those who watch: each has a view, a pace, and a mind to stay or to come and go.

use std::net::SocketAddr;
use std::ops::AddAssign;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::history::{Client, Dice, Screen, View};
use crate::load::token;
use crate::progress::Follower;
use crate::support::PATIENCE;

/// Who answers no ping or takes no byte is closed so. It may not come to see that, where a reset overtakes it; and on
/// a machine with too much to do it may be anybody.
const TOO_SLOW: [u16; 2] = [4408, 4410];

/// Nothing comes to some views for long; past this a screen was forgotten.
const QUIET_MAX: Duration = Duration::from_secs(60);

/// How a screen watches.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) sees: View,
    pub(crate) pace: Pace,
    /// It goes away at random and comes back with its cursor, and asks to see something else.
    pub(crate) roams: bool,
    /// It comes once so many reports were answered.
    pub(crate) from: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    Quick,
    /// Reads so many frames, then nothing until so many more reports were answered.
    Slow {
        frames: u64,
        reports: u64,
    },
}

/// What the views of all screens are; [`crate::bursts::IN_ALL_VIEWS`] is in each.
pub(crate) fn view(number: u64) -> View {
    let (agents, types): (&[&str], &[&str]) = match number % 9 {
        0 => (&["a*"], &[]),
        1 => (&["a7", "b2"], &[]),
        2 => (&[], &["session:activity"]),
        3 => (&["a*"], &["agent:status"]),
        4 => (&["*7", "b1*"], &[]),
        5 => (&["a7"], &["agent:lifecycle", "agent:status"]),
        _ => (&[], &[]),
    };
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
    View { agents: texts(agents), types: texts(types) }
}

/// How often what was done.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Told {
    pub(crate) handshakes: u64,
    pub(crate) pings: u64,
    pub(crate) pongs: u64,
    pub(crate) heartbeats: u64,
    pub(crate) resyncs: u64,
    pub(crate) subscribed: u64,
    /// Connections that the server ended.
    pub(crate) closed: u64,
    /// Those of them of a screen that reads all the time, and was not told why.
    pub(crate) broken_off: u64,
}

impl AddAssign for Told {
    fn add_assign(&mut self, other: Self) {
        self.handshakes += other.handshakes;
        self.pings += other.pings;
        self.pongs += other.pongs;
        self.heartbeats += other.heartbeats;
        self.resyncs += other.resyncs;
        self.subscribed += other.subscribed;
        self.closed += other.closed;
        self.broken_off += other.broken_off;
    }
}

impl Told {
    /// Each ping was answered, but for those on connections that were closed for slowness.
    pub(crate) fn assert_alive(&self, seed: u64) {
        assert!(self.pongs > 0 && self.pings <= self.pongs + self.closed, "seed {seed}: {self:?}");
        assert!(self.broken_off <= self.handshakes / 20, "seed {seed}: {self:?}");
    }
}

type Socket = WebSocketStream<TcpStream>;

pub(crate) struct Watcher {
    pub(crate) address: SocketAddr,
    client: Client,
    dice: Dice,
    plan: Plan,
    follower: Follower,
    told: Told,
    /// The ping that was not answered yet.
    pinged: Option<String>,
    /// It asked to see something else, and was not told yet.
    subscribed: bool,
    /// What came to one that stays is read once all came: the machine's time is the server's before.
    later: Vec<Utf8Bytes>,
}

impl Watcher {
    pub(crate) fn new(address: SocketAddr, number: u64, dice: Dice, plan: Plan, follower: Follower) -> Self {
        let client = Client::new(format!("screen {number}, {plan:?}"), plan.sees.clone());
        let (told, pinged, subscribed, later) = (Told::default(), None, false, Vec::new());
        Self { address, client, dice, plan, follower, told, pinged, subscribed, later }
    }

    /// Watches until it has everything that there will be.
    pub(crate) async fn watch(mut self) -> (Screen, Told) {
        self.follower.wait(self.plan.from).await;
        while !self.is_done() {
            let socket = self.open().await;
            self.connection(socket).await;
        }
        (self.client.screen, self.told)
    }

    fn is_done(&self) -> bool {
        self.follower.is_last(self.client.at.as_ref())
    }

    /// A handshake is answered, whatever else there is to do.
    async fn open(&mut self) -> Socket {
        self.read_on();
        let View { agents, types } = &self.client.asked;
        let after = self.client.cursor().unwrap_or_default();
        let query = [("after", after), ("agents", agents.join(",")), ("types", types.join(","))];
        let query = query.iter().filter(|(_, value)| !value.is_empty());
        let query: Vec<_> = query.map(|(name, value)| format!("{name}={value}")).collect();
        let uri = format!("ws://{}/ws?{}", self.address, query.join("&"));
        let mut request = uri.into_client_request().unwrap();
        let token = token("screen", "watch");
        request.headers_mut().insert("Authorization", format!("Bearer {token}").parse().unwrap());
        let socket = TcpSocket::new_v4().unwrap();
        if self.plan.pace != Pace::Quick {
            // A system that takes much for it hides that it does not read.
            socket.set_recv_buffer_size(4096).unwrap();
        }
        let opening = async {
            let tcp = socket.connect(self.address).await.unwrap();
            tokio_tungstenite::client_async(request, tcp).await.expect("a handshake is refused").0
        };
        self.told.handshakes += 1;
        timeout(PATIENCE, opening).await.expect("a handshake is not answered")
    }

    /// One connection, until it ends, or it has enough of it and its ping was answered.
    async fn connection(&mut self, mut socket: Socket) {
        let mut left = if self.plan.roams { 50 + self.dice.below(600) } else { u64::MAX };
        let mut until_pause = self.frames_at_once();
        (self.pinged, self.subscribed) = (None, false);
        if !self.ping(&mut socket).await {
            return self.closed(None);
        }
        loop {
            if self.pinged.is_none() && (left == 0 || self.is_done()) {
                return self.leave(socket).await;
            }
            if until_pause == 0 {
                if let Pace::Slow { reports, .. } = self.plan.pace {
                    self.follower.wait(reports).await;
                }
                until_pause = self.frames_at_once();
            }
            let is_over = self.follower.is_over();
            let message = tokio::select! {
                message = timeout(QUIET_MAX, socket.next()) => message,
                // What came may have been the last.
                () = self.follower.over(), if !is_over => {
                    self.read_on();
                    continue;
                }
            };
            let text = match message.unwrap_or_else(|_| panic!("nothing for {}", self.client.screen.name)) {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(frame))) => return self.closed(frame.as_ref()),
                Some(Ok(_)) => continue,
                None | Some(Err(_)) => return self.closed(None),
            };
            (left, until_pause) = (left.saturating_sub(1), until_pause.saturating_sub(1));
            if self.keeps_for_later(&text) {
                self.later.push(text);
                continue;
            }
            self.read_on();
            if !self.take(&text, &mut socket).await {
                return self.closed(None);
            }
        }
    }

    const fn frames_at_once(&self) -> u64 {
        match self.plan.pace {
            Pace::Quick => u64::MAX,
            Pace::Slow { frames, .. } => frames,
        }
    }

    /// Takes a frame, and does what it is the occasion for; no, when the socket takes nothing.
    async fn take(&mut self, text: &str, socket: &mut Socket) -> bool {
        let frame: Value = serde_json::from_str(text).unwrap();
        let kind = frame["type"].as_str().unwrap();
        if kind == "pong" {
            assert_eq!(frame["payload"]["id"].as_str(), self.pinged.as_deref(), "another ping is answered");
            self.told.pongs += 1;
            self.pinged = None;
            return true;
        }
        self.read(&frame);
        if kind == "heartbeat" {
            self.told.heartbeats += 1;
            return self.pinged.is_some() || self.ping(socket).await;
        }
        if self.plan.roams && !self.subscribed && self.dice.below(400) == 0 {
            return self.subscribe(socket).await;
        }
        true
    }

    fn read(&mut self, frame: &Value) {
        match self.client.take(frame).as_deref() {
            Some("slow_reader") => self.told.resyncs += 1,
            Some("interest_changed") => self.subscribed = false,
            _ => {}
        }
    }

    /// Nothing is to be done for an event but to write it down.
    fn keeps_for_later(&self, text: &str) -> bool {
        let needs_answer = ["{\"type\":\"pong\"", "{\"type\":\"heartbeat\""];
        let stays = self.plan.pace == Pace::Quick && !self.plan.roams;
        stays && !self.follower.is_over() && !needs_answer.iter().any(|start| text.starts_with(start))
    }

    /// Reads what was kept.
    fn read_on(&mut self) {
        for text in std::mem::take(&mut self.later) {
            self.read(&serde_json::from_str(&text).unwrap());
        }
    }

    async fn ping(&mut self, socket: &mut Socket) -> bool {
        self.told.pings += 1;
        let id = self.told.pings.to_string();
        let ping = json!({"type": "ping", "payload": {"id": id}});
        self.pinged = Some(id);
        socket.send(Message::text(ping.to_string())).await.is_ok()
    }

    async fn subscribe(&mut self, socket: &mut Socket) -> bool {
        self.told.subscribed += 1;
        self.subscribed = true;
        let sees = view(self.dice.below(9));
        let mut payload = json!({});
        for (name, list) in [("agents", &sees.agents), ("types", &sees.types)] {
            if !list.is_empty() {
                payload[name] = json!(list);
            }
        }
        self.client.asked = sees;
        let wish = json!({"type": "subscribe", "payload": payload});
        socket.send(Message::text(wish.to_string())).await.is_ok()
    }

    /// The server ended it.
    fn closed(&mut self, frame: Option<&CloseFrame>) {
        self.told.closed += 1;
        self.told.broken_off += u64::from(frame.is_none() && self.plan.pace == Pace::Quick);
        let is_known = frame.is_none_or(|frame| TOO_SLOW.contains(&u16::from(frame.code)));
        assert!(is_known, "{} was closed: {frame:?}", self.client.screen.name);
    }

    /// Goes: with a goodbye, without one, or with a reset.
    async fn leave(&mut self, mut socket: Socket) {
        match self.dice.below(3) {
            0 => {
                let _gone = socket.close(None).await;
            }
            1 => drop(socket),
            _ => socket.get_ref().set_zero_linger().unwrap(),
        }
    }
}
