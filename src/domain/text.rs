//! Bounded texts of reports: messages, states, labels.
//!
//! ```
//! use mission_control::domain::limits::Limits;
//! use mission_control::domain::text::{Labels, LabelsError, Message, StateWord, StateWordError};
//!
//! let message = Message::cut("caf\u{e9} au lait", 4);
//! assert_eq!((message.as_str(), message.truncated()), ("caf", true), "never in the middle of a character");
//! assert_eq!(StateWord::parse("waiting").unwrap().as_str(), "waiting");
//! assert_eq!(StateWord::parse("Waiting!"), Err(StateWordError));
//!
//! let labels = [("team".to_owned(), "data".to_owned())].into();
//! let labels: Result<Labels, LabelsError> = Labels::checked(labels, &Limits::default());
//! assert_eq!(labels.unwrap().iter().next(), Some(("team", "data")));
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use super::limits::Limits;

/// A message of at most the limit's length; longer text is cut, and says so.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Message {
    text: Arc<str>,
    truncated: bool,
}

impl Message {
    /// Keeps the text, cut to at most `bytes_max` bytes on a character boundary.
    #[must_use]
    pub fn cut(text: &str, bytes_max: usize) -> Self {
        let end = text.floor_char_boundary(bytes_max);
        let kept = text.get(..end).unwrap_or(text);
        Self { text: Arc::from(kept), truncated: kept.len() < text.len() }
    }

    /// A message as it was kept before.
    #[must_use]
    pub fn restored(text: &str, truncated: bool) -> Self {
        Self { text: Arc::from(text), truncated }
    }

    /// The text that was kept.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a longer text was cut.
    #[must_use]
    pub fn truncated(&self) -> bool {
        self.truncated
    }
}

/// What an agent or session says it is doing: `[a-z][a-z0-9_-]{0,31}`, such as `working`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StateWord(Arc<str>);

/// The text is not a state word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a state is a small letter, then at most 31 small letters, digits, _ or -")]
pub struct StateWordError;

impl StateWord {
    /// Takes `[a-z][a-z0-9_-]{0,31}`.
    ///
    /// # Errors
    /// [`StateWordError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, StateWordError> {
        let mut bytes = text.bytes();
        let first = bytes.next().is_some_and(|byte| byte.is_ascii_lowercase());
        let rest = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'));
        if first && rest && text.len() <= 32 { Ok(Self(Arc::from(text))) } else { Err(StateWordError) }
    }

    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Small facts about an agent that screens filter by, such as `team=x`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Labels(Arc<BTreeMap<String, String>>);

/// Why labels were refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelsError {
    /// More labels than the limit.
    #[error("an agent has at most {0} labels")]
    TooMany(usize),
    /// A key is empty.
    #[error("a label needs a key")]
    EmptyKey,
    /// A key or value is longer than the limit.
    #[error("a label's key and value have at most {0} bytes each")]
    TooLong(usize),
}

impl Labels {
    /// Takes labels within the limits.
    ///
    /// # Errors
    /// [`LabelsError`] says which limit they break; nothing is cut.
    pub fn checked(labels: BTreeMap<String, String>, limits: &Limits) -> Result<Self, LabelsError> {
        if labels.len() > limits.labels {
            return Err(LabelsError::TooMany(limits.labels));
        }
        if labels.keys().any(String::is_empty) {
            return Err(LabelsError::EmptyKey);
        }
        if labels
            .iter()
            .any(|(key, value)| key.len() > limits.label_bytes || value.len() > limits.label_bytes)
        {
            return Err(LabelsError::TooLong(limits.label_bytes));
        }
        Ok(Self(Arc::new(labels)))
    }

    /// The labels in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_cut_on_a_character_boundary_and_says_so() {
        let kept = Message::cut("aé", 2);
        assert_eq!((kept.as_str(), kept.truncated()), ("a", true));
        let whole = Message::cut("aé", 3);
        assert_eq!((whole.as_str(), whole.truncated()), ("aé", false));
    }

    #[test]
    fn a_state_word_has_a_fixed_form() {
        for good in ["working", "a", "x-1_y", &"a".repeat(32)] {
            assert!(StateWord::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "Working", "1a", "a b", "-a", &"a".repeat(33)] {
            assert!(StateWord::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn labels_are_refused_past_each_limit_and_taken_at_it() {
        let limits = Limits::default();
        let many = |n: usize| (0..n).map(|i| (format!("k{i}"), String::new())).collect::<BTreeMap<_, _>>();
        assert!(Labels::checked(many(16), &limits).is_ok());
        assert_eq!(Labels::checked(many(17), &limits), Err(LabelsError::TooMany(16)));
        let one = |key: String, value: String| Labels::checked(BTreeMap::from([(key, value)]), &limits);
        assert!(one("k".repeat(64), "v".repeat(64)).is_ok());
        assert_eq!(one("k".repeat(65), String::new()), Err(LabelsError::TooLong(64)));
        assert_eq!(one("k".into(), "v".repeat(65)), Err(LabelsError::TooLong(64)));
        assert_eq!(one(String::new(), "v".into()), Err(LabelsError::EmptyKey));
    }
}
