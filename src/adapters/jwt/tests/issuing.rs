//! Tokens and notes of our own: what they carry, and what they are no good for.

use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};

use super::bench::{NOW, SECRET, config, good_claims, hs256_of, other_key, our_key, ring, signed, verdict};
use crate::adapters::jwt::{Algorithm, KeyConfig, KeyRing};
use crate::domain::grant::{Grant, Scope, Scopes};
use crate::domain::id::UserId;
use crate::domain::pattern::Patterns;
use crate::domain::time::Timestamp;
use crate::ports::token_issuer::{IssueError, NewToken, Note, Purpose, TokenIssuer};
use crate::ports::token_verifier::SecretText;

const PURPOSES: [Purpose; 2] = [Purpose::SignInCode, Purpose::BrowserSession];

fn at(millis: u64) -> Timestamp {
    Timestamp::saturating(NOW * 1000 + millis)
}

fn new_token() -> NewToken {
    NewToken {
        user: UserId::parse("ada").unwrap(),
        grant: Grant {
            scopes: Scopes::of([Scope::Watch, Scope::Admin]),
            agents: Patterns::parse(["b-*", "a"]).unwrap(),
        },
        issued_at: at(900),
        expires_at: at(60_900),
        token_id: "t-1".into(),
    }
}

fn note() -> Note {
    Note { user: UserId::parse("ada").unwrap(), id: "n-1".into(), issued_at: at(1), expires_at: at(30_001) }
}

fn demanding() -> KeyRing {
    let issuer = Some("mission-control".into());
    KeyRing::build(KeyConfig { issuer, audience: Some("fleet".into()), ..config(Algorithm::Hs256) }).unwrap()
}

/// The header and claims of a token.
fn read(token: &SecretText) -> (Value, Value) {
    let header = jsonwebtoken::decode_header(token.reveal()).unwrap();
    let claims = jsonwebtoken::dangerous::insecure_decode_claims(token.reveal()).unwrap();
    (serde_json::to_value(header).unwrap(), claims)
}

#[test]
fn a_token_of_ours_says_what_it_was_made_to_say_and_no_more() {
    let (header, claims) = read(&demanding().issue(&new_token()).unwrap());
    assert_eq!(header, json!({"alg": "HS256", "typ": "JWT"}));
    let said = json!({
        "iss": "mission-control", "aud": "fleet", "sub": "ada", "scope": "watch admin", "agents": ["a", "b-*"],
        "iat": NOW, "exp": NOW + 60, "jti": "t-1",
    });
    assert_eq!(claims, said);
    let (_, plain) = read(&ring(Algorithm::Hs256).issue(&new_token()).unwrap());
    assert!(plain.get("iss").is_none() && plain.get("aud").is_none(), "{plain}");
}

#[test]
fn a_token_of_ours_is_good_for_us() {
    for ring in [ring(Algorithm::Hs256), demanding()] {
        for (scopes, agents) in [
            (Scopes::of(Scope::ALL), Patterns::all()),
            (Scopes::of([Scope::Report]), Patterns::parse(["x"]).unwrap()),
            (Scopes::default(), Patterns::parse([]).unwrap()),
        ] {
            let grant = Grant { scopes, agents };
            let token = ring.issue(&NewToken { grant: grant.clone(), ..new_token() }).unwrap();
            let principal = verdict(&ring, token.reveal()).unwrap();
            assert_eq!((principal.user, principal.grant), (new_token().user, grant));
            assert_eq!(principal.token_id.as_deref(), Some("t-1"));
            // Whole seconds, never later than asked.
            assert_eq!((principal.issued_at, principal.expires_at), (Some(at(0)), at(60_000)));
        }
    }
}

#[test]
fn without_a_secret_nothing_is_made_or_read() {
    let ring = ring(Algorithm::EdDsa);
    assert_eq!(ring.issue(&new_token()), Err(IssueError::NoSecret));
    for purpose in PURPOSES {
        assert_eq!(ring.seal(purpose, &note()), Err(IssueError::NoSecret));
        assert_eq!(ring.unseal(purpose, &SecretText::new("x"), at(0)), Err(IssueError::NoSecret));
    }
}

#[test]
fn what_we_would_refuse_ourselves_is_not_handed_out() {
    let ring = ring(Algorithm::Hs256);
    let texts: Vec<String> = (0..64).map(|n| format!("{n:03}{}", "x".repeat(125))).collect();
    let agents = Patterns::parse(texts.iter().map(String::as_str)).unwrap();
    let wide = Grant { agents, ..new_token().grant };
    assert_eq!(ring.issue(&NewToken { grant: wide, ..new_token() }), Err(IssueError::Invalid));
    let long = |chars: usize| NewToken { token_id: "x".repeat(chars), ..new_token() };
    assert_eq!(ring.issue(&long(129)), Err(IssueError::Invalid));
    assert!(verdict(&ring, ring.issue(&long(128)).unwrap().reveal()).is_ok());
    let endless = Note { id: "x".repeat(8 * 1024), ..note() };
    assert_eq!(ring.seal(Purpose::SignInCode, &endless), Err(IssueError::Invalid));
}

