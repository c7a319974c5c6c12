//! The words for the kinds of event that an interest may choose among.
//!
//! ```
//! use mission_control::adapters::wire::event_type::word;
//! use mission_control::domain::event::EventKind;
//!
//! assert_eq!(word(EventKind::Status), Some("agent:status"));
//! assert_eq!(word(EventKind::Removal), None, "removals always come, so nobody chooses them");
//! ```

use crate::domain::event::EventKind;

/// `agent:status`
pub(super) const STATUS: &str = "agent:status";
/// `agent:lifecycle`
pub(super) const LIFECYCLE: &str = "agent:lifecycle";
/// `session:activity`
pub(super) const ACTIVITY: &str = "session:activity";

/// The word for a kind; removals have none, since they are not chosen.
#[must_use]
pub const fn word(kind: EventKind) -> Option<&'static str> {
    match kind {
        EventKind::Status => Some(STATUS),
        EventKind::Lifecycle => Some(LIFECYCLE),
        EventKind::Activity => Some(ACTIVITY),
        EventKind::Removal => None,
    }
}

/// The kind with this word.
pub(super) fn parse(text: &str) -> Option<EventKind> {
    EventKind::CHOOSABLE.into_iter().find(|kind| word(*kind) == Some(text))
}
