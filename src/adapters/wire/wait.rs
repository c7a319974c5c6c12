//! Waits as clients are told them.
//!
//! ```
//! use mission_control::adapters::wire::wait::retry_ms;
//! use std::time::Duration;
//!
//! assert_eq!(retry_ms(Duration::from_micros(1_001)), 2, "never told shorter than it is");
//! ```

use std::time::Duration;

/// Whole milliseconds, rounded up: who waits as long is not refused again for having come too early.
#[must_use]
pub fn retry_ms(wait: Duration) -> u64 {
    let millis = wait.as_nanos().div_ceil(1_000_000).max(1);
    u64::try_from(millis).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_never_told_shorter_than_it_is() {
        for (nanos, millis) in
            [(0, 1), (1, 1), (999_999, 1), (1_000_000, 1), (1_000_001, 2), (30_000_000_000, 30_000)]
        {
            assert_eq!(retry_ms(Duration::from_nanos(nanos)), millis);
        }
        assert_eq!(retry_ms(Duration::MAX), u64::MAX);
    }
}
