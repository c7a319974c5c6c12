//! Writes reports for a server: the items of contract section 3, and how they are kept until they are sent.
//!
//! ```
//! use mission_control::adapters::wire::outgoing::{Item, NotAReport, kept, restored};
//! use mission_control::domain::id::AgentId;
//! use mission_control::domain::report::ReportBody;
//! use mission_control::ports::report_sender::Outgoing;
//! use std::time::Duration;
//!
//! let beat = Outgoing {
//!     agent: AgentId::parse("importer").unwrap(),
//!     timestamp: None,
//!     instance: None,
//!     lease: None,
//!     busy_until: None,
//!     age: Duration::ZERO,
//!     key: None,
//!     body: ReportBody::Heartbeat,
//! };
//! let item = serde_json::to_string(&Item::of(&beat)).unwrap();
//! assert_eq!(item, r#"{"kind":"heartbeat","agentId":"importer"}"#);
//! assert_eq!(restored(&kept(&beat)), Ok(beat));
//! assert_eq!(restored("nonsense"), Err(NotAReport));
//! ```

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::id::{AgentId, InstanceId, SessionId};
use crate::domain::lifecycle::{Signal, Status};
use crate::domain::limits::Limits;
use crate::domain::report::{Exit, ReportBody, SignalName, Stamp};
use crate::domain::text::{Labels, Message, StateWord};
use crate::domain::time::Timestamp;
use crate::ports::report_sender::Outgoing;

/// Delays below this are not told: they change nothing for a lease of a second or more.
const AGE_TOLD_FROM: Duration = Duration::from_secs(1);

/// A text that was kept is no report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what was kept is not a report that this version can read")]
pub struct NotAReport;

/// An item of a batch.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Item {
    kind: String,
    agent_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance_started_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report_seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    busy_until: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<String>,
}

impl Item {
    /// The report as the server reads it.
    #[must_use]
    pub fn of(report: &Outgoing) -> Self {
        let text = |message: &Message| message.as_str().to_owned();
        let word = |state: &StateWord| state.as_str().to_owned();
        let pairs =
            |labels: &Labels| labels.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let mut item = match &report.body {
            ReportBody::Heartbeat => Self { kind: "heartbeat".to_owned(), ..Self::default() },
            ReportBody::Status { status, message, state, labels } => Self {
                kind: "status".to_owned(),
                status: Some(status.as_str().to_owned()),
                message: message.as_ref().map(text),
                state: state.as_ref().map(word),
                labels: labels.as_ref().map(pairs),
                ..Self::default()
            },
            ReportBody::Lifecycle { signal, message, exit, labels } => Self {
                kind: "lifecycle".to_owned(),
                event: Some(signal.as_str().to_owned()),
                message: message.as_ref().map(text),
                exit_code: exit.code,
                signal: exit.signal.as_ref().map(|name| name.as_str().to_owned()),
                labels: labels.as_ref().map(pairs),
                ..Self::default()
            },
            ReportBody::Activity { session, last_message, state } => Self {
                kind: "activity".to_owned(),
                session_id: Some(session.as_str().to_owned()),
                last_message: Some(text(last_message)),
                state: state.as_ref().map(word),
                ..Self::default()
            },
        };
        report.agent.as_str().clone_into(&mut item.agent_id);
        item.timestamp = report.timestamp.map(Timestamp::millis);
        if let Some(stamp) = &report.instance {
            item.instance_id = Some(stamp.id.as_str().to_owned());
            item.instance_started_at = stamp.started_at.map(Timestamp::millis);
            item.report_seq = stamp.report_seq;
        }
        item.lease_ms = report.lease.map(millis);
        item.busy_until = report.busy_until.map(Timestamp::millis);
        item.age_ms = (report.age >= AGE_TOLD_FROM).then(|| millis(report.age));
        item.idempotency_key = report.key.clone();
        item
    }

    fn body(self) -> Option<ReportBody> {
        let message = |text: String| Message::cut(&text, usize::MAX);
        let state = match self.state {
            Some(word) => Some(StateWord::parse(&word).ok()?),
            None => None,
        };
        let labels = match self.labels {
            // They were checked when they were made; a server may allow more than the default.
            Some(pairs) => Some(Labels::checked(pairs, &UNBOUNDED).ok()?),
            None => None,
        };
        Some(match self.kind.as_str() {
            "heartbeat" => ReportBody::Heartbeat,
            "status" => {
                let word = self.status?;
                let status = Status::ALL.into_iter().find(|status| status.as_str() == word)?;
                ReportBody::Status { status, message: self.message.map(message), state, labels }
            }
            "lifecycle" => {
                let word = self.event?;
                let event = Signal::ALL.into_iter().find(|event| event.as_str() == word)?;
                let signal = match self.signal {
                    Some(name) => Some(SignalName::parse(&name)?),
                    None => None,
                };
                let exit = Exit { code: self.exit_code, signal };
                let message = self.message.map(message);
                ReportBody::Lifecycle { signal: event, message, exit, labels }
            }
            "activity" => ReportBody::Activity {
                session: SessionId::parse(&self.session_id?).ok()?,
                last_message: message(self.last_message?),
                state,
            },
            _ => return None,
        })
    }
}

/// For what was within the bounds of another machine once.
const UNBOUNDED: Limits = Limits {
    message_bytes: usize::MAX,
    labels: usize::MAX,
    label_bytes: usize::MAX,
    agents: usize::MAX,
    sessions_per_agent: usize::MAX,
    instances_per_agent: usize::MAX,
    default_lease: None,
    session_quiet: Duration::MAX,
    removals: 0,
};

/// A report as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Kept {
    item: Item,
    /// In full: [`Item`] leaves small ones out.
    age_ms: u64,
}

/// The report as a text that [`restored`] reads.
#[must_use]
pub fn kept(report: &Outgoing) -> String {
    let kept = Kept { item: Item::of(report), age_ms: millis(report.age) };
    // Only maps with keys that are no texts and failing writers make serde_json fail; there are neither here.
    serde_json::to_string(&kept).unwrap_or_default()
}

/// The report that was kept.
///
/// # Errors
/// [`NotAReport`] for a text that this version did not write.
pub fn restored(text: &str) -> Result<Outgoing, NotAReport> {
    let Kept { item, age_ms } = serde_json::from_str(text).map_err(|_| NotAReport)?;
    let time = |millis: Option<u64>| match millis {
        Some(millis) => Timestamp::from_millis(millis).ok_or(NotAReport).map(Some),
        None => Ok(None),
    };
    let instance = match &item.instance_id {
        Some(id) => Some(Stamp {
            id: InstanceId::parse(id).map_err(|_| NotAReport)?,
            started_at: time(item.instance_started_at)?,
            report_seq: item.report_seq,
        }),
        None => None,
    };
    Ok(Outgoing {
        agent: AgentId::parse(&item.agent_id).map_err(|_| NotAReport)?,
        timestamp: time(item.timestamp)?,
        instance,
        lease: item.lease_ms.map(Duration::from_millis),
        busy_until: time(item.busy_until)?,
        age: Duration::from_millis(age_ms),
        key: item.idempotency_key.clone(),
        body: item.body().ok_or(NotAReport)?,
    })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
