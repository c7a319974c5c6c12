//! The server side of RFC 6455 as a state machine: bytes in, messages out, and frames as bytes. No I/O, no
//! clock, no extension; the socket reads and writes, and answers what has to be answered.

// The socket still speaks through a library; it will use all of this in its place.
#![cfg_attr(not(test), expect(dead_code, unused_imports, reason = "the socket does not use the codec yet"))]

mod close;
mod decoder;
pub(super) mod encode;
mod header;
mod incoming;
mod mask;
mod message;
mod violation;

#[cfg(feature = "test-support")]
pub(super) mod check;
#[cfg(test)]
mod tests;

pub(super) use close::answer;
pub(super) use decoder::Decoder;
pub(super) use incoming::{CloseFrame, Incoming, Limits, Payload};
pub(super) use violation::{Rule, Violation};
