//! Events as they are kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::time;
use crate::domain::event::{ActivityEvent, Event, LifecycleEvent, StatusEvent};
use crate::domain::id::{AgentId, SessionId};
use crate::domain::lifecycle::{Reason, Signal, Standing, Status};
use crate::domain::limits::Limits;
use crate::domain::report::{Exit, SignalName};
use crate::domain::text::{Labels, Message, StateWord};
use crate::domain::time::Timestamp;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum KeptEvent {
    Status(KeptStatus),
    Lifecycle(KeptLifecycle),
    Activity(KeptActivity),
    AgentRemoved { agent: String },
    SessionRemoved { agent: String, session: String },
}

impl KeptEvent {
    pub(super) fn of(event: &Event) -> Self {
        match event {
            Event::Status(event) => Self::Status(KeptStatus::of(event)),
            Event::Lifecycle(event) => Self::Lifecycle(KeptLifecycle::of(event)),
            Event::Activity(event) => Self::Activity(KeptActivity::of(event)),
            Event::AgentRemoved(agent) => Self::AgentRemoved { agent: agent.to_string() },
            Event::SessionRemoved(agent, session) => {
                Self::SessionRemoved { agent: agent.to_string(), session: session.to_string() }
            }
        }
    }

    pub(super) fn restored(self) -> Option<Event> {
        Some(match self {
            Self::Status(kept) => Event::Status(kept.restored()?),
            Self::Lifecycle(kept) => Event::Lifecycle(kept.restored()?),
            Self::Activity(kept) => Event::Activity(kept.restored()?),
            Self::AgentRemoved { agent } => Event::AgentRemoved(AgentId::parse(&agent).ok()?),
            Self::SessionRemoved { agent, session } => {
                Event::SessionRemoved(AgentId::parse(&agent).ok()?, SessionId::parse(&session).ok()?)
            }
        })
    }
}

/// A text, and whether it was cut.
#[derive(Serialize, Deserialize)]
struct KeptText(String, bool);

impl KeptText {
    fn of(message: &Message) -> Self {
        Self(message.as_str().to_owned(), message.truncated())
    }

    fn restored(self) -> Message {
        Message::restored(&self.0, self.1)
    }
}

type KeptLabels = BTreeMap<String, String>;

fn labels_of(labels: &Labels) -> KeptLabels {
    labels.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// They were within the bounds of their time; those of today may be others.
fn restored_labels(kept: KeptLabels) -> Option<Labels> {
    let unbounded = Limits { labels: usize::MAX, label_bytes: usize::MAX, ..Limits::default() };
    Labels::checked(kept, &unbounded).ok()
}

/// A word that may be absent, but is none that is not known.
fn word<T, E>(text: Option<String>, parse: impl Fn(&str) -> Result<T, E>) -> Option<Option<T>> {
    text.map(|text| parse(&text)).transpose().ok()
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeptStatus {
    agent: String,
    status: String,
    reason: String,
    since: u64,
    timestamp: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<KeptText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    labels: KeptLabels,
    restarts: u32,
    unleased: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_seen: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crashes: Option<u32>,
}

impl KeptStatus {
    pub(super) fn of(event: &StatusEvent) -> Self {
        Self {
            agent: event.agent.to_string(),
            status: event.standing.status.as_str().to_owned(),
            reason: event.standing.reason.as_str().to_owned(),
            since: event.since.millis(),
            timestamp: event.timestamp.millis(),
            message: event.message.as_ref().map(KeptText::of),
            state: event.state.as_ref().map(|state| state.as_str().to_owned()),
            labels: labels_of(&event.labels),
            restarts: event.restarts,
            unleased: event.unleased,
            last_seen: event.last_seen.map(Timestamp::millis),
            crashes: event.crashes,
        }
    }

    pub(super) fn restored(self) -> Option<StatusEvent> {
        let status = Status::ALL.into_iter().find(|status| status.as_str() == self.status)?;
        let reason = Reason::ALL.into_iter().find(|reason| reason.as_str() == self.reason)?;
        Some(StatusEvent {
            agent: AgentId::parse(&self.agent).ok()?,
            standing: Standing { status, reason },
            since: time(self.since),
            timestamp: time(self.timestamp),
            message: self.message.map(KeptText::restored),
            state: word(self.state, StateWord::parse)?,
            labels: restored_labels(self.labels)?,
            restarts: self.restarts,
            unleased: self.unleased,
            last_seen: self.last_seen.map(time),
            crashes: self.crashes,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeptLifecycle {
    agent: String,
    event: String,
    timestamp: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<KeptText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signal: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    labels: Option<KeptLabels>,
    restarts: u32,
}

impl KeptLifecycle {
    fn of(event: &LifecycleEvent) -> Self {
        Self {
            agent: event.agent.to_string(),
            event: event.signal.as_str().to_owned(),
            timestamp: event.timestamp.millis(),
            message: event.message.as_ref().map(KeptText::of),
            exit_code: event.exit.code,
            signal: event.exit.signal.as_ref().map(|name| name.as_str().to_owned()),
            labels: event.labels.as_ref().map(labels_of),
            restarts: event.restarts,
        }
    }

    fn restored(self) -> Option<LifecycleEvent> {
        let signal = Signal::ALL.into_iter().find(|signal| signal.as_str() == self.event)?;
        let name = word(self.signal, |text| SignalName::parse(text).ok_or(()))?;
        let labels = match self.labels {
            Some(labels) => Some(restored_labels(labels)?),
            None => None,
        };
        Some(LifecycleEvent {
            agent: AgentId::parse(&self.agent).ok()?,
            signal,
            timestamp: time(self.timestamp),
            message: self.message.map(KeptText::restored),
            exit: Exit { code: self.exit_code, signal: name },
            labels,
            restarts: self.restarts,
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeptActivity {
    agent: String,
    session: String,
    last_message: KeptText,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    timestamp: u64,
}

impl KeptActivity {
    pub(super) fn of(event: &ActivityEvent) -> Self {
        Self {
            agent: event.agent.to_string(),
            session: event.session.to_string(),
            last_message: KeptText::of(&event.last_message),
            state: event.state.as_ref().map(|state| state.as_str().to_owned()),
            timestamp: event.timestamp.millis(),
        }
    }

    pub(super) fn restored(self) -> Option<ActivityEvent> {
        Some(ActivityEvent {
            agent: AgentId::parse(&self.agent).ok()?,
            session: SessionId::parse(&self.session).ok()?,
            last_message: self.last_message.restored(),
            state: word(self.state, StateWord::parse)?,
            timestamp: time(self.timestamp),
        })
    }
}
