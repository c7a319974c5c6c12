//! One world from its beginning to its end: a node, its disk, agents, screens, and what happens to them. The same seed
//! makes the same world.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mission_control::adapters::wire::frame;
use mission_control::domain::cursor::Epoch;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::clock::{Time, pause};
use crate::disk::Disk;
use crate::fault::Fault;
use crate::history::{Dice, Event, History, Position, event};
use crate::network::Door;
use crate::node::Node;
use crate::reads::Reading;
use crate::reporter::{BY_SOCKET, LEASED, Reporter};
use crate::screen::SimScreen;
use crate::weather::Weather;

const SCREENS: u64 = 5;
const REPORTERS: u64 = 3;
/// No world takes longer.
const END: Duration = Duration::from_secs(3600);
/// Whatever becomes of agents by time alone has become of them by then: the longest lease is 90 s.
const SILENCE: Duration = Duration::from_secs(100);
/// How long screens may take to see everything once nothing fails any more.
const CATCH_UP: Duration = Duration::from_secs(300);

/// What everybody in a world has in common.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) weather: Arc<Weather>,
    pub(crate) time: Time,
    pub(crate) door: Door,
    pub(crate) trace: Trace,
}

/// What happened when, for people.
#[derive(Clone)]
pub(crate) struct Trace {
    time: Time,
    lines: Arc<Mutex<Vec<String>>>,
    /// Tells at once, so that a world that breaks off has told.
    loud: bool,
}

impl Trace {
    pub(crate) fn tell(&self, what: impl AsRef<str>) {
        let line = format!("{:>7} ms  {}", self.time.millis(), what.as_ref());
        if self.loud {
            eprintln!("{line}");
        }
        self.lines.lock().unwrap().push(line);
    }
}

/// What came of a world.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) history: History,
    pub(crate) trace: Vec<String>,
}

/// Runs the world of a seed, with a fault in it or none.
pub(crate) fn run(seed: u64, fault: Option<Fault>) -> Run {
    run_telling(seed, fault, false)
}

/// The same, and tells what happens while it does where it is `loud`.
pub(crate) fn run_telling(seed: u64, fault: Option<Fault>, loud: bool) -> Run {
    let mut building = tokio::runtime::Builder::new_current_thread();
    let runtime = building.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let time = Time::begin();
        let trace = Trace { time: time.clone(), lines: Arc::default(), loud };
        let weather = Arc::new(Weather::of(seed, fault));
        let around = Surroundings { weather, time, door: Door::default(), trace: trace.clone() };
        let history = timeout(END, World::begin(around, seed).live()).await;
        let history = history.unwrap_or_else(|_| panic!("the world of seed {seed} does not end"));
        let trace = trace.lines.lock().unwrap().clone();
        Run { history, trace }
    })
}

struct World {
    around: Surroundings,
    dice: Dice,
    disk: Arc<Mutex<Disk>>,
    /// How the disk was some time ago.
    backup: Option<Disk>,
    epochs: u64,
    /// Events of epochs that are over.
    past: Vec<(Position, Event)>,
}

impl World {
    fn begin(around: Surroundings, seed: u64) -> Self {
        let limits = around.weather.settings.report_limits();
        let disk = Disk::new(Epoch::parse("e1").unwrap(), limits);
        let (dice, disk) = (Dice::new(seed), Arc::new(Mutex::new(disk)));
        Self { around, dice, disk, backup: None, epochs: 1, past: Vec::new() }
    }

