//! S24 and S25: what a token says. Each token is signed by our key and wrong in one way.

use std::time::Duration;

use serde_json::{Value, json};

use super::bench::{NOW, claims_with, config, good_claims, hs256_of, ring, verdict, verdict_at};
use crate::adapters::jwt::{Algorithm, KeyConfig, KeyRing};
use crate::domain::grant::{Principal, Scope, Scopes};
use crate::domain::time::Timestamp;
use crate::ports::token_verifier::TokenError;

fn says(changes: Value) -> Result<Principal, TokenError> {
    verdict(&ring(Algorithm::Hs256), &hs256_of(&claims_with(changes).to_string()))
}

/// The good claims with this text as the value of one of them: for what `Value` cannot hold.
fn says_raw(name: &str, value: &str) -> Result<Principal, TokenError> {
    let mut claims = good_claims();
    claims.as_object_mut().unwrap().remove(name);
    let claims = claims.to_string();
    let claims = format!("{},\"{name}\":{value}}}", claims.strip_suffix('}').unwrap());
    verdict(&ring(Algorithm::Hs256), &hs256_of(&claims))
}

#[test]
fn s24_a_time_of_a_wrong_kind_is_refused_and_never_taken_as_absent() {
    for name in ["exp", "nbf", "iat"] {
        for value in [
            "null",
            "true",
            "\"2000000060\"",
            "\"\"",
            "[]",
            "[2000000060]",
            "{}",
            "-1",
            "-2000000060",
            "-0.5",
            "-1e300",
            "1e400",
            "-1e400",
            "NaN",
            "Infinity",
            "0x77359400",
            "2_000_000_060",
            "-9223372036854775808",
            "-99999999999999999999",
        ] {
            assert_eq!(says_raw(name, value), Err(TokenError::Invalid), "{name} {value}");
        }
    }
    assert_eq!(says(json!({"exp": null})), Err(TokenError::Invalid), "exp is required");
    assert_eq!(says(json!({"sub": null})), Err(TokenError::Invalid), "sub is required");
}

#[test]
fn s24_times_may_have_fractions_and_are_kept_to_the_millisecond() {
    let end = |value: &str| says_raw("exp", value).map(|principal| principal.expires_at.millis());
    assert_eq!(end("2000000060"), Ok(2_000_000_060_000));
    assert_eq!(end("2000000060.0"), Ok(2_000_000_060_000));
    assert_eq!(end("2000000060.25"), Ok(2_000_000_060_250));
    assert_eq!(end("2.00000006e9"), Ok(2_000_000_060_000));
    for endless in ["18446744073709551615", "99999999999999999999", "1e300", "9007199254741"] {
        assert_eq!(end(endless), Ok(Timestamp::MAX.millis()), "{endless}");
    }
    for past in ["0", "-0", "0.0", "-0.0", "1e-300"] {
        assert_eq!(end(past), Err(TokenError::Expired), "{past}");
    }
    for start in ["1e300", "18446744073709551615"] {
        assert_eq!(says_raw("nbf", start), Err(TokenError::Invalid), "{start}");
        assert_eq!(says_raw("iat", start), Err(TokenError::Invalid), "{start}");
    }
}

#[test]
fn s24_the_leeway_is_kept_to_the_millisecond_on_either_side() {
    let leeway = KeyConfig { leeway: Duration::from_millis(1500), ..config(Algorithm::Hs256) };
    let ring = KeyRing::build(leeway).unwrap();
    let at = |claims: Value, millis: u64| {
        verdict_at(&ring, &hs256_of(&claims.to_string()), Timestamp::saturating(millis)).map(|_| ())
    };
    let ends = json!({"sub": "ada", "exp": NOW});
    assert_eq!(at(ends.clone(), NOW * 1000 + 1499), Ok(()));
    assert_eq!(at(ends, NOW * 1000 + 1500), Err(TokenError::Expired));
    for name in ["nbf", "iat"] {
        let mut begins = good_claims();
        begins[name] = json!(NOW);
        assert_eq!(at(begins.clone(), NOW * 1000 - 1500), Ok(()), "{name}");
        assert_eq!(at(begins, NOW * 1000 - 1501), Err(TokenError::Invalid), "{name}");
    }
}

#[test]
fn s24_a_token_that_has_ended_and_is_wrong_otherwise_is_just_not_valid() {
    assert_eq!(says(json!({"exp": NOW - 60})), Err(TokenError::Expired));
    for wrong in [
        json!({"aud": "x"}),
        json!({"sub": ""}),
        json!({"agents": ["a b"]}),
        json!({"jti": "x".repeat(129)}),
        json!({"nbf": NOW + 60}),
        json!({"iat": NOW + 60}),
    ] {
        let mut ended = claims_with(wrong.clone());
        ended["exp"] = json!(NOW - 60);
        let verdict = verdict(&ring(Algorithm::Hs256), &hs256_of(&ended.to_string()));
        assert_eq!(verdict, Err(TokenError::Invalid), "{wrong}");
    }
}

