//! How claims are read from JSON: nothing of a wrong type passes as absent.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::domain::time::Timestamp;

/// A JSON object, and nothing else: derived readers also take an array of the values in order.
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectOf<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectOf<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }

        deserializer.deserialize_map(ObjectOf(PhantomData)).map(Self)
    }
}

/// Reads a claim that is there. `null` is not absence: `"agents": null` must not mean all agents.
pub(super) fn stated<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// A text, or several.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Texts {
    /// A text by itself.
    One(String),
    /// An array of texts.
    Many(Vec<String>),
}

impl Texts {
    /// The texts as they stand.
    pub(super) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

/// A point in time as tokens write it: seconds since 1970-01-01 UTC, whole or not (RFC 7519, section 2).
/// Later than a [`Timestamp`] can be is held at its end.
#[derive(Clone, Copy)]
pub(super) struct NumericDate(pub(super) Timestamp);

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seconds;

        impl Visitor<'_> for Seconds {
            type Value = NumericDate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("seconds since 1970")
            }

            fn visit_u64<E: Error>(self, seconds: u64) -> Result<NumericDate, E> {
                Ok(NumericDate(Timestamp::saturating(seconds.saturating_mul(1000))))
            }

            fn visit_i64<E: Error>(self, seconds: i64) -> Result<NumericDate, E> {
                match u64::try_from(seconds) {
                    Ok(seconds) => self.visit_u64(seconds),
                    Err(_) => Err(E::custom("a time before 1970")),
                }
            }

            fn visit_f64<E: Error>(self, seconds: f64) -> Result<NumericDate, E> {
                if !seconds.is_finite() || seconds < 0.0 {
                    return Err(E::custom("no point in time"));
                }
                // What is left to fail is only too large.
                let millis = Duration::try_from_secs_f64(seconds).map(|since| since.as_millis());
                let millis = millis.ok().and_then(|millis| u64::try_from(millis).ok()).unwrap_or(u64::MAX);
                Ok(NumericDate(Timestamp::saturating(millis)))
            }
        }

        deserializer.deserialize_any(Seconds)
    }
}
