//! From a raw value to a typed one. A value from the environment or a flag is always a text, so
//! every type is also read from its text, and a list from texts with commas between.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use config::ValueKind;

use super::{Network, Origin, Secret};

/// A type that a setting can have.
pub(super) trait Setting: Sized {
    /// The typed value; `None` when the raw one does not fit.
    fn read(raw: &ValueKind) -> Option<Self>;

    /// What it is when nobody said anything; `None` when somebody must.
    fn absent() -> Option<Self> {
        None
    }
}

impl<T: Setting> Setting for Option<T> {
    fn read(raw: &ValueKind) -> Option<Self> {
        T::read(raw).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

/// A text with something in it. An empty one is somebody's unset variable, not a value.
pub(super) fn text(raw: &ValueKind) -> Option<&str> {
    match raw {
        ValueKind::String(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// A whole number that is not negative.
pub(super) fn number(raw: &ValueKind) -> Option<u64> {
    match raw {
        ValueKind::I64(number) => u64::try_from(*number).ok(),
        ValueKind::U64(number) => Some(*number),
        // `u64::from_str` would take a plus sign.
        ValueKind::String(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok(),
        _ => None,
    }
}

impl Setting for bool {
    fn read(raw: &ValueKind) -> Option<Self> {
        match raw {
            ValueKind::Boolean(switch) => Some(*switch),
            ValueKind::String(text) => text.parse().ok(),
            _ => None,
        }
    }
}

impl Setting for u64 {
    fn read(raw: &ValueKind) -> Option<Self> {
        number(raw)
    }
}

impl Setting for u32 {
    fn read(raw: &ValueKind) -> Option<Self> {
        number(raw)?.try_into().ok()
    }
}

impl Setting for usize {
    fn read(raw: &ValueKind) -> Option<Self> {
        number(raw)?.try_into().ok()
    }
}

impl Setting for Duration {
    fn read(raw: &ValueKind) -> Option<Self> {
        number(raw).map(Self::from_millis)
    }
}

impl Setting for String {
    fn read(raw: &ValueKind) -> Option<Self> {
        text(raw).map(ToOwned::to_owned)
    }
}

impl Setting for Secret {
    fn read(raw: &ValueKind) -> Option<Self> {
        text(raw).map(Self::new)
    }
}

impl Setting for PathBuf {
    fn read(raw: &ValueKind) -> Option<Self> {
        text(raw).map(Self::from)
    }
}

impl Setting for SocketAddr {
    fn read(raw: &ValueKind) -> Option<Self> {
        text(raw)?.parse().ok()
    }
}

/// A type that a list can hold.
pub(super) trait Item: Sized {
    /// Whether a list without any is a value.
    const MAY_BE_EMPTY: bool = true;

    /// The items of a text with commas between.
    fn split(text: &str) -> Vec<&str> {
        text.split(',').map(str::trim).collect()
    }

    /// The item of this text.
    fn item(text: &str) -> Option<Self>;
}

impl Item for Origin {
    fn item(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Item for Network {
    fn item(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl<T: Item> Setting for Vec<T> {
    fn read(raw: &ValueKind) -> Option<Self> {
        let items: Self = match raw {
            // An empty text takes back a list of an earlier layer.
            ValueKind::String(text) if text.trim().is_empty() => Self::new(),
            ValueKind::String(text) => T::split(text).into_iter().map(T::item).collect::<Option<_>>()?,
            ValueKind::Array(values) => values
                .iter()
                .map(|value| match &value.kind {
                    ValueKind::String(text) => T::item(text),
                    _ => None,
                })
                .collect::<Option<_>>()?,
            _ => return None,
        };
        (T::MAY_BE_EMPTY || !items.is_empty()).then_some(items)
    }
}
