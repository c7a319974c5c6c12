//! Port out: what time it is.

use crate::domain::time::{Monotonic, Timestamp};

/// Tells the time. Two clocks: one that people read, and one that never jumps.
#[cfg_attr(feature = "test-support", mockall::automock)]
pub trait Clock: Send + Sync {
    /// The time people read. May jump; decides nothing but display and token validity.
    fn wall(&self) -> Timestamp;

    /// Time since the process began. Never goes back; decides rates and waits.
    fn monotonic(&self) -> Monotonic;
}
