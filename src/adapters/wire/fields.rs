//! Reads the fields of a JSON object, collects what is wrong with them, and names fields it does not know.

use serde_json::{Map, Value};

use crate::domain::fault::{Code, Fault};
use crate::domain::time::Timestamp;

/// Most unknown fields that are named in one answer: an answer must not outgrow what it answers.
const UNKNOWN_NAMED_MAX: usize = 16;
/// The largest whole number that every JSON writer holds exactly, as one that counts in fractions has it.
const EXACT_MAX: f64 = 9_007_199_254_740_991.0;
/// Most characters of an unknown field's name that are told back.
const UNKNOWN_CHARS_MAX: usize = 64;

/// The fields of one object that are still to be read.
pub(super) struct Fields {
    left: Map<String, Value>,
    faults: Vec<Fault>,
}

impl Fields {
    /// Takes an object; anything else is a fault.
    pub(super) fn of(value: Value) -> Result<Self, Vec<Fault>> {
        match value {
            Value::Object(left) => Ok(Self { left, faults: Vec::new() }),
            _ => Err(vec![Fault::new(Code::InvalidValue, "a JSON object is needed").at("")]),
        }
    }

    /// Notes a fault in this field.
    pub(super) fn refuse(
        &mut self,
        field: &str,
        code: Code,
        detail: impl Into<std::borrow::Cow<'static, str>>,
    ) {
        self.faults.push(Fault::new(code, detail).at(pointer(field)));
    }

    /// Whether the field is there and not null.
    pub(super) fn has(&self, field: &str) -> bool {
        self.left.get(field).is_some_and(|value| !value.is_null())
    }

    /// Leaves the rest unread, where it cannot be told what belongs to it.
    pub(super) fn pass_over_rest(&mut self) {
        self.left.clear();
    }

    /// The field's value; null counts as absent.
    pub(super) fn take(&mut self, field: &str) -> Option<Value> {
        self.left.remove(field).filter(|value| !value.is_null())
    }

    /// A text.
    pub(super) fn text(&mut self, field: &str) -> Option<String> {
        match self.take(field)? {
            Value::String(text) => Some(text),
            _ => {
                self.refuse(field, Code::InvalidValue, "a text is needed");
                None
            }
        }
    }

    /// A text that must be there.
    pub(super) fn needed_text(&mut self, field: &str) -> Option<String> {
        if !self.has(field) {
            self.left.remove(field);
            self.refuse(field, Code::InvalidValue, "this field is needed");
            return None;
        }
        self.text(field)
    }

    /// A text that a domain type checks.
    pub(super) fn checked<T, E: std::fmt::Display>(
        &mut self,
        field: &str,
        code: Code,
        check: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(field)?;
        self.check(field, code, &text, check)
    }

    /// A text that must be there and that a domain type checks.
    pub(super) fn needed<T, E: std::fmt::Display>(
        &mut self,
        field: &str,
        code: Code,
        check: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.needed_text(field)?;
        self.check(field, code, &text, check)
    }

    fn check<T, E: std::fmt::Display>(
        &mut self,
        field: &str,
        code: Code,
        text: &str,
        check: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        check(text).map_err(|error| self.refuse(field, code, error.to_string())).ok()
    }

    /// A whole number between these, both included.
    pub(super) fn whole(&mut self, field: &str, min: i64, max: i64) -> Option<i64> {
        let value = self.take(field)?;
        let number = whole_number(&value).filter(|number| (min..=max).contains(number));
        if number.is_none() {
            self.refuse(field, Code::InvalidValue, format!("a whole number from {min} to {max} is needed"));
        }
        number
    }

    /// A point in time in milliseconds.
    pub(super) fn timestamp(&mut self, field: &str) -> Option<Timestamp> {
        let max = i64::try_from(Timestamp::MAX.millis()).unwrap_or(i64::MAX);
        let millis = self.whole(field, 0, max)?;
        u64::try_from(millis).ok().and_then(Timestamp::from_millis)
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, field: &str) -> Option<Vec<String>> {
        let value = self.take(field)?;
        let texts = match value {
            Value::Array(items) => items.into_iter().map(into_text).collect(),
            _ => None,
        };
        if texts.is_none() {
            self.refuse(field, Code::InvalidValue, "a list of texts is needed");
        }
        texts
    }

    /// Ends the reading: fields that nobody asked for are faults, so that a typing error is not lost.
    pub(super) fn finish(mut self) -> Result<(), Vec<Fault>> {
        let shortened = |field: &String| field.chars().take(UNKNOWN_CHARS_MAX).collect();
        let unknown: Vec<String> = self.left.keys().take(UNKNOWN_NAMED_MAX).map(shortened).collect();
        for field in unknown {
            self.refuse(&field, Code::InvalidValue, "this field is not known here");
        }
        if self.faults.is_empty() { Ok(()) } else { Err(self.faults) }
    }
}

/// The whole number that a value is, however it is written: writers without integers write `1.0`, and JSON
/// Schema takes that for an integer too.
fn whole_number(value: &Value) -> Option<i64> {
    let written_otherwise = || {
        let number = value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() <= EXACT_MAX)?;
        format!("{number:.0}").parse().ok()
    };
    value.as_i64().or_else(written_otherwise)
}

fn into_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// A field's JSON pointer (RFC 6901).
fn pointer(field: &str) -> String {
    format!("/{}", field.replace('~', "~0").replace('/', "~1"))
}
