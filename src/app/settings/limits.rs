//! `limits.*`: what one request, client, user, address or agent may use. Every bound of the
//! contract's section 9 has its setting here.

use std::time::Duration;

use super::reader::{Reader, section};

/// `limits.*`
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Bytes of a request's head.
    pub head_bytes: usize,
    /// Header fields of a request.
    pub head_fields: usize,
    /// Time in which the head must arrive.
    pub head_time: Duration,
    /// Bytes of a request's path and query.
    pub uri_bytes: usize,
    /// Bytes of a body, except a batch's.
    pub body_bytes: usize,
    /// Bytes of a batch's body.
    pub batch_bytes: usize,
    /// Time in which the body must arrive.
    pub body_time: Duration,
    /// Reports in a batch.
    pub batch_items: usize,
    /// Bytes of a frame from a client.
    pub frame_bytes: usize,
    /// Fragments of a message from a client.
    pub frame_fragments: usize,
    /// Frames a second from one client.
    pub frames_per_second: u32,
    /// Frames from one client at once.
    pub frames_burst: u32,
    /// Changes of interest a second on one connection.
    pub interest_per_second: u32,
    /// Patterns in an interest or grant.
    pub patterns: usize,
    /// Live connections in all.
    pub connections: usize,
    /// Live connections of one user.
    pub connections_per_user: usize,
    /// Handshakes a second in all.
    pub handshakes_per_second: u32,
    /// Refused handshakes a second from one address.
    pub refused_handshakes_per_second: u32,
    /// Reports a second about one agent.
    pub reports_per_second: u32,
    /// Reports about one agent at once.
    pub reports_burst: u32,
    /// Bytes of `message` and `lastMessage`; longer is cut.
    pub message_bytes: usize,
    /// Labels of one agent.
    pub labels: usize,
    /// Bytes of a label's key, and of its value.
    pub label_bytes: usize,
    /// Agents in the fleet.
    pub agents: usize,
    /// Sessions of one agent.
    pub sessions_per_agent: usize,
    /// How long a session may be quiet before it is removed.
    pub session_quiet: Duration,
    /// Idempotency keys remembered.
    pub idempotency_keys: usize,
}

impl Limits {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        section!(
            reader,
            Self {
                head_bytes: "limits.head_bytes",
                head_fields: "limits.head_fields",
                head_time: "limits.head_ms",
                uri_bytes: "limits.uri_bytes",
                body_bytes: "limits.body_bytes",
                batch_bytes: "limits.batch_bytes",
                body_time: "limits.body_ms",
                batch_items: "limits.batch_items",
                frame_bytes: "limits.frame_bytes",
                frame_fragments: "limits.frame_fragments",
                frames_per_second: "limits.frames_per_second",
                frames_burst: "limits.frames_burst",
                interest_per_second: "limits.interest_per_second",
                patterns: "limits.patterns",
                connections: "limits.connections",
                connections_per_user: "limits.connections_per_user",
                handshakes_per_second: "limits.handshakes_per_second",
                refused_handshakes_per_second: "limits.refused_handshakes_per_second",
                reports_per_second: "limits.reports_per_second",
                reports_burst: "limits.reports_burst",
                message_bytes: "limits.message_bytes",
                labels: "limits.labels",
                label_bytes: "limits.label_bytes",
                agents: "limits.agents",
                sessions_per_agent: "limits.sessions_per_agent",
                session_quiet: "limits.session_quiet_ms",
                idempotency_keys: "limits.idempotency_keys",
            }
        )
    }
}
