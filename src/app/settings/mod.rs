//! The settings: defaults, then a file, then the environment, then flags; the last wins.
//!
//! One table, [`KEYS`], says which settings exist; errors, refusals and the reference in
//! `docs/CONFIGURATION.md` all come from it. This module never looks at the process: the
//! environment and the flags are handed in, so a test needs neither. It does not read key files
//! either; it only says where they are.
//!
//! Layers, and what is wrong in them:
//!
//! ```
//! use mission_control::app::settings::{ConfigFile, Flag, Level, LogKind, Place, Problem, Settings, SettingsError, Sources};
//!
//! let file = ConfigFile::Text { path: "mine.toml".into(), text: "[telemetry]\nlevel = \"debug\"".to_owned() };
//! let environment = [("MISSION_CONTROL__SERVER__LISTEN".to_owned(), "127.0.0.1:4000".to_owned())].into();
//! let flags = vec![Flag { name: "--log-kind", key: "log.kind", value: "memory".to_owned() }];
//! let settings = Settings::load(&Sources { file, environment, flags }).unwrap();
//! assert_eq!((settings.telemetry.level, settings.log.kind), (Level::Debug, LogKind::Memory));
//! assert_eq!(settings.server.listen.port(), 4000);
//!
//! let file = ConfigFile::Text { path: "mine.toml".into(), text: "[server]\nlissten = \"x\"".to_owned() };
//! let error: SettingsError = Settings::load(&Sources { file, ..Sources::default() }).unwrap_err();
//! assert!(error.to_string().contains("lissten"), "a typing error is named with its place");
//! let problems: &[Problem] = error.problems();
//! assert_eq!(problems.len(), 1);
//! assert_eq!(Place::Flag("--listen").to_string(), "--listen");
//! ```
//!
//! The sections, and the words in them:
//!
//! ```
//! use mission_control::app::settings::{
//!     Algorithm, Auth, Durability, Limits, Liveness, Log, LogFormat, Nats, Scope, Secret, Server, Settings, Sources,
//!     Stream, Telemetry, environment,
//! };
//!
//! // The server itself reads Sources::of_process(), of which this is one part.
//! let _variables = environment();
//! let Settings { server, auth, stream, liveness, log, nats, limits, telemetry } =
//!     Settings::load(&Sources::default()).unwrap();
//! let Server { listen, behind_tls_proxy, .. } = server;
//! assert!(listen.ip().is_loopback() && !behind_tls_proxy);
//! let Auth { secret, algorithms, default_scope, .. } = auth;
//! let no_secret: Option<Secret> = None;
//! assert!(secret == no_secret && !algorithms.contains(&Algorithm::Rs256));
//! assert_eq!(default_scope, [Scope::Watch]);
//! let (Stream { heartbeat, .. }, Liveness { default_lease, .. }) = (stream, liveness);
//! assert_eq!((heartbeat.as_secs(), default_lease.as_secs()), (30, 0));
//! let (Log { durability, .. }, Nats { stream, .. }) = (log, nats);
//! let expected: (Durability, Option<String>) = (Durability::Fsync, None);
//! assert_eq!((durability, stream), expected);
//! let (Limits { batch_items, .. }, Telemetry { log, .. }) = (limits, telemetry);
//! assert_eq!((batch_items, log), (1_000, LogFormat::Pretty));
//! ```
//!
//! The table behind it, and values that check themselves:
//!
//! ```
//! use mission_control::app::settings::{Built, KEYS, Key, Kind, Network, NetworkError, Origin, OriginError, reference};
//!
//! let listen: &Key = KEYS.iter().find(|key| key.name == "server.listen").unwrap();
//! assert_eq!(listen.variable(), "MISSION_CONTROL__SERVER__LISTEN");
//! assert!(matches!(listen.built, Built::Yes) && !matches!(listen.kind, Kind::Secret));
//! assert!(reference().contains("`server.listen`"), "docs/CONFIGURATION.md is made of it");
//!
//! let proxies: Network = "10.0.0.0/8".parse().unwrap();
//! assert!(proxies.contains("10.1.2.3".parse().unwrap()));
//! assert_eq!("10.0.0.1/8".parse::<Network>(), Err(NetworkError::HostBits));
//! let page: Origin = "https://watch.example".parse().unwrap();
//! assert_eq!(page.as_str(), "https://watch.example");
//! let wrong: Result<Origin, OriginError> = "watch.example".parse();
//! assert!(wrong.is_err());
//! ```

