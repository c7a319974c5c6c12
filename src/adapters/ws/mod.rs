//! WebSocket: the live stream of the contract, section 5, on sockets of our own.
//!
//! warp routes the handshake, then `upgrade.rs` takes the plain socket back. From there on nothing waits for
//! a single connection: `codec` reads frames, `link.rs` moves bytes, `session.rs` is one connection,
//! `place.rs` where it stands, and one task a core, `shard.rs`, visits those that have something to do.

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
