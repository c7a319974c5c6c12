//! The words of the protocol as JSON Schema: what a text or number may be. Bounds come from the types that
//! check them, and are those of the defaults where a setting moves them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::event_type;
use crate::domain::event::EventKind;
use crate::domain::farewell;
use crate::domain::fault;
use crate::domain::id::{ID_CHARS_MAX, USER_ID_BYTES_MAX};
use crate::domain::lifecycle;
use crate::domain::limits::Limits;
use crate::domain::pattern::{PATTERNS_MAX, STARS_MAX};
use crate::domain::resume;
use crate::domain::revocation::TOKEN_ID_CHARS_MAX;
use crate::domain::time::Timestamp;
use crate::ports::event_log::IDEMPOTENCY_KEY_CHARS_MAX;

/// No control characters.
const NO_CONTROLS: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident, inline $inline:literal: {$($schema:tt)*};)*) => {$(
        $(#[$doc])*
        pub(crate) enum $name {}

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                $inline
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({$($schema)*})
            }
        }
    )*};
}

words! {
    /// An agent's, session's or instance's id.
    Id, inline true: {
        "type": "string", "pattern": format!("^[A-Za-z0-9._:@-]{{1,{ID_CHARS_MAX}}}$"),
    };
    /// Who a token was issued to.
    UserId, inline true: {
        "type": "string", "minLength": 1, "maxLength": USER_ID_BYTES_MAX, "pattern": NO_CONTROLS,
        "description": format!("At most {USER_ID_BYTES_MAX} bytes."),
    };
    /// A token's id.
    TokenId, inline true: {"type": "string", "minLength": 1, "maxLength": TOKEN_ID_CHARS_MAX};
    /// A live connection.
    ConnectionId, inline true: {"type": "string", "pattern": "^c[0-9]{1,19}$"};
    /// An idempotency key in a body.
    Key, inline true: {
        "type": "string", "minLength": 1, "maxLength": IDEMPOTENCY_KEY_CHARS_MAX, "pattern": NO_CONTROLS,
    };
    /// An idempotency key in a head.
    HeaderKey, inline true: {
        "type": "string", "minLength": 1, "maxLength": IDEMPOTENCY_KEY_CHARS_MAX,
        "pattern": "^[!-~]([ -~]*[!-~])?$",
    };
    /// A pattern of agent ids.
    Pattern, inline true: {
        "type": "string", "minLength": 1, "maxLength": ID_CHARS_MAX,
        "pattern": format!(r"^[A-Za-z0-9._:@-]*(\*[A-Za-z0-9._:@-]*){{0,{STARS_MAX}}}$"),
    };
    /// Patterns of agent ids.
    Patterns, inline true: {"type": "array", "maxItems": PATTERNS_MAX, "items": Pattern::item()};
    /// A history of events.
    Epoch, inline true: {"type": "string", "pattern": "^[a-z0-9]{1,32}$"};
    /// What a grant and an interest show, as a short id.
    View, inline true: {"type": "string", "pattern": "^[0-9a-f]{16}$"};
    /// How far a reader got, as it may be sent; an empty one is none.
    Cursor, inline true: {
        "type": "string", "pattern": "^([a-z0-9]{1,32}:[0-9]{1,19}(:[0-9a-f]{16})?)?$",
    };
    /// How far a reader got, as listings give it.
    Position, inline true: {"type": "string", "pattern": "^[a-z0-9]{1,32}:[0-9]{1,20}$"};
    /// Milliseconds since 1970-01-01 UTC.
    Time, inline true: {"type": "integer", "minimum": 0, "maximum": Timestamp::MAX.millis()};
    /// A whole number that every JSON reader holds exactly.
    Whole, inline true: {"type": "integer", "minimum": 0, "maximum": Timestamp::MAX.millis()};
    /// How a process ended.
    ExitCode, inline true: {"type": "integer", "minimum": i32::MIN, "maximum": i32::MAX};
    /// A signal's name.
    SignalName, inline true: {"type": "string", "pattern": "^[A-Za-z0-9+-]{1,32}$"};
    /// What an agent or session is doing.
    State, inline true: {"type": "string", "pattern": "^[a-z][a-z0-9_-]{0,31}$"};
    /// Any text.
    Text, inline true: {"type": "string"};
    /// A field's place in a body: a JSON pointer (RFC 6901).
    Pointer, inline true: {"type": "string", "pattern": "^(/[^/]*)*$"};
    /// Small facts about an agent.
    Labels, inline false: {
        "type": "object",
        "description": format!(
            "At most {} labels, key and value at most {} bytes each.",
            Limits::default().labels, Limits::default().label_bytes,
        ),
        "maxProperties": Limits::default().labels,
        "propertyNames": {"minLength": 1, "maxLength": Limits::default().label_bytes},
        "additionalProperties": {"type": "string", "maxLength": Limits::default().label_bytes},
    };
    /// The status of an agent.
    Status, inline true: {"type": "string", "enum": lifecycle::Status::ALL.map(lifecycle::Status::as_str)};
    /// What happened to an agent's process.
    LifecycleEvent, inline true: {
        "type": "string", "enum": lifecycle::Signal::ALL.map(lifecycle::Signal::as_str),
    };
    /// Why an agent has its status.
    Reason, inline true: {"type": "string", "enum": lifecycle::Reason::ALL.map(lifecycle::Reason::as_str)};
    /// How a connection is brought up to date.
    Mode, inline true: {"type": "string", "enum": ["snapshot", "delta", "replay", "live"]};
    /// Why it is brought up to date so.
    Why, inline true: {"type": "string", "enum": resume::Why::ALL.map(resume::Why::as_str)};
    /// Why a connection ends.
    Farewell, inline true: {"type": "string", "enum": farewell::Farewell::ALL.map(farewell::Farewell::as_str)};
    /// The types of event that can be chosen.
    EventType, inline true: {"type": "string", "enum": EventKind::CHOOSABLE.map(event_type::word)};
    /// Every code of a refusal.
    Code, inline false: {
        "type": "string",
        "description": "What went wrong. Branch on it; the words beside it may change.",
        "enum": fault::Code::ALL.iter().map(|code| code.as_str()).collect::<Vec<_>>(),
    };
}

impl Pattern {
    fn item() -> Schema {
        Self::json_schema(&mut SchemaGenerator::default())
    }
}