mod checks;
mod choice;
mod file;
mod key;
mod keys;
mod layers;
mod limits;
mod near;
mod network;
mod origin;
mod place;
mod problem;
mod reader;
mod reference;
mod secret;
mod sections;
mod setting;
#[cfg(test)]
mod tests;

pub use choice::{Algorithm, Durability, Level, LogFormat, LogKind, Scope};
pub use key::{Built, Key, Kind};
pub use keys::KEYS;
pub use layers::{ConfigFile, Flag, Sources, environment};
pub use limits::Limits;
pub use network::{Network, NetworkError};
pub use origin::{Origin, OriginError};
pub use place::Place;
pub use problem::{Problem, SettingsError};
pub use reference::reference;
pub use secret::Secret;
pub use sections::{Auth, Liveness, Log, Nats, Server, Stream, Telemetry};

use reader::Reader;

/// Everything that can be set, checked and typed. Made by [`Settings::load`] alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where the server listens and whom it lets near.
    pub server: Server,
    /// How tokens are checked.
    pub auth: Auth,
    /// The live stream.
    pub stream: Stream,
    /// When an agent is no longer believed.
    pub liveness: Liveness,
    /// The event log.
    pub log: Log,
    /// The NATS log.
    pub nats: Nats,
    /// What one client, agent or request may use.
    pub limits: Limits,
    /// The program's own log lines and numbers.
    pub telemetry: Telemetry,
}

impl Settings {
    /// Reads all layers, checks them, and says everything that is wrong at once.
    ///
    /// # Errors
    /// Every [`Problem`] of every layer, in the order file, environment, flags, then values, then
    /// settings that do not go together.
    pub fn load(sources: &Sources) -> Result<Self, SettingsError> {
        let mut reader = Reader::of(sources);
        let settings = Self::read(&mut reader);
        checks::run(&mut reader);
        match (settings, reader.into_problems()) {
            (Some(settings), problems) if problems.is_empty() => Ok(settings),
            (_, problems) => Err(SettingsError::new(problems)),
        }
    }

    /// The bounds of reports and of what becomes of them: for reading reports, and for a log of your own.
    ///
    /// ```
    /// use mission_control::app::settings::{Settings, Sources};
    ///
    /// let environment = [("MISSION_CONTROL__LIMITS__LABELS".to_owned(), "3".to_owned())].into();
    /// let settings = Settings::load(&Sources { environment, ..Sources::default() }).unwrap();
    /// assert_eq!(settings.report_limits().labels, 3);
    /// ```
    #[must_use]
    pub fn report_limits(&self) -> crate::domain::limits::Limits {
        let limits = &self.limits;
        crate::domain::limits::Limits {
            message_bytes: limits.message_bytes,
            labels: limits.labels,
            label_bytes: limits.label_bytes,
            agents: limits.agents,
            sessions_per_agent: limits.sessions_per_agent,
            session_quiet: limits.session_quiet,
            removals: self.stream.tombstones,
            default_lease: Some(self.liveness.default_lease).filter(|lease| !lease.is_zero()),
            ..crate::domain::limits::Limits::default()
        }
    }

    /// Reads every section before giving up, so that every wrong value is reported.
    fn read(reader: &mut Reader) -> Option<Self> {
        let server = Server::read(reader);
        let auth = Auth::read(reader);
        let stream = Stream::read(reader);
        let liveness = Liveness::read(reader);
        let log = Log::read(reader);
        let nats = Nats::read(reader);
        let limits = Limits::read(reader);
        let telemetry = Telemetry::read(reader);
        Some(Self {
            server: server?,
            auth: auth?,
            stream: stream?,
            liveness: liveness?,
            log: log?,
            nats: nats?,
            limits: limits?,
            telemetry: telemetry?,
        })
    }
}
