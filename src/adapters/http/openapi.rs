//! The OpenAPI document of the routes: made once, of the table of routes and of the types that are sent.

mod answers;
mod live;
mod operation;
mod operations;
mod parameters;
pub(super) mod schemas;

use std::sync::LazyLock;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use warp::reply::Response;

use super::action::{ROUTES, Route};
use super::answer;
use super::dispatch::sign_in::COOKIE;
use crate::adapters::wire::handshake::SUBPROTOCOL;
use schemas::Schemas;

static DOCUMENT: LazyLock<Bytes> =
    LazyLock::new(|| serde_json::to_vec(&document()).unwrap_or_default().into());

const ABOUT: &str = "\
The live backend for fleets of agents. Reports go in over HTTP, what became of them comes out by reads and by the \
live stream; `docs/PROTOCOL.md` in the source says what a client can rely on.

- Times are integers, milliseconds since 1970-01-01 UTC. A field that is `null` counts as absent.
- An unknown field of a body is `422 invalid_value`, a key that comes twice `400 invalid_json`. Query parameters that \
are not known are left alone; one that comes twice is 400.
- Answers may get more fields: clients ignore those that they do not know.
- Refusals are problems (RFC 9457). Branch on `code`.
- Numbers are those of the default settings. A body has at most 64 KiB, that of a batch 512 KiB; a head 16 KiB and 64 \
fields; a URI 4 KiB. A head or body that is too slow is closed without an answer. What HTTP itself makes unreadable \
gets the bare status, without a problem.";

/// Answers with the document.
pub(super) fn answer() -> Response {
    answer::document(DOCUMENT.clone())
}

/// The document.
fn document() -> Value {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    for Route { verb, path, make } in ROUTES {
        let names: Vec<&str> = parameters::names(path).collect();
        let action = make.of(names.iter().map(|name| (*name).to_owned()).collect());
        let described = action.and_then(|action| operations::of(&action, &mut schemas));
        if let Some(operation) = described {
            let in_path = names.iter().map(|name| parameters::in_path(name, &mut schemas)).collect();
            put(&mut paths, path, verb.word(), operation.into_value(in_path, &mut schemas));
        }
    }
    for (path, operation) in live::operations(&mut schemas) {
        put(&mut paths, path, "get", operation.into_value(Vec::new(), &mut schemas));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Mission Control",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "The live backend for fleets of agents.",
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": operation::TAGS.map(|(name, description)| json!({"name": name, "description": description})),
        "paths": paths,
        "components": {"securitySchemes": security_schemes(), "schemas": schemas.into_definitions()},
    })
}

fn put(paths: &mut Map<String, Value>, path: &str, verb: &str, operation: Value) {
    let item = paths.entry(path).or_insert_with(|| json!({}));
    if let Some(item) = item.as_object_mut() {
        item.insert(verb.to_owned(), operation);
    }
}

fn security_schemes() -> Value {
    json!({
        "bearer": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "A token with the scope that the operation names, at most 8 KiB.",
        },
        "ticket": {
            "type": "apiKey", "in": "query", "name": "ticket",
            "description": "From `POST /api/v1/tickets`. Good once, for 30 seconds.",
        },
        "subprotocol": {
            "type": "apiKey", "in": "header", "name": "Sec-WebSocket-Protocol",
            "description": format!("`{SUBPROTOCOL}, bearer.<token>`. Only `{SUBPROTOCOL}` is echoed."),
        },
        "queryToken": {
            "type": "apiKey", "in": "query", "name": "token",
            "description": "A token, unless `auth.query_token` is off. Proxies and histories keep URLs: prefer a ticket.",
        },
        "browser": {
            "type": "apiKey", "in": "cookie", "name": COOKIE,
            "description": "The cookie of a signed-in browser, for our own origin only.",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::action::Action;
    use super::*;

    #[test]
    fn every_route_that_is_built_has_its_operation() {
        let document = document();
        for Route { verb, path, make } in ROUTES {
            let names = parameters::names(path).map(str::to_owned).collect();
            let built = !matches!(make.of(names), Some(Action::NotBuilt(_)) | None);
            let described = document["paths"][*path][verb.word()].is_object();
            assert_eq!(described, built, "{} {path}", verb.word());
        }
    }

    #[test]
    fn every_operation_has_an_id_of_its_own() {
        let document = document();
        let items = document["paths"].as_object().unwrap().values();
        let operations: Vec<_> = items.flat_map(|item| item.as_object().unwrap().values()).collect();
        let ids: std::collections::BTreeSet<_> =
            operations.iter().map(|operation| operation["operationId"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), operations.len());
    }
}
