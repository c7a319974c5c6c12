//! `hello`, the first frame of a connection.

use bytes::Bytes;
use serde::Serialize;

use super::{PROTOCOL, bare, mode};

/// What `hello` says.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Hello {
    protocol: u32,
    epoch: String,
    seq: u64,
    view: String,
    complete: bool,
    mode: &'static str,
    reason: &'static str,
    heartbeat_ms: u64,
    connection_id: String,
    user_id: String,
    server_time: u64,
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
