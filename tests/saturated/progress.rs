//! How far the load is, for those who wait for a part of it.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use crate::history::Position;

/// How long the whole load may take, on whatever machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(300);

#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    /// So many reports were answered.
    answered: u64,
    /// The last event, once nothing more comes.
    goal: Option<Position>,
}

/// One for all who report.
#[derive(Debug, Clone)]
pub(crate) struct Counter(watch::Sender<Progress>);

impl Counter {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Progress::default()))
    }

    pub(crate) fn add(&self, answered: u64) {
        self.0.send_modify(|progress| progress.answered += answered);
    }

    pub(crate) fn end(&self, goal: Position) {
        self.0.send_modify(|progress| progress.goal = Some(goal));
    }

    pub(crate) fn follow(&self) -> Follower {
        Follower(self.0.subscribe())
    }
}

/// One for each who waits.
#[derive(Debug)]
pub(crate) struct Follower(watch::Receiver<Progress>);

impl Follower {
    /// Waits until so many more reports were answered, or nothing more comes.
    pub(crate) async fn wait(&mut self, reports: u64) {
        let until = self.0.borrow().answered.saturating_add(reports);
        let waited = self.0.wait_for(|progress| progress.goal.is_some() || progress.answered >= until);
        timeout(LIMIT, waited).await.expect("the load does not end").unwrap();
    }

    /// Waits until nothing more comes.
    pub(crate) async fn over(&mut self) {
        self.wait(u64::MAX).await;
    }

    /// Whether nothing more comes.
    pub(crate) fn is_over(&self) -> bool {
        self.0.borrow().goal.is_some()
    }

    /// Whether this is the last event, once there is one.
    pub(crate) fn is_last(&self, at: Option<&Position>) -> bool {
        let progress = self.0.borrow();
        progress.goal.as_ref().is_some_and(|goal| at.is_some_and(|at| at >= goal))
    }
}
