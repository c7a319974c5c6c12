//! Checked identifiers. A value of one of these types is always a valid one.
//!
//! ```
//! use mission_control::domain::id::{AgentId, ConnectionId, ID_CHARS_MAX, IdError, InstanceId, SessionId, UserId};
//!
//! let agent = AgentId::parse("build-7@ci").unwrap();
//! assert_eq!(agent.as_str(), "build-7@ci");
//! assert_eq!(AgentId::parse(""), Err(IdError::Empty));
//! assert_eq!(SessionId::parse(&"x".repeat(129)), Err(IdError::TooLong(ID_CHARS_MAX)));
//! assert!(InstanceId::parse("no spaces").is_err());
//! // Whom a token speaks for is named by whoever issued it, so a user may have more letters.
//! assert!(UserId::parse("Ann O'Hara <ann@example.org>").is_ok());
//! assert_eq!(ConnectionId::parse("c7").unwrap().to_string(), "c7");
//! ```
//!
//! ```
//! use mission_control::domain::id::is_id_byte;
//!
//! let slug: String = "build 7/ci".chars().map(|c| if is_id_byte(c as u8) { c } else { '-' }).collect();
//! assert_eq!(slug, "build-7-ci");
//! ```

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// The longest agent or session id, in characters (all of them ASCII, so also in bytes).
pub const ID_CHARS_MAX: usize = 128;
/// The longest user id (`sub` claim), in bytes.
pub const USER_ID_BYTES_MAX: usize = 255;

/// Why a text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty.
    #[error("an id needs at least one character")]
    Empty,
    /// The text is longer than the limit.
    #[error("an id has at most {0} characters")]
    TooLong(usize),
    /// The text has a character that is not allowed.
    #[error("an id is made of letters, digits and . _ : @ -")]
    Character,
}

/// Whether a byte may stand in an agent or session id: `[A-Za-z0-9._:@-]`.
#[must_use]
pub fn is_id_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'@' | b'-')
}

fn checked(text: &str) -> Result<Arc<str>, IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.len() > ID_CHARS_MAX {
        return Err(IdError::TooLong(ID_CHARS_MAX));
    }
    if !text.bytes().all(is_id_byte) {
        return Err(IdError::Character);
    }
    Ok(Arc::from(text))
}

/// Something that works on its own and is watched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentId(Arc<str>);

/// One conversation or run of an agent; unique within its agent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(Arc<str>);

/// One process life of an agent, as it names itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId(Arc<str>);

/// The person or program a token was issued to (`sub`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(Arc<str>);

macro_rules! text_id {
    ($name:ident) => {
        impl $name {
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

macro_rules! plain_id {
    ($name:ident) => {
        text_id!($name);

        impl $name {
            /// Takes 1 to 128 characters of `[A-Za-z0-9._:@-]`.
            ///
            /// # Errors
            /// [`IdError`] says which rule the text breaks.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                checked(text).map(Self)
            }
        }
    };
}

plain_id!(AgentId);
plain_id!(SessionId);
plain_id!(InstanceId);
text_id!(UserId);

/// Agents are ordered as their texts are, so that those with a prefix lie side by side.
impl Borrow<str> for AgentId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl UserId {
    /// Takes 1 to 255 bytes without control characters.
    ///
    /// # Errors
    /// [`IdError`] says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if text.is_empty() {
            return Err(IdError::Empty);
        }
        if text.len() > USER_ID_BYTES_MAX {
            return Err(IdError::TooLong(USER_ID_BYTES_MAX));
        }
        if text.chars().any(char::is_control) {
            return Err(IdError::Character);
        }
        Ok(Self(Arc::from(text)))
    }
}

/// One live connection of this node, numbered as they come. Never reused while the node runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(u64);

impl ConnectionId {
    /// Not after any other.
    pub const MIN: Self = Self(u64::MIN);
    /// Not before any other.
    pub const MAX: Self = Self(u64::MAX);

    /// The connection with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// A number below `parts` that spreads connections evenly over them, however many there are and
    /// whatever else is decided by their numbers: multiples of the golden ratio. 0 when there are no parts.
    #[must_use]
    pub const fn spread_over(self, parts: u32) -> u32 {
        const TURN: u64 = 0x9e37_79b9_7f4a_7c15;
        let [a, b, c, d, ..] = self.0.wrapping_mul(TURN).to_be_bytes();
        match u32::from_be_bytes([a, b, c, d]).checked_rem(parts) {
            Some(part) => part,
            None => 0,
        }
    }

    /// One of `parts`, by turns. 0 when there are no parts.
    #[must_use]
    pub fn among(self, parts: usize) -> usize {
        let parts = u64::try_from(parts).unwrap_or(u64::MAX);
        self.0.checked_rem(parts).and_then(|part| usize::try_from(part).ok()).unwrap_or_default()
    }

    /// Reads the form `c7`.
    ///
    /// # Errors
    /// [`IdError::Character`] when the text is anything else.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        text.strip_prefix('c')
            .filter(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .map(Self)
            .ok_or(IdError::Character)
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_takes_every_allowed_character_up_to_the_limit() {
        assert!(AgentId::parse("a").is_ok());
        assert!(AgentId::parse("Az09._:@-").is_ok());
        assert!(AgentId::parse(&"x".repeat(ID_CHARS_MAX)).is_ok());
    }

    #[test]
    fn an_id_refuses_what_is_not_one() {
        assert_eq!(AgentId::parse(""), Err(IdError::Empty));
        assert_eq!(AgentId::parse(&"x".repeat(129)), Err(IdError::TooLong(128)));
        for bad in ["a b", "a/b", "a*", "é", "a\n", "a\0", "a>", "$SYS", "a,b"] {
            assert_eq!(AgentId::parse(bad), Err(IdError::Character), "{bad:?}");
        }
    }

    #[test]
    fn a_user_id_is_any_short_text_without_control_characters() {
        assert!(UserId::parse("auth0|Zoë Müller").is_ok());
        assert_eq!(UserId::parse("a\u{7}"), Err(IdError::Character));
        assert_eq!(UserId::parse(&"x".repeat(256)), Err(IdError::TooLong(255)));
    }

    #[test]
    fn a_connection_id_reads_back_what_it_prints() {
        let id = ConnectionId::new(7);
        assert_eq!(ConnectionId::parse(&id.to_string()), Ok(id));
        for bad in ["", "c", "7", "c-1", "c+1", "c99999999999999999999"] {
            assert!(ConnectionId::parse(bad).is_err(), "{bad}");
        }
    }
}
