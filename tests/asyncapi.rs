//! The AsyncAPI document over real connections: every frame that is told is one of its messages, and what it lets a
//! client send is understood.
//!
//! That the document itself is one of AsyncAPI 3.0 is looked at in the step `openapi` of `./test`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use jsonschema::Validator;
use serde_json::{Value, json};
use support::fold::Fold;
use support::reports::{activity, forget, lifecycle, status};
use support::screen::Screen;
use support::{TestServer, http};

const PATH: &str = "/api/v1/asyncapi.json";

/// The document, and a validator for each message of an operation.
struct Document(Value);

impl Document {
    async fn of(server: &TestServer) -> Self {
        let answer = http::send(server.address, "GET", PATH, &[], None).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
        Self(answer.json())
    }

    fn messages(&self, operation: &str) -> Vec<(String, Validator)> {
        let places = self.0["operations"][operation]["messages"].as_array().unwrap().iter();
        let validator = |place: &Value| {
            let channel = place["$ref"].as_str().unwrap().trim_start_matches('#');
            let message = self.0.pointer(channel).unwrap()["$ref"].as_str().unwrap().trim_start_matches('#');
            let name = message.rsplit('/').next().unwrap().to_owned();
            let mut schema = self.0.pointer(message).unwrap()["payload"].clone();
            schema["components"] = self.0["components"].clone();
            (name, jsonschema::draft202012::new(&schema).unwrap())
        };
        places.map(validator).collect()
    }
}

/// Holds a frame against the messages; gives which one it is.
fn one_of(messages: &[(String, Validator)], frame: &Value) -> String {
    let fitting: Vec<_> = messages.iter().filter(|(_, message)| message.is_valid(frame)).collect();
    assert_eq!(fitting.len(), 1, "{frame}: {:?}", fitting.iter().map(|(name, _)| name).collect::<Vec<_>>());
    fitting[0].0.clone()
}

/// All that a server can tell a connection, until its last frame.
async fn every_frame(mut server: TestServer) -> Vec<Value> {
    let token = server.token_for("u1", "watch report admin", &["*"], Duration::from_secs(32));
    status(&server, "a1", "online", "here").await;
    let cursor = {
        let (fold, _screen) = Fold::open(server.address, "/ws", &token).await;
        fold.cursor().unwrap()
    };
    // So that what came in between is no replay but a delta, with a removal.
    forget(&server, "a1").await;
    for number in 0..40 {
        activity(&server, "a2", "s1", &number.to_string()).await;
    }
    let mut frames = Vec::new();
    let mut back = Screen::open_at(server.address, &format!("/ws?after={cursor}"), &token).await;
    frames.extend(back.until("sync:end").await);
    let mut screen = Screen::open(server.address, &token).await;
    frames.extend(screen.until("sync:end").await);
    frames.extend(screen.until("auth:expiring").await);
    lifecycle(&server, "a2", "restart").await;
    activity(&server, "a2", "s1", "working").await;
    forget(&server, "a2").await;
    frames.extend(screen.until("agent:removed").await);
    for (ask, answer) in [
        (json!({"type": "ping", "payload": {"id": "1"}}), "pong"),
        (json!({"type": "report", "payload": {"id": "2", "kind": "heartbeat", "agentId": "a3"}}), "reported"),
        (json!({"type": "nonsense"}), "error"),
        (
            json!({"type": "auth:refresh", "payload": {"token": server.token("u1", "watch report admin")}}),
            "auth:refreshed",
        ),
        (json!({"type": "subscribe", "payload": {"agents": ["a*"], "types": ["agent:status"]}}), "sync:end"),
        (json!({"type": "ping"}), "heartbeat"),
    ] {
        screen.send(&ask).await;
        frames.extend(screen.until(answer).await);
    }
    server.begin_stop();
    frames.extend(screen.until("goodbye").await);
    frames
}

#[tokio::test]
async fn the_document_is_one_that_its_readers_take() {
    let server = TestServer::start().await;
    let document = Document::of(&server).await;
    assert_eq!(document.0["asyncapi"], "3.0.0");
    assert_eq!(document.0["info"]["version"], env!("CARGO_PKG_VERSION"));
    for operation in ["tell", "ask", "stream"] {
        assert!(document.messages(operation).len() >= 4, "{operation}");
    }
    for schema in document.0["components"]["schemas"].as_object().unwrap().values() {
        assert!(jsonschema::meta::is_valid(schema), "{schema}");
    }
}

#[tokio::test]
async fn every_frame_that_is_told_is_one_message_of_the_document_and_none_is_missing() {
    let settings =
        [("stream.ring_events", "16"), ("stream.replay_events", "16"), ("stream.heartbeat_ms", "1000")];
    let server = TestServer::with(&settings).await;
    let document = Document::of(&server).await;
    let messages = document.messages("tell");
    let frames = every_frame(server).await;
    let told: BTreeSet<_> = frames.iter().map(|frame| one_of(&messages, frame)).collect();
    let all: BTreeSet<_> = messages.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(told, all);
    let of_stream: BTreeSet<_> = document.messages("stream").into_iter().map(|(name, _)| name).collect();
    assert!(of_stream.is_subset(&all));
}

#[tokio::test]
async fn what_a_client_sends_is_understood_just_where_the_document_lets_it() {
    let server = TestServer::start().await;
    let messages = Document::of(&server).await.messages("ask");
    let token = server.token("u1", "watch report");
    let mut screen = Screen::open(server.address, &token).await;
    screen.until("sync:end").await;
    let report = |payload: Value| json!({"type": "report", "payload": payload});
    let texts = [
        json!({"type": "ping"}),
        json!({"type": "ping", "payload": {"id": "x".repeat(128)}}),
        json!({"type": "ping", "payload": {"id": "x".repeat(129)}}),
        json!({"type": "ping", "payload": {"id": 7}}),
        json!({"type": "ping", "other": 7}),
        json!({"type": "auth:refresh", "payload": {"token": token}}),
        json!({"type": "auth:refresh", "payload": {}}),
        report(json!({"id": "1", "kind": "status", "agentId": "a1", "status": "online"})),
        report(json!({"kind": "activity", "agentId": "a1", "sessionId": "s", "lastMessage": "x"})),
        report(json!({"kind": "lifecycle", "agentId": "a1", "event": "start", "leaseMs": 1000})),
        report(json!({"kind": "lifecycle", "agentId": "a1", "event": "started"})),
        report(json!({"kind": "status", "agentId": "a 1", "status": "online"})),
        json!({"type": "subscribe", "payload": {"agents": ["a*"], "types": ["agent:status"]}}),
        json!({"type": "subscribe", "payload": {"agents": "a*"}}),
        json!({"type": "resync"}),
    ];
    for text in texts {
        let right = messages.iter().filter(|(_, message)| message.is_valid(&text)).count() == 1;
        screen.send(&text).await;
        let mut answer = screen.next_event().await;
        while ["agent:status", "agent:lifecycle", "session:activity"]
            .iter()
            .any(|event| answer["type"] == *event)
        {
            answer = screen.next_event().await;
        }
        assert_eq!(answer["type"] != "error", right, "{text}: {answer}");
        if answer["type"] == "resync" {
            screen.until("sync:end").await;
        }
    }
}
