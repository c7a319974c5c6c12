//! The AsyncAPI document of the live stream: made once, of the types that are sent and taken.

use std::sync::LazyLock;

use bytes::Bytes;
use schemars::JsonSchema;
use serde_json::{Map, Value, json};
use warp::reply::Response;

use super::answer;
use super::openapi::schemas::Schemas;
use crate::adapters::wire::client_frame::{PingFrame, RefreshFrame, ReportFrame, SubscribeFrame};
use crate::adapters::wire::frame::{
    AgentFrame, ErrorFrame, EventFrame, ExpiringFrame, GoodbyeFrame, HeartbeatFrame, HelloFrame, PongFrame,
    RefreshedFrame, RemovedFrame, ReportedFrame, ResyncFrame, SessionFrame, SyncEndFrame,
};
use crate::adapters::wire::words;

static DOCUMENT: LazyLock<Bytes> =
    LazyLock::new(|| serde_json::to_vec(&document()).unwrap_or_default().into());

const ABOUT: &str = "\
The live stream of Mission Control. `docs/PROTOCOL.md` in the source says in which order frames come and what a client \
can rely on; the handshakes, with what they are refused for, are in the OpenAPI document, `/api/v1/openapi.json`.

- Frames may get more fields, and there may be more types of frame: clients ignore those that they do not know.
- Times are integers, milliseconds since 1970-01-01 UTC.
- What a client sends has at most 8 KiB.";

/// Answers with the document.
pub(super) fn answer() -> Response {
    answer::document(DOCUMENT.clone())
}

/// Messages by their name, and the names in order.
struct Messages {
    schemas: Schemas,
    all: Map<String, Value>,
}

impl Messages {
    /// A message that the server sends.
    fn given<T: JsonSchema>(&mut self) -> String {
        let schema = self.schemas.given::<T>();
        self.add::<T>(&schema)
    }

    /// A message that a client sends.
    fn taken<T: JsonSchema>(&mut self) -> String {
        let schema = self.schemas.taken::<T>();
        self.add::<T>(&schema)
    }

    fn add<T: JsonSchema>(&mut self, schema: &Value) -> String {
        let name = T::schema_name().trim_end_matches("Frame").to_owned();
        self.all.insert(name.clone(), json!({"name": name, "payload": schema}));
        name
    }
}

fn document() -> Value {
    let mut messages = Messages { schemas: Schemas::new(), all: Map::new() };
    let of_both = [
        messages.given::<HelloFrame>(),
        messages.given::<AgentFrame>(),
        messages.given::<SessionFrame>(),
        messages.given::<RemovedFrame>(),
        messages.given::<SyncEndFrame>(),
        messages.given::<EventFrame>(),
        messages.given::<HeartbeatFrame>(),
        messages.given::<ResyncFrame>(),
        messages.given::<ExpiringFrame>(),
        messages.given::<GoodbyeFrame>(),
    ];
    let answers = [
        messages.given::<RefreshedFrame>(),
        messages.given::<PongFrame>(),
        messages.given::<ReportedFrame>(),
        messages.given::<ErrorFrame>(),
    ];
    let asked = [
        messages.taken::<SubscribeFrame>(),
        messages.taken::<RefreshFrame>(),
        messages.taken::<PingFrame>(),
        messages.taken::<ReportFrame>(),
    ];
    let told: Vec<&str> = of_both.iter().chain(&answers).map(String::as_str).collect();
    let both: Vec<&str> = of_both.iter().map(String::as_str).collect();
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    let live: Vec<&str> = told.iter().chain(&asked).copied().collect();
    let query = query(&mut messages.schemas);
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Mission Control, live",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "live": {
                "address": "/ws",
                "description": "A WebSocket: one frame a text message.",
                "messages": places(&live),
                "bindings": {"ws": {"method": "GET", "query": query, "bindingVersion": "0.1.0"}},
            },
            "stream": {
                "address": "/api/v1/stream",
                "description": "The same as Server-Sent Events: a frame is the data of an event.",
                "messages": places(&both),
            },
        },
        "operations": {
            "tell": operation("send", "live", "What the server tells over a WebSocket.", &told),
            "ask": operation("receive", "live", "What a client may send over a WebSocket.", &asked),
            "stream": operation("send", "stream", "What the server tells as Server-Sent Events.", &both),
        },
        "components": {"messages": messages.all, "schemas": messages.schemas.into_definitions()},
    })
}

fn places(names: &[&str]) -> Map<String, Value> {
    let place = |name: &&str| ((*name).to_owned(), json!({"$ref": format!("#/components/messages/{name}")}));
    names.iter().map(place).collect()
}

fn operation(action: &str, channel: &str, summary: &str, names: &[&str]) -> Value {
    let message = |name: &&str| json!({"$ref": format!("#/channels/{channel}/messages/{name}")});
    json!({
        "action": action,
        "channel": {"$ref": format!("#/channels/{channel}")},
        "summary": summary,
        "messages": names.iter().map(message).collect::<Vec<_>>(),
    })
}

/// The query of a handshake.
fn query(schemas: &mut Schemas) -> Value {
    let list = |about: &str| json!({"type": "string", "description": about});
    json!({
        "type": "object",
        "properties": {
            "after": schemas.taken::<words::Cursor>(),
            "agents": list("Patterns of agent ids, with commas between."),
            "types": list("Types of event, with commas between."),
            "ticket": list("From `POST /api/v1/tickets`. Good once, for 30 seconds."),
        },
    })
}
