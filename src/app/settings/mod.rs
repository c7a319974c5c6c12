//! The settings: defaults, then a file, then the environment, then flags; the last wins.
//!
//! One table, [`KEYS`], says which settings exist; errors, refusals and the reference in
//! `docs/CONFIGURATION.md` all come from it. This module never looks at the process: the
//! environment and the flags are handed in, so a test needs neither. It does not read key files
//! either; it only says where they are.

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
