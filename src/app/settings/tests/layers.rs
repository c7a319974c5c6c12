//! Which layer wins, and how each is read.

use std::fs;
use std::time::Duration;

use super::*;

#[test]
fn without_any_layer_the_settings_are_the_defaults() {
    let settings = Settings::load(&Sources::default()).unwrap();
    assert_eq!(settings.server.listen, "127.0.0.1:3000".parse().unwrap());
    assert_eq!(settings.server.data_dir, PathBuf::from("./mission-control-data"));
    assert_eq!(settings.server.drain, Duration::from_secs(30));
    assert_eq!(settings.auth.algorithms, [Algorithm::Hs256]);
    assert_eq!(settings.auth.default_scope, [Scope::Watch]);
    assert_eq!(settings.auth.leeway, Duration::from_secs(5));
    assert!(settings.auth.query_token && settings.auth.secret.is_none());
    assert_eq!(settings.stream.heartbeat, Duration::from_secs(30));
    assert_eq!(settings.log.kind, LogKind::Disk);
    assert_eq!((settings.log.keep_events, settings.log.keep), (1_000_000, None));
    assert_eq!(settings.limits.session_quiet, Duration::from_secs(7 * 24 * 60 * 60));
    assert_eq!((settings.limits.head_bytes, settings.limits.refused_handshakes_per_second), (16_384, 20));
    assert_eq!((settings.telemetry.log, settings.telemetry.level), (LogFormat::Pretty, Level::Info));
}

#[test]
fn the_last_layer_wins() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"\ndata_dir = \"file\"\n[stream]\nring_events = 1\n";
    let variables = [
        ("MISSION_CONTROL__SERVER__LISTEN", "127.0.0.1:2"),
        ("MISSION_CONTROL__SERVER__DATA_DIR", "variable"),
    ];
    let flags = [("--listen", "server.listen", "127.0.0.1:3"), ("--listen", "server.listen", "127.0.0.1:4")];
    let settings = Settings::load(&sources(file, &variables, &flags)).unwrap();
    assert_eq!(settings.server.listen.port(), 4);
    assert_eq!(settings.server.data_dir, PathBuf::from("variable"));
    assert_eq!(settings.stream.ring_events, 1);
    assert_eq!(settings.stream.replay_events, 10_000);
}

#[test]
fn a_value_that_was_overruled_is_not_judged() {
    let settings = Settings::load(&sources(
        "server.listen = \"nonsense\"\nlog.kind = \"disk\"",
        &[("MISSION_CONTROL__SERVER__LISTEN", "[::1]:0"), ("MISSION_CONTROL__LOG__KIND", "memory")],
        &[],
    ));
    assert_eq!(settings.unwrap().server.listen, "[::1]:0".parse().unwrap());
}

#[test]
fn a_list_is_the_same_in_a_file_and_in_a_variable() {
    let wanted = ["https://a", "https://b:8443"];
    let file = load("server.allowed_origins = [\"https://a\", \"https://b:8443\"]").unwrap();
    let text = [("MISSION_CONTROL__SERVER__ALLOWED_ORIGINS", "https://a, https://b:8443")];
    let variable = Settings::load(&sources("", &text, &[])).unwrap();
    for settings in [file, variable] {
        let origins: Vec<_> = settings.server.allowed_origins.iter().map(Origin::as_str).collect();
        assert_eq!(origins, wanted);
    }
}

#[test]
fn an_empty_variable_takes_a_list_back() {
    let file = "server.trusted_proxies = [\"10.0.0.0/8\"]";
    assert_eq!(load(file).unwrap().server.trusted_proxies, ["10.0.0.0/8".parse().unwrap()]);
    let none = Settings::load(&sources(file, &[("MISSION_CONTROL__SERVER__TRUSTED_PROXIES", "")], &[]));
    assert_eq!(none.unwrap().server.trusted_proxies, []);
}

#[test]
fn scopes_may_have_spaces_or_commas_between() {
    for scope in ["watch report", "watch,report", "watch, report"] {
        let settings = load(&format!("auth.default_scope = \"{scope}\"")).unwrap();
        assert_eq!(settings.auth.default_scope, [Scope::Watch, Scope::Report], "{scope}");
    }
}

#[test]
fn numbers_and_switches_are_read_from_text() {
    let settings = Settings::load(&sources(
        "limits.agents = 50_000",
        &[("MISSION_CONTROL__AUTH__QUERY_TOKEN", "false"), ("MISSION_CONTROL__LIMITS__LABELS", "1")],
        &[],
    ))
    .unwrap();
    assert!(!settings.auth.query_token);
    assert_eq!((settings.limits.labels, settings.limits.agents), (1, 50_000));
}

#[test]
fn variables_of_others_are_left_alone() {
    let others = [
        ("MISSION_CONTROL_TOKEN", "canary-7f3a"),
        ("MISSION_CONTROL_SERVICE_HOST", "10.0.0.1"),
        ("MISSION_CONTROL", "x"),
        ("PATH", "x"),
    ];
    assert_eq!(
        Settings::load(&sources("", &others, &[])).unwrap(),
        Settings::load(&Sources::default()).unwrap()
    );
}

#[test]
fn a_named_file_must_be_there_and_the_usual_one_need_not() {
    let nowhere = std::env::temp_dir().join("mission-control-no-such-directory").join("a.toml");
    let with = |file| Settings::load(&Sources { file, ..Sources::default() });
    assert!(with(ConfigFile::IfPresent(nowhere.clone())).is_ok());
    let error = with(ConfigFile::Required(nowhere.clone())).unwrap_err();
    assert!(matches!(error.problems(), [Problem::FileMissing { path }] if *path == nowhere));
}

#[test]
fn a_file_is_read_and_an_unreadable_one_told() {
    let directory = std::env::temp_dir().join(format!("mission-control-settings-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let file = directory.join("a.toml");
    let with = |file| Settings::load(&Sources { file, ..Sources::default() });
    fs::write(&file, "\u{feff}[stream]\r\nheartbeat_ms = 1000\r\n").unwrap();
    let read = with(ConfigFile::IfPresent(file.clone()));
    fs::write(&file, [b'#', 0xff]).unwrap();
    let no_text = with(ConfigFile::Required(file.clone()));
    fs::write(&file, vec![b'#'; 1_048_577]).unwrap();
    let too_large = with(ConfigFile::Required(file));
    let a_directory = with(ConfigFile::IfPresent(directory.clone()));
    fs::remove_dir_all(directory).unwrap();

    assert_eq!(read.unwrap().stream.heartbeat, Duration::from_secs(1));
    assert!(matches!(no_text.unwrap_err().problems(), [Problem::FileNotToml { .. }]));
    assert!(matches!(too_large.unwrap_err().problems(), [Problem::FileTooLarge { .. }]));
    assert!(matches!(a_directory.unwrap_err().problems(), [Problem::FileUnreadable { .. }]));
}

#[test]
fn the_file_is_the_named_one_or_the_usual_one() {
    assert!(matches!(ConfigFile::choose(Some("a".into())), ConfigFile::Required(path) if path == *"a"));
    assert!(
        matches!(ConfigFile::choose(None), ConfigFile::IfPresent(path) if path == *"mission-control.toml")
    );
}
