//! The protocol's words: frames, bodies, codes and handshakes, shared by every transport.
//!
//! Wire types are their own: renaming a domain field cannot change a frame. Golden tests pin each frame.

mod canonical;
mod fields;
mod strict;

pub mod caller;
pub mod client_frame;
pub mod close_code;
pub mod delta;
pub mod event_type;
pub mod frame;
pub mod handshake;
pub mod outgoing;
pub mod problem;
pub mod report;
pub mod small;
pub mod snapshot;
pub mod wait;
pub(crate) mod words;
