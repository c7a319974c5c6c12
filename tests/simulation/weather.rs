//! What a world is like: how large things are in it, how long they take, how often they fail.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mission_control::app::settings::{Settings, Sources};

use crate::fault::Fault;
use crate::history::Dice;

pub(crate) struct Weather {
    pub(crate) fault: Option<Fault>,
    pub(crate) settings: Settings,
    /// Events that the log keeps.
    pub(crate) keep_events: usize,
    /// Frames between a connection and its client.
    pub(crate) pipe: usize,
    commit_max: u64,
    answer_max: u64,
    lag_max: u64,
    dice: Mutex<Dice>,
    calm: AtomicBool,
}

impl Weather {
    pub(crate) fn of(seed: u64, fault: Option<Fault>) -> Self {
        let mut dice = Dice::new(seed ^ 0x5eed);
        let mut pick = |choices: &[u64]| choices[usize::try_from(dice.below(4)).unwrap() % choices.len()];
        let ring = pick(&[4, 16, 64, 256]);
        let replay = pick(&[2, 20, 100, 1000]);
        let tombstones = pick(&[1, 4, 40, 1000]);
        let heartbeat = pick(&[1000, 2000, 5000, 10_000]);
        let keep_events = usize::try_from(pick(&[30, 100, 1000, 100_000])).unwrap();
        let pipe = usize::try_from(pick(&[1, 4, 16, 64])).unwrap();
        let (commit_max, answer_max) = (pick(&[1, 20, 60, 200]), pick(&[1, 20, 100, 20]));
        let lag_max = pick(&[1, 1, 100, 2000]);
        let settings = [
            ("STREAM__RING_EVENTS", ring),
            ("STREAM__REPLAY_EVENTS", replay),
            ("STREAM__TOMBSTONES", tombstones),
            ("STREAM__HEARTBEAT_MS", heartbeat),
            ("LIMITS__REPORTS_PER_SECOND", 100_000),
            ("LIMITS__REPORTS_BURST", 100_000),
        ];
        let environment = settings
            .into_iter()
            .map(|(key, value)| (format!("MISSION_CONTROL__{key}"), value.to_string()))
            .collect();
        let settings = Settings::load(&Sources { environment, ..Sources::default() }).unwrap();
        let (dice, calm) = (Mutex::new(dice), AtomicBool::new(false));
        Self { fault, settings, keep_events, pipe, commit_max, answer_max, lag_max, dice, calm }
    }

    /// Nothing fails from now on.
    pub(crate) fn calm_down(&self) {
        self.calm.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_calm(&self) -> bool {
        self.calm.load(Ordering::SeqCst)
    }

    /// Once in so many times.
    pub(crate) fn chance(&self, times: u64) -> bool {
        !self.is_calm() && self.below(times) == 0
    }

    /// How long a write takes.
    pub(crate) fn commit(&self) -> Duration {
        Duration::from_millis(self.below(self.commit_max))
    }

    /// How long an answer takes after that.
    pub(crate) fn answer(&self) -> Duration {
        Duration::from_millis(self.below(self.answer_max))
    }

    /// How long after that who follows hears of it.
    pub(crate) fn lag(&self) -> Duration {
        Duration::from_millis(self.below(self.lag_max))
    }

    /// The same world, its log keeping every event.
    pub(crate) fn keeping_all(self) -> Self {
        Self { keep_events: usize::MAX, ..self }
    }

    fn below(&self, sides: u64) -> u64 {
        self.dice.lock().unwrap().below(sides)
    }
}
