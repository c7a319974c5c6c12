//! The clients: each shakes hands, reads up to where it is up to date, sends a message and reads the answer,
//! then says nothing but what keeps it alive.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use mission_control::app::run::offline_token;
use mission_control::app::settings::{ConfigFile, Settings, Sources};
use mission_control::domain::grant::{Grant, Scope, Scopes};
use mission_control::domain::id::UserId;
use mission_control::domain::pattern::Patterns;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::Kind;
use crate::support::SECRET;
use crate::support::raw::{Handshake, PING, RawSocket, TEXT, masked};

const PONG: u8 = 0xA;
/// So many come from one source address: it has some 28,000 ports.
const OF_ONE_ADDRESS: usize = 5_000;
/// As long as an id of a frame may be: with what is around it, a message of 165 bytes.
const ID_BYTES: usize = 128;

pub(crate) struct Clients {
    kind: Kind,
    address: SocketAddr,
    settings: Settings,
    idle: JoinSet<()>,
}

impl Clients {
    pub(crate) fn new(kind: Kind, address: SocketAddr) -> Self {
        let environment = [("MISSION_CONTROL__AUTH__SECRET".to_owned(), SECRET.to_owned())];
        let sources = Sources { file: ConfigFile::None, environment: environment.into(), flags: Vec::new() };
        Self {
            kind,
            address,
            settings: Settings::load(&sources).expect("good settings"),
            idle: JoinSet::new(),
        }
    }

    /// Opens the connections of these numbers, so many at a time, and waits until all are idle.
    pub(crate) async fn open(&mut self, numbers: Range<usize>, at_once: usize) -> Result<(), String> {
        let room = Arc::new(Semaphore::new(at_once));
        let mut greeted = Vec::new();
        for number in numbers {
            let handshake = self.handshake(number);
            let (kind, address) = (self.kind, self.address);
            let permit = Arc::clone(&room).acquire_owned().await.expect("it is never closed");
            let (done, is_done) = oneshot::channel();
            greeted.push(is_done);
            self.idle.spawn(async move {
                let mut socket = handshake.open(address).await;
                talk(kind, number, &mut socket).await;
                let _told = done.send(());
                drop(permit);
                stay(socket).await;
            });
        }
        for done in greeted {
            done.await.map_err(|_| "a connection broke before it was idle: see above")?;
        }
        Ok(())
    }

    /// Whether none broke.
    pub(crate) fn all_there(&mut self) -> Result<(), String> {
        match self.idle.try_join_next() {
            Some(_) => Err("the server ended a connection that was idle".to_owned()),
            None => Ok(()),
        }
    }

    pub(crate) async fn close(&mut self) {
        self.idle.shutdown().await;
    }

    fn handshake(&self, number: usize) -> Handshake {
        let (path, user, pattern) = match self.kind {
            Kind::Warp | Kind::Plain => ("/ws".to_owned(), "screen".to_owned(), "*".to_owned()),
            Kind::Full => (format!("/ws?agents=a{number}-*"), format!("u{number}"), format!("a{number}-*")),
        };
        let last = u8::try_from(2 + number / OF_ONE_ADDRESS).expect("fewer than a million connections");
        let handshake = Handshake::new(path).from([127, 0, 0, last]);
        if self.kind == Kind::Warp {
            return handshake;
        }
        let scopes =
            if self.kind == Kind::Full { vec![Scope::Watch, Scope::Report] } else { vec![Scope::Watch] };
        let agents = Patterns::parse([pattern.as_str()]).expect("a pattern");
        let grant = Grant { scopes: Scopes::of(scopes), agents };
        let user = UserId::parse(&user).expect("a user");
        let token = offline_token(&self.settings, user, grant, Duration::from_secs(3600)).expect("a token");
        handshake.bearer(token.reveal())
    }
}

async fn talk(kind: Kind, number: usize, socket: &mut RawSocket) {
    if kind != Kind::Warp {
        socket.until_type("sync:end").await;
    }
    let ping = json!({"type": "ping", "payload": {"id": "x".repeat(ID_BYTES)}});
    socket.send(TEXT, ping.to_string().as_bytes()).await;
    socket.until_type(if kind == Kind::Warp { "ping" } else { "pong" }).await;
    if kind == Kind::Full {
        let payload = json!({"kind": "status", "agentId": format!("a{number}-1"), "status": "online"});
        socket.send(TEXT, json!({"type": "report", "payload": payload}).to_string().as_bytes()).await;
        socket.until_type("reported").await;
    }
}

/// Answers pings until the server ends it.
async fn stay(mut socket: RawSocket) {
    while socket.stream.readable().await.is_ok() {
        match socket.next().await {
            Some(frame) if frame.opcode == PING => socket.write(&masked(PONG, &frame.payload)).await,
            Some(_) => {}
            None => return,
        }
    }
}
