//! WebSocket: the live stream of the contract, section 5.
//!
//! Each event is encoded once, into a ring that all connections read from their own positions; there
//! is no queue of copies. The socket itself is warp's for now, behind `socket.rs`: nothing else here
//! knows which library speaks the protocol.

mod client;
mod codec;
mod route;
mod session;
mod slot;
mod socket;
mod sockets;

#[cfg(feature = "test-support")]
pub use codec::check::frames as check_frames;
pub use route::{WsSettings, route};
pub use sockets::LiveSockets;
