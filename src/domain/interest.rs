//! What a connection asked for.
//!
//! ```
//! use mission_control::domain::event::EventKind;
//! use mission_control::domain::interest::{Interest, Kinds};
//!
//! assert!(Interest::all().kinds.has(EventKind::Activity));
//! let kinds = Kinds::of([EventKind::Status]);
//! assert!(!kinds.has(EventKind::Activity));
//! assert!(kinds.has(EventKind::Removal), "removals always come");
//! ```

use super::event::EventKind;
use super::pattern::Patterns;

/// The kinds of event a connection asked for. Removals are not chosen: they always come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kinds {
    /// `agent:status`
    pub status: bool,
    /// `agent:lifecycle`
    pub lifecycle: bool,
    /// `session:activity`
    pub activity: bool,
}

impl Kinds {
    /// All kinds.
    pub const ALL: Self = Self { status: true, lifecycle: true, activity: true };

    /// The set of these kinds.
    pub fn of(kinds: impl IntoIterator<Item = EventKind>) -> Self {
        let none = Self { status: false, lifecycle: false, activity: false };
        kinds.into_iter().fold(none, |mut set, kind| {
            match kind {
                EventKind::Status => set.status = true,
                EventKind::Lifecycle => set.lifecycle = true,
                EventKind::Activity => set.activity = true,
                EventKind::Removal => {}
            }
            set
        })
    }

    /// Whether events of this kind come.
    #[must_use]
    pub const fn has(self, kind: EventKind) -> bool {
        match kind {
            EventKind::Status => self.status,
            EventKind::Lifecycle => self.lifecycle,
            EventKind::Activity => self.activity,
            EventKind::Removal => true,
        }
    }
}

/// What a connection asked for; it narrows what its grant allows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Interest {
    /// Which agents.
    pub agents: Patterns,
    /// Which kinds of event.
    pub kinds: Kinds,
}

impl Interest {
    /// Everything the grant allows.
    #[must_use]
    pub fn all() -> Self {
        Self { agents: Patterns::all(), kinds: Kinds::ALL }
    }
}
