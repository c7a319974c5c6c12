//! Which keys a ring is built from, and which it refuses to start with.

use super::bench::{
    OTHER_SECRET, SECRET, config, good_claims, hs256_of, key_file, public_pem, ring, verdict,
};
use crate::adapters::jwt::{Algorithm, KeyConfig, KeyError, KeyRing};
use crate::domain::id::UserId;
use crate::domain::time::Timestamp;
use crate::ports::token_issuer::{IssueError, Note, Purpose, TokenIssuer};
use crate::ports::token_verifier::SecretText;

fn refused(config: KeyConfig<'_>) -> KeyError {
    KeyRing::build(config).unwrap_err()
}

fn public(pem: &[u8]) -> KeyConfig<'_> {
    KeyConfig { public_key_pem: Some(pem), ..KeyConfig::default() }
}

#[test]
fn the_algorithm_follows_from_the_key() {
    for algorithm in Algorithm::ALL {
        assert_eq!(ring(algorithm).algorithms().collect::<Vec<_>>(), [algorithm]);
        assert_eq!(Algorithm::parse(algorithm.as_str()), Some(algorithm));
    }
    let pkcs1 = KeyRing::build(public(key_file!("rsa-public-pkcs1.pem"))).unwrap();
    assert_eq!(pkcs1.algorithms().collect::<Vec<_>>(), [Algorithm::Rs256]);
    for name in ["none", "None", "hs256", "HS384", "RS512", "PS256", "ES384", ""] {
        assert_eq!(Algorithm::parse(name), None, "{name}");
    }
}

#[test]
fn a_key_file_may_have_other_line_ends_and_widths() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let text = std::str::from_utf8(public_pem(algorithm).unwrap()).unwrap();
        let windows = text.replace('\n', "\r\n");
        assert!(KeyRing::build(public(windows.as_bytes())).is_ok(), "{algorithm}");
        let lines: Vec<&str> = text.lines().collect();
        let body = lines[1..lines.len() - 1].concat();
        let narrow: Vec<&str> =
            body.as_bytes().chunks(20).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let narrow = format!("{}\n{}\n{}\n", lines[0], narrow.join("\n"), lines[lines.len() - 1]);
        assert!(KeyRing::build(public(narrow.as_bytes())).is_ok(), "{algorithm}");
    }
}

#[test]
fn s26_a_secret_under_32_bytes_refuses_to_start() {
    let of =
        |bytes: usize| KeyRing::build(KeyConfig { secret: Some(&SECRET[..bytes]), ..KeyConfig::default() });
    assert_eq!(of(31).unwrap_err(), KeyError::ShortSecret);
    assert_eq!(of(0).unwrap_err(), KeyError::ShortSecret);
    assert!(of(32).is_ok());
    let unused =
        KeyConfig { secret: Some(b"short"), algorithms: &[Algorithm::Rs256], ..config(Algorithm::Rs256) };
    assert_eq!(refused(unused), KeyError::ShortSecret);
}

#[test]
fn s21_a_public_key_given_as_the_secret_refuses_to_start() {
    for algorithm in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let slip = KeyConfig { secret: public_pem(algorithm), ..KeyConfig::default() };
        assert_eq!(refused(slip), KeyError::SecretIsPem, "{algorithm}");
    }
}

#[test]
fn a_private_key_given_as_the_public_key_refuses_to_start() {
    for pem in [
        key_file!("rsa-private.pem"),
        key_file!("rsa-private-pkcs1.pem"),
        key_file!("ec-private.pem"),
        key_file!("ed-private.pem"),
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
    ] {
        assert_eq!(refused(public(pem)), KeyError::PrivateKey);
    }
    let both = [key_file!("ec-public.pem"), key_file!("ec-private.pem")].concat();
    assert_eq!(refused(public(&both)), KeyError::PrivateKey);
}

