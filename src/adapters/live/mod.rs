//! What the live transports share: the ring of the last events, and copies of the fleet that were made
//! into bytes once for all who read them. Nothing here knows how a transport carries bytes.

mod copies;
mod ring;

pub use copies::{Copies, Copy, Encoding, Part};
pub use ring::{Encode, Entry, Found, Ring};
