//! Use case: a program is run as an agent that is watched.
//!
//! The program comes first: it never waits for a disk or a server. What happens to it is noted (`life`), kept
//! as reports (`clerk`) and sent (`courier`), each at its own pace, and that it lives is said beside all that
//! (`pulse`). Nothing here knows processes or sockets.

mod asked;
mod clerk;
mod courier;
mod life;
mod pause;
mod pulse;
mod road;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::app::outbox::Outbox;
use crate::domain::id::{AgentId, InstanceId, SessionId};
use crate::domain::report::Stamp;
use crate::domain::text::Labels;
use crate::ports::clock::Clock;
use crate::ports::entropy::{Entropy, EntropyError, random_id};
use crate::ports::programs::{End, Meaning, Order, Program, Programs, RunError, Signals};
use clerk::Clerk;
use courier::Courier;
use life::{Life, Told};
use pulse::Pulse;
use road::Road;

/// How long reports may still be sent after the end of the program; what is left is sent by the next.
pub const FAREWELL: Duration = Duration::from_secs(2);
/// How long after that the disk may keep us.
const FAREWELL_SLACK: Duration = Duration::from_secs(1);
/// Most notes that wait for the disk.
const NOTES_MAX: usize = 64;

/// When a program is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Restart {
    /// Never.
    #[default]
    No,
    /// When it failed: an exit code other than 0, or a signal.
    OnFailure,
    /// Whenever it ended.
    Always,
}

/// What is run, and as whom.
#[derive(Debug, Clone)]
pub struct Task {
    /// The agent that the program is.
    pub agent: AgentId,
    /// The session whose activity its output is.
    pub session: SessionId,
    /// The agent's labels; none keeps those that it has.
    pub labels: Option<Labels>,
    /// How long the server is to believe the agent without hearing from it.
    pub lease: Duration,
    /// When the program is started again.
    pub restart: Restart,
    /// How often in a row at most; no number is no bound.
    pub restarts_max: Option<u32>,
    /// The command that sends what is left at the end.
    pub flush: String,
    /// What to run.
    pub order: Order,
}

/// What is needed of the world.
pub struct World {
    /// Runs programs.
    pub programs: Arc<dyn Programs>,
    /// Hears the signals that are sent to us.
    pub signals: Box<dyn Signals>,
    /// Takes the reports.
    pub outbox: Arc<dyn Outbox>,
    /// Tells the time of reports.
    pub clock: Arc<dyn Clock>,
    /// Gives this life its id.
    pub entropy: Arc<dyn Entropy>,
    /// Tells people.
    pub console: Arc<dyn Console>,
}

/// Whoever looks on.
pub trait Console: Send + Sync {
    /// Tells one line, safe for a terminal.
    fn tell(&self, line: &str);
}

/// How it ended for good.
#[derive(Debug)]
pub enum Finish {
    /// As the program did, the last time.
    Ended(End),
    /// By a signal that was meant to stop it, while it did not run.
    Stopped {
        /// Its number.
        signal: i32,
    },
    /// It never ran.
    NotStarted(RunError),
}

/// Runs a program as an agent, until it ended for good.
///
/// # Errors
/// [`EntropyError`]: then it was not run.
pub async fn supervise(task: Task, world: World) -> Result<Finish, EntropyError> {
    let id = random_id(world.entropy.as_ref())?;
    let stamp = InstanceId::parse(&id).ok().map(|id| Stamp {
        id,
        started_at: Some(world.clock.wall()),
        report_seq: None,
    });
    let (notes, noted) = mpsc::channel(NOTES_MAX);
    let (kept, to_send) = watch::channel(courier::Kept::default());
    let clerk = Clerk::new(&task, stamp.clone(), Arc::clone(&world.outbox), Arc::clone(&world.console));
    let road = Arc::new(Road::new(&world));
    let courier = Courier::new(&task, &world, Arc::clone(&road));
    let pulse = Pulse::new(&task, stamp, &world, road);
    let (lives, seen) = watch::channel(false);
    let World { programs, signals, clock, console, .. } = world;
    let mut life = Life::new(task, programs, signals, clock, Arc::clone(&console), Told { notes, lives });

    let (all_told, told) = oneshot::channel();
    let (leave, left) = oneshot::channel::<()>();
    let reporting = async {
        tokio::select! {
            _ = async { tokio::join!(clerk.run(noted, kept), courier.run(to_send), pulse.run(seen)) } => {}
            _ = left => {}
        }
        let _nobody_waits = all_told.send(());
    };
    let living = async {
        let (finish, last) = life.run().await;
        let mut signals = life.over();
        let told = async {
            if timeout(FAREWELL.saturating_add(FAREWELL_SLACK), told).await.is_err() {
                console.tell("the disk takes too long: the last reports may be lost");
            }
        };
        tokio::select! {
            _ = async { tokio::join!(told, passed_on(last)) } => {}
            () = stop_asked(signals.as_mut()) => {}
        }
        drop(leave);
        finish
    };
    let (finish, ()) = tokio::join!(living, reporting);
    Ok(finish)
}

/// Whoever reads our output may take his time.
async fn passed_on(last: Option<Box<dyn Program>>) {
    if let Some(mut program) = last {
        program.passed_on().await;
    }
}

async fn stop_asked(signals: &mut dyn Signals) {
    while signals.next().await.meaning == Meaning::Other {}
}
