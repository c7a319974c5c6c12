//! Every outcome a client can see besides success: one stable code each, whose fault it is, and
//! whether trying again can help. HTTP statuses and close codes are tables over these codes.
//!
//! ```
//! use mission_control::domain::fault::{Code, Fault, Side};
//!
//! let fault = Fault::new(Code::FleetFull, "forget an agent, or raise limits.agents").at("/agentId");
//! assert_eq!((fault.code.as_str(), fault.code.side()), ("fleet_full", Side::Server));
//! assert!(fault.code.may_retry(), "an agent may be forgotten meanwhile");
//! assert!(!Code::InvalidId.may_retry());
//! ```

use std::borrow::Cow;
use std::time::Duration;

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The request was wrong.
    Client,
    /// The server could not do what was right to ask.
    Server,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $side:ident, $retry:literal, $title:literal;)*) => {
        /// The stable codes. Clients branch on them; the words around them may change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as clients see it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// Whose fault it is.
            #[must_use]
            pub const fn side(self) -> Side {
                match self { $(Self::$name => Side::$side,)* }
            }

            /// Whether the same request can succeed later.
            #[must_use]
            pub const fn may_retry(self) -> bool {
                match self { $(Self::$name => $retry,)* }
            }

            /// What happened, in a few words that are the same every time.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    /// The request is not well-formed HTTP or has parts that contradict each other.
    InvalidRequest = "invalid_request", Client, false, "The request is not well formed";
    /// The request names a host that is not this server.
    MisdirectedRequest = "misdirected_request", Client, false, "This server is not the host that was asked for";
    /// The body is not JSON.
    InvalidJson = "invalid_json", Client, false, "The body is not valid JSON";
    /// More than one credential came with the request.
    AmbiguousCredentials = "ambiguous_credentials", Client, false, "More than one credential was sent";
    /// No credential came.
    MissingToken = "missing_token", Client, false, "A token is needed";
    /// The token does not verify.
    InvalidToken = "invalid_token", Client, false, "The token is not valid";
    /// The token verified, and has ended.
    TokenExpired = "token_expired", Client, false, "The token has expired";
    /// The token was revoked.
    TokenRevoked = "token_revoked", Client, false, "The token was revoked";
    /// The ticket is unknown, used or too old.
    InvalidTicket = "invalid_ticket", Client, false, "The ticket is not valid";
    /// The sign-in code is unknown, used or too old.
    InvalidCode = "invalid_code", Client, false, "The sign-in code is not valid";
    /// There is no signed-in browser session.
    NotSignedIn = "not_signed_in", Client, false, "You are not signed in";
    /// The token lacks the scope.
    ForbiddenScope = "forbidden_scope", Client, false, "The token does not allow this";
    /// The token does not cover the agent.
    ForbiddenAgent = "forbidden_agent", Client, false, "The token does not cover this agent";
    /// The page that asks is not an allowed origin.
    ForbiddenOrigin = "forbidden_origin", Client, false, "This origin is not allowed";
    /// There is no such thing, or it is hidden from this token.
    NotFound = "not_found", Client, false, "There is no such thing here";
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", Client, false, "The method is not allowed here";
    /// The key was used for another report.
    IdempotencyConflict = "idempotency_conflict", Client, false, "The idempotency key was used for another report";
    /// The cursor is older than what is kept.
    CursorExpired = "cursor_expired", Client, false, "The events after this cursor are no longer kept";
    /// The body is larger than its limit.
    BodyTooLarge = "body_too_large", Client, false, "The body is too large";
    /// The URI is longer than its limit.
    UriTooLong = "uri_too_long", Client, false, "The URI is too long";
    /// The content type is not JSON.
    UnsupportedMediaType = "unsupported_media_type", Client, false, "The content type must be application/json";
    /// An id breaks the rules of ids.
    InvalidId = "invalid_id", Client, false, "An id is not valid";
    /// A pattern breaks the rules of patterns.
    InvalidPattern = "invalid_pattern", Client, false, "A pattern is not valid";
    /// A field has a value that is not allowed.
    InvalidValue = "invalid_value", Client, false, "A value is not valid";
    /// The cursor cannot be read.
    InvalidCursor = "invalid_cursor", Client, false, "The cursor cannot be read";
    /// An event type is unknown.
    UnknownType = "unknown_type", Client, false, "The event type is unknown";
    /// A batch is empty or has too many items.
    InvalidBatch = "invalid_batch", Client, false, "The batch has no items or too many";
    /// The WebSocket version is not 13 or the upgrade headers are missing.
    UpgradeRequired = "upgrade_required", Client, false, "A WebSocket handshake of version 13 is needed";
    /// An agent, address or user asks too often.
    RateLimited = "rate_limited", Client, true, "Too many requests";
    /// The user has as many connections as allowed.
    TooManyConnections = "too_many_connections", Client, true, "Too many connections";
    /// The head is larger than its limit.
    HeadTooLarge = "head_too_large", Client, false, "The request's head is too large";
    /// A client frame was not understood.
    InvalidFrame = "invalid_frame", Client, false, "The frame was not understood";
    /// Our fault.
    Internal = "internal", Server, true, "Something went wrong here";
    /// Named by the contract, not built yet in this version.
    NotBuilt = "not_built", Server, false, "This is not built yet";
    /// The node has as much to do as it takes.
    Overloaded = "overloaded", Server, true, "The server is busy";
    /// The log cannot take events now.
    Unavailable = "unavailable", Server, true, "The server cannot store events now";
    /// The server is shutting down.
    Draining = "draining", Server, true, "The server is shutting down";
    /// The fleet has as many agents as allowed.
    FleetFull = "fleet_full", Server, true, "The fleet has no room for another agent";
    /// The log has no room.
    StoreFull = "store_full", Server, true, "The event store is full";
}

/// A refusal: its code, what to do about it, and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The stable code.
    pub code: Code,
    /// What is wrong and what to do, for people. Never a token, a path or another agent's name.
    pub detail: Cow<'static, str>,
    /// The field it lies in, as a JSON pointer.
    pub pointer: Option<Cow<'static, str>>,
    /// After how long trying again makes sense.
    pub retry_after: Option<Duration>,
}

impl Fault {
    /// A refusal with a word on what to do.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), pointer: None, retry_after: None }
    }

    /// The same, in this field.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<Cow<'static, str>>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// The same, to be tried again after a while.
    #[must_use]
    pub const fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.detail)
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_its_own() {
        let mut words: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Code::ALL.len());
    }
}
