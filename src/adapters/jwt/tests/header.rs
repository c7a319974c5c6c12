//! S25 and S26: headers, forms and parsers.

use serde_json::json;

use super::bench::{base64url, good_claims, hs256_of, our_key, ring, signed, verdict};
use crate::adapters::jwt::Algorithm;
use crate::ports::token_verifier::TOKEN_BYTES_MAX;
use crate::ports::token_verifier::TokenError;

fn with_header(header: &str) -> String {
    signed(header, &good_claims().to_string(), &our_key(Algorithm::Hs256), Algorithm::Hs256)
}

fn holds(token: &str) -> bool {
    match verdict(&ring(Algorithm::Hs256), token) {
        Ok(_) => true,
        Err(TokenError::Invalid) => false,
        Err(TokenError::Expired) => panic!("no token of these tests has ended"),
    }
}

#[test]
fn s25_a_typ_for_another_use_is_refused() {
    assert!(holds(&with_header(r#"{"alg":"HS256"}"#)));
    for typ in ["JWT", "jwt", "Jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/jwt"] {
        assert!(holds(&with_header(&json!({"alg": "HS256", "typ": typ}).to_string())), "{typ}");
    }
    for typ in
        ["", "JWS", "JOSE", "id+jwt", "logout+jwt", "dpop+jwt", "jwt ", "application/", "text/jwt", "JWE"]
    {
        assert!(!holds(&with_header(&json!({"alg": "HS256", "typ": typ}).to_string())), "{typ}");
    }
    for typ in [json!(7), json!(["JWT"]), json!({})] {
        assert!(!holds(&with_header(&json!({"alg": "HS256", "typ": typ}).to_string())), "{typ}");
    }
}

#[test]
fn s26_a_header_that_must_be_understood_is_refused() {
    for crit in [json!(["exp"]), json!(["b64"]), json!([]), json!("exp"), json!(["x-unknown"]), json!([7])] {
        let header = json!({"alg": "HS256", "crit": crit, "exp": 1, "b64": true, "x-unknown": true});
        assert!(!holds(&with_header(&header.to_string())), "{crit}");
    }
}

#[test]
fn s26_duplicate_claims_and_headers_are_refused() {
    assert!(holds(&hs256_of(r#"{"sub":"ada","exp":2000000060,"other":1,"other":2}"#)));
    for twice in [
        r#"{"sub":"ada","exp":2000000060,"sub":"root"}"#,
        r#"{"sub":"ada","exp":1,"exp":2000000060}"#,
        r#"{"sub":"ada","exp":2000000060,"scope":"watch","scope":"admin"}"#,
        r#"{"sub":"ada","exp":2000000060,"agents":["a"],"agents":["*"]}"#,
        r#"{"sub":"ada","exp":2000000060,"s\u0075b":"root"}"#,
    ] {
        assert!(!holds(&hs256_of(twice)), "{twice}");
    }
    assert!(!holds(&with_header(r#"{"alg":"HS256","alg":"none"}"#)));
    assert!(!holds(&with_header(r#"{"alg":"none","alg":"HS256"}"#)));
    assert!(!holds(&with_header(r#"{"alg":"HS256","typ":"x","typ":"JWT"}"#)));
}

#[test]
fn s26_claims_that_are_not_one_object_are_refused() {
    for claims in [
        "",
        "null",
        "true",
        "7",
        r#""ada""#,
        "[]",
        r#"["ada",2000000060]"#,
        r#"["ada",2000000060,null,null,null,null,null,null,null]"#,
        r#"{"sub":"ada","exp":2000000060"#,
        r#"{"sub":"ada","exp":2000000060} {}"#,
        r#"{"sub":"ada","exp":2000000060,}"#,
        r#"{'sub':'ada','exp':2000000060}"#,
        "{\"sub\":\"a\u{0}a\",\"exp\":2000000060}",
    ] {
        assert!(!holds(&hs256_of(claims)), "{claims}");
    }
    // Five values in the order of declaration: derived readers, ours and the crate's, would take these.
    assert!(!holds(&hs256_of(r#"["ada",2000000060,0,0,"issuer"]"#)));
    let not_utf8 = [b"{\"sub\":\"\xff\xfe\",\"exp\":2000000060}".as_slice()].concat();
    let message = format!("{}.{}", base64url(br#"{"alg":"HS256"}"#), base64url(&not_utf8));
    let key = our_key(Algorithm::Hs256);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::Hs256.into()).unwrap();
    assert!(!holds(&format!("{message}.{signature}")));
}

#[test]
fn s26_deep_json_is_refused_without_a_crash() {
    for deep in 0..2 {
        let nest = |text: &str| format!("{}{text}{}", "[".repeat(2500), "]".repeat(2500));
        let claims = format!(r#"{{"sub":"ada","exp":2000000060,"scope":{}}}"#, nest(""));
        let header = format!(r#"{{"alg":"HS256","x":{}}}"#, nest(""));
        let token = if deep == 0 { hs256_of(&claims) } else { with_header(&header) };
        assert!(token.len() < TOKEN_BYTES_MAX);
        assert!(!holds(&token));
    }
}

#[test]
fn s26_a_token_past_the_limit_is_refused_even_when_it_is_good() {
    let sized =
        |pad: usize| hs256_of(&format!(r#"{{"sub":"ada","exp":2000000060,"pad":"{}"}}"#, "x".repeat(pad)));
    let pad = (0..TOKEN_BYTES_MAX).rev().find(|pad| sized(*pad).len() <= TOKEN_BYTES_MAX).unwrap();
    assert!(holds(&sized(pad)));
    assert!(!holds(&sized(pad + 2)));
    assert!(!holds(&sized(16 * 1024)));
    let kid = format!(r#"{{"alg":"HS256","kid":"{}"}}"#, "k".repeat(8 * 1024));
    assert!(!holds(&with_header(&kid)));
}

#[test]
fn s26_garbage_is_refused() {
    let good = with_header(r#"{"alg":"HS256"}"#);
    let parts: Vec<&str> = good.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("a token has three parts") };
    assert!(holds(&good));
    for garbage in [
        String::new(),
        "...".into(),
        ".".repeat(TOKEN_BYTES_MAX),
        "A".repeat(TOKEN_BYTES_MAX),
        format!("{header}.{claims}"),
        format!("{header}.{claims}.{signature}.{signature}"),
        format!("{header}.{claims}.{signature}."),
        format!(".{header}.{claims}.{signature}"),
        // Five parts: the form of an encrypted token (JWE).
        format!("{header}.{claims}.{signature}.{claims}.{signature}"),
        format!("{header}.{claims}.{signature}="),
        format!("{header}=.{claims}.{signature}"),
        format!("{header}.{claims}==.{signature}"),
        format!(" {good}"),
        format!("{good} "),
        format!("{good}\n"),
        format!("Bearer {good}"),
        good.replace('.', "%2E"),
        good.replace('.', "．"),
        good.to_lowercase(),
        format!("{header}.{claims}.{}", signature.replace(['-', '_'], "+")) + "/",
    ] {
        assert!(!holds(&garbage), "{garbage}");
    }
    let encrypted = base64url(br#"{"alg":"dir","enc":"A256GCM"}"#);
    assert!(!holds(&format!("{encrypted}..AAAA.AAAA.AAAA")));
    assert!(!holds(&with_header(r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#)));
}
