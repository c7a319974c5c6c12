//! What the table says about one setting, and short ways to write its rows.

/// One setting: a row of [`KEYS`](super::KEYS).
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Section and name, `server.listen`.
    pub name: &'static str,
    /// What sort of value it takes.
    pub kind: Kind,
    /// The default, written as in the settings file. `None`: not set.
    pub default: Option<&'static str>,
    /// The values it takes, in words that follow "it takes".
    pub allowed: &'static str,
    /// What it does, in one line.
    pub doc: &'static str,
    /// How much of it is built.
    pub built: Built,
}

/// What sort of value a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A text that is never shown.
    Secret,
    /// A whole number, both ends included.
    Number {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// `true` or `false`.
    Switch,
    /// A list of texts.
    List,
}

/// How much of a setting is built. What is not is refused by name, never ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Built {
    /// All of it.
    Yes,
    /// None of it: it must be left out.
    No {
        /// What to do instead.
        instead: &'static str,
    },
    /// These values alone, out of those it will take.
    Only {
        /// The values, as text.
        values: &'static [&'static str],
        /// What to do instead.
        instead: &'static str,
    },
}

/// The largest number that every reader of JSON keeps exactly, 2^53-1.
const LARGEST: u64 = 9_007_199_254_740_991;

impl Key {
    const fn new(
        name: &'static str,
        kind: Kind,
        default: Option<&'static str>,
        allowed: &'static str,
        doc: &'static str,
    ) -> Self {
        Self { name, kind, default, allowed, doc, built: Built::Yes }
    }

    /// A text.
    pub(super) const fn text(
        name: &'static str,
        default: Option<&'static str>,
        allowed: &'static str,
        doc: &'static str,
    ) -> Self {
        Self::new(name, Kind::Text, default, allowed, doc)
    }

    /// A text that is never shown, not set by default.
    pub(super) const fn secret(name: &'static str, allowed: &'static str, doc: &'static str) -> Self {
        Self::new(name, Kind::Secret, None, allowed, doc)
    }

    /// `true` or `false`.
    pub(super) const fn switch(name: &'static str, default: &'static str, doc: &'static str) -> Self {
        Self::new(name, Kind::Switch, Some(default), "`true` or `false`", doc)
    }

    /// How many: any whole number from 1.
    pub(super) const fn count(name: &'static str, default: &'static str, doc: &'static str) -> Self {
        let kind = Kind::Number { min: 1, max: LARGEST };
        Self::new(name, kind, Some(default), "a whole number from 1", doc)
    }

    /// How long, in milliseconds, at least one of them.
    pub(super) const fn length(name: &'static str, default: Option<&'static str>, doc: &'static str) -> Self {
        let kind = Kind::Number { min: 1, max: LARGEST };
        Self::new(name, kind, default, "milliseconds, from 1", doc)
    }

    /// How long, in milliseconds, where none at all has a meaning or the range is closed.
    pub(super) const fn millis(
        name: &'static str,
        (min, max): (u64, Option<u64>),
        default: &'static str,
        allowed: &'static str,
        doc: &'static str,
    ) -> Self {
        let max = match max {
            Some(max) => max,
            None => LARGEST,
        };
        Self::new(name, Kind::Number { min, max }, Some(default), allowed, doc)
    }

    /// A list of texts.
    pub(super) const fn list(
        name: &'static str,
        default: &'static str,
        allowed: &'static str,
        doc: &'static str,
    ) -> Self {
        Self::new(name, Kind::List, Some(default), allowed, doc)
    }

    /// The same setting, refused for now.
    pub(super) const fn later(self, instead: &'static str) -> Self {
        Self { built: Built::No { instead }, ..self }
    }

    /// The same setting, with these values alone for now.
    pub(super) const fn only(self, values: &'static [&'static str], instead: &'static str) -> Self {
        Self { built: Built::Only { values, instead }, ..self }
    }

    /// The environment variable that sets it.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("MISSION_CONTROL__{}", self.name.to_ascii_uppercase().replace('.', "__"))
    }

    /// Section and the name within it.
    pub(super) fn parts(&self) -> (&'static str, &'static str) {
        self.name.split_once('.').unwrap_or(("", self.name))
    }
}

/// The row of this name.
pub(super) fn find(name: &str) -> Option<&'static Key> {
    super::KEYS.iter().find(|key| key.name == name)
}
