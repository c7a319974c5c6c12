//! Says that the program lives while all is quiet, whatever else waits for the server.
//!
//! A heartbeat is no report: it is about now, so it need not wait behind what was. It passes reports of its
//! agent that wait, and says nothing false by that: it is sent only while the program runs, and changes nothing
//! about a stop or a crash. Nor does it make them late: it names no place among the reports, and not even the
//! life of the program before the server knows of that.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::road::{Road, Way};
use super::{Task, World};
use crate::app::outbox::Outbox;
use crate::domain::id::AgentId;
use crate::domain::report::{ReportBody, Stamp};
use crate::ports::report_sender::{Answer, Outgoing};

/// How long a heartbeat may take.
const BEAT: Duration = Duration::from_secs(5);
/// How long reports that wait have alone to find out whether the server is back.
const BEHIND: Duration = Duration::from_secs(1);

pub(super) struct Pulse {
    agent: AgentId,
    stamp: Option<Stamp>,
    lease: Duration,
    outbox: Arc<dyn Outbox>,
    road: Arc<Road>,
}

impl Pulse {
    pub(super) fn new(task: &Task, stamp: Option<Stamp>, world: &World, road: Arc<Road>) -> Self {
        let (agent, outbox) = (task.agent.clone(), Arc::clone(&world.outbox));
        Self { agent, stamp, lease: task.lease, outbox, road }
    }

    /// Beats while the program lives, until it never will again.
    pub(super) async fn run(self, mut lives: watch::Receiver<bool>) {
        let mut way = self.road.way();
        loop {
            let now = *way.borrow_and_update();
            let at = self.next(&now).filter(|_| *lives.borrow_and_update());
            tokio::select! {
                biased;
                changed = lives.changed() => if changed.is_err() { return },
                _road_is_ours = way.changed() => {}
                () = sleep_until(at.unwrap_or_else(Instant::now)), if at.is_some() => self.beat(&now).await,
            }
        }
    }

    /// The third that is lost is the one too many.
    fn next(&self, way: &Way) -> Option<Instant> {
        let at = way.heard_at.checked_add(self.lease / 3)?;
        // Where reports wait too, those find out first whether the server is back.
        let behind = if way.has_all { Duration::ZERO } else { BEHIND };
        Some(way.not_before.map_or(at, |not_before| at.max(not_before + behind)))
    }

    async fn beat(&self, way: &Way) {
        let beat = Outgoing {
            agent: self.agent.clone(),
            timestamp: None,
            // A life that the server hears of makes all reports of earlier ones late.
            instance: self.stamp.clone().filter(|_| way.known),
            lease: Some(self.lease),
            busy_until: None,
            age: Duration::ZERO,
            key: None,
            body: ReportBody::Heartbeat,
        };
        match self.outbox.send_now(beat, BEAT).await {
            Ok(Answer::Taken { .. }) => self.road.heard(Instant::now()),
            Ok(Answer::Refused(refusal)) => {
                self.road.note(|way| way.heard_at = Instant::now());
                self.road.refused(&refusal.code, &refusal.detail);
            }
            Err(left) => self.road.closed(&left),
        }
    }
}