    async fn live(mut self) -> History {
        let (ends, goal) = watch::channel(None);
        let mut node = Node::start(&self.around, &self.disk).await;
        let mut seed = || self.dice.below(u64::from(u32::MAX));
        let screens: Vec<_> = (0..SCREENS)
            .map(|number| SimScreen::new(self.around.clone(), number, seed(), goal.clone()))
            .map(|screen| tokio::spawn(screen.watch(CATCH_UP)))
            .collect();
        let reporters: Vec<_> = (0..REPORTERS)
            .map(|number| Reporter::new(self.around.clone(), number, seed()))
            .map(|reporter| tokio::spawn(reporter.report()))
            .collect();
        let reading = tokio::spawn(Reading::new(self.around.clone(), seed()).watch());
        for _ in 0..2 + self.dice.below(4) {
            pause(Duration::from_millis(1000 + self.dice.below(9000))).await;
            self.around.time.turn(0).await;
            node = self.happen(node).await;
        }
        self.around.weather.calm_down();
        self.around.trace.tell("it is calm");
        let mut history = History::default();
        for reporter in reporters {
            history.reports.extend(reporter.await.unwrap());
        }
        history.silent = LEASED.into_iter().chain([BY_SOCKET]).map(ToOwned::to_owned).collect();
        pause(SILENCE).await;
        let disk = self.disk.lock().unwrap().clone();
        let end = (disk.epoch.as_str().to_owned(), disk.desk.head().get());
        self.around.trace.tell(format!("it ends at {end:?}"));
        ends.send_replace(Some(end));
        for screen in screens {
            history.screens.push(screen.await.unwrap());
        }
        history.events = std::mem::take(&mut self.past);
        history.events.extend(events(&disk, disk.held_after));
        let first_held = (disk.epoch.as_str().to_owned(), disk.first_held().get());
        let (read, events) = reading.await.unwrap().finish(&first_held).await;
        history.screens.push(read);
        history.events.extend(events);
        node.crash(&self.around);
        history
    }

    /// Something happens to the node, after which there may be another.
    async fn happen(&mut self, node: Node) -> Node {
        if self.backup.is_none() || self.dice.below(3) == 0 {
            self.around.trace.tell("a backup is made");
            self.backup = Some(self.disk.lock().unwrap().clone());
        }
        match self.dice.below(8) {
            0 => {
                self.around.trace.tell("people's clocks are set forward");
                self.around.time.jump(self.dice.below(7_200_000));
                return node;
            }
            1 => {
                self.around.trace.tell("the node is stopped");
                node.stop(&self.around).await;
            }
            2 | 3 => {
                self.around.trace.tell("the node is killed, and its disk replaced by a backup");
                node.crash(&self.around);
                if let Some(backup) = self.take_backup() {
                    *self.disk.lock().unwrap() = backup;
                }
            }
            4 => {
                self.around.trace.tell("the disk fails, and comes back with what a backup has");
                if let Some(backup) = self.take_backup() {
                    node.begin_anew(backup);
                }
                return node;
            }
            _ => {
                self.around.trace.tell("the node is killed");
                node.crash(&self.around);
            }
        }
        let fault = self.around.weather.fault;
        // In its own turn, when nothing of the old process is left.
        pause(Duration::from_millis(10 + self.dice.below(3000))).await;
        self.around.time.turn(0).await;
        let disk = self.disk.lock().unwrap().clone().reopened(self.around.time.wall(), fault);
        *self.disk.lock().unwrap() = disk;
        self.around.trace.tell("a node starts");
        Node::start(&self.around, &self.disk).await
    }

    /// The backup, to be put back under a name of its own.
    fn take_backup(&mut self) -> Option<Disk> {
        let mut backup = self.backup.take()?;
        let disk = self.disk.lock().unwrap();
        if self.around.weather.fault != Some(Fault::EpochKept) {
            self.past.extend(events(&disk, disk.events.len()));
            self.epochs += 1;
            backup.epoch = Epoch::parse(&format!("e{}", self.epochs)).unwrap();
        }
        Some(backup)
    }
}

/// The first so many events of a disk.
fn events(disk: &Disk, count: usize) -> Vec<(Position, Event)> {
    let shown = disk.events.iter().take(count).map(|recorded| {
        let frame = serde_json::from_slice(&frame::event(recorded)).unwrap();
        ((disk.epoch.as_str().to_owned(), recorded.seq.get()), event(&frame))
    });
    shown.collect()
}
