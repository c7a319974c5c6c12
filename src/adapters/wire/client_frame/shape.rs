//! The frames that clients send, as JSON Schema; a test holds them against their reader.
#![expect(dead_code, reason = "schemas are made of these types; nothing is ever read into them")]

use schemars::JsonSchema;

use crate::adapters::wire::report::shape::BatchReport;
use crate::adapters::wire::words;

/// Replaces what the connection asks for. It begins anew by a `resync`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct SubscribeFrame {
    #[schemars(rename = "type", extend("const" = "subscribe"))]
    name: words::Text,
    payload: Option<Subscription>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Subscription {
    /// Absent is all.
    agents: Option<words::Patterns>,
    /// Absent is all.
    types: Option<Vec<words::EventType>>,
}

/// Puts a fresh token of the same user behind the connection.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct RefreshFrame {
    #[schemars(rename = "type", extend("const" = "auth:refresh"))]
    name: words::Text,
    payload: Token,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Token {
    token: words::Text,
}

/// Asks for a pong.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct PingFrame {
    #[schemars(rename = "type", extend("const" = "ping"))]
    name: words::Text,
    payload: Option<Ping>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Ping {
    /// Comes back with the pong: at most 128 bytes.
    #[schemars(length(max = 128))]
    id: Option<String>,
}

/// A report. The socket stands for the agent's life from then on.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct ReportFrame {
    #[schemars(rename = "type", extend("const" = "report"))]
    name: words::Text,
    payload: ReportPayload,
}

#[derive(JsonSchema)]
struct ReportPayload {
    /// Comes back with the answer: at most 128 bytes.
    #[schemars(length(max = 128))]
    id: Option<String>,
    #[schemars(flatten)]
    report: BatchReport,
}
