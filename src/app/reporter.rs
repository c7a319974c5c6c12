//! The same door for code in the same process: typed calls instead of requests.
//!
//! ```
//! use mission_control::app::reporter::Reporter;
//! use mission_control::domain::fault::Fault;
//! use mission_control::domain::id::AgentId;
//! use mission_control::domain::lifecycle::Status;
//!
//! /// A worker that was handed its way to report, and knows nothing else of the node.
//! async fn work(reporter: Reporter, worker: AgentId) -> Result<(), Fault> {
//!     reporter.report_status(worker.clone(), Status::Online).await?;
//!     reporter.report_status(worker, Status::Offline).await?;
//!     Ok(())
//! }
//! # use mission_control::app::{run::MissionControl, settings::{Settings, Sources}};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let secret = "MISSION_CONTROL__AUTH__SECRET".to_owned();
//! # let in_memory = ("MISSION_CONTROL__LOG__KIND".to_owned(), "memory".to_owned());
//! # let environment = [(secret, "a secret of at least thirty-two bytes".to_owned()), in_memory].into();
//! # let control = MissionControl::start(Settings::load(&Sources { environment, ..Sources::default() })?).await?;
//! work(control.reporter(), AgentId::parse("worker-1")?).await?;
//! # Ok(())
//! # }
//! ```

use std::sync::Arc;

use crate::app::intake::append_one;
use crate::app::presence::Presence;
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
    presence: Arc<Presence>,
    stage: Arc<Stage>,
    limits: Limits,
}

impl Reporter {
    /// A door into this log.
    #[must_use]
    pub(crate) fn new(
        log: Arc<dyn EventLog>,
        presence: Arc<Presence>,
        stage: Arc<Stage>,
        limits: Limits,
    ) -> Self {
        Self { log, presence, stage, limits }
    }

    /// Reports an agent's status; every screen that may see it does.
    ///
    /// # Errors
    /// `fleet_full`, `unavailable`, `store_full`, `draining`.
    pub async fn report_status(&self, agent: AgentId, status: Status) -> Result<Receipt, Fault> {
        self.say(agent, ReportBody::Status { status, message: None, state: None, labels: None }).await
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
        self.say(agent, ReportBody::Lifecycle { signal, message: None, exit, labels: None }).await
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
        self.say(agent, ReportBody::Activity { session, last_message, state: None }).await
    }

    /// Reports everything that a report may say. Its events are as durable as the log when this comes back.
    ///
    /// # Errors
    /// [`Code::Draining`](crate::domain::fault::Code) while the node stops, what is wrong with the report, or what
    /// keeps the log from taking it.
    pub async fn report(&self, report: Report) -> Result<Receipt, Fault> {
        self.stage.admit()?;
        self.presence.settled(std::iter::once(&report.agent)).await;
        append_one(self.log.as_ref(), Command::Report(report)).await
    }

    /// Forgets an agent and its sessions.
    ///
    /// # Errors
    /// As [`Self::report`]; [`Code::NotFound`](crate::domain::fault::Code) for an agent that is unknown.
    pub async fn forget(&self, agent: AgentId) -> Result<Receipt, Fault> {
        self.stage.admit()?;
        append_one(self.log.as_ref(), Command::Forget(agent)).await
    }

    async fn say(&self, agent: AgentId, body: ReportBody) -> Result<Receipt, Fault> {
        self.report(Report::new(agent, body)).await
    }
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::app::testing::*;
    use crate::domain::fault::Code;
    use crate::ports::event_log::{LogError, MockEventLog, Proposal};
    use crate::ports::health::NotReady;

    fn reporter(log: MockEventLog) -> (Reporter, Arc<Stage>) {
        let stage = Arc::new(Stage::default());
        let limits = Limits { message_bytes: 4, ..Limits::default() };
        let presence = Arc::new(Presence::new(ManualClock::new().port()));
        (Reporter::new(Arc::new(log), presence, Arc::clone(&stage), limits), stage)
    }

    /// A log that must be asked for exactly this, once.
    fn expects(body: ReportBody) -> MockEventLog {
        let report = Report::new(agent("a1"), body);
        let mut log = MockEventLog::new();
        log.expect_append()
            .with(eq(vec![Proposal { command: Command::Report(report), key: None }]))
            .times(1)
            .returning(|_| Ok(vec![Ok(receipt(5))]));
        log
    }

    #[tokio::test]
    async fn a_typed_call_asks_the_log_for_the_report_it_names() {
        let body = ReportBody::Status { status: Status::Error, message: None, state: None, labels: None };
        let (status, _) = reporter(expects(body));
        assert_eq!(status.report_status(agent("a1"), Status::Error).await, Ok(receipt(5)));

        let exit = Exit { code: Some(137), signal: None };
        let body =
            ReportBody::Lifecycle { signal: Signal::Crash, message: None, exit: exit.clone(), labels: None };
        let (lifecycle, _) = reporter(expects(body));
        assert_eq!(lifecycle.report_lifecycle(agent("a1"), Signal::Crash, exit).await, Ok(receipt(5)));
    }

    #[tokio::test]
    async fn a_long_message_is_cut_as_one_from_outside_is() {
        let session = SessionId::parse("s1").unwrap();
        let last_message = Message::cut("abcdé", 4);
        assert!(last_message.truncated());
        let body = ReportBody::Activity { session: session.clone(), last_message, state: None };
        let (activity, _) = reporter(expects(body));
        assert_eq!(activity.report_activity(agent("a1"), session, "abcdé").await, Ok(receipt(5)));
    }

    #[tokio::test]
    async fn a_fault_of_the_log_or_of_the_report_comes_back() {
        let mut log = MockEventLog::new();
        let mut order = mockall::Sequence::new();
        log.expect_append().times(1).in_sequence(&mut order).returning(|_| Err(LogError::Full));
        log.expect_append()
            .times(1)
            .in_sequence(&mut order)
            .returning(|_| Ok(vec![Err(Fault::new(Code::FleetFull, "no room"))]));
        let (reporter, _) = reporter(log);
        for expected in [Code::StoreFull, Code::FleetFull] {
            assert_eq!(code(reporter.report_status(agent("a1"), Status::Online).await), expected);
        }
    }

    #[tokio::test]
    async fn a_node_that_drains_takes_nothing_from_within_either() {
        let mut log = MockEventLog::new();
        log.expect_append().times(0);
        let (reporter, stage) = reporter(log);
        stage.set(Err(NotReady::Draining));
        assert_eq!(code(reporter.report_status(agent("a1"), Status::Online).await), Code::Draining);
    }
}
