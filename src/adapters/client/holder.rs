//! Whose reports wait together: those for one server by one holder of tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::address::Address;
use crate::ports::token_verifier::SecretText;

/// Claims that say who a token is for and what it allows; the others change with every token.
const LASTING: [&str; 5] = ["sub", "scope", "agents", "iss", "aud"];

impl Address {
    /// A name for the reports that wait for this server and come from the holder of this token: 32
    /// hexadecimal digits. A renewed token has the same one; what one holder may report is never sent in the
    /// name of another. The token is read and not checked: that is for the server.
    #[must_use]
    pub fn spool_name(&self, token: &SecretText) -> String {
        let mut hash = Sha256::new();
        hash.update(self.reports());
        hash.update([0]);
        match claims(token.reveal()) {
            Some(claims) => {
                for name in LASTING {
                    hash.update(claims.get(name).unwrap_or(&Value::Null).to_string());
                    hash.update([0]);
                }
            }
            // Whatever it is, only its like is sent with it.
            None => hash.update(token.reveal()),
        }
        let digest: [u8; 32] = hash.finalize().into();
        digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Who holds this token and where it is used, in words for people: a user and this address.
    #[must_use]
    pub fn holder(&self, token: &SecretText) -> (String, String) {
        let sub = claims(token.reveal()).and_then(|claims| Some(claims.get("sub")?.as_str()?.to_owned()));
        // Whatever stands there, it is one short line.
        let one_line = |text: &str| text.chars().filter(|c| !c.is_control()).take(200).collect();
        let address = self.reports().strip_suffix("/api/v1/reports").unwrap_or_else(|| self.reports());
        (one_line(&sub.unwrap_or_else(|| "somebody".to_owned())), one_line(address))
    }
}

/// The claims of a JWT.
fn claims(token: &str) -> Option<Value> {
    let payload = token.split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&bytes).ok().filter(Value::is_object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn name(address: &str, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let token = format!("{}.{}.c2ln", part(&json!({"alg": "HS256"})), part(claims));
        address.parse::<Address>().unwrap().spool_name(&SecretText::new(token))
    }

    #[test]
    fn a_renewed_token_is_of_the_same_holder() {
        let one = json!({"sub": "a", "scope": "report", "agents": ["x-*"], "exp": 1, "iat": 0, "jti": "1"});
        let next = json!({"sub": "a", "scope": "report", "agents": ["x-*"], "exp": 9, "iat": 8, "jti": "2"});
        assert_eq!(name("http://h", &one), name("http://h/", &next));
        assert_eq!(name("http://h", &one).len(), 32);
    }

    #[test]
    fn the_holder_is_told_in_one_line_whatever_the_token_says() {
        let address = "http://h:1/x/".parse::<Address>().unwrap();
        let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(json!({"sub": "al\nice"}).to_string()));
        let expected = ("alice".to_owned(), "http://h:1/x".to_owned());
        assert_eq!(address.holder(&SecretText::new(token)), expected);
        assert_eq!(address.holder(&SecretText::new("opaque")).0, "somebody");
    }

    #[test]
    fn another_server_another_user_and_another_grant_are_others() {
        let mut names = vec![
            name("http://h", &json!({"sub": "a"})),
            name("http://h:81", &json!({"sub": "a"})),
            name("https://h", &json!({"sub": "a"})),
            name("http://h", &json!({"sub": "b"})),
            name("http://h", &json!({"sub": "a", "agents": ["x"]})),
            name("http://h", &json!({"sub": "a", "scope": "report"})),
        ];
        for odd in ["", "opaque", "a.b.c", "a.W10.c"] {
            names.push("http://h".parse::<Address>().unwrap().spool_name(&SecretText::new(odd)));
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
