//! The server side of RFC 6455 as a state machine: bytes in, messages out, and frames as bytes. No I/O, no
//! clock, no extension; the socket reads and writes, and answers what has to be answered.

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
#[cfg(test)]
use incoming::CloseFrame;
pub(super) use incoming::{Incoming, Limits, Payload};
#[cfg(test)]
use violation::{Rule, Violation};
