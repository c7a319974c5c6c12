//! One text for equal JSON values, to compare reports that come again.

use std::io;

use serde::Serialize;
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
                feed_text(key, hash);
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
        scalar => feed_text(scalar, hash),
    }
}

/// The JSON text of a scalar, as it is written and nowhere else.
fn feed_text(scalar: &(impl Serialize + ?Sized), hash: &mut Sha256) {
    struct Fed<'a>(&'a mut Sha256);

    impl io::Write for Fed<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    // A hash takes everything, and a scalar can be written.
    let _written = serde_json::to_writer(Fed(hash), scalar);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_stays_what_it_was_for_what_is_kept_on_disks() {
        let value = json!({"b":"x\"\u{e9}\n","a":[1,-2,2.5,true,null,{"":{}}]});
        let text = r#"{"a":[1,-2,2.5,true,null,{"":{},},],"b":"x\"é\n",}"#;
        assert_eq!(fingerprint(&value), <[u8; 32]>::from(Sha256::digest(text)));
    }

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
