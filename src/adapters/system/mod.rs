//! What the operating system gives: clocks, random bytes, stop signals.

mod clock;
mod entropy;
mod signals;

pub use clock::SystemClock;
pub use entropy::OsEntropy;
pub use signals::StopSignals;
