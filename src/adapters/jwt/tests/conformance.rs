//! The suite that every verifier passes, for each algorithm and for rings with two keys.

use std::time::Duration;

use jsonwebtoken::EncodingKey;
use serde_json::{Map, Value, json};

use super::bench::{
    NOW, at_once, claims_with, config, other_key, our_key, plain_header, ring, signed, verdict,
};
use crate::adapters::jwt::{Algorithm, KeyConfig, KeyRing};
use crate::domain::grant::{Scope, Scopes};
use crate::ports::conformance::token_verifier::{Says, Subject, suite};
use crate::ports::token_verifier::SecretText;

fn token(says: &Says<'_>, key: &EncodingKey, algorithm: Algorithm) -> SecretText {
    let mut claims = Map::new();
    let mut say = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            claims.insert(name.to_owned(), value);
        }
    };
    say("sub", Some(json!(says.user)));
    say("exp", Some(json!(says.expires_at.millis() / 1000)));
    say("nbf", says.not_before.map(|at| json!(at.millis() / 1000)));
    say("iat", says.issued_at.map(|at| json!(at.millis() / 1000)));
    say("scope", says.scope.map(|scope| json!(scope)));
    say("agents", says.agents.map(|agents| json!(agents)));
    say("jti", says.token_id.map(|id| json!(id)));
    let claims = Value::Object(claims).to_string();
    SecretText::new(signed(&plain_header(algorithm).to_string(), &claims, key, algorithm))
}

fn passes(verifier: &KeyRing, algorithm: Algorithm, leeway: Duration, default_scope: Scopes) {
    let (ours, theirs) = (our_key(algorithm), other_key(algorithm));
    at_once(suite(&Subject {
        verifier,
        mint: &|says| token(says, &ours, algorithm),
        forge: &|says| token(says, &theirs, algorithm),
        leeway,
        default_scope,
    }));
}

const FIVE_SECONDS: Duration = Duration::from_secs(5);

#[test]
fn a_ring_of_one_secret_is_a_token_verifier() {
    passes(&ring(Algorithm::Hs256), Algorithm::Hs256, FIVE_SECONDS, Scopes::of([Scope::Watch]));
}

#[test]
fn a_ring_of_one_rsa_key_is_a_token_verifier() {
    passes(&ring(Algorithm::Rs256), Algorithm::Rs256, FIVE_SECONDS, Scopes::of([Scope::Watch]));
}

#[test]
fn a_ring_of_one_p256_key_is_a_token_verifier() {
    passes(&ring(Algorithm::Es256), Algorithm::Es256, FIVE_SECONDS, Scopes::of([Scope::Watch]));
}

#[test]
fn a_ring_of_one_ed25519_key_is_a_token_verifier() {
    passes(&ring(Algorithm::EdDsa), Algorithm::EdDsa, FIVE_SECONDS, Scopes::of([Scope::Watch]));
}

#[test]
fn a_ring_of_a_secret_and_a_public_key_is_a_token_verifier_for_both() {
    let scopes = Scopes::of([Scope::Watch, Scope::Report]);
    let leeway = Duration::from_secs(30);
    let secret = config(Algorithm::Hs256).secret;
    let both = KeyConfig { secret, leeway, default_scope: scopes, ..config(Algorithm::EdDsa) };
    let both = KeyRing::build(both).unwrap();
    passes(&both, Algorithm::Hs256, leeway, scopes);
    passes(&both, Algorithm::EdDsa, leeway, scopes);
}

#[test]
fn without_leeway_and_default_scope_it_is_a_token_verifier_too() {
    let strict =
        KeyConfig { leeway: Duration::ZERO, default_scope: Scopes::default(), ..config(Algorithm::Hs256) };
    passes(&KeyRing::build(strict).unwrap(), Algorithm::Hs256, Duration::ZERO, Scopes::default());
}

#[test]
fn each_key_signs_for_its_own_algorithm_alone() {
    for ours in Algorithm::ALL {
        for theirs in Algorithm::ALL {
            let claims = claims_with(json!({"iat": NOW})).to_string();
            let token = signed(&plain_header(theirs).to_string(), &claims, &our_key(theirs), theirs);
            assert_eq!(verdict(&ring(ours), &token).is_ok(), ours == theirs, "{ours} {theirs}");
        }
    }
}