#[test]
fn a_note_comes_back_as_it_was_until_it_ends() {
    let ring = ring(Algorithm::Hs256);
    for purpose in PURPOSES {
        let sealed = ring.seal(purpose, &note()).unwrap();
        assert_eq!(ring.unseal(purpose, &sealed, at(1)), Ok(note()));
        assert_eq!(ring.unseal(purpose, &sealed, at(30_000)), Ok(note()));
        assert_eq!(ring.unseal(purpose, &sealed, at(30_001)), Err(IssueError::Invalid));
    }
}

#[test]
fn s25_a_note_for_one_purpose_is_no_good_for_the_other() {
    let ring = ring(Algorithm::Hs256);
    let [code, session] = PURPOSES;
    let sealed = ring.seal(code, &note()).unwrap();
    assert_eq!(ring.unseal(session, &sealed, at(1)), Err(IssueError::Invalid));
    let sealed = ring.seal(session, &note()).unwrap();
    assert_eq!(ring.unseal(code, &sealed, at(1)), Err(IssueError::Invalid));
}

#[test]
fn s25_a_note_is_no_token_whatever_audience_is_configured() {
    let audiences =
        [None, Some("fleet"), Some("mission-control:sign-in-code"), Some("mission-control:browser-session")];
    for audience in audiences {
        let audience = audience.map(str::to_owned);
        let ring = KeyRing::build(KeyConfig { audience, ..config(Algorithm::Hs256) }).unwrap();
        for purpose in PURPOSES {
            let sealed = ring.seal(purpose, &note()).unwrap();
            assert!(verdict(&ring, sealed.reveal()).is_err());
            let (header, claims) = read(&sealed);
            assert_eq!(header["typ"], "mission-control-note+jwt");
            assert!(claims["aud"].as_str().unwrap().starts_with("mission-control:"));
            assert!(claims.get("exp").is_none(), "a note has not what a token must have");
        }
    }
}

#[test]
fn s25_a_token_is_no_note() {
    let ring = KeyRing::build(KeyConfig { secret: Some(SECRET), ..config(Algorithm::Rs256) }).unwrap();
    let unseals = |token: String| ring.unseal(Purpose::SignInCode, &SecretText::new(token), at(1)).is_ok();
    let claims = json!({
        "aud": "mission-control:sign-in-code", "sub": "ada", "jti": "n-1", "iatMs": NOW * 1000, "expMs": NOW * 1000 + 9000,
    });
    let note = |header: &str, claims: &Value, key: &EncodingKey, algorithm| {
        signed(header, &claims.to_string(), key, algorithm)
    };
    let (hs, rs) = (Algorithm::Hs256, Algorithm::Rs256);
    let header = r#"{"alg":"HS256","typ":"mission-control-note+jwt"}"#;
    assert!(unseals(note(header, &claims, &our_key(hs), hs)), "the rest is wrong in one way each");

    assert!(!unseals(note(header, &claims, &other_key(hs), hs)));
    // A foreign issuer whose key is trusted for tokens cannot sign people in.
    let foreign = r#"{"alg":"RS256","typ":"mission-control-note+jwt"}"#;
    assert!(!unseals(note(foreign, &claims, &our_key(rs), rs)));
    assert!(!unseals(note(r#"{"alg":"HS256","typ":"JWT"}"#, &claims, &our_key(hs), hs)));
    assert!(!unseals(note(r#"{"alg":"HS256"}"#, &claims, &our_key(hs), hs)));
    let critical = r#"{"alg":"HS256","typ":"mission-control-note+jwt","crit":["x"]}"#;
    assert!(!unseals(note(critical, &claims, &our_key(hs), hs)));
    for (name, value) in [
        ("aud", json!(["mission-control:sign-in-code"])),
        ("aud", json!(null)),
        ("sub", json!("")),
        ("jti", json!(7)),
        ("expMs", json!("9")),
        ("expMs", json!(-1)),
        ("expMs", json!(1_u64 << 53)),
        ("iatMs", json!(null)),
    ] {
        let mut wrong = claims.clone();
        wrong[name] = value;
        assert!(!unseals(note(header, &wrong, &our_key(hs), hs)), "{wrong}");
    }
    assert!(!unseals(hs256_of(&good_claims().to_string())));
    assert!(!unseals(ring.issue(&new_token()).unwrap().reveal().to_owned()));
    for garbage in [String::new(), "a.b.c".into(), "x".repeat(1 << 20)] {
        assert!(!unseals(garbage));
    }
}
