//! Use case: what died is noticed. Looks four times a second what became of agents by time alone, and has
//! it decided by the log like any report; so the node's marks of life are never older than that.

use std::sync::Arc;
use std::time::Duration;

use crate::app::hub::Hub;
use crate::app::presence::Presence;
use crate::app::stage::Stage;
use crate::domain::desk::Command;
use crate::ports::event_log::{EventLog, Proposal};

/// The time between two looks: what is due is told well within the second that the contract gives.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Sweeps of one look, so that a herd that dies at once does not keep the log from reports.
const SWEEPS_AT_ONCE: usize = 64;
/// Agents whose sockets are gone that are decided together; reports get their turn in between.
const PARTINGS_OF_A_SLICE: usize = 64;
/// Slices of them between two sweeps, so that a herd that hangs up does not keep leases from ending in time, …
const SLICES_AT_ONCE: usize = 8;
/// … and how often that is of one look.
const PARTINGS_AT_ONCE: usize = 8;

/// What the look needs.
pub(crate) struct Liveness {
    log: Arc<dyn EventLog>,
    hub: Arc<Hub>,
    presence: Arc<Presence>,
    stage: Arc<Stage>,
}

impl Liveness {
    /// Over this log and this hub.
    #[must_use]
    pub(crate) fn new(
        log: &Arc<dyn EventLog>,
        hub: &Arc<Hub>,
        presence: &Arc<Presence>,
        stage: &Arc<Stage>,
    ) -> Self {
        let (log, hub) = (Arc::clone(log), Arc::clone(hub));
        Self { log, hub, presence: Arc::clone(presence), stage: Arc::clone(stage) }
    }

    /// Looks for ever.
    pub(crate) async fn run(&self) {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            self.look().await;
        }
    }

    /// One look.
    pub(crate) async fn look(&self) {
        for _ in 0..PARTINGS_AT_ONCE {
            let more = self.part().await;
            self.sweep().await;
            if !more {
                return;
            }
        }
    }

    /// Decides some of the agents whose sockets are gone. Whether there may be more that can be decided.
    async fn part(&self) -> bool {
        for _ in 0..SLICES_AT_ONCE {
            let gone = self.presence.due(PARTINGS_OF_A_SLICE);
            if gone.is_empty() {
                return false;
            }
            if !self.decide(gone.commands()).await {
                gone.again();
                return false;
            }
        }
        true
    }

    /// Decides what is due by time.
    async fn sweep(&self) {
        // A log that took nothing is asked in any case: that it heals is noticed by what it takes.
        let mut due = self.hub.note_vitals(self.log.as_ref()) || !self.stage.is_writable();
        for _ in 0..SWEEPS_AT_ONCE {
            if !due || !self.decide(vec![Command::Sweep]).await {
                return;
            }
            due = self.log.vitals(u64::MAX).due;
        }
    }

    /// Whether the log took it. That it did not is noted on the stage, and tried again with the next look.
    async fn decide(&self, commands: Vec<Command>) -> bool {
        let proposals = commands.into_iter().map(|command| Proposal { command, key: None }).collect();
        self.log.append(proposals).await.is_ok()
    }
}
