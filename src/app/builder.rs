//! A node with parts of the program around it in the place of ours.
//!
//! ```
//! use mission_control::adapters::memory::{MemoryLog, MemoryLogLimits};
//! use mission_control::adapters::system::SystemClock;
//! use mission_control::app::builder::Builder;
//! use mission_control::app::run::MissionControl;
//! use mission_control::app::settings::{Settings, Sources};
//! use mission_control::domain::cursor::Epoch;
//! use mission_control::domain::{id::AgentId, lifecycle::Status};
//! use std::sync::Arc;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let secret = "MISSION_CONTROL__AUTH__SECRET".to_owned();
//! # let in_memory = ("MISSION_CONTROL__LOG__KIND".to_owned(), "memory".to_owned());
//! # let environment = [(secret, "a secret of at least thirty-two bytes".to_owned()), in_memory].into();
//! # let settings = Settings::load(&Sources { environment, ..Sources::default() })?;
//! let clock = Arc::new(SystemClock::start());
//! let log = MemoryLog::new(Epoch::parse("mine")?, clock.clone(), MemoryLogLimits::default());
//! let builder: Builder = MissionControl::builder(settings).event_log(Arc::new(log)).clock(clock);
//! let control = builder.start().await?;
//! let receipt = control.report_status(AgentId::parse("importer")?, Status::Online).await?;
//! assert_eq!(receipt.epoch.as_str(), "mine", "it went into our log");
//! # Ok(())
//! # }
//! ```

use std::sync::Arc;

use crate::app::run::{MissionControl, StartError};
use crate::app::settings::Settings;
use crate::ports::clock::Clock;
use crate::ports::event_log::EventLog;
use crate::ports::event_publisher::EventPublisher;
use crate::ports::revocation_store::RevocationStore;
use crate::ports::token_verifier::TokenVerifier;

/// What takes the place of what the settings would choose.
#[derive(Default)]
pub(crate) struct Swaps {
    pub(crate) event_log: Option<Arc<dyn EventLog>>,
    pub(crate) token_verifier: Option<Arc<dyn TokenVerifier>>,
    pub(crate) clock: Option<Arc<dyn Clock>>,
    pub(crate) revocation_store: Option<Arc<dyn RevocationStore>>,
    pub(crate) publishers: Vec<Arc<dyn EventPublisher>>,
    pub(crate) new_epoch: bool,
}

/// Starts a node; what is not said is as the settings have it. See [`MissionControl::builder`].
pub struct Builder {
    settings: Settings,
    swaps: Swaps,
}

impl Builder {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings, swaps: Swaps::default() }
    }

    /// Keeps events in this log. It passes [`crate::ports::conformance::event_log`]; `log.*` of the settings is
    /// not looked at.
    #[must_use]
    pub fn event_log(mut self, log: Arc<dyn EventLog>) -> Self {
        self.swaps.event_log = Some(log);
        self
    }

    /// Begins a new epoch of the log on disk: for when an old image of it was put back. Every screen begins anew.
    #[must_use]
    pub const fn new_epoch(mut self, new_epoch: bool) -> Self {
        self.swaps.new_epoch = new_epoch;
        self
    }

    /// Checks tokens with this. It passes [`crate::ports::conformance::token_verifier`]; the keys of the
    /// settings are not looked at, so the node makes no tokens either and nobody signs in at the page by a link.
    #[must_use]
    pub fn token_verifier(mut self, verifier: Arc<dyn TokenVerifier>) -> Self {
        self.swaps.token_verifier = Some(verifier);
        self
    }

    /// Keeps revocations in this store, and not in a file of the data directory.
    #[must_use]
    pub fn revocation_store(mut self, store: Arc<dyn RevocationStore>) -> Self {
        self.swaps.revocation_store = Some(store);
        self
    }

    /// Tells the time by this clock. Heartbeats and time limits of connections stay with the runtime's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.swaps.clock = Some(clock);
        self
    }

    /// Publishes to this transport too. Its ring holds `stream.ring_events` events, as the node counts on it; it
    /// calls [`MissionControl::live_feed`] and [`MissionControl::intake`].
    #[must_use]
    pub fn publisher(mut self, publisher: Arc<dyn EventPublisher>) -> Self {
        self.swaps.publishers.push(publisher);
        self
    }

    /// Starts the node. It listens to nothing yet: see [`MissionControl::serve`] and
    /// [`MissionControl::routes`].
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(self) -> Result<MissionControl, StartError> {
        MissionControl::start_swapped(self.settings, self.swaps).await
    }
}
