//! S20 to S23: who signed it. One token for each way to be wrong, for every algorithm.

use jsonwebtoken::EncodingKey;
use serde_json::json;

use super::bench::{
    NOW, SECRET, base64url, claims_with, config, good_claims, hs256_of, other_key, our_key, plain_header,
    public_pem, ring, signed, verdict, verdict_at,
};
use crate::adapters::jwt::{Algorithm, KeyConfig, KeyRing};
use crate::domain::time::Timestamp;
use crate::ports::token_verifier::TokenError;

const INVALID: Result<crate::domain::grant::Principal, TokenError> = Err(TokenError::Invalid);

fn good(algorithm: Algorithm) -> String {
    let header = plain_header(algorithm).to_string();
    signed(&header, &good_claims().to_string(), &our_key(algorithm), algorithm)
}

#[test]
fn s20_an_unsigned_token_is_refused_however_none_is_written() {
    let claims = base64url(good_claims().to_string().as_bytes());
    for algorithm in Algorithm::ALL {
        let ring = ring(algorithm);
        let signature = good(algorithm).rsplit_once('.').unwrap().1.to_owned();
        for none in ["none", "None", "NONE", "nOnE", "", " ", "null"] {
            let header = base64url(json!({"alg": none, "typ": "JWT"}).to_string().as_bytes());
            assert_eq!(verdict(&ring, &format!("{header}.{claims}.")), INVALID, "{none}");
            assert_eq!(verdict(&ring, &format!("{header}.{claims}.{signature}")), INVALID, "{none}");
            assert_eq!(verdict(&ring, &format!("{header}.{claims}")), INVALID, "{none}");
        }
        for header in
            [r#"{"typ":"JWT"}"#, r#"{"alg":null}"#, r#"{"alg":["HS256"]}"#, r#"{"alg":0}"#, "{}", "[]"]
        {
            let header = base64url(header.as_bytes());
            assert_eq!(verdict(&ring, &format!("{header}.{claims}.{signature}")), INVALID);
        }
    }
}

#[test]
fn s20_an_empty_or_cut_signature_is_refused() {
    for algorithm in Algorithm::ALL {
        let token = good(algorithm);
        let (message, signature) = token.rsplit_once('.').unwrap();
        let zeros = base64url(&[0; 64]);
        for wrong in ["", "A", "AA", "AAAA", &signature[..signature.len() - 4], &zeros] {
            assert_eq!(verdict(&ring(algorithm), &format!("{message}.{wrong}")), INVALID, "{algorithm}");
        }
    }
}

#[test]
fn s20_the_signature_of_another_token_is_refused() {
    for algorithm in Algorithm::ALL {
        let header = plain_header(algorithm).to_string();
        let admin = claims_with(json!({"scope": "admin"})).to_string();
        let admin = signed(&header, &admin, &other_key(algorithm), algorithm);
        let token = good(algorithm);
        let (wanted, _) = admin.rsplit_once('.').unwrap();
        let (_, signature) = token.rsplit_once('.').unwrap();
        assert_eq!(verdict(&ring(algorithm), &format!("{wanted}.{signature}")), INVALID, "{algorithm}");
    }
}

/// Every text an attacker can have of a public key: the file, without its last line end, its lines
/// joined, and the body alone.
fn texts_of(pem: &[u8]) -> Vec<Vec<u8>> {
    let text = std::str::from_utf8(pem).unwrap();
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    vec![
        pem.to_vec(),
        text.trim_end().as_bytes().to_vec(),
        text.replace('\n', "\r\n").into_bytes(),
        text.replace('\n', "").into_bytes(),
        body.into_bytes(),
        Vec::new(),
    ]
}

#[test]
fn s21_a_token_with_the_public_key_text_as_secret_is_refused() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let alone = ring(algorithm);
        let beside = KeyRing::build(KeyConfig { secret: Some(SECRET), ..config(algorithm) }).unwrap();
        for text in texts_of(public_pem(algorithm).unwrap()) {
            let secret = EncodingKey::from_secret(&text);
            // The header that says so, and the one that says the key's own algorithm.
            for named in [Algorithm::Hs256, algorithm] {
                let header = plain_header(named).to_string();
                let token = signed(&header, &good_claims().to_string(), &secret, Algorithm::Hs256);
                assert_eq!(verdict(&alone, &token), INVALID, "{algorithm} as {named}");
                assert_eq!(verdict(&beside, &token), INVALID, "{algorithm} as {named}, beside a secret");
            }
        }
    }
}

#[test]
fn s21_other_algorithms_of_a_good_keys_family_are_refused() {
    for (algorithm, names) in [
        (Algorithm::Hs256, ["HS384", "HS512"].as_slice()),
        (Algorithm::Rs256, &["RS384", "RS512", "PS256", "PS384", "PS512"]),
        (Algorithm::Es256, &["ES384", "ES512", "ES256K"]),
        (Algorithm::EdDsa, &["Ed25519", "Ed448"]),
    ] {
        for name in names {
            let header = json!({"alg": name, "typ": "JWT"}).to_string();
            let claims = good_claims().to_string();
            // Where the crate knows the algorithm, the token is truly signed with it by our key.
            let token = match name.parse::<jsonwebtoken::Algorithm>() {
                Ok(named) if named != jsonwebtoken::Algorithm::ES384 => {
                    let message =
                        format!("{}.{}", base64url(header.as_bytes()), base64url(claims.as_bytes()));
                    let signature =
                        jsonwebtoken::crypto::sign(message.as_bytes(), &our_key(algorithm), named).unwrap();
                    format!("{message}.{signature}")
                }
                _ => signed(&header, &claims, &our_key(algorithm), algorithm),
            };
            assert_eq!(verdict(&ring(algorithm), &token), INVALID, "{name}");
        }
    }
}

