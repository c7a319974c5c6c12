//! What the command line takes and what it says.

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use super::*;

fn parse(line: &[&str]) -> Result<Command, clap::Error> {
    Args::try_parse_from(["mission-control"].iter().chain(line)).map(Args::into_command)
}

#[test]
fn the_command_line_is_consistent() {
    Args::command().debug_assert();
}

#[test]
fn without_a_command_the_server_runs() {
    assert!(matches!(parse(&[]), Ok(Command::Serve(serve)) if !serve.new_epoch));
}

#[test]
fn help_names_every_command() {
    let error = parse(&["--help"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DisplayHelp);
    for command in ["serve", "link", "token", "check", "watch", "report", "run"] {
        assert!(error.to_string().contains(&format!("\n  {command}  ")), "{error}");
    }
}

#[test]
fn serve_takes_its_flags_and_hands_them_to_the_settings() {
    let line = "serve --config a.toml --listen [::1]:0 --data-dir d --log-kind memory --new-epoch";
    let Ok(Command::Serve(serve)) = parse(&line.split(' ').collect::<Vec<_>>()) else { panic!("{line}") };
    assert!(serve.new_epoch);
    assert_eq!(serve.settings.place.config, Some("a.toml".into()));
    let flags = serve.settings.flags();
    let said: Vec<_> = flags.iter().map(|flag| (flag.name, flag.key, flag.value.as_str())).collect();
    assert_eq!(
        said,
        [
            ("--data-dir", "server.data_dir", "d"),
            ("--listen", "server.listen", "[::1]:0"),
            ("--log-kind", "log.kind", "memory")
        ]
    );
}

#[test]
fn every_flag_of_the_settings_names_a_setting() {
    let text = || Some(String::from("x"));
    let all = SettingsArgs {
        place: PlaceArgs { config: None, data_dir: text() },
        listen: text(),
        log_kind: text(),
    };
    for flag in all.flags() {
        assert!(crate::app::settings::KEYS.iter().any(|key| key.name == flag.key), "{}", flag.key);
        assert!(parse(&["check", flag.name, "x"]).is_ok(), "{}", flag.name);
    }
}

#[test]
fn check_takes_what_serve_takes_except_a_new_history() {
    assert!(matches!(parse(&["check", "--listen", "nonsense"]), Ok(Command::Check(_))));
    assert!(parse(&["check", "--new-epoch"]).is_err());
}

#[test]
fn a_token_has_plain_defaults() {
    let Ok(Command::Token(token)) = parse(&["token", "--sub", "alice"]) else { panic!() };
    assert_eq!((token.sub.as_str(), token.scope, token.agents), ("alice", None, vec!["*".to_owned()]));
    assert_eq!(token.ttl, Duration::from_secs(3600));
}

#[test]
fn a_token_takes_scope_agents_and_time() {
    let line = ["token", "--sub", "a", "--scope", "watch report", "--agents", "build-*,x", "--ttl", "250ms"];
    let Ok(Command::Token(token)) = parse(&line) else { panic!() };
    assert_eq!(token.scope.as_deref(), Some("watch report"));
    assert_eq!(token.agents, ["build-*", "x"]);
    assert_eq!(token.ttl, Duration::from_millis(250));
}

#[test]
fn a_token_needs_a_user_and_a_time_that_can_be_read() {
    assert_eq!(parse(&["token"]).unwrap_err().kind(), ErrorKind::MissingRequiredArgument);
    let error = parse(&["token", "--sub", "a", "--ttl", "soon"]).unwrap_err().to_string();
    assert!(error.contains("like 1h, 30m, 90s or 250ms"), "{error}");
}

#[test]
fn link_takes_an_address_and_a_name() {
    let Ok(Command::Link(link)) = parse(&["link", "--url", "http://localhost:1", "--as", "alice"]) else {
        panic!()
    };
    assert_eq!((link.url.as_deref(), link.user.as_deref()), (Some("http://localhost:1"), Some("alice")));
}

#[test]
fn watch_takes_its_flags() {
    let line = "watch --url u --token-file t --as a --agents a,b --types agent:status --json";
    let Ok(Command::Watch(watch)) = parse(&line.split(' ').collect::<Vec<_>>()) else { panic!("{line}") };
    assert_eq!(
        (watch.agents, watch.types),
        (vec!["a".to_owned(), "b".to_owned()], vec!["agent:status".to_owned()])
    );
    assert!(watch.json && watch.client.token_file == Some("t".into()));
    assert_eq!((watch.client.url.as_deref(), watch.client.user.as_deref()), (Some("u"), Some("a")));
}

#[test]
fn a_token_shows_neither_in_debug_nor_in_errors_nor_in_help() {
    let Ok(command) = parse(&["watch", "--token", "canary-7f3a"]) else { panic!() };
    assert!(!format!("{command:?}").contains("canary"), "{command:?}");
    let Command::Watch(watch) = command else { panic!() };
    assert_eq!(watch.client.token(), Some(&Secret::new("canary-7f3a")));
    let error = parse(&["watch", "--token", "canary-7f3a", "--nonsense"]).unwrap_err();
    assert!(!error.to_string().contains("canary"), "{error}");
    let help = parse(&["watch", "--help"]).unwrap_err().to_string();
    assert!(help.contains("MISSION_CONTROL_TOKEN") && !help.contains("--token "), "{help}");
}

#[test]
fn an_empty_token_is_none() {
    let Ok(Command::Watch(watch)) = parse(&["watch", "--token", ""]) else { panic!() };
    assert_eq!(watch.client.token(), None);
}

#[test]
fn the_variable_of_the_token_is_read_and_its_value_hidden() {
    let command = Args::command();
    let watch = command.find_subcommand("watch").unwrap();
    let token = watch.get_arguments().find(|argument| argument.get_id() == "token").unwrap();
    assert_eq!(token.get_env(), Some("MISSION_CONTROL_TOKEN".as_ref()));
    assert!(token.is_hide_env_values_set());
}
