//! The typed sections of the settings, except [`Limits`](super::Limits). Lengths of time are
//! [`Duration`]s here and milliseconds (`_ms`) in the settings.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::reader::{Reader, section};
use super::{Algorithm, Durability, Level, LogFormat, LogKind, Network, Origin, Scope, Secret};

/// `server.*`
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// Address and port of API, stream and page.
    pub listen: SocketAddr,
    /// Where the signing secret and the log live.
    pub data_dir: PathBuf,
    /// Pages from elsewhere that may use the API and the stream.
    pub allowed_origins: Vec<Origin>,
    /// A proxy in front speaks TLS.
    pub behind_tls_proxy: bool,
    /// Tokens may travel unencrypted.
    pub allow_plaintext: bool,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Longest time to say goodbye to all sockets.
    pub drain: Duration,
}

impl Server {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        section!(
            reader,
            Self {
                listen: "server.listen",
                data_dir: "server.data_dir",
                allowed_origins: "server.allowed_origins",
                behind_tls_proxy: "server.behind_tls_proxy",
                allow_plaintext: "server.allow_plaintext",
                trusted_proxies: "server.trusted_proxies",
                drain: "server.drain_ms",
            }
        )
    }
}

/// `auth.*`
#[derive(Debug, Clone, PartialEq)]
pub struct Auth {
    /// The HS256 secret itself, at least 32 bytes.
    pub secret: Option<Secret>,
    /// A file that holds the HS256 secret. Its length is checked where it is read.
    pub secret_file: Option<PathBuf>,
    /// A PEM file with the public key of whoever signs the tokens.
    pub public_key_file: Option<PathBuf>,
    /// Not built yet, so always `None`.
    pub jwks_url: Option<String>,
    /// What a token may be signed with: never empty, never HS256 beside the others.
    pub algorithms: Vec<Algorithm>,
    /// The `iss` that tokens must carry.
    pub issuer: Option<String>,
    /// The `aud` that tokens must carry.
    pub audience: Option<String>,
    /// How far clocks may differ.
    pub leeway: Duration,
    /// Whether `?token=` is taken.
    pub query_token: bool,
    /// What a token without a `scope` may do.
    pub default_scope: Vec<Scope>,
}

impl Auth {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        section!(
            reader,
            Self {
                secret: "auth.secret",
                secret_file: "auth.secret_file",
                public_key_file: "auth.public_key_file",
                jwks_url: "auth.jwks_url",
                algorithms: "auth.algorithms",
                issuer: "auth.issuer",
                audience: "auth.audience",
                leeway: "auth.leeway_ms",
                query_token: "auth.query_token",
                default_scope: "auth.default_scope",
            }
        )
    }
}

/// `stream.*`
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    /// Time between heartbeats.
    pub heartbeat: Duration,
    /// Events held in memory for sockets that lag.
    pub ring_events: usize,
    /// Most events given again one by one to a screen that comes back.
    pub replay_events: usize,
    /// Removals remembered.
    pub tombstones: usize,
}

impl Stream {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        section!(
            reader,
            Self {
                heartbeat: "stream.heartbeat_ms",
                ring_events: "stream.ring_events",
                replay_events: "stream.replay_events",
                tombstones: "stream.tombstones",
            }
        )
    }
}

/// `liveness.*`
#[derive(Debug, Clone, PartialEq)]
pub struct Liveness {
    /// A lease imposed on every agent that asks for none; zero: none.
    pub default_lease: Duration,
}

impl Liveness {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        section!(reader, Self { default_lease: "liveness.default_lease_ms" })
    }
}

/// `log.*`
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// Where events are kept.
    pub kind: LogKind,
    /// When an event counts as kept on disk.
    pub durability: Durability,
    /// Most events kept.
    pub keep_events: u64,
    /// How long events are kept; `None`: as long as there is room.
    pub keep: Option<Duration>,
}

impl Log {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        section!(
            reader,
            Self {
                kind: "log.kind",
                durability: "log.durability",
                keep_events: "log.keep_events",
                keep: "log.keep_ms",
            }
        )
    }
}

/// `nats.*`: not built yet, so always empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Nats {
    /// Address of the NATS server; secret, because it may carry a password.
    pub url: Option<Secret>,
    /// Name of the JetStream stream.
    pub stream: Option<String>,
}

impl Nats {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        section!(reader, Self { url: "nats.url", stream: "nats.stream" })
    }
}

/// `telemetry.*`
#[derive(Debug, Clone, PartialEq)]
pub struct Telemetry {
    /// How log lines look.
    pub log: LogFormat,
    /// How much is logged, unless `RUST_LOG` says otherwise.
    pub level: Level,
    /// Not built yet, so always `None`.
    pub metrics_listen: Option<SocketAddr>,
    /// Not built yet, so always `None`.
    pub otlp_endpoint: Option<String>,
}

impl Telemetry {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        section!(
            reader,
            Self {
                log: "telemetry.log",
                level: "telemetry.level",
                metrics_listen: "telemetry.metrics_listen",
                otlp_endpoint: "telemetry.otlp_endpoint",
            }
        )
    }
}
