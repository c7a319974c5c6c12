//! One text for equal JSON values, to compare reports that come again.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// SHA-256 of a value, whatever the order of its keys.
pub(super) fn fingerprint(value: &Value) -> [u8; 32] {
    let mut hash = Sha256::new();
    feed(value, &mut hash);
    hash.finalize().into()
}

fn feed(value: &Value, hash: &mut Sha256) {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<_> = object.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            hash.update(b"{");
            for (key, value) in entries {
                hash.update(Value::String(key.clone()).to_string());
                hash.update(b":");
                feed(value, hash);
                hash.update(b",");
            }
            hash.update(b"}");
        }
        Value::Array(items) => {
            hash.update(b"[");
            for item in items {
                feed(item, hash);
                hash.update(b",");
            }
            hash.update(b"]");
        }
        scalar => hash.update(scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_order_of_keys_does_not_count_and_everything_else_does() {
        let one = serde_json::from_str(r#"{"a":{"x":1,"y":[2,3]},"b":"c"}"#).unwrap();
        let same = serde_json::from_str(r#"{ "b":"c", "a":{"y":[2,3],"x":1} }"#).unwrap();
        assert_eq!(fingerprint(&one), fingerprint(&same));
        for other in [
            json!({"a":{"x":1,"y":[3,2]},"b":"c"}),
            json!({"a":{"x":1,"y":[2,3]},"b":"d"}),
            json!({"a":{"x":"1","y":[2,3]},"b":"c"}),
            json!({"a":{"x":1,"y":[2,3]}}),
        ] {
            assert_ne!(fingerprint(&one), fingerprint(&other), "{other}");
        }
    }
}
