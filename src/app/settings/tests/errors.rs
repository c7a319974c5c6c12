//! What is told about names and values that are wrong.

use super::*;

#[test]
fn an_unknown_name_is_told_with_its_place_and_what_was_meant() {
    assert_eq!(
        told("[stream]\n\nhartbeat_ms = 1000\n"),
        ["stream.hartbeat_ms (mission-control.toml:3) is not a setting; did you mean stream.heartbeat_ms?"]
    );
    assert_eq!(
        told_of(&sources("", &[("MISSION_CONTROL__SERVER_LISTEN", "x")], &[])),
        ["server_listen (MISSION_CONTROL__SERVER_LISTEN) is not a setting; did you mean server.listen?"]
    );
    assert_eq!(
        told_of(&sources("", &[], &[("--odd", "colour", "x")])),
        ["colour (--odd) is not a setting; docs/CONFIGURATION.md has them all"]
    );
}

#[test]
fn a_section_is_no_setting_and_a_setting_no_section() {
    for (file, name) in [
        ("server = 3", "server"),
        ("[[server]]\nlisten = 1", "server"),
        ("[servr]", "servr"),
        ("[server.listen]\nport = 1", "server.listen.port"),
        ("[a.b.c.d]\ne = 1", "a.b.c.d.e"),
    ] {
        let told = told(file);
        assert!(
            told.len() == 1
                && told[0].starts_with(&format!("{name} (mission-control.toml"))
                && told[0].contains("is not a setting"),
            "{told:?}"
        );
    }
    assert!(load("[server]\n[limits]\n").is_ok());
}

#[test]
fn a_wrong_value_is_told_with_its_place_and_what_is_taken() {
    assert_eq!(
        told("[stream]\nheartbeat_ms = 999\n"),
        ["stream.heartbeat_ms (mission-control.toml:2) is 999; it takes milliseconds, from 1000 to 60000"]
    );
    assert_eq!(
        told_of(&sources("", &[], &[("--listen", "server.listen", "localhost")])),
        [
            "server.listen (--listen) is \"localhost\"; it takes an IP address and a port, like `127.0.0.1:3000` or `[::]:3000`"
        ]
    );
    assert_eq!(
        told_of(&sources("", &[("MISSION_CONTROL__LOG__KIND", "kafka")], &[])),
        ["log.kind (MISSION_CONTROL__LOG__KIND) is \"kafka\"; it takes `memory`, `disk` or `nats`"]
    );
}

#[test]
fn values_that_do_not_fit_are_refused() {
    for line in [
        "server.listen = 3000",
        "server.listen = \":3000\"",
        "server.listen = true",
        "server.listen = []",
        "server.data_dir = \"\"",
        "server.behind_tls_proxy = \"yes\"",
        "server.behind_tls_proxy = 1",
        "server.drain_ms = -1",
        "server.drain_ms = 1.5",
        "server.drain_ms = \"+1\"",
        "server.drain_ms = \"\"",
        "server.drain_ms = 9007199254740992",
        "server.allowed_origins = \"*\"",
        "server.allowed_origins = [\"null\"]",
        "server.allowed_origins = [\"https://a/\"]",
        "server.allowed_origins = \"https://a,\"",
        "server.allowed_origins = [1]",
        "server.allowed_origins = [\"\"]",
        "server.trusted_proxies = [\"10.0.0.1/8\"]",
        "server.trusted_proxies = [\"proxy\"]",
        "auth.algorithms = []",
        "auth.algorithms = \"\"",
        "auth.algorithms = [\"none\"]",
        "auth.algorithms = [\"hs256\"]",
        "auth.algorithms = [\"HS512\"]",
        "auth.issuer = \"\"",
        "auth.default_scope = \"\"",
        "auth.default_scope = \"root\"",
        "stream.heartbeat_ms = 60001",
        "limits.body_ms = 0",
        "limits.frames_burst = 4294967296",
        "telemetry.log = \"JSON\"",
        "telemetry.level = \"loud\"",
    ] {
        let error = load(line).expect_err(line);
        let name = line.split(' ').next().unwrap();
        assert!(
            matches!(error.problems(), [Problem::WrongValue { key, .. }] if *key == name),
            "{line}: {error}"
        );
    }
}

