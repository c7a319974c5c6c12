//! Brings what was kept to the server, over its absences.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::road::{Road, WAIT_MIN, Way};
use super::{Console, FAREWELL, Task, World};
use crate::app::outbox::{Delivery, Left, Obstacle, Outbox};
use crate::app::watch::plain;
use crate::domain::id::AgentId;

/// How long one delivery may take.
const DELIVERY: Duration = Duration::from_secs(30);
/// How soon it is tried again where only the disk, or reports of others, are in the way.
const OTHERS_WAIT: Duration = Duration::from_secs(30);

/// What there is to send. Written by the clerk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// How many reports were kept.
    pub(super) count: u64,
    /// There will be no more.
    pub(super) complete: bool,
}

/// What was told already; each is told once.
#[derive(Debug, Default)]
struct Told {
    late: bool,
    held: bool,
}

pub(super) struct Courier {
    agent: AgentId,
    flush: String,
    outbox: Arc<dyn Outbox>,
    console: Arc<dyn Console>,
    road: Arc<Road>,
    /// How many of the kept reports the server has.
    delivered: u64,
    /// Something on this machine is in the way until then, or the agent may not go on.
    rest_until: Option<Instant>,
    /// When to look again after what others left here.
    others_at: Option<Instant>,
    told: Told,
}

impl Courier {
    pub(super) fn new(task: &Task, world: &World, road: Arc<Road>) -> Self {
        Self {
            agent: task.agent.clone(),
            flush: task.flush.clone(),
            outbox: Arc::clone(&world.outbox),
            console: Arc::clone(&world.console),
            road,
            delivered: 0,
            rest_until: None,
            others_at: None,
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
        let Some(left) = delivery.left else { return };
        let why = plain(&left.why);
        if delivery.unkept > 0 {
            let count = delivery.unkept;
            self.console.tell(&format!("reports are lost, {count} of them: not sent ({why}), nor kept"));
        } else if left.by != Obstacle::Spool && left.concerns(&self.agent) {
            let flush = plain(&self.flush);
            self.console.tell(&format!(
                "some reports were not sent ({why}); they are kept, and go out with the next `mission-control \
                 run` like this one or `{flush}`"
            ));
        }
    }

    async fn go(&mut self, kept: &mut watch::Receiver<Kept>) {
        let mut way = self.road.way();
        loop {
            let now = *kept.borrow_and_update();
            let at = self.next(now, &way.borrow_and_update());
            tokio::select! {
                biased;
                changed = kept.changed() => if changed.is_err() { return },
                _road_is_ours = way.changed() => {}
                () = sleep_until(at.unwrap_or_else(Instant::now)), if at.is_some() => {
                    self.deliver(now.count).await;
                }
            }
        }
    }

    /// When to deliver next; nothing to wait for but more reports where there is no time.
    fn next(&self, now: Kept, way: &Way) -> Option<Instant> {
        let at = match self.others_at {
            _ if self.delivered != now.count => self.rest_until.unwrap_or_else(Instant::now),
            others_at => others_at?,
        };
        Some(way.not_before.map_or(at, |not_before| at.max(not_before)))
    }

    async fn deliver(&mut self, count: u64) {
        let began = Instant::now();
        self.road.note(|way| way.has_all = self.delivered == count);
        let delivery = self.outbox.deliver(DELIVERY).await;
        self.tell_of(&delivery);
        self.road.note(|way| way.unkept = delivery.unkept);
        (self.rest_until, self.others_at) = (None, None);
        let after = |wait: Duration| Instant::now().checked_add(wait);
        match &delivery.left {
            None => self.done(count, began),
            Some(left) => match &left.by {
                Obstacle::Server => self.road.closed(left),
                Obstacle::Time => self.road.heard(began),
                Obstacle::Turn => self.rest_until = after(WAIT_MIN),
                Obstacle::Agents(_) if left.concerns(&self.agent) => {
                    self.tell_held(left);
                    self.rest_until = after(left.retry_after.unwrap_or(OTHERS_WAIT).max(WAIT_MIN));
                }
                Obstacle::Spool if delivery.unkept > 0 => self.rest_until = after(WAIT_MIN),
                Obstacle::Agents(_) => {
                    self.done(count, began);
                    self.others_at = after(left.retry_after.unwrap_or(OTHERS_WAIT).max(WAIT_MIN));
                }
                Obstacle::Spool => {
                    if delivery.taken > 0 {
                        self.done(count, began);
                    } else {
                        self.delivered = count;
                    }
                    self.others_at = after(OTHERS_WAIT);
                }
            },
        }
    }

    /// The server has all reports of this agent.
    fn done(&mut self, count: u64, began: Instant) {
        self.delivered = count;
        self.road.note(|way| {
            way.has_all = true;
            way.known |= count > 0;
        });
        self.road.heard(began);
    }

    fn tell_held(&mut self, left: &Left) {
        if !std::mem::replace(&mut self.told.held, true) {
            let (agent, why) = (&self.agent, plain(&left.why));
            self.console.tell(&format!("the server takes no reports of {agent} for now ({why}); they wait"));
        }
    }

    fn tell_of(&mut self, delivery: &Delivery) {
        for mishap in &delivery.mishaps {
            self.console.tell(&plain(mishap));
        }
        if delivery.late.contains(&self.agent) && !std::mem::replace(&mut self.told.late, true) {
            self.console.tell(&format!(
                "some reports did not count: the server knows newer ones. Does {} run twice?",
                self.agent
            ));
        }
        for refused in &delivery.refusals {
            if refused.agent == self.agent {
                self.road.refused(&refused.refusal.code, &refused.refusal.detail);
            }
        }
    }
}