#[test]
fn s25_issuer_and_audience_are_required_when_they_are_configured() {
    let demanding = KeyConfig {
        issuer: Some("https://issuer.example".into()),
        audience: Some("fleet".into()),
        ..config(Algorithm::Hs256)
    };
    let ring = KeyRing::build(demanding).unwrap();
    let holds = |iss: Value, aud: Value| {
        let claims = claims_with(json!({"iss": iss, "aud": aud}));
        verdict(&ring, &hs256_of(&claims.to_string())).is_ok()
    };
    let right = || json!("https://issuer.example");
    assert!(holds(right(), json!("fleet")));
    assert!(holds(right(), json!(["other", "fleet"])));
    for aud in
        [json!(null), json!(""), json!("Fleet"), json!("fleet2"), json!([]), json!(["other"]), json!(7)]
    {
        assert!(!holds(right(), aud.clone()), "{aud}");
    }
    for aud in [json!(["fleet", 7]), json!({"fleet": true}), json!([["fleet"]]), json!("other fleet")] {
        assert!(!holds(right(), aud.clone()), "{aud}");
    }
    for iss in [json!(null), json!(""), json!("https://issuer.example/"), json!(["https://issuer.example"])] {
        assert!(!holds(iss.clone(), json!("fleet")), "{iss}");
    }
}

#[test]
fn s25_a_token_made_for_somebody_is_refused_when_no_audience_is_configured() {
    for aud in [json!("fleet"), json!(["fleet"]), json!([]), json!(""), json!(7), json!({})] {
        assert!(says(json!({"aud": aud})).is_err(), "{aud}");
    }
    assert!(says_raw("aud", "null").is_err());
    assert!(says(json!({"iss": "anybody"})).is_ok(), "an issuer that was not asked about is let pass");
    assert!(says_raw("iss", "null").is_err());
    assert!(says(json!({"iss": 7})).is_err());
}

#[test]
fn s25_the_scope_is_exactly_what_the_token_says() {
    let scopes = |scope: Value| says(json!({"scope": scope})).map(|principal| principal.grant.scopes);
    let of = |scopes: &[Scope]| Ok(Scopes::of(scopes.iter().copied()));
    assert_eq!(scopes(json!("report admin watch")), of(&Scope::ALL));
    assert_eq!(scopes(json!(["report", "watch"])), of(&[Scope::Report, Scope::Watch]));
    assert_eq!(
        scopes(json!("openid profile  report ")),
        of(&[Scope::Report]),
        "others' words are passed over"
    );
    for nothing in [json!(""), json!([]), json!("Watch"), json!("watch,report"), json!("watch\treport")] {
        assert_eq!(scopes(nothing.clone()), of(&[]), "{nothing}");
    }
    assert_eq!(scopes(json!(["watch report"])), of(&[]), "an element is one word");
    assert_eq!(scopes(json!(null)), of(&[Scope::Watch]), "absent is the default");
    assert_eq!(says_raw("scope", "null"), Err(TokenError::Invalid));
    for wrong in [json!(7), json!(true), json!({"watch": true}), json!(["watch", 7]), json!([["watch"]])] {
        assert_eq!(scopes(wrong.clone()), Err(TokenError::Invalid), "{wrong}");
    }
}

#[test]
fn s25_the_agents_are_exactly_those_the_token_says() {
    let agents = |agents: Value| {
        says(json!({"agents": agents})).map(|principal| {
            principal.grant.agents.iter().map(|pattern| pattern.as_str().to_owned()).collect::<Vec<_>>()
        })
    };
    assert_eq!(agents(json!(null)).unwrap(), ["*"], "absent is all");
    assert_eq!(agents(json!([])).unwrap(), [""; 0], "an empty list is none");
    assert_eq!(agents(json!(["b*", "a", "a"])).unwrap(), ["a", "b*"]);
    assert_eq!(says_raw("agents", "null"), Err(TokenError::Invalid), "null is not all");
    for wrong in [json!("*"), json!([7]), json!([""]), json!(["a b"]), json!(["a", null]), json!({"a": 1})] {
        assert_eq!(agents(wrong.clone()), Err(TokenError::Invalid), "{wrong}");
    }
}

#[test]
fn names_and_ids_keep_their_bounds() {
    let id = |jti: Value| says(json!({"jti": jti})).map(|principal| principal.token_id);
    assert_eq!(id(json!("é".repeat(128))), Ok(Some("é".repeat(128))));
    assert_eq!(id(json!("x".repeat(129))), Err(TokenError::Invalid));
    assert_eq!(id(json!(7)), Err(TokenError::Invalid));
    assert_eq!(says_raw("jti", "null"), Err(TokenError::Invalid));
    assert!(says(json!({"sub": "x".repeat(255)})).is_ok());
    for sub in [json!("x".repeat(256)), json!(""), json!("a\u{7}"), json!(7), json!(["ada"])] {
        assert_eq!(says(json!({"sub": sub})), Err(TokenError::Invalid), "{sub}");
    }
}