#[test]
fn every_count_takes_one_and_refuses_none() {
    let counts = KEYS.iter().filter(|key| key.allowed == "a whole number from 1" && key.built == Built::Yes);
    let mut seen = 0;
    for key in counts {
        assert!(load(&format!("{} = 1", key.name)).is_ok(), "{}", key.name);
        assert_eq!(
            told(&format!("{} = 0", key.name)),
            [format!("{} (mission-control.toml:1) is 0; it takes a whole number from 1", key.name)]
        );
        seen += 1;
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn what_is_not_built_is_refused_by_name() {
    for (line, told_start) in [
        ("auth.jwks_url = \"https://a\"", "auth.jwks_url is not built yet: "),
        ("log.kind = \"nats\"", "log.kind = \"nats\" is not built yet: "),
        ("nats.url = \"nats://a\"", "nats.url is not built yet: "),
        ("nats.stream = \"a\"", "nats.stream is not built yet: "),
        ("telemetry.metrics_listen = \"127.0.0.1:1\"", "telemetry.metrics_listen is not built yet: "),
        ("telemetry.otlp_endpoint = \"http://a\"", "telemetry.otlp_endpoint is not built yet: "),
    ] {
        let told = told(line);
        assert!(told.len() == 1 && told[0].starts_with(told_start), "{told:?}");
        assert!(told[0].ends_with("(mission-control.toml:1)"), "{told:?}");
    }
    for kind in ["memory", "disk"] {
        assert!(load(&format!("log.kind = \"{kind}\"")).is_ok());
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let file = "[server]\nlisten = \"0.0.0.0:1\"\nlisten_port = 1\n[stream]\nheartbeat_ms = 0\n[log]\nkind = \"nats\"\n";
    let variables = [("MISSION_CONTROL__AUTH__SECRET", "short"), ("MISSION_CONTROL__LIMITS__AGENTS", "0")];
    let error = Settings::load(&sources(file, &variables, &[])).unwrap_err();
    assert!(
        matches!(
            error.problems(),
            [
                Problem::UnknownKey { .. },
                Problem::WrongValue { key: "stream.heartbeat_ms", .. },
                Problem::NotBuilt { key: "log.kind", .. },
                Problem::WrongValue { key: "limits.agents", .. },
                Problem::Plaintext { .. },
                Problem::ShortSecret { bytes: 5, .. },
            ]
        ),
        "{error}"
    );
    assert!(
        error.to_string().starts_with("the settings have 6 problems:\n  server.listen_port ("),
        "{error}"
    );
    assert_eq!(error.to_string().lines().count(), 7);
}

#[test]
fn a_broken_file_does_not_hide_what_is_wrong_elsewhere() {
    let told = told_of(&sources("[server", &[("MISSION_CONTROL__LIMITS__AGENTS", "0")], &[]));
    assert_eq!(told.len(), 2, "{told:?}");
}

#[test]
fn a_secret_is_in_no_text() {
    for (file, variables) in [
        ("auth.secret = \"canary-7f3a\"", &[][..]),
        ("auth.secret = [\"canary-7f3a\"]", &[]),
        ("auth.secret.canary = \"canary-7f3a\"", &[]),
        ("auth.secrte = \"canary-7f3a\"", &[]),
        ("nats.url = \"nats://canary-7f3a@a\"", &[]),
        ("", &[("MISSION_CONTROL__AUTH__SECRET", "canary-7f3a")]),
        ("auth.secret_file = \"a\"\nauth.secret = \"canary-7f3a canary-7f3a canary-7f3a\"", &[]),
    ] {
        let error = Settings::load(&sources(file, variables, &[])).expect_err(file);
        assert!(!format!("{error} {error:?}").contains("7f3a"), "{error:?}");
    }
    let settings = load("auth.secret = \"canary-7f3a canary-7f3a canary-7f3a\"").unwrap();
    assert!(!format!("{settings:?}").contains("7f3a"), "{settings:?}");
}

#[test]
fn what_somebody_typed_cannot_disturb_a_terminal() {
    let told = told_of(&sources(
        "",
        &[("MISSION_CONTROL__A\u{1b}[2J\nB", "x"), ("MISSION_CONTROL__LOG__KIND", "\u{1b}[2J\n\"")],
        &[],
    ));
    assert_eq!(told.len(), 2, "{told:?}");
    for text in told {
        assert!(!text.contains(['\u{1b}', '\n']), "{text}");
    }
    let long = "x".repeat(100_000);
    let error = Settings::load(&sources("", &[("MISSION_CONTROL__LOG__KIND", &long)], &[])).unwrap_err();
    assert!(error.to_string().len() < 400, "{error}");
}
