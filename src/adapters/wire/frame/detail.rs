//! The `detail` of frames: what stands beside the three original frames, never inside their meaning.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::adapters::wire::words;
use crate::domain::beside::Vital;
use crate::domain::event::{ActivityEvent, LifecycleEvent, StatusEvent};
use crate::domain::lifecycle::Signal;
use crate::domain::text::{Labels, Message};
use crate::domain::time::Timestamp;

fn labels(labels: &Labels) -> BTreeMap<&str, &str> {
    labels.iter().collect()
}

/// Set only where text was cut.
fn truncated(message: Option<&Message>) -> Option<bool> {
    message.filter(|message| message.truncated()).map(|_| true)
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct StatusDetail<'a> {
    #[schemars(with = "words::Reason")]
    reason: &'static str,
    #[schemars(with = "words::Time")]
    since: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "words::Text")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "words::State")]
    state: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "words::Labels")]
    labels: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "is_zero")]
    restarts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32")]
    crashes: Option<u32>,
    #[serde(skip_serializing_if = "is_false")]
    unleased: bool,
    #[serde(skip_serializing_if = "is_false")]
    stale: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "words::Time")]
    last_seen_at: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    truncated: Option<bool>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_false(set: &bool) -> bool {
    !set
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl<'a> StatusDetail<'a> {
    pub(super) fn of(event: &'a StatusEvent) -> Self {
        Self {
            reason: event.standing.reason.as_str(),
            since: event.since.millis(),
            message: event.message.as_ref().map(Message::as_str),
            state: event.state.as_ref().map(|state| state.as_str()),
            labels: labels(&event.labels),
            restarts: event.restarts,
            crashes: event.crashes,
            unleased: event.unleased,
            stale: false,
            last_seen_at: event.last_seen.map(Timestamp::millis),
            truncated: truncated(event.message.as_ref()),
        }
    }

    /// With the marks of life that the agent has by now.
    pub(super) fn now(event: &'a StatusEvent, vital: Vital) -> Self {
        let marked = vital.unleased || vital.stale;
        let last_seen = event.last_seen.filter(|_| event.standing.reason.is_silence());
        Self {
            unleased: vital.unleased,
            stale: vital.stale,
            last_seen_at: last_seen.or(marked.then_some(vital.last_seen)).map(Timestamp::millis),
            ..Self::of(event)
        }
    }
}

#[derive(Serialize, JsonSchema, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct LifecycleDetail<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "words::ExitCode")]
    exit_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "words::SignalName")]
    signal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "words::Text")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "words::Labels")]
    labels: Option<BTreeMap<&'a str, &'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32")]
    restarts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    truncated: Option<bool>,
}

impl<'a> LifecycleDetail<'a> {
    /// Nothing when there is nothing to say.
    pub(super) fn of(event: &'a LifecycleEvent) -> Option<Self> {
        let detail = Self {
            exit_code: event.exit.code,
            signal: event.exit.signal.as_ref().map(|signal| signal.as_str()),
            message: event.message.as_ref().map(Message::as_str),
            labels: event.labels.as_ref().map(labels),
            restarts: (event.signal == Signal::Restart).then_some(event.restarts),
            truncated: truncated(event.message.as_ref()),
        };
        (detail != Self::default()).then_some(detail)
    }
}

#[derive(Serialize, JsonSchema)]
pub(super) struct ActivityDetail<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "words::State")]
    state: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    truncated: Option<bool>,
}

impl<'a> ActivityDetail<'a> {
    /// Nothing when there is nothing to say.
    pub(super) fn of(event: &'a ActivityEvent) -> Option<Self> {
        let state = event.state.as_ref().map(|state| state.as_str());
        let truncated = truncated(Some(&event.last_message));
        (state.is_some() || truncated.is_some()).then_some(Self { state, truncated })
    }
}
