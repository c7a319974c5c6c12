//! Frames that tell of the connection itself: where it stands, that it lives, what became of what was asked over it.

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Serialize;

use super::{bare, mode};
use crate::adapters::wire::wait::retry_ms;
use crate::adapters::wire::words;
use crate::domain::cursor::Seq;
use crate::domain::farewell::Farewell;
use crate::domain::fault::Fault;
use crate::domain::resume::Why;
use crate::domain::time::Timestamp;
use crate::ports::event_log::Receipt;
use crate::ports::live_feed::Beginning;

#[derive(Serialize, JsonSchema)]
pub(super) struct Counts {
    /// Frames of agents that were sent.
    agents: usize,
    /// Frames of sessions.
    sessions: usize,
    /// Frames of removals; only behind a delta.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize")]
    removed: Option<usize>,
}

/// The end of a copy, and how much was sent; of a delta also how many removals.
#[must_use]
pub fn sync_end(agents: usize, sessions: usize, removed: Option<usize>, seq: Seq) -> Bytes {
    bare("sync:end", Counts { agents, sessions, removed }, Some(seq))
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Resync {
    #[schemars(with = "words::Mode")]
    mode: &'static str,
    #[schemars(with = "words::Why")]
    reason: &'static str,
    /// The first seq that was not delivered.
    from: u64,
    #[schemars(with = "words::View")]
    view: String,
    /// Whether nothing is hidden; where the view is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    complete: Option<bool>,
}

/// A new beginning on a connection that goes on. `from` is the first seq not delivered; `complete`
/// comes where the view is new.
#[must_use]
pub fn resync(beginning: &Beginning, from: Seq) -> Bytes {
    let why = beginning.plan.why();
    let new_view = matches!(why, Why::InterestChanged | Why::GrantChanged);
    let payload = Resync {
        mode: mode(beginning.plan),
        reason: why.as_str(),
        from: from.get(),
        view: beginning.view.id().to_string(),
        complete: new_view.then(|| beginning.view.complete()),
    };
    bare("resync", payload, Some(beginning.head))
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Timed {
    #[schemars(with = "words::Time")]
    timestamp: u64,
}

/// A sign of life; its seq is the highest position considered for the connection.
#[must_use]
pub fn heartbeat(now: Timestamp, seq: Seq) -> Bytes {
    bare("heartbeat", Timed { timestamp: now.millis() }, Some(seq))
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Expiry {
    /// When the token ends.
    #[schemars(with = "words::Time")]
    exp: u64,
}

/// The token is about to end.
#[must_use]
pub fn auth_expiring(expires_at: Timestamp) -> Bytes {
    bare("auth:expiring", Expiry { exp: expires_at.millis() }, None)
}

/// A fresh token was taken.
#[must_use]
pub fn auth_refreshed(expires_at: Timestamp) -> Bytes {
    bare("auth:refreshed", Expiry { exp: expires_at.millis() }, None)
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Pong<'a> {
    /// That of the ping.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "&str")]
    id: Option<&'a str>,
}

/// The answer to a client's ping.
#[must_use]
pub fn pong(id: Option<&str>) -> Bytes {
    bare("pong", Pong { id }, None)
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Reported<'a> {
    /// That of the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "&str")]
    id: Option<&'a str>,
    /// Whether it counted: a late one does not.
    applied: bool,
    /// Whether it made an event.
    changed: bool,
    #[schemars(with = "words::Epoch")]
    epoch: &'a str,
    /// The position of its last event, or the head where it made none.
    seq: u64,
}

/// The answer to a report over the socket.
#[must_use]
pub fn reported(id: Option<&str>, receipt: &Receipt) -> Bytes {
    let payload = Reported {
        id,
        applied: receipt.applied,
        changed: receipt.changed,
        epoch: receipt.epoch.as_str(),
        seq: receipt.seq.get(),
    };
    bare("reported", payload, None)
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Refusal<'a> {
    /// That of the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "&str")]
    id: Option<&'a str>,
    #[schemars(with = "words::Code")]
    code: &'static str,
    /// What to do.
    message: &'a str,
    /// Where in the frame, as a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "&str")]
    pointer: Option<&'a str>,
    /// When to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    retry_ms: Option<u64>,
}

/// A refusal of a client frame.
#[must_use]
pub fn error(id: Option<&str>, fault: &Fault) -> Bytes {
    let retry_ms = fault.retry_after.map(retry_ms);
    let payload = Refusal {
        id,
        code: fault.code.as_str(),
        message: &fault.detail,
        pointer: fault.pointer.as_deref(),
        retry_ms,
    };
    bare("error", payload, None)
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Goodbye {
    #[schemars(with = "words::Farewell")]
    code: &'static str,
    /// When to come back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    retry_ms: Option<u64>,
}

/// The last frame before the server ends a connection.
#[must_use]
pub fn goodbye(farewell: Farewell, retry_ms: Option<u64>) -> Bytes {
    bare("goodbye", Goodbye { code: farewell.as_str(), retry_ms }, None)
}
