//! Why the server ends a connection. Each has one close code in the wire tables.
//!
//! ```
//! use mission_control::domain::farewell::Farewell;
//!
//! assert_eq!(Farewell::Revoked.as_str(), "token_revoked");
//! assert!(Farewell::ALL.contains(&Farewell::Restart));
//! ```

/// Why the server ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Farewell {
    /// The node leaves for good.
    GoingAway,
    /// The peer broke the WebSocket protocol.
    Protocol,
    /// The peer sent a binary message.
    Binary,
    /// The peer sent text that is not UTF-8.
    NotText,
    /// The peer sent a message over the limit.
    TooLarge,
    /// Our fault.
    Internal,
    /// The node restarts.
    Restart,
    /// The node has as much to do as it takes.
    Overloaded,
    /// The token ended and was not refreshed.
    TokenExpired,
    /// The peer answered no ping.
    Silent,
    /// The peer took no byte.
    Blocked,
    /// The peer sent too many frames.
    TooManyFrames,
    /// The peer sent too much that was not understood.
    BadClient,
    /// The token was revoked.
    Revoked,
    /// Nothing is left to see or do, or an admin closed the connection.
    Forbidden,
}

impl Farewell {
    /// Every farewell.
    pub const ALL: [Self; 15] = [
        Self::GoingAway,
        Self::Protocol,
        Self::Binary,
        Self::NotText,
        Self::TooLarge,
        Self::Internal,
        Self::Restart,
        Self::Overloaded,
        Self::TokenExpired,
        Self::Silent,
        Self::Blocked,
        Self::TooManyFrames,
        Self::BadClient,
        Self::Revoked,
        Self::Forbidden,
    ];

    /// The stable word that goes with it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GoingAway => "going_away",
            Self::Protocol => "protocol_error",
            Self::Binary => "binary_message",
            Self::NotText => "invalid_utf8",
            Self::TooLarge => "message_too_large",
            Self::Internal => "internal",
            Self::Restart => "restart",
            Self::Overloaded => "overloaded",
            Self::TokenExpired => "token_expired",
            Self::Silent => "silent",
            Self::Blocked => "blocked",
            Self::TooManyFrames => "too_many_frames",
            Self::BadClient => "bad_client",
            Self::Revoked => "token_revoked",
            Self::Forbidden => "forbidden",
        }
    }
}
