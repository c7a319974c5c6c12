//! Answers that are put together from frames, which are text already, as JSON Schema.
#![expect(dead_code, reason = "schemas are made of these types; the answers are written as text")]

use schemars::JsonSchema;

use crate::adapters::wire::frame::{AgentFrame, EventFrame, SessionFrame};
use crate::adapters::wire::words;

/// One consistent copy of the fleet, as far as the token shows it.
#[derive(JsonSchema)]
pub(super) struct Fleet {
    epoch: words::Epoch,
    /// The position of the copy.
    seq: u64,
    view: words::View,
    agents: Vec<AgentFrame>,
    sessions: Vec<SessionFrame>,
}

/// An agent and its sessions.
#[derive(JsonSchema)]
pub(super) struct Agent {
    agent: AgentFrame,
    sessions: Vec<SessionFrame>,
}

/// Some events, and where to go on.
#[derive(JsonSchema)]
pub(super) struct Events {
    /// A page may be empty and have a `next`: hidden events count as looked at.
    events: Vec<EventFrame>,
    /// Where the next page begins; null at the end.
    next: Option<words::Position>,
    /// The position of the last event: where to poll from at the end.
    head: words::Position,
}

/// Some events of an agent, and how it has been.
#[derive(JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub(super) struct AgentEvents {
    #[schemars(flatten)]
    page: Events,
    /// For how long it has been online without a break; 0 while it is not.
    uptime_ms: u64,
    /// How often it was restarted.
    restarts: u32,
}
