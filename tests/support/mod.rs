//! What the tests share: a real server on a free port, raw HTTP, and WebSocket screens.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

pub mod console;
pub mod fold;
pub mod http;
pub mod raw;
pub mod reports;
pub mod screen;
pub mod stream;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mission_control::app::run::{MissionControl, offline_token};
use mission_control::app::settings::{ConfigFile, Settings, Sources};
use mission_control::domain::grant::{Grant, Scope, Scopes};
use mission_control::domain::id::UserId;
use mission_control::domain::pattern::Patterns;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How long any wait of a test may take.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A secret of the test servers.
pub const SECRET: &str = "a secret of the tests, long enough for HS256";

/// The claims of a token, unchecked.
pub fn claims(token: &str) -> serde_json::Value {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for digit in token.split('.').nth(1).unwrap().bytes() {
        let value = DIGITS.iter().position(|known| *known == digit).unwrap();
        bits = bits << 6 | u32::try_from(value).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    serde_json::from_slice(&bytes).unwrap()
}

/// A real server on a free port. Dropping it ends it; [`TestServer::stop`] drains it first.
pub struct TestServer {
    pub address: SocketAddr,
    pub settings: Settings,
    pub control: std::sync::Arc<MissionControl>,
    /// Holds the address for a restart, until the server is asked to stop.
    listener: Option<std::net::TcpListener>,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<()>>,
    data_dir: PathBuf,
}

impl TestServer {
    /// Starts with the defaults.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Starts with these settings, named as in the file: `("limits.body_bytes", "100")`.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Self::on(std::net::TcpListener::bind("127.0.0.1:0").unwrap(), settings).await
    }

    /// Starts at an address that a test chose, with these settings.
    pub async fn on(listener: std::net::TcpListener, settings: &[(&str, &str)]) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let data_dir = std::env::temp_dir().join(format!("mission-control-{}-{number}", std::process::id()));
        let variable = |key: &str| format!("MISSION_CONTROL__{}", key.to_uppercase().replace('.', "__"));
        let mut environment = BTreeMap::from([
            (variable("server.data_dir"), data_dir.display().to_string()),
            (variable("auth.secret"), SECRET.to_owned()),
            // Most tests are about something else; those about the disk say so.
            (variable("log.kind"), "memory".to_owned()),
        ]);
        environment.extend(settings.iter().map(|(key, value)| (variable(key), (*value).to_owned())));
        let settings =
            Settings::load(&Sources { file: ConfigFile::None, environment, flags: Vec::new() }).unwrap();
        Self::serve(settings, data_dir, listener).await
    }

    /// Stops and starts again on the same data, at the same address.
    pub async fn restart(self) -> Self {
        self.down().await.up().await
    }

    /// Stops. The address is held, so that nobody else gets it; who connects now is answered by the server
    /// that comes back.
    pub async fn down(mut self) -> Down {
        let listener = self.listener.take().unwrap();
        self.begin_stop();
        self.serving.take().unwrap().await.unwrap();
        Down { settings: self.settings.clone(), data_dir: std::mem::take(&mut self.data_dir), listener }
    }

    async fn serve(settings: Settings, data_dir: PathBuf, held: std::net::TcpListener) -> Self {
        held.set_nonblocking(true).unwrap();
        let listener = TcpListener::from_std(held.try_clone().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let control = std::sync::Arc::new(MissionControl::start(settings.clone()).await.unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn({
            let control = std::sync::Arc::clone(&control);
            async move {
                let stop = Box::pin(async move {
                    let _ = stopped.await;
                });
                control.serve(listener, stop).await.unwrap();
            }
        });
        Self {
            address,
            settings,
            control,
            listener: Some(held),
            stop: Some(stop),
            serving: Some(serving),
            data_dir,
        }
    }

    /// A token of this user for all agents, good for an hour.
    pub fn token(&self, user: &str, scopes: &str) -> String {
        self.token_for(user, scopes, &["*"], Duration::from_secs(3600))
    }

    /// A token of this user for these agents.
    pub fn token_for(&self, user: &str, scopes: &str, agents: &[&str], ttl: Duration) -> String {
        let scopes = Scopes::of(scopes.split_whitespace().map(|word| Scope::parse(word).unwrap()));
        let grant = Grant { scopes, agents: Patterns::parse(agents.iter().copied()).unwrap() };
        let token = offline_token(&self.settings, UserId::parse(user).unwrap(), grant, ttl).unwrap();
        token.reveal().to_owned()
    }

    /// The seq of the last event.
    pub async fn seq(&self) -> u64 {
        let page = http::get(self.address, "/api/v1/events?limit=1", &self.token("head", "watch")).await;
        let head = page.json()["head"].as_str().unwrap().to_owned();
        head.split(':').nth(1).unwrap().parse().unwrap()
    }

    /// The fleet as soon as it shows every event so far.
    pub async fn fleet(&self) -> serde_json::Value {
        let (seq, token) = (self.seq().await, self.token("fleet", "watch"));
        let shown = async {
            loop {
                let fleet = http::get(self.address, "/api/v1/fleet", &token).await.json();
                if fleet["seq"].as_u64() >= Some(seq) {
                    return fleet;
                }
            }
        };
        tokio::time::timeout(PATIENCE, shown).await.expect("the fleet does not catch up")
    }

    /// Asks the server to stop and waits until it has drained.
    pub async fn stop(mut self) {
        self.begin_stop();
        self.serving.take().unwrap().await.unwrap();
    }

    /// Asks the server to stop.
    pub fn begin_stop(&mut self) {
        self.listener = None;
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }
}

/// A server that is away.
pub struct Down {
    settings: Settings,
    data_dir: PathBuf,
    listener: std::net::TcpListener,
}

impl Down {
    /// Starts again on the same data, at the same address.
    pub async fn up(self) -> TestServer {
        TestServer::serve(self.settings, self.data_dir, self.listener).await
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some(serving) = &self.serving {
            serving.abort();
        }
        if !self.data_dir.as_os_str().is_empty() {
            let _ = std::fs::remove_dir_all(&self.data_dir);
        }
    }
}