#[test]
fn s22_keys_and_addresses_of_keys_in_the_header_are_not_used() {
    let theirs = json!({"kty": "oct", "k": base64url(super::bench::OTHER_SECRET), "alg": "HS256"});
    for algorithm in Algorithm::ALL {
        for (name, value) in [
            ("jku", json!("http://127.0.0.1:9/keys")),
            ("x5u", json!("http://127.0.0.1:9/chain")),
            ("x5c", json!(["AAAA"])),
            ("jwk", theirs.clone()),
            ("kid", json!("http://127.0.0.1:9/keys")),
            ("kid", json!("../../../../dev/null")),
            ("kid", json!("x' UNION SELECT 'secret")),
        ] {
            let mut header = plain_header(algorithm);
            header[name] = value;
            let header = header.to_string();
            let claims = good_claims().to_string();
            let forged = signed(&header, &claims, &other_key(algorithm), algorithm);
            assert_eq!(verdict(&ring(algorithm), &forged), INVALID, "{algorithm} {name}");
            let empty = signed(&header, &claims, &EncodingKey::from_secret(b""), Algorithm::Hs256);
            assert_eq!(verdict(&ring(algorithm), &empty), INVALID, "{algorithm} {name}");
            // By our key they are words like any other: nobody is asked, and nothing is refused.
            let ours = signed(&header, &claims, &our_key(algorithm), algorithm);
            assert!(verdict(&ring(algorithm), &ours).is_ok(), "{algorithm} {name}");
        }
    }
}

#[test]
fn s23_the_right_issuer_and_audience_do_not_stand_in_for_the_signature() {
    for algorithm in Algorithm::ALL {
        let ring = KeyRing::build(KeyConfig {
            issuer: Some("https://issuer.example".into()),
            audience: Some("fleet".into()),
            ..config(algorithm)
        })
        .unwrap();
        let header = plain_header(algorithm).to_string();
        let right = json!({"iss": "https://issuer.example", "aud": "fleet"});
        let claims = claims_with(right).to_string();
        let token = |key: &EncodingKey| signed(&header, &claims, key, algorithm);
        assert!(verdict(&ring, &token(&our_key(algorithm))).is_ok(), "{algorithm}");
        assert_eq!(verdict(&ring, &token(&other_key(algorithm))), INVALID, "{algorithm}");
        // A key that is good for one issuer is not good for another's name.
        let foreign =
            claims_with(json!({"iss": "https://issuer.example.evil.com", "aud": "fleet"})).to_string();
        let foreign = signed(&header, &foreign, &our_key(algorithm), algorithm);
        assert_eq!(verdict(&ring, &foreign), INVALID, "{algorithm}");
    }
}

#[test]
fn that_a_token_has_ended_is_told_only_to_those_who_have_its_signature() {
    let ended = claims_with(json!({"exp": NOW - 60})).to_string();
    let header = plain_header(Algorithm::Hs256).to_string();
    let forged = signed(&header, &ended, &other_key(Algorithm::Hs256), Algorithm::Hs256);
    assert_eq!(verdict(&ring(Algorithm::Hs256), &hs256_of(&ended)), Err(TokenError::Expired));
    assert_eq!(verdict(&ring(Algorithm::Hs256), &forged), INVALID);
}

#[test]
fn a_token_that_was_good_before_stands_in_for_no_other() {
    for algorithm in Algorithm::ALL {
        let (ring, token) = (ring(algorithm), good(algorithm));
        let first = verdict(&ring, &token);
        assert!(first.is_ok());
        // It is known from its second time on.
        for _ in 0..2 {
            assert_eq!(verdict(&ring, &token), first, "{algorithm}");
        }
        for place in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[place] = if other[place] == b'Z' { b'A' } else { b'Z' };
            assert_eq!(verdict(&ring, std::str::from_utf8(&other).unwrap()), INVALID, "{algorithm} {place}");
        }
        let refused = signed("{}", "{}", &other_key(algorithm), algorithm);
        assert_eq!([verdict(&ring, &refused), verdict(&ring, &refused)], [INVALID, INVALID]);
    }
}

#[test]
fn a_token_that_was_good_before_is_so_in_its_time_alone() {
    let (ring, at) = (ring(Algorithm::Hs256), |seconds: u64| Timestamp::saturating(seconds * 1000));
    let token = hs256_of(&claims_with(json!({"iat": NOW, "nbf": NOW})).to_string());
    for _ in 0..2 {
        assert!(verdict_at(&ring, &token, at(NOW)).is_ok());
    }
    assert!(verdict_at(&ring, &token, at(NOW + 59)).is_ok());
    assert_eq!(verdict_at(&ring, &token, at(NOW + 100)), Err(TokenError::Expired));
    assert_eq!(verdict_at(&ring, &token, at(NOW - 100)), INVALID, "the clock was set back");
    assert!(verdict_at(&ring, &token, at(NOW + 1)).is_ok());
}
