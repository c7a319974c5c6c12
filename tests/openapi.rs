//! The OpenAPI document over real connections: every operation is asked, and answers as it is written there.
//!
//! That the document itself is one of OpenAPI 3.1 is looked at in the step `openapi` of `./test`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[path = "openapi/calls.rs"]
mod calls;
#[path = "openapi/document.rs"]
mod document;
mod support;

use std::collections::BTreeSet;

use calls::{Node, Request};
use document::{Document, Operation};
use serde_json::{Value, json};
use support::TestServer;

const PATH: &str = "/api/v1/openapi.json";

#[tokio::test]
async fn the_document_is_given_to_everyone_and_may_be_kept_for_a_while() {
    let server = TestServer::start().await;
    let answer = support::http::send(server.address, "GET", PATH, &[], None).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    let document = answer.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn every_schema_is_one_and_every_reference_leads_somewhere() {
    let document = Document::of(&TestServer::start().await).await;
    let schemas = document.schemas();
    assert!(schemas.len() > 100, "{}", schemas.len());
    for schema in schemas {
        assert!(jsonschema::meta::is_valid(&schema), "{schema}");
        document.validator(&schema);
    }
}

#[tokio::test]
async fn every_operation_answers_as_it_is_written() {
    let node = Node::start().await;
    let document = Document::of(&node.server).await;
    for operation in document.operations() {
        let request = node.right(&operation).await;
        let answer = request.send(&node.server).await;
        assert!((100..300).contains(&answer.status), "{}: {answer:?}", operation.id);
        document.check(&operation, &answer);
    }
}

#[tokio::test]
async fn a_caller_without_a_token_or_with_a_wrong_one_is_told_401_as_it_is_written() {
    let node = Node::start().await;
    let document = Document::of(&node.server).await;
    let mut asked = 0;
    for operation in document.operations().iter().filter(|operation| operation.has(401)) {
        let request = node.right(operation).await;
        for token in [None, Some("no-token".to_owned())] {
            let wrong = if operation.id == "signIn" {
                request.clone().with_body(json!({"code": "used"}))
            } else {
                request.clone().with_token(token)
            };
            let answer = wrong.send(&node.server).await;
            assert_eq!(answer.status, 401, "{}: {answer:?}", operation.id);
            document.check(operation, &answer);
            asked += 1;
        }
    }
    assert!(asked > 30, "{asked}");
}

#[tokio::test]
async fn a_token_without_the_scope_is_told_403_as_it_is_written() {
    let node = Node::start().await;
    let document = Document::of(&node.server).await;
    let mut asked = 0;
    for operation in document.operations().iter().filter(|operation| !operation.scopes().is_empty()) {
        let scopes = operation.scopes();
        let others: Vec<_> =
            ["watch", "report", "admin"].into_iter().filter(|scope| !scopes.contains(*scope)).collect();
        let request = node.right(operation).await;
        let answer =
            request.with_token(Some(node.server.token("other", &others.join(" ")))).send(&node.server).await;
        assert_eq!((answer.status, &*answer.code()), (403, "forbidden_scope"), "{}", operation.id);
        document.check(operation, &answer);
        asked += 1;
    }
    assert!(asked > 12, "{asked}");
}

#[tokio::test]
async fn a_page_of_another_origin_is_told_403_as_it_is_written() {
    let node = Node::start().await;
    let document = Document::of(&node.server).await;
    for operation in document.operations() {
        let request = node.right(&operation).await.with_header("Origin", "https://other.example");
        let answer = request.send(&node.server).await;
        assert_eq!((answer.status, &*answer.code()), (403, "forbidden_origin"), "{}", operation.id);
        document.check(&operation, &answer);
    }
}

#[tokio::test]
async fn what_is_not_there_is_404_as_it_is_written() {
    let node = Node::start().await;
    let document = Document::of(&node.server).await;
    let mut asked = BTreeSet::new();
    for operation in document.operations().iter().filter(|operation| operation.has(404)) {
        let request = node.right(operation).await;
        let answer = request.at(&operation.path(&["c999"])).send(&node.server).await;
        assert_eq!((answer.status, &*answer.code()), (404, "not_found"), "{}", operation.id);
        document.check(operation, &answer);
        asked.insert(operation.id.clone());
    }
    let expected = ["closeConnection", "forgetAgent", "listAgentEvents", "readAgent"];
    assert_eq!(asked, BTreeSet::from(expected.map(str::to_owned)));
}

/// What is wrong with a request of this operation, in each of its parts.
fn wrong(operation: &Operation, right: &Request) -> Vec<Request> {
    let mut wrong = Vec::new();
    for parameter in operation.parameters() {
        match (parameter["in"].as_str().unwrap(), parameter["name"].as_str().unwrap()) {
            ("path", _) => wrong.push(right.clone().at(&operation.path(&["a%20b"]))),
            ("query", name) => wrong.push(right.clone().at(&format!("{}?{name}=%20", right.path))),
            ("header", name @ ("Idempotency-Key" | "Last-Event-ID")) => {
                let value = "x".repeat(200);
                wrong.push(right.clone().with_header(name, &value));
            }
            _ => {}
        }
    }
    if operation.takes_body() {
        wrong.extend([json!(1), json!({"other": 1}), json!([])].map(|body| right.clone().with_body(body)));
    }
    wrong
}

#[tokio::test]
async fn what_is_wrong_is_422_as_it_is_written() {
    let node = Node::start().await;
    let document = Document::of(&node.server).await;
    let mut asked = 0;
    for operation in document.operations().iter().filter(|operation| operation.has(422)) {
        let right = node.right(operation).await;
        for request in wrong(operation, &right) {
            let answer = request.send(&node.server).await;
            assert_eq!(answer.status, 422, "{}: {request:?}: {answer:?}", operation.id);
            document.check(operation, &answer);
            asked += 1;
        }
    }
    assert!(asked > 35, "{asked}");
}

#[tokio::test]
async fn a_body_of_another_kind_or_size_is_refused_as_it_is_written() {
    let node = Node::start().await;
    let document = Document::of(&node.server).await;
    for operation in document.operations().iter().filter(|operation| operation.takes_body()) {
        let right = node.right(operation).await;
        let refusals = [
            (400, right.clone().with_text("{")),
            (413, right.clone().with_text(&" ".repeat(600_000))),
            (415, right.clone().with_header("Content-Type", "text/plain")),
        ];
        for (status, request) in refusals {
            let answer = request.send(&node.server).await;
            assert_eq!(answer.status, status, "{}: {answer:?}", operation.id);
            document.check(operation, &answer);
        }
    }
}

/// Bodies that are read outside of the reader of reports, which has a test of its own.
#[tokio::test]
async fn small_bodies_are_taken_as_their_schemas_say() {
    let node = Node::start().await;
    let document = Document::of(&node.server).await;
    let texts = ["", "a", "é", "a\nb"].map(Value::from);
    let long = [128, 129, 255, 256].map(|length| json!("x".repeat(length)));
    let values: Vec<Value> =
        texts.into_iter().chain(long).chain([json!(null), json!(1), json!({}), json!([])]).collect();
    for id in ["revokeTokens", "signIn"] {
        let operation = document.operation(id);
        let schema = document.validator(&operation.body());
        let names = if id == "signIn" { ["code", "other"] } else { ["userId", "jti"] };
        let one = names.iter().flat_map(|name| values.iter().map(move |value| json!({*name: value})));
        let both = values.iter().flat_map(|a| values.iter().map(move |b| (a, b)));
        let bodies = one.chain(both.map(|(a, b)| json!({names[0]: a, names[1]: b}))).chain([json!({})]);
        let (mut taken, mut refused) = (0, 0);
        for body in bodies {
            let answer = node.right(&operation).await.with_body(body.clone()).send(&node.server).await;
            // A code that is a text may still be no good.
            let fits = matches!(answer.status, 204 | 401);
            assert_eq!(fits, schema.is_valid(&body), "{id}: {body}: {answer:?}");
            if fits { taken += 1 } else { refused += 1 }
        }
        assert!(taken > 3 && refused > 10, "{id}: {taken} taken, {refused} refused");
    }
}

/// Parts of queries and heads, as values of their schemas. What is a list is sent with commas.
fn parts() -> Vec<(&'static str, Value)> {
    let patterns = |count: usize| json!((0..count).map(|n| format!("a{n}")).collect::<Vec<_>>());
    let (long, longer) = ("a".repeat(128), "a".repeat(129));
    let cursors =
        ["", "k3f9:1", "k:0:00000001abcdef09", "k", "K:1", "k:x", "k:1:zz", "k:1:00000001ABCDEF09", "k 1"];
    let lists = [json!([]), json!(["*a*b*c"]), json!(["*a*b*c*d"]), json!(["*a*b*c*d*"]), json!(["a b"])];
    let more = [patterns(64), patterns(65), json!([long]), json!([longer]), json!(["é"])];
    let types =
        [json!([]), json!(["agent:status", "session:activity"]), json!(["agent:removed"]), json!(["x"])];
    let keys = ["k", "a b", "~", "é", &long, &longer];
    let mut parts: Vec<_> = cursors.map(|cursor| ("after", json!(cursor))).into();
    parts.extend(lists.into_iter().chain(more).map(|list| ("agents", list)));
    parts.extend(types.map(|list| ("types", list)));
    parts.extend([0, 1, 1000, 1001].map(|limit| ("limit", json!(limit))));
    parts.extend(keys.map(|key| ("Idempotency-Key", json!(key))));
    parts
}

#[tokio::test]
async fn queries_and_heads_are_taken_as_their_schemas_say() {
    let node = Node::start().await;
    let document = Document::of(&node.server).await;
    for (name, value) in parts() {
        let head = name == "Idempotency-Key";
        let operation = document.operation(if head { "reportStatus" } else { "listEvents" });
        let parameter =
            operation.parameters().into_iter().find(|parameter| parameter["name"] == name).unwrap();
        let text = match &value {
            Value::Array(items) => {
                items.iter().map(|item| item.as_str().unwrap()).collect::<Vec<_>>().join(",")
            }
            Value::String(text) => text.clone(),
            number => number.to_string(),
        };
        let right = node.right(&operation).await;
        let request = if head {
            right.with_header(name, &text)
        } else {
            right.clone().at(&format!(
                "{}?{name}={}",
                right.path,
                text.replace(' ', "%20").replace('é', "%C3%A9")
            ))
        };
        let answer = request.send(&node.server).await;
        let fits = document.validator(&parameter["schema"]).is_valid(&value);
        // A cursor that can be read may still be of another history.
        assert!(matches!(answer.status, 200 | 410 | 422), "{name}={text}: {answer:?}");
        assert_eq!(answer.status != 422, fits, "{name}={text}: {answer:?}");
        document.check(&operation, &answer);
    }
}

#[tokio::test]
async fn a_batch_is_as_long_as_its_schema_says() {
    let node = Node::start().await;
    let document = Document::of(&node.server).await;
    let operation = document.operation("reportBatch");
    let schema = document.validator(&operation.body());
    for (count, status) in [(0, 422), (1, 200), (1000, 200), (1001, 422)] {
        let item = |n| json!({"kind": "status", "agentId": format!("b{n}"), "status": "online"});
        let body = json!((0..count).map(item).collect::<Vec<_>>());
        assert_eq!(schema.is_valid(&body), status == 200, "{count}");
        let answer = node.right(&operation).await.with_body(body).send(&node.server).await;
        assert_eq!(answer.status, status, "{count}: {answer:?}");
        document.check(&operation, &answer);
    }
}

#[tokio::test]
async fn a_method_that_is_not_written_is_not_there() {
    let node = Node::start().await;
    let document = Document::of(&node.server).await;
    for path in document.paths() {
        let written = document.methods(&path);
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let place = path.replace("{agentId}", "a1").replace("{sessionId}", "s1");
            let place = place.replace("{connectionId}", "c1");
            let there = written.contains(&method.to_lowercase());
            let answer = support::http::send(node.server.address, method, &place, &[], None).await;
            assert_eq!(answer.status != 405, there, "{method} {path}: {answer:?}");
            let told: BTreeSet<String> =
                answer.header("allow").unwrap_or_default().split(", ").map(str::to_lowercase).collect();
            assert_eq!(told == BTreeSet::from_iter(written.clone()), !there, "{method} {path}: {answer:?}");
        }
    }
}
