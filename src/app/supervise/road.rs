//! The way to the server as deliveries and heartbeats find it together: when it may be tried again, when the
//! server last heard of the agent, and what was told of all that.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::{Console, World};
use crate::app::outbox::Left;
use crate::app::patience::Patience;
use crate::app::watch::plain;

/// No wait before a next try is shorter.
pub(super) const WAIT_MIN: Duration = Duration::from_secs(1);
/// The shortest wait when waiting alone does not help.
const HOPELESS_WAIT: Duration = Duration::from_secs(30);
/// Most codes of refusals that are told, each once.
const CODES_TOLD_MAX: usize = 8;

/// How the way is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    /// Not to be tried before.
    pub(super) not_before: Option<Instant>,
    /// When the server last heard of the agent.
    pub(super) heard_at: Instant,
    /// Whether the server has a report of this life: then its start has passed all that waited before it.
    pub(super) known: bool,
    /// Whether it has all of them.
    pub(super) has_all: bool,
    /// How many are in memory alone.
    pub(super) unkept: usize,
}

pub(super) struct Road {
    way: watch::Sender<Way>,
    /// What was told, and how often it was tried.
    told: Mutex<Told>,
    console: Arc<dyn Console>,
}

struct Told {
    patience: Patience,
    /// That the server is away; true where waiting does not help.
    away: Option<bool>,
    codes: BTreeSet<String>,
}

impl Road {
    pub(super) fn new(world: &World) -> Self {
        let way = Way { not_before: None, heard_at: Instant::now(), known: false, has_all: true, unkept: 0 };
        let patience = Patience::new(Arc::clone(&world.entropy));
        let told = Told { patience, away: None, codes: BTreeSet::new() };
        let console = Arc::clone(&world.console);
        Self { way: watch::channel(way).0, told: Mutex::new(told), console }
    }

    pub(super) fn way(&self) -> watch::Receiver<Way> {
        self.way.subscribe()
    }

    /// Notes what deliveries know.
    pub(super) fn note(&self, change: impl FnOnce(&mut Way)) {
        self.way.send_modify(change);
    }

    /// The server is there, and heard of the agent then.
    pub(super) fn heard(&self, at: Instant) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.patience.restore();
        self.note(|way| {
            way.heard_at = way.heard_at.max(at);
            way.not_before = None;
        });
        if self.way.borrow().has_all && told.away.take().is_some() {
            self.console.tell("the server is back, and has all reports");
        }
    }

    /// The server takes nothing for now.
    pub(super) fn closed(&self, left: &Left) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        // A delivery and a heartbeat that find it at once are one try.
        if self.way.borrow().not_before.is_none_or(|before| before <= now) {
            let shortest = if left.for_good { HOPELESS_WAIT } else { WAIT_MIN };
            let wait = told.patience.next(left.retry_after).max(shortest);
            self.note(|way| way.not_before = now.checked_add(wait));
        }
        if told.away != Some(left.for_good) {
            told.away = Some(left.for_good);
            let what = if left.for_good { "the server takes no reports" } else { "the server is away" };
            let how = if self.way.borrow().unkept > 0 { "held in memory" } else { "kept" };
            let why = plain(&left.why);
            self.console.tell(&format!("{what} ({why}); reports are {how} for it, and the program runs on"));
        }
    }

    /// The server refused a report for good.
    pub(super) fn refused(&self, code: &str, detail: &str) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.codes.len() < CODES_TOLD_MAX && told.codes.insert(code.to_owned()) {
            self.console.tell(&plain(&format!("the server refused a report ({code}): {detail}")));
        }
    }
}
