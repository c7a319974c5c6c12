//! What the tests work with: known keys, rings, and tokens made by hand, one way to be wrong at a time.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};

use crate::adapters::jwt::{Algorithm, KeyConfig, KeyRing};
use crate::domain::grant::Principal;
use crate::domain::time::Timestamp;
use crate::ports::token_verifier::{SecretText, TokenError, TokenVerifier};

/// The bytes of a file of `tests/keys`.
macro_rules! key_file {
    ($name:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/", $name)).as_slice()
    };
}
pub(super) use key_file;

pub(super) const SECRET: &[u8] = b"a test secret of at least 32 bytes";
pub(super) const OTHER_SECRET: &[u8] = b"another test secret, also 32 bytes";
/// Seconds.
pub(super) const NOW: u64 = 2_000_000_000;

/// The public key of our pair as PEM; nothing for HS256.
pub(super) fn public_pem(algorithm: Algorithm) -> Option<&'static [u8]> {
    match algorithm {
        Algorithm::Hs256 => None,
        Algorithm::Rs256 => Some(key_file!("rsa-public.pem")),
        Algorithm::Es256 => Some(key_file!("ec-public.pem")),
        Algorithm::EdDsa => Some(key_file!("ed-public.pem")),
    }
}

/// The key that signs what our ring trusts.
pub(super) fn our_key(algorithm: Algorithm) -> EncodingKey {
    match algorithm {
        Algorithm::Hs256 => EncodingKey::from_secret(SECRET),
        Algorithm::Rs256 => EncodingKey::from_rsa_pem(key_file!("rsa-private.pem")).unwrap(),
        Algorithm::Es256 => EncodingKey::from_ec_pem(key_file!("ec-private.pem")).unwrap(),
        Algorithm::EdDsa => EncodingKey::from_ed_pem(key_file!("ed-private.pem")).unwrap(),
    }
}

/// A key of the same kind that no ring trusts.
pub(super) fn other_key(algorithm: Algorithm) -> EncodingKey {
    match algorithm {
        Algorithm::Hs256 => EncodingKey::from_secret(OTHER_SECRET),
        Algorithm::Rs256 => EncodingKey::from_rsa_pem(key_file!("other-rsa-private.pem")).unwrap(),
        Algorithm::Es256 => EncodingKey::from_ec_pem(key_file!("other-ec-private.pem")).unwrap(),
        Algorithm::EdDsa => EncodingKey::from_ed_pem(key_file!("other-ed-private.pem")).unwrap(),
    }
}

/// What a ring that trusts our key of this algorithm is built from.
pub(super) fn config(algorithm: Algorithm) -> KeyConfig<'static> {
    KeyConfig {
        secret: (algorithm == Algorithm::Hs256).then_some(SECRET),
        public_key_pem: public_pem(algorithm),
        ..KeyConfig::default()
    }
}

pub(super) fn ring(algorithm: Algorithm) -> KeyRing {
    KeyRing::build(config(algorithm)).unwrap()
}

/// base64url without padding, written here so that tests can also write what no library would.
pub(super) fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            let sextet = group >> (18 - 6 * place) & 63;
            text.push(char::from(ALPHABET[usize::try_from(sextet).unwrap()]));
        }
    }
    text
}

/// Signs any two texts as header and claims, whatever the header says.
pub(super) fn signed(header: &str, claims: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
    let message = format!("{}.{}", base64url(header.as_bytes()), base64url(claims.as_bytes()));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm.into()).unwrap();
    format!("{message}.{signature}")
}

/// The header that goes with an algorithm.
pub(super) fn plain_header(algorithm: Algorithm) -> Value {
    json!({"alg": algorithm.as_str(), "typ": "JWT"})
}

/// Claims with nothing wrong.
pub(super) fn good_claims() -> Value {
    json!({"sub": "ada", "exp": NOW + 60})
}

/// The good claims with these put over them; `null` here takes a claim away.
pub(super) fn claims_with(changes: Value) -> Value {
    let mut claims = good_claims();
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
    }
    claims
}

/// A token by our HS256 secret with this text as claims.
pub(super) fn hs256_of(claims: &str) -> String {
    let algorithm = Algorithm::Hs256;
    signed(&plain_header(algorithm).to_string(), claims, &our_key(algorithm), algorithm)
}

/// What the ring says of a token at [`NOW`].
pub(super) fn verdict(ring: &KeyRing, token: &str) -> Result<Principal, TokenError> {
    verdict_at(ring, token, Timestamp::saturating(NOW * 1000))
}

pub(super) fn verdict_at(ring: &KeyRing, token: &str, now: Timestamp) -> Result<Principal, TokenError> {
    at_once(ring.verify(&SecretText::new(token), now))
}

/// Runs what never waits; that it does not is part of the promise, as it runs inside a handshake.
pub(super) fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("checking a token waited for something"),
    }
}

#[test]
fn the_tests_own_base64_is_base64() {
    for (bytes, text) in
        [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("?>~", "Pz5-")]
    {
        assert_eq!(base64url(bytes.as_bytes()), text);
    }
}
