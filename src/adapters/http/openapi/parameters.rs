//! The parameters of the document: parts of paths, of queries and of heads.

use serde_json::{Value, json};

use super::schemas::Schemas;
use crate::adapters::http::action::part_name;
use crate::adapters::http::dispatch::reads::{LIMIT_DEFAULT, LIMIT_MAX};
use crate::adapters::wire::words;

/// The names of the parts of a path that may be anything.
pub(super) fn names(path: &'static str) -> impl Iterator<Item = &'static str> {
    path.split('/').filter_map(part_name)
}

/// A part of a path.
pub(super) fn in_path(name: &str, schemas: &mut Schemas) -> Value {
    let schema = if name == "connectionId" {
        schemas.taken::<words::ConnectionId>()
    } else {
        schemas.taken::<words::Id>()
    };
    json!({"name": name, "in": "path", "required": true, "schema": schema})
}

/// How far a reader got.
pub(super) fn after(schemas: &mut Schemas, words: &str) -> Value {
    query("after", words, &schemas.taken::<words::Cursor>())
}

/// Which agents.
pub(super) fn agents(schemas: &mut Schemas) -> Value {
    let schema = schemas.taken::<words::Patterns>();
    list("agents", "Of agents whose ids match one of these. Absent or empty: of all.", &schema)
}

/// Which types of event.
pub(super) fn types(schemas: &mut Schemas) -> Value {
    let schema = schemas.taken::<Vec<words::EventType>>();
    list("types", "Events of these types, and removals. Absent or empty: of all.", &schema)
}

/// How many events.
pub(super) fn limit() -> Value {
    let schema = json!({"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT});
    query("limit", "Most events of the page.", &schema)
}

/// Under which key a report may come again.
pub(super) fn idempotency_key(schemas: &mut Schemas) -> Value {
    let words = "The same key and report from the same user get the first answer again. In a batch it stands \
                 for `<key>#<index>` on items without one.";
    head("Idempotency-Key", words, false, &schemas.taken::<words::HeaderKey>())
}

/// A field of a head.
pub(super) fn head(name: &str, words: &str, required: bool, schema: &Value) -> Value {
    json!({"name": name, "in": "header", "description": words, "required": required, "schema": schema})
}

fn query(name: &str, words: &str, schema: &Value) -> Value {
    json!({"name": name, "in": "query", "description": words, "schema": schema})
}

/// Texts with commas between them.
fn list(name: &str, words: &str, schema: &Value) -> Value {
    json!({
        "name": name, "in": "query", "description": words, "style": "form", "explode": false, "schema": schema,
    })
}
