//! A log whose failures are noted on the node's stage, whoever writes to it. Adds nothing else.

use std::sync::Arc;

use async_trait::async_trait;

use crate::app::stage::Stage;
use crate::domain::cursor::Seq;
use crate::domain::desk::Vitals;
use crate::domain::fault::Fault;
use crate::domain::id::AgentId;
use crate::ports::event_log::{EventLog, Follower, Loaded, LogError, Page, Proposal, Receipt};

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

#[async_trait]
impl EventLog for NotedLog {
    async fn append(&self, proposals: Vec<Proposal>) -> Result<Vec<Result<Receipt, Fault>>, LogError> {
        let appended = self.log.append(proposals).await;
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
