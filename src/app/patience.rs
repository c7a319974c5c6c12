//! How long to wait before the next try: full jitter, so that many who lost the same server come back
//! spread out.

use std::sync::Arc;
use std::time::Duration;

use crate::ports::entropy::Entropy;

/// The first wait is anything up to this; each failed try doubles it.
const FIRST_MAX: Duration = Duration::from_secs(1);
/// No wait of our own is longer.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// No server is obeyed for longer: it may be a mistake, or a stranger's joke.
const HINT_MAX: Duration = Duration::from_secs(300);

/// Counts failed tries.
pub(in crate::app) struct Patience {
    entropy: Arc<dyn Entropy>,
    failed_tries: u32,
}

impl Patience {
    pub(in crate::app) fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self { entropy, failed_tries: 0 }
    }

    /// The wait before the next try: what the server asked for, and anything up to the limit.
    pub(in crate::app) fn next(&mut self, asked: Option<Duration>) -> Duration {
        let limit = FIRST_MAX.saturating_mul(2_u32.saturating_pow(self.failed_tries)).min(WAIT_MAX);
        self.failed_tries = self.failed_tries.saturating_add(1);
        asked.unwrap_or_default().min(HINT_MAX).saturating_add(self.share(limit))
    }

    /// All went well: the next wait is a first one.
    pub(in crate::app) fn restore(&mut self) {
        self.failed_tries = 0;
    }

    /// An even share between nothing and the limit. Without randomness the limit: rather late than all at once.
    fn share(&self, limit: Duration) -> Duration {
        let Ok([a, b, c, d, ..]) = self.entropy.bytes() else { return limit };
        let part = u128::from(u32::from_be_bytes([a, b, c, d]));
        let millis = limit.as_millis().saturating_mul(part) / u128::from(u32::MAX);
        Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::entropy::{EntropyError, MockEntropy};

    fn patience(byte: u8) -> Patience {
        let mut entropy = MockEntropy::new();
        entropy.expect_bytes().returning(move || Ok([byte; 16]));
        Patience::new(Arc::new(entropy))
    }

    fn waits(byte: u8) -> Vec<u128> {
        let mut patience = patience(byte);
        (0..8).map(|_| patience.next(None).as_millis()).collect()
    }

    #[test]
    fn a_wait_is_anything_up_to_a_limit_that_doubles_to_30_s() {
        assert_eq!(waits(255), [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
        assert_eq!(waits(0), [0; 8]);
        assert_eq!(waits(0x80), [501, 1003, 2007, 4015, 8031, 15_058, 15_058, 15_058]);
    }

    #[test]
    fn a_good_connection_makes_the_next_wait_a_first_one() {
        let mut patience = patience(255);
        for _ in 0..40 {
            patience.next(None);
        }
        patience.restore();
        assert_eq!(patience.next(None), Duration::from_secs(1));
    }

    #[test]
    fn nobody_comes_before_the_server_asked_and_no_server_is_obeyed_for_ever() {
        assert_eq!(patience(0).next(Some(Duration::from_secs(7))), Duration::from_secs(7));
        assert_eq!(patience(255).next(Some(Duration::from_secs(7))), Duration::from_secs(8));
        assert_eq!(patience(0).next(Some(Duration::MAX)), Duration::from_secs(300));
    }

    #[test]
    fn without_randomness_the_wait_is_the_limit() {
        let mut entropy = MockEntropy::new();
        entropy.expect_bytes().returning(|| Err(EntropyError("none".into())));
        assert_eq!(Patience::new(Arc::new(entropy)).next(None), Duration::from_secs(1));
    }
}
