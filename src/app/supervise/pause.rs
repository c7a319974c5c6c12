//! How long to wait before a program is started again, and how often that is done.

use std::time::Duration;

/// The first wait; each further one is twice as long.
const FIRST: Duration = Duration::from_secs(1);
/// No wait is longer.
const LONGEST: Duration = Duration::from_secs(30);
/// Who lived so long was well: the next wait is a first one.
const WELL_AFTER: Duration = Duration::from_secs(60);

/// Counts restarts in a row.
#[derive(Debug)]
pub(super) struct Pauses {
    in_a_row: u32,
    at_most: Option<u32>,
}

impl Pauses {
    pub(super) const fn new(at_most: Option<u32>) -> Self {
        Self { in_a_row: 0, at_most }
    }

    /// The wait after a life of this length, or nothing when it was started again often enough.
    pub(super) fn after(&mut self, lived: Duration) -> Option<Duration> {
        if lived >= WELL_AFTER {
            self.in_a_row = 0;
        }
        if self.at_most.is_some_and(|most| self.in_a_row >= most) {
            return None;
        }
        let wait = FIRST.saturating_mul(2_u32.saturating_pow(self.in_a_row)).min(LONGEST);
        self.in_a_row = self.in_a_row.saturating_add(1);
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(pauses: &mut Pauses, lived: Duration, count: usize) -> Vec<Option<u64>> {
        (0..count).map(|_| pauses.after(lived).map(|wait| wait.as_secs())).collect()
    }

    #[test]
    fn a_wait_doubles_from_1_to_30_s() {
        let mut pauses = Pauses::new(None);
        let expected: Vec<_> = [1, 2, 4, 8, 16, 30, 30, 30].into_iter().map(Some).collect();
        assert_eq!(waits(&mut pauses, Duration::from_secs(59), 8), expected);
        assert_eq!(waits(&mut pauses, Duration::ZERO, 100).last(), Some(&Some(30)));
    }

    #[test]
    fn a_life_of_a_minute_makes_the_next_wait_a_first_one() {
        let mut pauses = Pauses::new(Some(2));
        assert_eq!(waits(&mut pauses, Duration::ZERO, 2), [Some(1), Some(2)]);
        assert_eq!(waits(&mut pauses, WELL_AFTER, 3), [Some(1), Some(1), Some(1)]);
    }

    #[test]
    fn after_the_last_allowed_restart_there_is_no_wait() {
        assert_eq!(waits(&mut Pauses::new(Some(2)), Duration::ZERO, 3), [Some(1), Some(2), None]);
        assert_eq!(Pauses::new(Some(0)).after(Duration::ZERO), None);
    }
}
