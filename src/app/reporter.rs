//! The same door for code in the same process: typed calls instead of requests.

use std::sync::Arc;

use crate::app::intake::append_one;
use crate::app::stage::Stage;
use crate::domain::desk::Command;
use crate::domain::fault::Fault;
use crate::domain::id::{AgentId, SessionId};
use crate::domain::lifecycle::{Signal, Status};
use crate::domain::limits::Limits;
use crate::domain::report::{Exit, Report, ReportBody};
use crate::domain::text::Message;
use crate::ports::event_log::{EventLog, Receipt};

/// Reports from within the process. It is trusted: there is no token and no rate.
#[derive(Clone)]
pub struct Reporter {
    log: Arc<dyn EventLog>,
    stage: Arc<Stage>,
    limits: Limits,
}

impl Reporter {
    /// A door into this log.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, stage: Arc<Stage>, limits: Limits) -> Self {
        Self { log, stage, limits }
    }

    /// Reports an agent's status; every screen that may see it does.
    ///
    /// # Errors
    /// `fleet_full`, `unavailable`, `store_full`, `draining`.
    pub async fn report_status(&self, agent: AgentId, status: Status) -> Result<Receipt, Fault> {
        self.report(agent, ReportBody::Status { status, message: None, state: None, labels: None }).await
    }

    /// Reports a change in the life of an agent's process.
    ///
    /// # Errors
    /// As [`Self::report_status`].
    pub async fn report_lifecycle(
        &self,
        agent: AgentId,
        signal: Signal,
        exit: Exit,
    ) -> Result<Receipt, Fault> {
        self.report(agent, ReportBody::Lifecycle { signal, message: None, exit, labels: None }).await
    }

    /// Reports a session's new last message.
    ///
    /// # Errors
    /// As [`Self::report_status`].
    pub async fn report_activity(
        &self,
        agent: AgentId,
        session: SessionId,
        last_message: &str,
    ) -> Result<Receipt, Fault> {
        let last_message = Message::cut(last_message, self.limits.message_bytes);
        self.report(agent, ReportBody::Activity { session, last_message, state: None }).await
    }

    async fn report(&self, agent: AgentId, body: ReportBody) -> Result<Receipt, Fault> {
        self.stage.admit()?;
        let report = Report { agent, timestamp: None, instance: None, body };
        append_one(self.log.as_ref(), Command::Report(report)).await
    }
}
