//! Reads events from the log for those who come back and need what no ring holds any more: after a restart
//! that is everybody. One reading serves all whose cursors lie in it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::app::hub::Hub;
use crate::domain::cursor::{Cursor, Seq};
use crate::domain::event::Recorded;
use crate::ports::event_log::{EventLog, LogError};
use crate::ports::live_feed::Past;

/// How long to wait for the hub to take what was read.
const CATCH_UP_WITHIN: Duration = Duration::from_secs(1);
/// Events that are read at once.
const PAGE_EVENTS: usize = 1_000;

/// The reading side of resumes.
pub(crate) struct PastReader {
    log: Arc<dyn EventLog>,
    /// What was read last. At most as many events as are replayed.
    last: Mutex<Option<Arc<Past>>>,
    /// One reads at a time; the others wait for what it finds.
    turn: Semaphore,
}

impl PastReader {
    /// Reads this log.
    #[must_use]
    pub(crate) fn new(log: Arc<dyn EventLog>) -> Self {
        Self { log, last: Mutex::default(), turn: Semaphore::new(1) }
    }

    /// The events that a cursor needs and no ring holds, up to where the rings go on; nothing when it needs none,
    /// or they are no longer kept.
    pub(crate) async fn reach(&self, hub: &Hub, cursor: &Cursor) -> Option<Arc<Past>> {
        hub.past_wanted(cursor)?;
        let _turn = self.turn.acquire().await.ok()?;
        // Others may have read meanwhile, and the rings moved on.
        let (epoch, oldest, rings_after) = hub.past_wanted(cursor)?;
        let joins = |past: &Arc<Past>| past.epoch == epoch && past.end() >= rings_after;
        let reaches = |past: &Arc<Past>| past.after <= cursor.seq;
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(last) = last.filter(joins) {
            // It began with the first that was kept, or so far back that no cursor needs more: where it does not reach,
            // another reading does not either.
            return Some(last).filter(reaches);
        }
        let (after, events) = match self.read(oldest, rings_after).await {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(%error, "events cannot be read for one who comes back; it gets the latest state");
                return None;
            }
        };
        let past = Arc::new(Past { epoch: epoch.clone(), after, events });
        // What the log has and the hub has not taken would come once more.
        hub.caught_up(past.end(), CATCH_UP_WITHIN).await;
        if !joins(&past) || hub.at() < past.end() {
            return None;
        }
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&past));
        Some(past).filter(reaches)
    }

    /// What is kept after a position, up to another at least, and after which position that is.
    async fn read(&self, after: Seq, up_to: Seq) -> Result<(Seq, Vec<Recorded>), LogError> {
        let (mut begin, mut events) = (after, Vec::<Recorded>::new());
        loop {
            let at = events.last().map_or(begin, |last| last.seq);
            let page = match self.log.read(at, PAGE_EVENTS, None).await {
                Ok(page) => page,
                // Let go before it was read: begin with what is kept.
                Err(LogError::Compacted { held_after }) if held_after < up_to => {
                    begin = held_after;
                    events.clear();
                    continue;
                }
                Err(error) => return Err(error),
            };
            let (reached, got) = (page.head, page.events.len());
            events.extend(page.events);
            let end = events.last().map_or(begin, |last| last.seq);
            if got == 0 || end >= reached {
                return Ok((begin, events));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::testing::*;
    use crate::ports::event_log::{MockEventLog, Page};

    #[tokio::test]
    async fn what_is_no_longer_kept_is_looked_for_once_however_many_come_for_it() {
        let events: Vec<_> = (1..=100).map(|seq| online(seq, "a1")).collect();
        let hub = hub(loaded(&events), &Arc::default(), ROOMY);
        let (epoch, held_after) = (hub.copy().0, Seq::new(50));
        let mut log = MockEventLog::new();
        log.expect_read().times(2).returning(move |after, _, _| {
            if after < held_after {
                return Err(LogError::Compacted { held_after });
            }
            let events = events.iter().filter(|recorded| recorded.seq > after).cloned().collect();
            Ok(Page { events, held_after, head: Seq::new(100) })
        });
        let reader = PastReader::new(Arc::new(log));
        let cursor = |seq| Cursor { epoch: epoch.clone(), seq: Seq::new(seq), view: None };
        for _ in 0..3 {
            assert!(reader.reach(&hub, &cursor(2)).await.is_none());
        }
        let past = reader.reach(&hub, &cursor(70)).await.unwrap();
        assert_eq!((past.after, past.end()), (held_after, Seq::new(100)));
    }
}