#[test]
fn a_key_that_is_weak_or_of_another_kind_refuses_to_start() {
    assert_eq!(refused(public(key_file!("weak-rsa1024-public.pem"))), KeyError::WeakRsa { bits: 1024 });
    assert_eq!(refused(public(key_file!("wrong-p384-public.pem"))), KeyError::WrongCurve);
    assert_eq!(refused(public(key_file!("wrong-secp256k1-public.pem"))), KeyError::WrongCurve);
    assert_eq!(refused(public(key_file!("wrong-ed448-public.pem"))), KeyError::NotPublicKey);
    assert_eq!(refused(public(key_file!("wrong-certificate.pem"))), KeyError::Certificate);
}

#[test]
fn what_is_no_single_key_refuses_to_start() {
    let two = [key_file!("ec-public.pem"), key_file!("rsa-public.pem")].concat();
    for text in [
        b"".as_slice(),
        b"\xff\xfe",
        b"not a key",
        b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
        b"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n",
        b"-----BEGIN RSA PUBLIC KEY-----\nMAA=\n-----END RSA PUBLIC KEY-----\n",
        b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n",
        &two,
    ] {
        assert_eq!(refused(public(text)), KeyError::NotPublicKey, "{}", String::from_utf8_lossy(text));
    }
    assert_eq!(refused(KeyConfig::default()), KeyError::NoKey);
    assert_eq!(
        refused(KeyConfig { algorithms: &[Algorithm::Hs256], ..KeyConfig::default() }),
        KeyError::NoKey
    );
}

#[test]
fn a_listed_algorithm_needs_its_key() {
    for listed in Algorithm::ALL {
        for given in Algorithm::ALL {
            let built = KeyRing::build(KeyConfig { algorithms: &[listed, listed], ..config(given) });
            match built {
                Ok(ring) => assert_eq!(ring.algorithms().collect::<Vec<_>>(), [given]),
                Err(error) => assert_eq!(error, KeyError::NoKeyFor(listed)),
            }
        }
    }
}

#[test]
fn a_secret_whose_algorithm_is_not_listed_neither_checks_nor_signs() {
    let listed =
        KeyConfig { secret: Some(SECRET), algorithms: &[Algorithm::EdDsa], ..config(Algorithm::EdDsa) };
    let ring = KeyRing::build(listed).unwrap();
    assert_eq!(ring.algorithms().collect::<Vec<_>>(), [Algorithm::EdDsa]);
    assert!(verdict(&ring, &hs256_of(&good_claims().to_string())).is_err());
    let note = Note {
        user: UserId::parse("ada").unwrap(),
        id: "n-1".into(),
        issued_at: Timestamp::saturating(0),
        expires_at: Timestamp::MAX,
    };
    // What this ring signed it would refuse.
    assert_eq!(ring.seal(Purpose::SignInCode, &note), Err(IssueError::NoSecret));
    let sealed = ring.unseal(Purpose::SignInCode, &SecretText::new("x"), Timestamp::saturating(0));
    assert_eq!(sealed, Err(IssueError::NoSecret));
}

#[test]
fn building_twice_is_fine_and_rings_know_nothing_of_each_other() {
    let first = ring(Algorithm::Hs256);
    let second = KeyRing::build(KeyConfig { secret: Some(OTHER_SECRET), ..KeyConfig::default() }).unwrap();
    let token = hs256_of(&good_claims().to_string());
    assert!(verdict(&first, &token).is_ok());
    assert!(verdict(&second, &token).is_err());
}

#[test]
fn debug_shows_no_key() {
    let both = KeyConfig { secret: Some(SECRET), ..config(Algorithm::EdDsa) };
    let shown = format!("{:?}", KeyRing::build(both).unwrap());
    assert!(shown.contains("Hs256") && shown.contains("EdDsa"), "{shown}");
    assert!(!shown.contains("secret") && !shown.contains("MCow") && !shown.contains("97, 32"), "{shown}");
}
