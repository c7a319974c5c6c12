//! Port out: what time it is.
//!
//! ```
//! use mission_control::domain::time::{Monotonic, Timestamp};
//! use mission_control::ports::clock::Clock;
//! use std::time::Duration;
//!
//! /// Noon, always: for tests that look at what is shown.
//! struct Noon;
//!
//! impl Clock for Noon {
//!     fn wall(&self) -> Timestamp {
//!         Timestamp::saturating(1_795_435_200_000)
//!     }
//!
//!     fn monotonic(&self) -> Monotonic {
//!         Monotonic::new(Duration::ZERO)
//!     }
//! }
//!
//! assert_eq!(Noon.wall(), Noon.wall());
//! ```

use crate::domain::time::{Monotonic, Timestamp};

/// Tells the time. Two clocks: one that people read, and one that never jumps.
#[cfg_attr(feature = "test-support", mockall::automock)]
pub trait Clock: Send + Sync {
    /// The time people read. May jump; decides nothing but display and token validity.
    fn wall(&self) -> Timestamp;

    /// Time since the process began. Never goes back; decides rates and waits.
    fn monotonic(&self) -> Monotonic;
}
