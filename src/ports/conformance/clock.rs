//! What every [`Clock`] promises. It panics with a sentence that says which promise was broken.

use std::time::Duration;

use crate::domain::time::{Monotonic, Timestamp};
use crate::ports::clock::Clock;

/// A moment before any clock of this product was read: some day in 2026.
const BEFORE_ALL: Timestamp = Timestamp::saturating(1_790_000_000_000);
const READINGS: usize = 10_000;
const WAIT: Duration = Duration::from_millis(20);

/// Runs the suite. `wait` lets at least this much time pass for the clock: really, or by moving it.
///
/// # Panics
/// With a sentence that says which promise was broken.
pub fn suite(clock: &dyn Clock, wait: impl Fn(Duration)) {
    never_goes_back(clock);
    goes_on_by_what_passes(clock, &wait);
    is_one_for_all_threads(clock);
    people_can_read_it(clock);
}

fn never_goes_back(clock: &dyn Clock) {
    let mut last = clock.monotonic();
    for _ in 0..READINGS {
        let next = clock.monotonic();
        assert!(next >= last, "monotonic time never goes back");
        last = next;
    }
}

fn goes_on_by_what_passes(clock: &dyn Clock, wait: &impl Fn(Duration)) {
    let (monotonic, wall) = (clock.monotonic(), clock.wall());
    wait(WAIT);
    assert!(clock.monotonic().since(monotonic) >= WAIT, "monotonic time goes on by what passes, or more");
    // Wall time may jump: it is only held to not standing still.
    assert!(clock.wall() != wall, "wall time does not stand still");
    assert!(clock.monotonic() > Monotonic::default(), "monotonic time counts from the start of the process");
}

fn is_one_for_all_threads(clock: &dyn Clock) {
    let before = clock.monotonic();
    let elsewhere = std::thread::scope(|scope| {
        let readings: Vec<_> = (0..4).map(|_| scope.spawn(|| clock.monotonic())).collect();
        readings.into_iter().map(|reading| reading.join().unwrap_or_default()).collect::<Vec<_>>()
    });
    let after = clock.monotonic();
    let between = elsewhere.into_iter().all(|reading| before <= reading && reading <= after);
    assert!(between, "monotonic time is one for all threads");
}

fn people_can_read_it(clock: &dyn Clock) {
    assert!(clock.wall() > BEFORE_ALL, "wall time is milliseconds since 1970, and today is after 2026 began");
    assert!(clock.wall() < Timestamp::MAX, "wall time is held by every JSON reader");
}
