//! Use case: reads that are answered once. Only what the grant covers.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::app::gate::require;
use crate::app::hub::Hub;
use crate::domain::cursor::{Epoch, Seq};
use crate::domain::fault::{Code, Fault};
use crate::domain::fleet::Fleet;
use crate::domain::grant::{Principal, Scope};
use crate::domain::id::AgentId;
use crate::domain::interest::Interest;
use crate::domain::lifecycle::Status;
use crate::domain::view::View;
use crate::ports::clock::Clock;
use crate::ports::event_log::{EventLog, LogError, Page};
use crate::ports::reads::{EventsPage, EventsQuery, FleetCopy, Reads, Record};

/// Most events that one page looks at, so that a hidden history costs bounded work.
const LOOKED_AT_MAX: usize = 10_000;
/// Fewest and most events that are taken from the log at once, so that a small page of a long history
/// does not copy all of it while the log's writer waits.
const TAKEN_AT_ONCE: (usize, usize) = (256, 1_000);

/// How long a read waits for the hub to take what the log has kept.
const CATCH_UP_WITHIN: Duration = Duration::from_secs(1);

/// Answers reads from the hub's fleet and the log.
pub(crate) struct AppReads {
    hub: Arc<Hub>,
    log: Arc<dyn EventLog>,
    clock: Arc<dyn Clock>,
}

impl AppReads {
    /// Over this hub and this log.
    #[must_use]
    pub(crate) fn new(hub: Arc<Hub>, log: Arc<dyn EventLog>, clock: Arc<dyn Clock>) -> Self {
        Self { hub, log, clock }
    }

    /// The fleet with everything that was answered before this was asked, so that whoever reported
    /// reads what it reported. A hub that cannot keep up is not waited for: its copy says its seq.
    async fn fresh(&self) -> (Epoch, Arc<Fleet>) {
        if let Ok(Page { head, .. }) = self.log.read(self.hub.at(), 0, None).await {
            self.hub.caught_up(head, CATCH_UP_WITHIN).await;
            self.hub.note_vitals(self.log.as_ref());
        }
        self.hub.copy()
    }

    /// The page after a position; from the oldest kept when there is none.
    async fn first(&self, after: Option<Seq>, take: usize, of: Option<AgentId>) -> Result<Page, LogError> {
        match after {
            Some(after) => self.log.read(after, take, of).await,
            None => self.log.read_oldest(take, of).await,
        }
    }
}

/// What a reader is told when the log fails.
fn read_fault(error: LogError) -> Fault {
    match error {
        LogError::Compacted { .. } => {
            Fault::new(Code::CursorExpired, "start again from the oldest event: leave out after")
        }
        LogError::Full | LogError::Unavailable(_) | LogError::Closed => {
            let detail = "these events cannot be read now; the server's log says why";
            Fault::new(Code::Unavailable, detail).retry_after(Duration::from_secs(1))
        }
    }
}

#[async_trait]
impl Reads for AppReads {
    async fn fleet(&self, by: &Principal) -> Result<FleetCopy, Fault> {
        require(by, Scope::Watch)?;
        let (epoch, fleet) = self.fresh().await;
        Ok(FleetCopy { epoch, fleet, view: View::new(by.grant.clone(), Interest::all()) })
    }

    async fn events(&self, by: &Principal, query: EventsQuery) -> Result<EventsPage, Fault> {
        require(by, Scope::Watch)?;
        let (epoch, _) = self.hub.copy();
        if query.after.as_ref().is_some_and(|(of, _)| *of != epoch) {
            return Err(Fault::new(Code::CursorExpired, "the cursor is of another history: leave out after"));
        }
        let after = query.after.map(|(_, seq)| seq);
        let (fewest, most) = TAKEN_AT_ONCE;
        let take = query.limit.clamp(fewest, most);
        // A question about one agent looks at its events alone.
        let of = query.interest.agents.only();
        let mut page = self.first(after, take, of.clone()).await.map_err(read_fault)?;
        if after.is_some_and(|after| after > page.head) {
            let detail = "the cursor is ahead of this history: leave out after";
            return Err(Fault::new(Code::CursorExpired, detail));
        }
        let view = View::new(by.grant.clone(), query.interest);
        let mut events = Vec::new();
        let mut at = after.unwrap_or(page.held_after);
        let mut looked_at = 0;
        let mut asked_for = take;
        loop {
            let got = page.events.len();
            for recorded in page.events {
                if events.len() >= query.limit {
                    break;
                }
                at = recorded.seq;
                if view.covers(&recorded.event) {
                    events.push(recorded);
                }
            }
            looked_at += got;
            let enough = events.len() >= query.limit || looked_at >= LOOKED_AT_MAX;
            if !enough && got < asked_for {
                // All there was up to the head was looked at.
                at = page.head;
            }
            if enough || at >= page.head {
                return Ok(EventsPage {
                    epoch,
                    events,
                    next: (at < page.head).then_some(at),
                    head: page.head,
                });
            }
            asked_for = take.min(LOOKED_AT_MAX - looked_at);
            page = match self.log.read(at, asked_for, of.clone()).await {
                Ok(page) => page,
                // Trimmed while it was read: the next page, which begins here, says so.
                Err(LogError::Compacted { .. }) => {
                    return Ok(EventsPage { epoch, events, next: Some(at), head: page.head });
                }
                Err(error) => return Err(read_fault(error)),
            };
        }
    }

    async fn record(&self, by: &Principal, agent: &AgentId) -> Result<Record, Fault> {
        require(by, Scope::Watch)?;
        let (_, fleet) = self.fresh().await;
        let shown = fleet.get(agent).filter(|_| by.grant.agents.contains(agent));
        let shown = shown.ok_or_else(|| Fault::new(Code::NotFound, "there is no such agent"))?;
        let status = &shown.status;
        let uptime = match status.standing.status {
            // The process of a start or restart is a new one, also where the status stays.
            Status::Online => {
                let since = shown.vital.began.map_or(status.since, |began| began.max(status.since));
                self.clock.wall().since(since)
            }
            Status::Offline | Status::Error => Duration::ZERO,
        };
        Ok(Record { uptime, restarts: status.restarts })
    }
}
