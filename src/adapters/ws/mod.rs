//! WebSocket: the live stream of the contract, section 5, on sockets of our own.
//!
//! warp routes the handshake, then `upgrade.rs` takes the plain socket back. From there on nothing waits for
//! a single connection: `codec` reads frames, `link.rs` moves bytes, `session.rs` is one connection,
//! `place.rs` where it stands, and one task a core, `shard.rs`, visits those that have something to do.
//!
//! ```
//! use mission_control::adapters::system::SystemClock;
//! use mission_control::adapters::wire::handshake::OriginRule;
//! use mission_control::adapters::ws::{LiveSockets, WsSettings, route};
//! use mission_control::domain::{limits::Limits, rate::Rate};
//! use std::{sync::Arc, time::Duration};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use mission_control::app::{run::MissionControl, settings::{Settings, Sources}};
//! # let secret = "MISSION_CONTROL__AUTH__SECRET".to_owned();
//! # let in_memory = ("MISSION_CONTROL__LOG__KIND".to_owned(), "memory".to_owned());
//! # let environment = [(secret, "a secret of at least thirty-two bytes".to_owned()), in_memory].into();
//! # let settings = Settings::load(&Sources { environment, ..Sources::default() })?;
//! # let control = MissionControl::start(settings.clone()).await?;
//! // What the node does for `/ws`, with settings of your own; the sockets are a publisher of the node.
//! let sockets = Arc::new(LiveSockets::new(settings.stream.ring_events));
//! let own = WsSettings {
//!     feed: control.live_feed(),
//!     intake: control.intake(),
//!     clock: Arc::new(SystemClock::start()),
//!     origins: OriginRule { allowed: Vec::new(), behind_tls_proxy: false },
//!     query_token: false,
//!     heartbeat: Duration::from_secs(10),
//!     frame_bytes: 8 * 1024,
//!     frame_fragments: 16,
//!     frames: Rate { per_second: 10, burst: 20 },
//!     interest_every: Duration::from_secs(1),
//!     reports: Limits::default(),
//! };
//! let request = warp::test::request().path("/ws").header("host", "localhost");
//! let answer = request.reply(&route(Arc::new(own), sockets)).await;
//! assert_eq!(answer.status(), 426, "no WebSocket handshake, no socket");
//! # Ok(())
//! # }
//! ```

mod client;
mod codec;
#[cfg(feature = "test-support")]
mod echo;
mod inbox;
mod link;
#[cfg(test)]
mod model;
mod place;
mod route;
mod session;
mod shard;
mod sockets;
mod upgrade;

#[cfg(feature = "test-support")]
pub use codec::check::frames as check_frames;
#[cfg(feature = "test-support")]
pub use echo::echo;
pub use route::{WsSettings, route};
pub use sockets::LiveSockets;
