//! Small bodies as JSON Schema; a test holds them against their readers.
#![expect(dead_code, reason = "schemas are made of these types; nothing is ever read into them")]

use schemars::JsonSchema;

use crate::adapters::wire::words;

/// Whose tokens, or which token, are no longer believed: one of the two.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, extend("oneOf" = [one("userId"), one("jti")]))]
pub(crate) struct RevocationBody {
    /// Every token of this user that was issued until now.
    #[schemars(rename = "userId")]
    user_id: Option<words::UserId>,
    /// This token.
    jti: Option<words::TokenId>,
}

/// The field is there, and not null.
fn one(field: &str) -> serde_json::Value {
    serde_json::json!({"properties": {field: {"type": "string"}}, "required": [field]})
}

/// The code of a sign-in link.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct SignInBody {
    code: words::Text,
}
