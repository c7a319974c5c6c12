//! `hello`, the first frame of a connection.

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Serialize;

use super::{PROTOCOL, bare, mode};
use crate::adapters::wire::words;

/// What `hello` says.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hello {
    /// The version of the protocol.
    protocol: u32,
    #[schemars(with = "words::Epoch")]
    epoch: String,
    /// The head, or the position of the copy that follows.
    seq: u64,
    #[schemars(with = "words::View")]
    view: String,
    /// Whether nothing is hidden: seqs then have no holes.
    complete: bool,
    #[schemars(with = "words::Mode")]
    mode: &'static str,
    #[schemars(with = "words::Why")]
    reason: &'static str,
    heartbeat_ms: u64,
    #[schemars(with = "words::ConnectionId")]
    connection_id: String,
    #[schemars(with = "words::UserId")]
    user_id: String,
    #[schemars(with = "words::Time")]
    server_time: u64,
    #[schemars(with = "words::Time")]
    server_started_at: u64,
}

impl Hello {
    /// From how a connection was opened.
    #[must_use]
    pub fn of(opened: &crate::ports::live_feed::Opened, heartbeat: std::time::Duration) -> Self {
        let beginning = &opened.beginning;
        Self {
            protocol: PROTOCOL,
            epoch: opened.epoch.as_str().to_owned(),
            seq: beginning.head.get(),
            view: beginning.view.id().to_string(),
            complete: beginning.view.complete(),
            mode: mode(beginning.plan),
            reason: beginning.plan.why().as_str(),
            heartbeat_ms: u64::try_from(heartbeat.as_millis()).unwrap_or(u64::MAX),
            connection_id: opened.connection.to_string(),
            user_id: opened.principal.user.as_str().to_owned(),
            server_time: opened.server_time.millis(),
            server_started_at: opened.server_started_at.millis(),
        }
    }
}

/// The first frame of a connection.
#[must_use]
pub fn hello(hello: &Hello) -> Bytes {
    bare("hello", hello, None)
}
