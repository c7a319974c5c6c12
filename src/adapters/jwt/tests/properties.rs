//! Whatever arrives: no panic, and nothing is good but what our key signed.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::bench::{
    NOW, base64url, claims_with, good_claims, hs256_of, our_key, plain_header, ring, signed, verdict,
};
use crate::adapters::jwt::Algorithm;
use crate::domain::time::Timestamp;
use crate::ports::token_issuer::{IssueError, Purpose, TokenIssuer};
use crate::ports::token_verifier::{SecretText, TokenError};

fn any_algorithm() -> impl Strategy<Value = Algorithm> {
    prop::sample::select(Algorithm::ALL.to_vec())
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["watch", "*", "ada", "fleet"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_claims() -> impl Strategy<Value = Value> {
    let names =
        prop::sample::select(vec!["sub", "exp", "nbf", "iat", "iss", "aud", "jti", "scope", "agents", "x"]);
    prop::collection::vec((names, any_json()), 0..4).prop_map(|changes| {
        let mut claims = good_claims();
        for (name, value) in changes {
            claims[name] = value;
        }
        claims
    })
}

proptest! {
    #[test]
    fn any_text_is_refused(text in "\\PC*", algorithm in any_algorithm()) {
        prop_assert_eq!(verdict(&ring(algorithm), &text), Err(TokenError::Invalid));
    }

    #[test]
    fn any_three_parts_are_refused(
        header in any::<Vec<u8>>(), claims in any::<Vec<u8>>(), signature in any::<Vec<u8>>(), algorithm in any_algorithm()
    ) {
        let parts = [base64url(&header), base64url(&claims), base64url(&signature)].join(".");
        prop_assert_eq!(verdict(&ring(algorithm), &parts), Err(TokenError::Invalid));
        let headed = [base64url(plain_header(algorithm).to_string().as_bytes()), base64url(&claims), base64url(&signature)];
        prop_assert_eq!(verdict(&ring(algorithm), &headed.join(".")), Err(TokenError::Invalid));
        let note = ring(Algorithm::Hs256).unseal(Purpose::SignInCode, &SecretText::new(parts), Timestamp::MAX);
        prop_assert_eq!(note, Err(IssueError::Invalid));
    }

    #[test]
    fn a_good_token_changed_anywhere_is_refused(
        algorithm in any_algorithm(), place in any::<prop::sample::Index>(), taken in 0..4_usize, put in "[A-Za-z0-9_.=-]{0,4}"
    ) {
        let claims = claims_with(json!({"scope": "watch"})).to_string();
        let token = signed(&plain_header(algorithm).to_string(), &claims, &our_key(algorithm), algorithm);
        let start = place.index(token.len());
        let mut changed = token.clone();
        changed.replace_range(start..token.len().min(start + taken), &put);
        prop_assume!(changed != token);
        prop_assert_eq!(verdict(&ring(algorithm), &changed), Err(TokenError::Invalid));
    }

    #[test]
    fn whatever_claims_are_signed_what_is_let_in_is_sound(claims in any_claims()) {
        if let Ok(principal) = verdict(&ring(Algorithm::Hs256), &hs256_of(&claims.to_string())) {
            prop_assert_eq!(claims["sub"].as_str(), Some(principal.user.as_str()));
            prop_assert!(principal.expires_at.millis() > (NOW - 5) * 1000);
            prop_assert!(claims.get("aud").is_none());
            for name in ["nbf", "iat", "exp"] {
                prop_assert!(claims.get(name).is_none_or(|at| at.as_f64().is_some_and(|at| at >= 0.0)));
            }
            let all = principal.grant.agents.iter().map(|pattern| Value::from(pattern.as_str()));
            let named = claims.get("agents").and_then(Value::as_array).cloned();
            prop_assert!(named.map_or(principal.grant.agents.is_all(), |named| all.into_iter().all(|one| named.contains(&one))));
        }
    }

    #[test]
    fn whatever_header_is_signed_nothing_panics(name in "[a-z]{1,4}|typ|crit|jwk|jku|x5c|kid|alg|enc|zip", value in any_json()) {
        let mut header = plain_header(Algorithm::Hs256);
        header[&name] = value.clone();
        let token = signed(&header.to_string(), &good_claims().to_string(), &our_key(Algorithm::Hs256), Algorithm::Hs256);
        let verdict = verdict(&ring(Algorithm::Hs256), &token);
        prop_assert!(verdict.is_err() || !matches!(name.as_str(), "alg" | "crit") || value == json!("HS256") || value.is_null());
    }
}
