//! What the operating system gives: clocks, random bytes, key files, stop signals.

mod clock;
mod entropy;
mod secret_file;
mod signals;

pub use clock::SystemClock;
pub use entropy::OsEntropy;
pub(crate) use secret_file::{SECRET_FILE, read_key_file, read_or_make_secret, read_secret};
pub(crate) use signals::StopSignals;
