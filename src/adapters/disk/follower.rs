//! Reads the log as it grows: out of memory, or out of the database where it lags far behind.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;

use super::fault::StoreError;
use super::shared::{Reached, Shared};
use super::tail::{FOLLOW_EVENTS_MAX, Place};
use crate::domain::cursor::Seq;
use crate::domain::event::Recorded;
use crate::ports::event_log::{Follower, LogError};

pub(super) struct DiskFollower {
    shared: Arc<Shared>,
    reached: watch::Receiver<Reached>,
    history: u64,
    after: Seq,
}

impl DiskFollower {
    pub(super) fn new(shared: Arc<Shared>, after: Seq) -> Result<Self, LogError> {
        let reached = shared.reached.subscribe();
        let history = {
            let tail = shared.tail();
            tail.check(after)?;
            tail.history
        };
        Ok(Self { shared, reached, history, after })
    }

    fn ready(&self) -> Result<Place, LogError> {
        let tail = self.shared.tail();
        if tail.history != self.history {
            return Err(LogError::Unavailable(Box::new(StoreError::AnotherHistory)));
        }
        match tail.proposals_after(self.after) {
            // Also what was let go since: who is a moment behind is not lost for it.
            Place::Here(events) => Ok(Place::Here(events)),
            Place::Below => tail.check(self.after).map(|()| Place::Below),
        }
    }

    /// Whole proposals out of the database.
    async fn below(&self) -> Result<Vec<Recorded>, LogError> {
        let mut limit = FOLLOW_EVENTS_MAX;
        loop {
            let up_to = self.shared.tail().head;
            let (_, mut events) = self.shared.pages.read_apart(Some(self.after), up_to, limit, None).await?;
            if let Some(end) = events.iter().rposition(|kept| kept.last) {
                events.truncate(end.saturating_add(1));
                return Ok(events.into_iter().map(|kept| kept.recorded).collect());
            }
            // One proposal is larger than the page.
            limit = limit.saturating_mul(2);
        }
    }
}

#[async_trait]
impl Follower for DiskFollower {
    async fn next(&mut self) -> Result<Vec<Recorded>, LogError> {
        loop {
            // Marked as seen before reading: what comes in between wakes the wait below.
            self.reached.borrow_and_update();
            let events = match self.ready()? {
                Place::Here(events) => events,
                Place::Below => self.below().await?,
            };
            if let Some(last) = events.last() {
                self.after = last.seq;
                return Ok(events);
            }
            self.reached.changed().await.map_err(|_| LogError::Closed)?;
        }
    }
}
