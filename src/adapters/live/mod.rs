//! What the live transports share: the ring of the last events, copies of the fleet that were made into
//! bytes once for all who read them, and a publisher for transports that have a task for each
//! connection. Nothing here knows how a transport carries bytes.

mod copies;
mod early;
mod parts;
mod readers;
mod ring;
mod slot;

pub use copies::{ASK_AGAIN_AFTER, ASK_FOR, Copies, Copy, Encoding, Part};
pub use early::Early;
pub use parts::Parts;
pub use readers::{Reader, Readers, Step, first_beat};
pub use ring::{Encode, Entry, Found, Ring};
pub use slot::Dismissal;
