//! Where a reader stands in the history of events.
//!
//! ```
//! use mission_control::domain::cursor::{Cursor, CursorError, Epoch, Seq, ViewId};
//!
//! let cursor = Cursor::parse("k3f9:1042:5d0c5d0c5d0c5d0c").unwrap();
//! assert_eq!((cursor.epoch.as_str(), cursor.seq), ("k3f9", Seq::new(1042)));
//! let view: Option<ViewId> = cursor.view;
//! assert!(view.is_some());
//! assert_eq!(Cursor::parse("k3f9:1042").unwrap().view, None, "it vouches that the view is unchanged");
//! assert_eq!(Cursor::parse("1042"), Err(CursorError));
//! assert_eq!(Seq::new(1042).next().get(), 1043);
//! assert_ne!(Epoch::from_random([1; 8]), Epoch::from_random([2; 8]));
//! ```

use std::fmt;
use std::sync::Arc;

/// Position of an event in its epoch: 1, 2, 3 … without holes. 0 is before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Seq(u64);

impl Seq {
    /// Before the first event.
    pub const ZERO: Self = Self(0);

    /// The position with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The position after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Random id of one event history; changes only when history was lost or put back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Epoch(Arc<str>);

impl Epoch {
    /// Takes 1 to 32 small letters and digits.
    ///
    /// # Errors
    /// [`CursorError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, CursorError> {
        let fits = (1..=32).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if fits { Ok(Self(Arc::from(text))) } else { Err(CursorError) }
    }

    /// A new epoch from random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 8]) -> Self {
        Self(Arc::from(format!("{:016x}", u64::from_be_bytes(bytes))))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Short id of an effective grant and interest: eight hexadecimal digits for each.
///
/// Two parts, so that a resume can tell which of the two changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ViewId {
    /// Of the grant.
    pub grant: u32,
    /// Of the interest.
    pub interest: u32,
}

impl ViewId {
    fn parse(text: &str) -> Result<Self, CursorError> {
        let fits = text.len() == 16
            && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        let (grant, interest) = text.split_at_checked(8).filter(|_| fits).ok_or(CursorError)?;
        let part = |digits| u32::from_str_radix(digits, 16).map_err(|_| CursorError);
        Ok(Self { grant: part(grant)?, interest: part(interest)? })
    }
}

impl fmt::Display for ViewId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}{:08x}", self.grant, self.interest)
    }
}

/// The text is not a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cursor is <epoch>:<seq> or <epoch>:<seq>:<view>, as hello and the events gave them")]
pub struct CursorError;

/// How far a reader got: `<epoch>:<seq>` or `<epoch>:<seq>:<view>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The history.
    pub epoch: Epoch,
    /// The last position it applied.
    pub seq: Seq,
    /// What it was shown; without it the reader vouches that this is unchanged.
    pub view: Option<ViewId>,
}

impl Cursor {
    /// Reads the text form.
    ///
    /// # Errors
    /// [`CursorError`] when the text has another form.
    pub fn parse(text: &str) -> Result<Self, CursorError> {
        let mut parts = text.split(':');
        let epoch = Epoch::parse(parts.next().ok_or(CursorError)?)?;
        let digits = parts.next().ok_or(CursorError)?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(CursorError);
        }
        let seq = digits.parse().map(Seq).map_err(|_| CursorError)?;
        let view = parts.next().map(ViewId::parse).transpose()?;
        if parts.next().is_some() { Err(CursorError) } else { Ok(Self { epoch, seq, view }) }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.epoch, self.seq)?;
        self.view.map_or(Ok(()), |view| write!(f, ":{view}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_what_it_prints() {
        for text in ["k3f9:0", "k3f9:1042", "k3f9:18446744073709551615", "k3f9:7:00000001abcdef09"] {
            assert_eq!(Cursor::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_cursor_refuses_what_is_not_one() {
        for bad in [
            "",
            ":",
            "k",
            "k:",
            ":1",
            "K:1",
            "k:-1",
            "k:+1",
            "k:1.0",
            "k:18446744073709551616",
            "k:1:",
            "k:1:zz",
            "k:1:00000001ABCDEF09",
            "k:1:00000001abcdef09:",
            "k 1",
            "k:1:éé",
            "k:1:0000000éabcdef0",
        ] {
            assert!(Cursor::parse(bad).is_err(), "{bad}");
        }
    }
}
