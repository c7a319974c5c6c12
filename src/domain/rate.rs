//! Rates: so many a second, with a burst, for each of a bounded number of keys.
//!
//! ```
//! use mission_control::domain::rate::{Meter, Meters, Rate};
//! use mission_control::domain::time::Monotonic;
//! use std::time::Duration;
//!
//! let rate = Rate { per_second: 10, burst: 2 };
//! let begun = Monotonic::default();
//! let mut one = Meter::default();
//! assert!(one.take(rate, begun).is_ok() && one.take(rate, begun).is_ok(), "two at once");
//! let wait = one.take(rate, begun).unwrap_err();
//! assert_eq!(wait, Duration::from_millis(100));
//! assert!(one.take(rate, begun.plus(wait)).is_ok(), "who waits as long as told is let in");
//!
//! let mut each = Meters::new(rate, 1_000);
//! assert!(each.take("ann", begun).is_ok() && each.take("bob", begun).is_ok());
//! ```

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use super::time::Monotonic;

/// So many a second, and how many may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many a second, at least 1.
    pub per_second: u32,
    /// How many at once, at least 1.
    pub burst: u32,
}

impl Rate {
    /// For how long one of them takes.
    fn each(self) -> Duration {
        Duration::from_secs(1) / self.per_second.max(1)
    }

    /// How far ahead of the clock a key may be.
    fn slack(self) -> Duration {
        self.each().saturating_mul(self.burst.max(1).saturating_sub(1))
    }
}

/// One key's use of a rate, kept as the moment at which it is used up (the generic cell rate
/// algorithm): exact, and one number a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Meter {
    used_up_at: Monotonic,
}

impl Meter {
    /// How long to wait until one more is allowed; nothing when it is allowed now.
    #[must_use]
    pub fn wait(&self, rate: Rate, now: Monotonic) -> Option<Duration> {
        let ahead = self.used_up_at.since(now);
        let over = ahead.saturating_sub(rate.slack());
        (!over.is_zero()).then_some(over)
    }

    /// Uses one.
    ///
    /// # Errors
    /// How long to wait, when one more is not allowed now; nothing is used then.
    pub fn take(&mut self, rate: Rate, now: Monotonic) -> Result<(), Duration> {
        if let Some(wait) = self.wait(rate, now) {
            return Err(wait);
        }
        self.used_up_at = self.used_up_at.max(now).plus(rate.each());
        Ok(())
    }

    /// Whether the key is as good as new.
    fn is_fresh(&self, now: Monotonic) -> bool {
        self.used_up_at <= now
    }
}

/// Meters by key. When there are too many, those that are as good as new go; when none is, a new key
/// is refused for as long as the rate's burst takes.
#[derive(Debug)]
pub struct Meters<K> {
    rate: Rate,
    keys_max: usize,
    meters: HashMap<K, Meter>,
}

impl<K: Eq + Hash> Meters<K> {
    /// Meters of one rate for at most so many keys.
    #[must_use]
    pub fn new(rate: Rate, keys_max: usize) -> Self {
        Self { rate, keys_max: keys_max.max(1), meters: HashMap::new() }
    }

    /// How long this key has to wait; nothing when it need not.
    #[must_use]
    pub fn wait(&self, key: &K, now: Monotonic) -> Option<Duration> {
        self.meters.get(key).and_then(|meter| meter.wait(self.rate, now))
    }

    /// Uses one for this key.
    ///
    /// # Errors
    /// How long to wait.
    pub fn take(&mut self, key: K, now: Monotonic) -> Result<(), Duration> {
        if self.meters.len() >= self.keys_max && !self.meters.contains_key(&key) {
            self.meters.retain(|_, meter| !meter.is_fresh(now));
            if self.meters.len() >= self.keys_max {
                return Err(self.rate.each().saturating_mul(self.rate.burst.max(1)));
            }
        }
        self.meters.entry(key).or_default().take(self.rate, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 10, burst: 3 };

    fn at(millis: u64) -> Monotonic {
        Monotonic::new(Duration::from_millis(millis))
    }

    #[test]
    fn a_burst_is_allowed_and_then_the_rate() {
        let mut meter = Meter::default();
        for _ in 0..3 {
            assert_eq!(meter.take(RATE, at(1000)), Ok(()));
        }
        assert_eq!(meter.take(RATE, at(1000)), Err(Duration::from_millis(100)));
        assert_eq!(meter.take(RATE, at(1099)), Err(Duration::from_millis(1)));
        assert_eq!(meter.take(RATE, at(1100)), Ok(()));
        assert!(meter.take(RATE, at(1100)).is_err());
        for _ in 0..3 {
            assert_eq!(meter.take(RATE, at(9000)), Ok(()), "rest gives the burst back, not more");
        }
        assert!(meter.take(RATE, at(9000)).is_err());
    }

    #[test]
    fn keys_do_not_share_and_are_bounded() {
        let mut meters = Meters::new(RATE, 2);
        for key in ["a", "b"] {
            for _ in 0..3 {
                assert!(meters.take(key, at(0)).is_ok());
            }
            assert!(meters.take(key, at(0)).is_err());
        }
        assert_eq!(meters.take("c", at(0)), Err(Duration::from_millis(300)), "no room while both are in use");
        assert!(meters.take("c", at(300)).is_ok(), "the rested ones made room");
        assert_eq!(meters.wait(&"a", at(300)), None);
    }
}
