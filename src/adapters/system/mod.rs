//! What the operating system gives: clocks, random bytes, key files, stop signals.
//!
//! ```
//! use mission_control::adapters::system::{OsEntropy, SystemClock};
//! use mission_control::ports::{clock::Clock, entropy::random_id};
//!
//! let clock = SystemClock::start();
//! let begun = clock.monotonic();
//! assert!(clock.wall().millis() > 1_700_000_000_000);
//! assert!(clock.monotonic() >= begun, "it never goes back, whatever happens to the wall's");
//! assert_ne!(random_id(&OsEntropy).unwrap(), random_id(&OsEntropy).unwrap());
//! ```

mod clock;
mod entropy;
mod secret_file;
mod signals;

pub use clock::SystemClock;
pub use entropy::OsEntropy;
pub(crate) use secret_file::{SECRET_FILE, read_key_file, read_or_make_secret, read_secret};
pub(crate) use signals::{LeaveSignals, StopSignals};
