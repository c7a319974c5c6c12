//! The handshakes of the live stream. Other adapters serve them; here is what is true of them over HTTP.

use serde_json::{Value, json};

use super::operation::{Operation, header};
use super::parameters::{after, agents, head, types};
use super::schemas::Schemas;
use crate::adapters::wire::handshake::SUBPROTOCOL;
use crate::adapters::wire::words;
use crate::domain::fault::Code;

/// What both handshakes may be refused for.
const REFUSED: [Code; 15] = [
    Code::AmbiguousCredentials,
    Code::MissingToken,
    Code::InvalidToken,
    Code::TokenExpired,
    Code::TokenRevoked,
    Code::InvalidTicket,
    Code::ForbiddenScope,
    Code::InvalidCursor,
    Code::InvalidPattern,
    Code::UnknownType,
    Code::RateLimited,
    Code::TooManyConnections,
    Code::Overloaded,
    Code::Unavailable,
    Code::Draining,
];

/// The handshakes, each with its path.
pub(super) fn operations(schemas: &mut Schemas) -> [(&'static str, Operation); 2] {
    [("/ws", websocket(schemas)), ("/api/v1/stream", stream(schemas))]
}

fn handshake(id: &'static str, summary: &'static str, schemas: &mut Schemas) -> Operation {
    let words = "Where the client stood; an empty one is none. What came since follows.";
    let parameters = [after(schemas, words), agents(schemas), types(schemas)];
    Operation::new("live", id, summary)
        .needs("bearer", &["watch", "report"])
        .needs("ticket", &["watch", "report"])
        .needs("queryToken", &["watch", "report"])
        .with(parameters)
        .refuses(&REFUSED)
}

fn websocket(schemas: &mut Schemas) -> Operation {
    let fixed = |name, word: &str| head(name, "Of every WebSocket handshake.", true, &json!({"const": word}));
    let key = json!({"type": "string", "pattern": "^[A-Za-z0-9+/]{22}==$"});
    let offered = format!("Subprotocols, maybe `{SUBPROTOCOL}`, alone or with `bearer.<token>`.");
    let headers = json!({
        "Upgrade": header("`websocket`", "string"),
        "Sec-WebSocket-Accept": header("Made of the key.", "string"),
        "Sec-WebSocket-Protocol": {
            "description": "Where it was offered.", "schema": {"const": SUBPROTOCOL},
        },
    });
    handshake("openWebSocket", "Open the live stream as a WebSocket", schemas)
        .needs("subprotocol", &["watch", "report"])
        .about("RFC 6455, version 13: text frames of JSON, both ways. A refusal comes before the upgrade.")
        .with([
            fixed("Upgrade", "websocket"),
            fixed("Connection", "Upgrade"),
            fixed("Sec-WebSocket-Version", "13"),
            head("Sec-WebSocket-Key", "16 random bytes.", true, &key),
            head("Sec-WebSocket-Protocol", &offered, false, &json!({"type": "string"})),
        ])
        .answers(101, json!({"description": "The stream begins.", "headers": headers}))
        .refuses(&[Code::UpgradeRequired])
}

fn stream(schemas: &mut Schemas) -> Operation {
    let cursor: Value = schemas.taken::<words::Cursor>();
    let content = json!({"text/event-stream": {"schema": {"type": "string"}}});
    handshake("openEventStream", "Open the live stream as Server-Sent Events", schemas)
        .about("Each event's data is the JSON of a frame. The answer ends with the connection.")
        .with([head("Last-Event-ID", "Goes before `after`.", false, &cursor)])
        .answers(200, json!({"description": "The stream begins.", "content": content}))
}
