//! What a client may send, and how often (contract 5.6). Pure bookkeeping; the session acts on it.

use std::collections::VecDeque;
use std::time::Duration;

use super::codec::Incoming;
use crate::domain::farewell::Farewell;
use crate::domain::interest::Interest;
use crate::domain::rate::{Meter, Rate};
use crate::domain::time::Monotonic;

/// Frames that were not understood, within [`STRIKES_WITHIN`], that end a connection.
const STRIKES_MAX: usize = 10;
const STRIKES_WITHIN: Duration = Duration::from_secs(60);

/// How many frames came that are no reports. Apart from [`Conduct`], since every client that sends a ping
/// has one.
#[derive(Debug, Default)]
pub(super) struct Frames(Meter);

impl Frames {
    /// Counts a frame.
    pub(super) fn count(&mut self, rate: Rate, now: Monotonic) -> Result<(), Farewell> {
        self.0.take(rate, now).map_err(|_| Farewell::TooManyFrames)
    }
}

/// What a client did so far that few do.
#[derive(Debug)]
pub(super) struct Conduct {
    /// The least time between two changes of the interest.
    interest_every: Duration,
    strikes: VecDeque<Monotonic>,
    subscribed_at: Option<Monotonic>,
    waiting: Option<Interest>,
    /// A frame that came behind reports that are still being answered.
    kept: Option<Incoming>,
}

impl Conduct {
    pub(super) const fn new(interest_every: Duration) -> Self {
        Self { interest_every, strikes: VecDeque::new(), subscribed_at: None, waiting: None, kept: None }
    }

    /// Counts a frame that was not understood.
    pub(super) fn strike(&mut self, now: Monotonic) -> Result<(), Farewell> {
        self.strikes.push_back(now);
        while self.strikes.front().is_some_and(|first| now.since(*first) >= STRIKES_WITHIN) {
            self.strikes.pop_front();
        }
        if self.strikes.len() >= STRIKES_MAX { Err(Farewell::BadClient) } else { Ok(()) }
    }

    /// Keeps a frame until the reports before it are answered; until then no other is read.
    pub(super) fn keep(&mut self, incoming: Incoming) {
        self.kept = Some(incoming);
    }

    /// The frame that was kept.
    pub(super) fn kept(&mut self) -> Option<Incoming> {
        self.kept.take()
    }

    /// Takes a wish; one that comes before the last was granted takes its place.
    pub(super) fn wish(&mut self, interest: Interest) {
        self.waiting = Some(interest);
    }

    /// How long the wish that waits has to wait still; nothing when none waits.
    pub(super) fn wish_due_in(&self, now: Monotonic) -> Option<Duration> {
        self.waiting.as_ref()?;
        Some(self.subscribed_at.map_or(Duration::ZERO, |last| last.plus(self.interest_every).since(now)))
    }

    /// Takes the wish that is to be granted now.
    pub(super) fn grant_wish(&mut self, now: Monotonic) -> Option<Interest> {
        let wish = self.waiting.take()?;
        self.subscribed_at = Some(now);
        Some(wish)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Monotonic {
        Monotonic::new(Duration::from_millis(millis))
    }

    fn conduct() -> Conduct {
        Conduct::new(Duration::from_secs(1))
    }

    #[test]
    fn twenty_frames_at_once_are_taken_and_one_more_is_too_many() {
        let (mut frames, rate) = (Frames::default(), Rate { per_second: 10, burst: 20 });
        for _ in 0..20 {
            assert_eq!(frames.count(rate, at(0)), Ok(()));
        }
        assert_eq!(frames.count(rate, at(0)), Err(Farewell::TooManyFrames));
    }

    #[test]
    fn the_tenth_frame_not_understood_in_a_minute_ends_it() {
        let mut quick = conduct();
        for _ in 0..9 {
            assert_eq!(quick.strike(at(0)), Ok(()));
        }
        assert_eq!(quick.strike(at(59_999)), Err(Farewell::BadClient));
        let mut slow = conduct();
        for _ in 0..9 {
            assert_eq!(slow.strike(at(0)), Ok(()));
        }
        assert_eq!(slow.strike(at(60_000)), Ok(()));
    }

    #[test]
    fn the_interest_changes_at_most_once_a_second_and_the_last_wish_wins() {
        use crate::domain::interest::Kinds;
        use crate::domain::pattern::Patterns;
        let wish = |text| Interest { agents: Patterns::parse([text]).unwrap(), kinds: Kinds::ALL };
        let mut conduct = conduct();
        assert_eq!(conduct.wish_due_in(at(0)), None);
        conduct.wish(wish("a"));
        assert_eq!(conduct.wish_due_in(at(0)), Some(Duration::ZERO));
        assert_eq!(conduct.grant_wish(at(0)), Some(wish("a")));
        conduct.wish(wish("b"));
        conduct.wish(wish("c"));
        assert_eq!(conduct.wish_due_in(at(400)), Some(Duration::from_millis(600)));
        assert_eq!(conduct.wish_due_in(at(1000)), Some(Duration::ZERO));
        assert_eq!(conduct.grant_wish(at(1000)), Some(wish("c")));
        assert_eq!(conduct.wish_due_in(at(1000)), None);
    }
}
