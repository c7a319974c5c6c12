//! Points in time. The domain is told the time; it never asks.
//!
//! ```
//! use mission_control::domain::time::{Moment, Monotonic, Timestamp};
//! use std::time::Duration;
//!
//! let reported = Timestamp::from_millis(1_795_460_400_000).unwrap();
//! let later = reported.plus(Duration::from_secs(90));
//! assert_eq!(later.since(reported), Duration::from_secs(90));
//! assert_eq!(reported.since(later), Duration::ZERO, "a clock that was put back makes nothing negative");
//! assert_eq!(Timestamp::from_millis(1 << 53), None);
//!
//! let begun = Monotonic::new(Duration::from_secs(5));
//! assert_eq!(begun.plus(Duration::from_secs(2)).since(begun), Duration::from_secs(2));
//! assert_eq!(Moment::from(reported).wall, reported, "a program with one clock has both hands of it");
//! ```

use std::time::Duration;

/// Milliseconds since 1970-01-01 UTC, 0 to 2^53 − 1, so that every JSON reader holds it exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The latest timestamp: 2^53 − 1.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// A timestamp from milliseconds, or nothing past [`Timestamp::MAX`].
    #[must_use]
    pub const fn from_millis(millis: u64) -> Option<Self> {
        if millis <= Self::MAX.0 { Some(Self(millis)) } else { None }
    }

    /// A timestamp from milliseconds, held at [`Timestamp::MAX`].
    #[must_use]
    pub const fn saturating(millis: u64) -> Self {
        if millis <= Self::MAX.0 { Self(millis) } else { Self::MAX }
    }

    /// Milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; nothing when it is not after it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// This time less `by`, held at 1970.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)))
    }

    /// This time and `by` more, held at [`Timestamp::MAX`].
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        Self::saturating(self.0.saturating_add(by))
    }
}

/// Time that only goes forward, counted from the start of the process. For rates and waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Monotonic(Duration);

impl Monotonic {
    /// The point that lies this long after the start.
    #[must_use]
    pub const fn new(since_start: Duration) -> Self {
        Self(since_start)
    }

    /// How long after the start this is.
    #[must_use]
    pub const fn since_start(self) -> Duration {
        self.0
    }

    /// How long after `earlier` this is; nothing when it is not after it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// This point and `by` more.
    #[must_use]
    pub const fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(by))
    }
}

/// Both clocks at one moment.
///
/// `uptime` is counted over all processes that kept a history, without the time between them: what is
/// measured by it depends on no clock that people set, and a restart moves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Moment {
    /// The time that people read.
    pub wall: Timestamp,
    /// For how long the history was kept by a running process.
    pub uptime: Monotonic,
}

impl From<Timestamp> for Moment {
    /// For programs with one clock: both hands move with it.
    fn from(wall: Timestamp) -> Self {
        Self { wall, uptime: Monotonic::new(Duration::from_millis(wall.millis())) }
    }
}
