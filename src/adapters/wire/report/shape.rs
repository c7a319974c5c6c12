//! The bodies of reports as JSON Schema. The reader is written by hand; a test holds these against it.
#![expect(dead_code, reason = "schemas are made of these types; nothing is ever read into them")]

use schemars::{JsonSchema, Schema};
use serde_json::json;

use super::LEASE_MS;
use crate::adapters::wire::words;

/// What an agent's status is.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields, transform = lives_are_named)]
pub(crate) struct StatusReport {
    status: words::Status,
    /// A word to people. Over 4 KiB it is cut. Absent clears.
    message: Option<words::Text>,
    /// What the agent is doing; screens know `working`, `waiting` and `idle`. Absent clears.
    state: Option<words::State>,
    /// Absent keeps, `{}` clears.
    labels: Option<words::Labels>,
    #[schemars(flatten)]
    every: Every,
}

/// What happened to an agent's process.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields, transform = lives_are_named)]
pub(crate) struct LifecycleReport {
    event: words::LifecycleEvent,
    /// A word to people. Over 4 KiB it is cut.
    message: Option<words::Text>,
    /// How the process ended.
    exit_code: Option<words::ExitCode>,
    /// The signal that ended it, like `SIGKILL`.
    signal: Option<words::SignalName>,
    /// Absent keeps, `{}` clears.
    labels: Option<words::Labels>,
    #[schemars(flatten)]
    every: Every,
}

/// What a session did last.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields, transform = lives_are_named)]
pub(crate) struct ActivityReport {
    /// Over 4 KiB it is cut.
    last_message: words::Text,
    /// What the session is doing. Absent clears.
    state: Option<words::State>,
    #[schemars(flatten)]
    every: Every,
}

/// A sign of life.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields, transform = lives_are_named)]
pub(crate) struct HeartbeatReport {
    #[schemars(flatten)]
    every: Every,
}

/// A report that says itself what it is and of whom.
#[derive(JsonSchema)]
#[schemars(tag = "kind", rename_all = "camelCase")]
pub(crate) enum BatchReport {
    /// An agent's status.
    Status(StatusItem),
    /// A start, stop, restart or crash.
    Lifecycle(LifecycleItem),
    /// A session's last message.
    Activity(ActivityItem),
    /// That the agent lives.
    Heartbeat(HeartbeatItem),
}

macro_rules! items {
    ($($name:ident of $report:ident $({$($field:ident: $type:ty,)*})?;)*) => {$(
        /// A report of a batch.
        #[derive(JsonSchema)]
        #[schemars(rename_all = "camelCase", deny_unknown_fields)]
        pub(crate) struct $name {
            agent_id: words::Id,
            $($($field: $type,)*)?
            /// The same key and report are taken once.
            idempotency_key: Option<words::Key>,
            #[schemars(flatten)]
            report: $report,
        }
    )*};
}

items! {
    StatusItem of StatusReport;
    LifecycleItem of LifecycleReport;
    ActivityItem of ActivityReport { session_id: words::Id, };
    HeartbeatItem of HeartbeatReport;
}

/// The reports of a batch.
#[derive(JsonSchema)]
#[schemars(transparent)]
pub(crate) struct Batch(#[schemars(length(min = 1, max = 1000))] Vec<BatchReport>);

/// What every report may carry.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
struct Every {
    /// When it happened, for display.
    timestamp: Option<words::Time>,
    /// The process life of the agent that reports. Reports of an older one change nothing.
    instance_id: Option<words::Id>,
    /// When that life began. Needs `instanceId`.
    instance_started_at: Option<words::Time>,
    /// Position of the report in that life. Needs `instanceId`.
    report_seq: Option<words::Whole>,
    /// How long the report was delayed.
    age_ms: Option<words::Whole>,
    /// For how long the agent is to be believed without being heard, from now on and from each later report on.
    #[schemars(range(min = LEASE_MS.0, max = LEASE_MS.1))]
    lease_ms: Option<i64>,
    /// Until when it will not be heard, at most a day ahead.
    busy_until: Option<words::Time>,
}

/// What belongs to a process life needs its name; null is as good as absent.
fn lives_are_named(schema: &mut Schema) {
    let rule = |field: &str| {
        json!({
            "if": {"properties": {field: {"type": "integer"}}, "required": [field]},
            "then": {"properties": {"instanceId": {"type": "string"}}, "required": ["instanceId"]},
        })
    };
    schema.insert("allOf".to_owned(), json!([rule("instanceStartedAt"), rule("reportSeq")]));
}
