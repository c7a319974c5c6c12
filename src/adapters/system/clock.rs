//! The operating system's clocks behind the `Clock` port. Nothing else in the product asks them.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::domain::time::{Monotonic, Timestamp};
use crate::ports::clock::Clock;

/// The operating system's clocks.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time begins now.
    #[must_use]
    pub fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this adapter is the one place that asks the clock")]
        let start = Instant::now();
        Self { start }
    }
}

impl Clock for SystemClock {
    fn wall(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this adapter is the one place that asks the clock")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::saturating(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::new(self.start.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_clocks_are_a_clock() {
        crate::ports::conformance::clock::suite(&SystemClock::start(), std::thread::sleep);
    }
}
