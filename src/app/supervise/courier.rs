//! Brings what was kept to the server, over its absences, and says that the agent lives while all is quiet.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::{Console, FAREWELL, Task, World};
use crate::app::outbox::{Delivery, Left, Outbox};
use crate::app::patience::Patience;
use crate::app::watch::plain;
use crate::domain::id::AgentId;
use crate::domain::report::ReportBody;
use crate::domain::report::Stamp;
use crate::ports::report_sender::{Answer, Outgoing};

/// How long one delivery may take.
const DELIVERY: Duration = Duration::from_secs(30);
/// How long a heartbeat may take.
const BEAT: Duration = Duration::from_secs(5);
/// No wait before a next try is shorter.
const WAIT_MIN: Duration = Duration::from_secs(1);
/// The shortest wait when waiting alone does not help.
const HOPELESS_WAIT: Duration = Duration::from_secs(30);
/// Most codes of refusals that are told, each once.
const CODES_TOLD_MAX: usize = 8;

/// What there is to send. Written by the clerk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// How many reports were kept.
    pub(super) count: u64,
    /// Whether the program lives.
    pub(super) lives: bool,
    /// There will be no more.
    pub(super) complete: bool,
}

/// What was told already; each is told once.
#[derive(Debug, Default)]
struct Told {
    away: bool,
    late: bool,
    codes: BTreeSet<String>,
}

pub(super) struct Courier {
    agent: AgentId,
    stamp: Option<Stamp>,
    lease: Duration,
    outbox: Arc<dyn Outbox>,
    console: Arc<dyn Console>,
    patience: Patience,
    /// How many of the kept reports the server has.
    delivered: u64,
    /// Not to be tried before.
    not_before: Option<Instant>,
    /// When the server last heard of us.
    heard_at: Instant,
    told: Told,
}

/// What to do next.
enum Next {
    Deliver,
    Beat,
}

impl Courier {
    pub(super) fn new(task: &Task, stamp: Option<Stamp>, world: &World) -> Self {
        Self {
            agent: task.agent.clone(),
            stamp,
            lease: task.lease,
            outbox: Arc::clone(&world.outbox),
            console: Arc::clone(&world.console),
            patience: Patience::new(Arc::clone(&world.entropy)),
            delivered: 0,
            not_before: None,
            heard_at: Instant::now(),
            told: Told::default(),
        }
    }

    /// Sends until there will be no more, and then for a moment.
    pub(super) async fn run(mut self, mut kept: watch::Receiver<Kept>) {
        let mut complete = kept.clone();
        tokio::select! {
            biased;
            // What is under way then is sent again, and counts once.
            _ = complete.wait_for(|kept| kept.complete) => {}
            () = self.go(&mut kept) => {}
        }
        let delivery = self.outbox.deliver(FAREWELL).await;
        self.tell_of(&delivery);
        if let Some(left) = delivery.left {
            let why = plain(&left.why);
            self.console.tell(&format!(
                "some reports were not sent ({why}); they are kept, and go out with the next `mission-control \
                 run` or `mission-control report --flush`"
            ));
        }
    }

    async fn go(&mut self, kept: &mut watch::Receiver<Kept>) {
        loop {
            let now = *kept.borrow_and_update();
            let (next, at) = self.next(now);
            tokio::select! {
                biased;
                changed = kept.changed() => if changed.is_err() { return },
                () = sleep_until(at.unwrap_or_else(Instant::now)), if at.is_some() => match next {
                    Next::Deliver => self.deliver(now.count).await,
                    Next::Beat => self.beat().await,
                },
            }
        }
    }

    /// What to do next, and when; nothing to wait for but more reports where there is no time.
    fn next(&self, now: Kept) -> (Next, Option<Instant>) {
        let not_before = self.not_before.unwrap_or_else(Instant::now);
        if self.delivered != now.count {
            return (Next::Deliver, Some(not_before));
        }
        // The third that is lost is the one too many.
        let beat_at = self.heard_at.checked_add(self.lease / 3).map(|at| at.max(not_before));
        (Next::Beat, beat_at.filter(|_| now.lives))
    }

    async fn deliver(&mut self, count: u64) {
        let delivery = self.outbox.deliver(DELIVERY).await;
        self.tell_of(&delivery);
        match delivery.left {
            Some(left) => self.wait(&left),
            None => {
                self.delivered = count;
                self.heard();
            }
        }
    }

    async fn beat(&mut self) {
        let beat = Outgoing {
            agent: self.agent.clone(),
            timestamp: None,
            // Without its place among the reports: it may pass one that was kept a moment ago.
            instance: self.stamp.clone(),
            lease: Some(self.lease),
            busy_until: None,
            age: Duration::ZERO,
            key: None,
            body: ReportBody::Heartbeat,
        };
        match self.outbox.send_now(beat, BEAT).await {
            Ok(Answer::Taken { .. }) => self.heard(),
            Ok(Answer::Refused(refusal)) => {
                self.heard_at = Instant::now();
                self.tell_refused(&refusal.code, &refusal.detail);
            }
            Err(left) => self.wait(&left),
        }
    }

    /// The server is there.
    fn heard(&mut self) {
        self.heard_at = Instant::now();
        self.not_before = None;
        self.patience.restore();
        if std::mem::take(&mut self.told.away) {
            self.console.tell("the server is back, and has all reports");
        }
    }

    /// The server takes nothing for now.
    fn wait(&mut self, left: &Left) {
        let shortest = if left.for_good { HOPELESS_WAIT } else { WAIT_MIN };
        let wait = self.patience.next(left.retry_after).max(shortest);
        self.not_before = Instant::now().checked_add(wait);
        if !std::mem::replace(&mut self.told.away, true) {
            let what = if left.for_good { "the server takes no reports" } else { "the server is away" };
            let why = plain(&left.why);
            self.console.tell(&format!("{what} ({why}); reports are kept for it, and the program runs on"));
        }
    }

    fn tell_of(&mut self, delivery: &Delivery) {
        if delivery.late.contains(&self.agent) && !std::mem::replace(&mut self.told.late, true) {
            self.console.tell(&format!(
                "some reports did not count: the server knows newer ones. Does {} run twice?",
                self.agent
            ));
        }
        for refused in &delivery.refusals {
            if refused.agent == self.agent {
                self.tell_refused(&refused.refusal.code, &refused.refusal.detail);
            }
        }
    }

    fn tell_refused(&mut self, code: &str, detail: &str) {
        if self.told.codes.len() < CODES_TOLD_MAX && self.told.codes.insert(code.to_owned()) {
            self.console.tell(&plain(&format!("the server refused a report ({code}): {detail}")));
        }
    }
}
