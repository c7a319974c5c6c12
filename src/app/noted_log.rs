//! A log whose failures are noted on the node's stage, whoever writes to it, also that it does not answer. Adds nothing else.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::app::stage::Stage;
use crate::domain::cursor::Seq;
use crate::domain::desk::Vitals;
use crate::domain::fault::Fault;
use crate::domain::id::AgentId;
use crate::ports::event_log::{EventLog, Follower, Loaded, LogError, Page, Proposal, Receipt};

/// How long the log may take to keep something: longer than SQLite waits for a lock.
const APPEND_WITHIN: Duration = Duration::from_secs(10);

/// See the module.
pub(crate) struct NotedLog {
    log: Arc<dyn EventLog>,
    stage: Arc<Stage>,
}

impl NotedLog {
    /// This log, its failures noted there.
    #[must_use]
    pub(crate) fn new(log: Arc<dyn EventLog>, stage: Arc<Stage>) -> Self {
        Self { log, stage }
    }
}

/// A disk that hangs answers nothing: nobody is let wait for it, and the node says that it keeps nothing.
async fn in_time<T>(appending: impl Future<Output = Result<T, LogError>>) -> Result<T, LogError> {
    let appended = tokio::time::timeout(APPEND_WITHIN, appending).await;
    appended.unwrap_or_else(|_| {
        let late = format!("nothing was kept for {} s", APPEND_WITHIN.as_secs());
        Err(LogError::Unavailable(late.into()))
    })
}

#[async_trait]
impl EventLog for NotedLog {
    async fn append(&self, proposals: Vec<Proposal>) -> Result<Vec<Result<Receipt, Fault>>, LogError> {
        let appended = in_time(self.log.append(proposals)).await;
        self.stage.note_written(appended.as_ref().map(|_| ()));
        appended
    }

    async fn load(&self) -> Result<Loaded, LogError> {
        self.log.load().await
    }

    async fn read(&self, after: Seq, limit: usize, of: Option<AgentId>) -> Result<Page, LogError> {
        self.log.read(after, limit, of).await
    }

    async fn read_oldest(&self, limit: usize, of: Option<AgentId>) -> Result<Page, LogError> {
        self.log.read_oldest(limit, of).await
    }

    async fn follow(&self, after: Seq) -> Result<Box<dyn Follower>, LogError> {
        self.log.follow(after).await
    }

    fn vitals(&self, since: u64) -> Vitals {
        self.log.vitals(since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_log_that_does_not_answer_has_failed_after_ten_seconds() {
        let since = tokio::time::Instant::now();
        let hung = in_time(std::future::pending::<Result<(), LogError>>()).await;
        assert!(matches!(hung, Err(LogError::Unavailable(_))), "{hung:?}");
        assert!(since.elapsed() <= APPEND_WITHIN + Duration::from_millis(5), "{:?}", since.elapsed());
        assert!(in_time(async { Ok(7) }).await.is_ok_and(|kept| kept == 7));
    }
}
