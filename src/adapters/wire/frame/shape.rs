//! The frames of the stream and of reads, as JSON Schema: made of the same types, narrowed to what each is.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::control::{Counts, Expiry, Goodbye, Pong, Refusal, Reported, Resync, Timed};
use super::{
    ActivityDetail, ActivityPayload, Frame, Hello, LifecycleDetail, LifecyclePayload, RemovedPayload,
    StatusDetail, StatusPayload, event_type,
};

/// How a frame of a read is placed.
#[derive(Clone, Copy)]
enum Placed {
    /// An event that happened.
    Event,
    /// What a copy shows.
    Copy,
    /// Of the connection, at a position.
    At,
    /// Of the connection.
    Nowhere,
}

/// Whether a frame has a detail.
#[derive(Clone, Copy)]
enum Detail {
    Always,
    Sometimes,
    Never,
}

/// The schema of the frame of this name: what it always has, and nothing of what it never has.
fn of<P: JsonSchema, D: JsonSchema>(
    generator: &mut SchemaGenerator,
    name: &str,
    placed: Placed,
    detail: Detail,
) -> Schema {
    let mut schema = Frame::<P, D>::json_schema(generator);
    let (mut needed, absent): (Vec<&str>, &[&str]) = match placed {
        Placed::Event => (vec!["type", "payload", "seq"], &["sync", "rev"]),
        Placed::Copy => (vec!["type", "payload", "sync", "rev"], &["seq"]),
        Placed::At => (vec!["type", "payload", "seq"], &["sync", "rev"]),
        Placed::Nowhere => (vec!["type", "payload"], &["sync", "rev", "seq"]),
    };
    if matches!(detail, Detail::Always) {
        needed.push("detail");
    }
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("type".to_owned(), json!({"const": name}));
        if matches!(placed, Placed::Copy) {
            properties.insert("sync".to_owned(), json!({"const": true}));
        }
        let never = matches!(detail, Detail::Never).then_some("detail");
        properties.retain(|name, _| !absent.contains(&name.as_str()) && never != Some(name));
    }
    schema.insert("required".to_owned(), json!(needed));
    schema
}

/// The schema of a frame of the connection.
fn control<P: JsonSchema>(generator: &mut SchemaGenerator, name: &str, placed: Placed) -> Schema {
    of::<P, ()>(generator, name, placed, Detail::Never)
}

/// The schemas of removals: of an agent, and of a session.
fn removals(generator: &mut SchemaGenerator, placed: Placed) -> [Schema; 2] {
    let mut removed = |name| of::<RemovedPayload<'_>, ()>(generator, name, placed, Detail::Never);
    [removed("agent:removed"), of_session(removed("session:removed"))]
}

/// The same, of a session rather than of an agent.
fn of_session(mut schema: Schema) -> Schema {
    if let Some(payload) = schema.pointer_mut("/properties/payload").and_then(Value::as_object_mut) {
        payload.insert("required".to_owned(), json!(["sessionId"]));
    }
    schema
}

macro_rules! frames {
    ($($(#[$doc:meta])* $name:ident, $words:literal: $schema:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) enum $name {}

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let make: fn(&mut SchemaGenerator) -> Schema = $schema;
                let mut schema = make(generator);
                schema.insert("description".to_owned(), $words.into());
                schema
            }
        }
    )*};
}

frames! {
    /// An agent in a copy.
    AgentFrame, "An agent, as the stream shows it in a copy.": |generator| {
        of::<StatusPayload<'_>, StatusDetail<'_>>(generator, event_type::STATUS, Placed::Copy, Detail::Always)
    };
    /// A session in a copy.
    SessionFrame, "A session, as the stream shows it in a copy.": |generator| {
        let (name, placed) = (event_type::ACTIVITY, Placed::Copy);
        of::<ActivityPayload<'_>, ActivityDetail<'_>>(generator, name, placed, Detail::Sometimes)
    };
    /// That something went, in a delta.
    RemovedFrame, "An agent or session that was removed, in a delta.": |generator| {
        json_schema!({"oneOf": removals(generator, Placed::Copy)})
    };
    /// The first frame.
    HelloFrame, "The first frame of a connection.": |generator| {
        control::<Hello>(generator, "hello", Placed::Nowhere)
    };
    /// A new beginning.
    ResyncFrame, "A new beginning on a connection that goes on.": |generator| {
        control::<Resync>(generator, "resync", Placed::At)
    };
    /// The end of a copy.
    SyncEndFrame, "The end of a snapshot or delta, and how much was sent.": |generator| {
        control::<Counts>(generator, "sync:end", Placed::At)
    };
    /// A sign of life.
    HeartbeatFrame, "A sign of life, at the highest position that was considered for the connection.": |generator| {
        control::<Timed>(generator, "heartbeat", Placed::At)
    };
    /// The token ends soon.
    ExpiringFrame, "The token ends soon: refresh it.": |generator| {
        control::<Expiry>(generator, "auth:expiring", Placed::Nowhere)
    };
    /// The token was replaced.
    RefreshedFrame, "A fresh token was taken.": |generator| {
        control::<Expiry>(generator, "auth:refreshed", Placed::Nowhere)
    };
    /// An answer to a ping.
    PongFrame, "The answer to a ping.": |generator| {
        control::<Pong<'_>>(generator, "pong", Placed::Nowhere)
    };
    /// An answer to a report.
    ReportedFrame, "The answer to a report over the socket.": |generator| {
        control::<Reported<'_>>(generator, "reported", Placed::Nowhere)
    };
    /// A refusal.
    ErrorFrame, "A refusal of a client's frame.": |generator| {
        control::<Refusal<'_>>(generator, "error", Placed::Nowhere)
    };
    /// The last frame.
    GoodbyeFrame, "The last frame before the server ends the connection.": |generator| {
        control::<Goodbye>(generator, "goodbye", Placed::Nowhere)
    };
    /// An event as it happened.
    EventFrame, "An event, as the stream shows it when it happens.": |generator| {
        let placed = Placed::Event;
        let [agent_removed, session_removed] = removals(generator, placed);
        json_schema!({"oneOf": [
            of::<StatusPayload<'_>, StatusDetail<'_>>(generator, event_type::STATUS, placed, Detail::Always),
            of::<LifecyclePayload<'_>, LifecycleDetail<'_>>(
                generator, event_type::LIFECYCLE, placed, Detail::Sometimes,
            ),
            of::<ActivityPayload<'_>, ActivityDetail<'_>>(
                generator, event_type::ACTIVITY, placed, Detail::Sometimes,
            ),
            agent_removed,
            session_removed,
        ]})
    };
}
