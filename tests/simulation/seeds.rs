//! Worlds without faults: each of them is right, and the same each time.

use std::collections::BTreeMap;

use crate::history::{Frame, History, Report, assert_right};
use crate::world::{run, run_telling};

/// Seeds that once found something: a snapshot that took its screen back; a screen that was to end, read slowly, and
/// was given events of another history. They are always run.
const REGRESSIONS: &[u64] = &[47, 1070];
/// How many others a plain run has; `./test simulate` has more.
const SEEDS: u64 = 150;

fn number(name: &str) -> Option<u64> {
    #[allow(clippy::disallowed_methods, reason = "a run by hand says how long it is, and from which seed")]
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Says how to run a seed again, when its world breaks off in whatever way.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let again = "cargo test --test simulation every_seed -- --nocapture";
            eprintln!("seed {}; again, with its trace: MISSION_CONTROL_SEED={} {again}", self.0, self.0);
        }
    }
}

fn assert_seed(seed: u64, loud: bool) -> History {
    let _named = Named(seed);
    let history = run_telling(seed, None, loud).history;
    let answered = |report: &Report| !report.answers.is_empty() || report.key_taken_in.is_some();
    assert!(history.reports.iter().all(answered), "each is sent until it is answered");
    assert_right(&history, seed);
    history
}

#[test]
fn every_seed_makes_a_right_history() {
    if let Some(seed) = number("MISSION_CONTROL_SEED") {
        assert_seed(seed, true);
        return;
    }
    let mut begun: BTreeMap<String, usize> = BTreeMap::new();
    let (mut reports, mut events) = (0, 0);
    let seeds = number("MISSION_CONTROL_SEEDS").unwrap_or(SEEDS);
    for seed in REGRESSIONS.iter().copied().chain(0..seeds) {
        let history = assert_seed(seed, false);
        reports += history.reports.len();
        events += history.events.len();
        for frame in history.screens.iter().flat_map(|screen| &screen.frames) {
            if let Frame::Began { mode, .. } = frame {
                *begun.entry(mode.clone()).or_default() += 1;
            }
        }
    }
    eprintln!("{reports} reports, {events} events; begun: {begun:?}");
    for mode in ["snapshot", "delta", "replay", "live"] {
        assert!(
            begun.get(mode).is_some_and(|count| *count > 20),
            "screens came back in every way: {begun:?}"
        );
    }
}

#[test]
fn the_same_seed_makes_the_same_run() {
    for seed in 0..10 {
        let (one, other) = (run(seed, None), run(seed, None));
        let differs = one.trace.iter().zip(&other.trace).find(|(one, other)| one != other);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(one, other, "seed {seed}");
    }
}
