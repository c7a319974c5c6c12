//! JSON without surprises: a key that comes twice is an error, not a silent choice, and a small text
//! does not become a large tree.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::domain::fault::{Code, Fault};

/// Most lists and objects of one report or frame: many more than any has that is right.
pub(super) const NESTS_MAX: usize = 1000;

/// Reads a whole JSON text with at most this many lists and objects. Nesting is bounded by the parser
/// (128).
///
/// A list or object of eight bytes of text takes hundreds in memory, so that without a bound a batch
/// of half a megabyte would take forty.
///
/// # Errors
/// `invalid_json`; `invalid_value` when there are more lists and objects.
pub(super) fn parse(text: &[u8], nests_max: usize) -> Result<Value, Fault> {
    let left = Cell::new(Some(nests_max));
    let mut reader = serde_json::Deserializer::from_slice(text);
    let read = Strict { left: &left }.deserialize(&mut reader).and_then(|value| {
        reader.end()?;
        Ok(value)
    });
    read.map_err(|error| {
        if left.get().is_none() {
            let detail = format!("at most {nests_max} lists and objects are read");
            return Fault::new(Code::InvalidValue, detail).at("");
        }
        // Only the position: the parser's words may quote the input.
        let detail = format!("reading stopped at line {}, column {}", error.line(), error.column());
        Fault::new(Code::InvalidJson, detail)
    })
}

/// Reads one value, and counts the lists and objects that may still come; nothing once there were
/// too many.
#[derive(Clone, Copy)]
struct Strict<'a> {
    left: &'a Cell<Option<usize>>,
}

impl Strict<'_> {
    fn count<E: Error>(self) -> Result<(), E> {
        self.left.set(self.left.get().and_then(|left| left.checked_sub(1)));
        self.left.get().map(|_| ()).ok_or_else(|| E::custom("too many lists and objects"))
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        self.count()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        self.count()?;
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(self)?;
            if object.insert(key, value).is_some() {
                return Err(A::Error::custom("a key comes twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_as_it_is() {
        let text = r#"{"a":[1,-2,2.5,"x\u00e9",true,null,{"b":{}}]}"#;
        assert_eq!(parse(text.as_bytes(), NESTS_MAX).unwrap(), serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn what_is_not_json_is_refused_without_repeating_it() {
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        for bad in [&b"{\"a\":1,\"a\":2}"[..], b"{", b"", b"{} {}", b"\"\xff\"", b"{'a':1}", deep.as_bytes()]
        {
            let fault = parse(bad, NESTS_MAX).unwrap_err();
            assert_eq!(fault.code, Code::InvalidJson, "{bad:?}");
            assert!(fault.detail.starts_with("reading stopped at line"));
        }
    }
    #[test]
    fn a_small_text_does_not_become_a_large_tree() {
        let lists = |count: usize| format!("[{}1]", "[],".repeat(count));
        let objects = |count: usize| format!("[{}1]", r#"{"a":1},"#.repeat(count));
        for text in [lists(9), objects(9), "1".into()] {
            assert!(parse(text.as_bytes(), 10).is_ok(), "{text}");
        }
        for text in [lists(10), objects(10), lists(200_000), objects(65_000), "[[[[[[[[[[[".into()] {
            let fault = parse(text.as_bytes(), 10).unwrap_err();
            assert_eq!((fault.code, fault.pointer.as_deref()), (Code::InvalidValue, Some("")));
        }
        assert_eq!(parse(b"[[]", 10).unwrap_err().code, Code::InvalidJson);
        assert_eq!(parse(b"[1", 1).unwrap_err().code, Code::InvalidJson);
    }
}
