//! Settings that are right one by one and wrong together.

use super::*;

const SECRET: &str = "auth.secret = \"0123456789abcdef0123456789abcdef\"\n";

#[test]
fn an_address_beyond_this_machine_needs_a_word_about_tls() {
    for listen in ["0.0.0.0:3000", "[::]:3000", "192.168.1.7:3000", "[::ffff:10.0.0.1]:3000"] {
        let line = format!("server.listen = \"{listen}\"\n");
        let told = told(&line);
        assert!(
            told.len() == 1
                && told[0].contains("set server.behind_tls_proxy = true")
                && told[0].contains("server.allow_plaintext = true"),
            "{told:?}"
        );
        assert!(load(&format!("{line}server.behind_tls_proxy = true")).is_ok());
        assert!(load(&format!("{line}server.allow_plaintext = true")).is_ok());
    }
    for listen in ["127.0.0.1:3000", "127.1.2.3:0", "[::1]:3000", "[::ffff:127.0.0.1]:3000"] {
        assert!(load(&format!("server.listen = \"{listen}\"")).is_ok(), "{listen}");
    }
}

#[test]
fn a_secret_has_at_least_32_bytes() {
    assert!(load(SECRET).is_ok());
    assert_eq!(
        told("auth.secret = \"0123456789abcdef0123456789abcde\""),
        ["auth.secret (mission-control.toml:1) is too short: it takes at least 32 bytes and has 31"]
    );
    // Bytes, not characters.
    assert!(load(&format!("auth.secret = \"{}\"", "ä".repeat(16))).is_ok());
}

#[test]
fn a_secret_is_said_once() {
    let variables = [("MISSION_CONTROL__AUTH__SECRET_FILE", "secret")];
    assert_eq!(
        told_of(&sources(SECRET, &variables, &[])),
        [
            "auth.secret (mission-control.toml:1) and auth.secret_file (MISSION_CONTROL__AUTH__SECRET_FILE) are both set: leave one out"
        ]
    );
}

#[test]
fn algorithms_and_keys_go_together() {
    let secret_file = "auth.secret_file = \"a\"\n";
    let public = "auth.public_key_file = \"a.pem\"\n";
    for (keys, algorithms, fits) in [
        (String::new(), "", true),
        (String::new(), "HS256", true),
        (SECRET.to_owned(), "HS256", true),
        (secret_file.to_owned(), "", true),
        (public.to_owned(), "RS256", true),
        (public.to_owned(), "RS256,ES256,EdDSA", true),
        (format!("{SECRET}{public}"), "RS256", true),
        (format!("{SECRET}{public}"), "HS256", true),
        (public.to_owned(), "", false),
        (public.to_owned(), "HS256", false),
        (SECRET.to_owned(), "RS256", false),
        (secret_file.to_owned(), "ES256", false),
        (String::new(), "EdDSA", false),
        (format!("{SECRET}{public}"), "HS256,RS256", false),
    ] {
        let algorithms = match algorithms {
            "" => String::new(),
            algorithms => format!("auth.algorithms = \"{algorithms}\"\n"),
        };
        let result = load(&format!("{keys}{algorithms}"));
        assert_eq!(result.is_ok(), fits, "{keys}{algorithms}{result:?}");
        if let Err(error) = result {
            assert!(
                matches!(
                    error.problems(),
                    [Problem::MixedAlgorithms { .. }
                        | Problem::NeedsSecret { .. }
                        | Problem::NeedsPublicKey { .. }]
                ),
                "{error}"
            );
        }
    }
}
