//! The commands of the docs do what the pages say: each page is one session, run as it stands there.
//!
//! Every fenced block has a kind that this test knows, so nobody can show a command that is not run:
//! `console` runs in one shell and its output is compared (`…` stands for anything); `console background` is
//! started and goes on; `console server` starts the server, `console stop-server` ends it; settings (`toml`, `env`) are
//! loaded, JSON is read; `rust`, `nginx`, `caddyfile`, `ini` and `text` are no commands. Recipes are run from their files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

mod support;

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use support::console::{Step, blocks, is_shown, masked, steps};
use support::{PATIENCE, TestServer, http};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

const BINARY: &str = env!("CARGO_BIN_EXE_mission-control");
const PROJECT: &str = env!("CARGO_MANIFEST_DIR");
/// The address on the pages: the default one.
const ADDRESS: &str = "127.0.0.1:3000";
/// Ends the output of a command.
const END: &str = "----8<----";

/// A folder like the project's, with nothing in it but the binary and the examples.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mission-control-docs-{name}-{}", std::process::id()));
        let _left_by_another = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(path.join("target")).unwrap();
        symlink(Path::new(BINARY).parent().unwrap(), path.join("target/debug")).unwrap();
        symlink(Path::new(PROJECT).join("examples"), path.join("examples")).unwrap();
        Self(path)
    }

    /// A program in this folder that knows nothing of the tests around it.
    fn command(&self, program: &str, address: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.0).env_clear().env("HOME", &self.0);
        command
            .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", self.0.join("target/debug").display()));
        command
            .env("MISSION_CONTROL__SERVER__LISTEN", address)
            .env("MISSION_CONTROL__TELEMETRY__LEVEL", "warn");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
        command
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

/// A shell that stays, as that of a reader does.
struct Shell {
    _child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Shell {
    async fn open(folder: &Folder, address: &str) -> Self {
        let mut command = folder.command("bash", address);
        // From now on both outputs are one, as in a terminal.
        let mut child =
            command.args(["--noprofile", "--norc", "-c", "exec 2>&1; exec bash -s"]).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { _child: child, input, output }
    }

    /// What a command prints.
    async fn run(&mut self, command: &str) -> String {
        // The marker leaves `$?` as it was.
        let line = format!("{command}\n(exit_status=$?; echo; echo '{END}'; exit $exit_status)\n");
        self.input.write_all(line.as_bytes()).await.unwrap();
        let mut printed = String::new();
        loop {
            let read = timeout(2 * PATIENCE, self.output.read_line(&mut printed)).await;
            let count = read.unwrap_or_else(|_| panic!("no end in time: {command}\n{printed}")).unwrap();
            assert!(count > 0, "the shell ended: {command}\n{printed}");
            if let Some(output) = printed.strip_suffix(&format!("\n{END}\n")) {
                return output.trim_end().to_owned();
            }
        }
    }
}

/// The server of a page.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts it where it was before, or on a free port, and gives its greeting.
    async fn start(folder: &Folder, address: &str) -> (Self, String) {
        let mut child =
            folder.command(BINARY, address).arg("serve").stderr(Stdio::inherit()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut greeting = Vec::new();
        while greeting.len() < 5 {
            let line = timeout(PATIENCE, lines.next_line()).await.expect("no greeting in time").unwrap();
            greeting.push(line.expect("the server ended"));
        }
        let address = greeting[0].rsplit('/').next().unwrap().to_owned();
        (Self { child, address }, greeting.join("\n"))
    }

    async fn stop(mut self) {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &id]).status().await.unwrap().success());
        timeout(PATIENCE, self.child.wait()).await.expect("the server does not stop").unwrap();
    }
}

/// Whether an output is the one that the page shows.
fn compare(command: &str, output: &str, shown: &str, address: &str) {
    let (output, shown) = (masked(output, address), masked(shown, ADDRESS));
    assert!(is_shown(&output, &shown), "{command}\n--- printed\n{output}\n--- on the page\n{shown}");
}

async fn page(name: &str) {
    let text = std::fs::read_to_string(Path::new(PROJECT).join("docs").join(name)).unwrap();
    let folder = Folder::new(name);
    let mut address = "127.0.0.1:0".to_owned();
    let (mut server, mut shell, mut background) = (None, None, Vec::new());
    for block in blocks(&text) {
        match block.kind.as_str() {
            "console server" => {
                let start = steps(&block.text).remove(0);
                assert!(matches!(start.command.as_str(), "cargo run" | "mission-control serve"));
                let (started, greeting) = Server::start(&folder, &address).await;
                address.clone_from(&started.address);
                compare(&start.command, &greeting, &start.output, &address);
                server = Some(started);
            }
            "console stop-server" => server.take().expect("no server runs").stop().await,
            "console background" => {
                let commands: Vec<_> = steps(&block.text).into_iter().map(|step| step.command).collect();
                let mut command = folder.command("bash", &address);
                let script = commands.join("\n").replace(ADDRESS, &address);
                background.push(command.args(["-c", &script]).stdout(Stdio::null()).spawn().unwrap());
            }
            "console" => {
                let shell = match &mut shell {
                    Some(shell) => shell,
                    none => none.insert(Shell::open(&folder, &address).await),
                };
                for step in steps(&block.text) {
                    let output = shell.run(&step.command.replace(ADDRESS, &address)).await;
                    compare(&step.command, &output, &step.output, &address);
                }
            }
            "toml" => {
                let path = folder.0.join("settings.toml");
                std::fs::write(&path, &block.text).unwrap();
                let mut check = folder.command(BINARY, ADDRESS);
                let check = check.args(["check", "--config"]).arg(&path).output().await.unwrap();
                assert!(check.status.success(), "{name}: {}", String::from_utf8_lossy(&check.stdout));
            }
            "env" => {
                let variables = block.text.lines().map(|line| line.split_once('=').expect(name));
                let check =
                    folder.command(BINARY, ADDRESS).arg("check").envs(variables).output().await.unwrap();
                assert!(check.status.success(), "{name}: {}", block.text);
            }
            "json" => {
                let _read: Value = serde_json::from_str(&block.text).expect(name);
            }
            "rust" | "nginx" | "caddyfile" | "ini" | "text" => {}
            other => panic!("{name}: this test knows no block of the kind {other:?}"),
        }
    }
    for mut child in background {
        let ended = child.try_wait().unwrap();
        assert!(ended.is_none_or(|status| status.success()), "{name}: {ended:?}");
    }
}

#[tokio::test]
async fn getting_started_does_what_it_says() {
    page("GETTING_STARTED.md").await;
}

#[tokio::test]
async fn recipes_do_what_they_say() {
    page("RECIPES.md").await;
}

#[tokio::test]
async fn operations_do_what_they_say() {
    page("OPERATIONS.md").await;
}

#[tokio::test]
async fn settings_that_are_shown_are_settings() {
    page("CONFIGURATION.md").await;
}

#[tokio::test]
async fn no_other_page_shows_commands_that_nobody_runs() {
    let run = ["GETTING_STARTED.md", "RECIPES.md", "OPERATIONS.md", "CONFIGURATION.md"];
    // It shows how tests are run.
    let known = ["TESTING.md"];
    for entry in std::fs::read_dir(Path::new(PROJECT).join("docs")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_none_or(|extension| extension != "md") || run.contains(&name.as_str()) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for block in blocks(&text) {
            let command = matches!(block.kind.as_str(), "sh" | "bash" | "shell" | "")
                || block.kind.starts_with("console");
            assert!(!command || known.contains(&name.as_str()), "{name} shows commands: {}", block.text);
        }
    }
}

/// A recipe's file.
fn recipe(name: &str) -> PathBuf {
    Path::new(PROJECT).join("examples/recipes").join(name)
}

/// What an agent's sessions and history say.
async fn agent(server: &TestServer, agent: &str) -> Vec<Value> {
    let path = format!("/api/v1/agents/{agent}/events");
    let answer = http::get(server.address, &path, &server.token("w", "watch")).await;
    if answer.status == 404 { Vec::new() } else { answer.json()["events"].as_array().unwrap().clone() }
}

#[tokio::test]
async fn the_units_lines_report_what_systemd_knows() {
    let (server, folder) = (TestServer::start().await, Folder::new("unit"));
    let token = folder.0.join("token");
    std::fs::write(&token, server.token("importer", "report")).unwrap();
    let unit = std::fs::read_to_string(recipe("importer.service")).unwrap();
    let line = |name: &str| {
        let line = unit.lines().find_map(|line| line.strip_prefix(name)).expect(name);
        // As systemd does: %N is the unit's name.
        let line = line.replace("/usr/local/bin/report-unit.sh", recipe("report-unit.sh").to_str().unwrap());
        line.replace("%N", "importer")
    };
    for variable in
        ["Environment=MISSION_CONTROL_URL=", "Environment=MISSION_CONTROL_TOKEN_FILE=", "StateDirectory="]
    {
        assert!(unit.lines().any(|line| line.starts_with(variable)), "{variable}");
    }
    let run = async |name: &str, environment: &[(&str, &str)]| {
        let mut command = folder.command("sh", ADDRESS);
        command.args(["-c", &line(name)]).envs(environment.iter().copied());
        command.env("MISSION_CONTROL_URL", format!("http://{}", server.address));
        command.env("MISSION_CONTROL_TOKEN_FILE", &token).env("STATE_DIRECTORY", folder.0.join("state"));
        let output = timeout(PATIENCE, command.stderr(Stdio::piped()).output()).await.unwrap().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run("ExecStartPost=", &[]).await;
    run("ExecStopPost=", &[("SERVICE_RESULT", "success"), ("EXIT_CODE", "exited"), ("EXIT_STATUS", "0")])
        .await;
    run("ExecStopPost=", &[("SERVICE_RESULT", "exit-code"), ("EXIT_CODE", "exited"), ("EXIT_STATUS", "3")])
        .await;
    run("ExecStopPost=", &[("SERVICE_RESULT", "signal"), ("EXIT_CODE", "killed"), ("EXIT_STATUS", "KILL")])
        .await;
    run("ExecStopPost=", &[("SERVICE_RESULT", "start-limit-hit")]).await;
    let events = agent(&server, "importer").await;
    let told: Vec<_> = events
        .iter()
        .filter(|event| event["type"] == "agent:lifecycle")
        .map(|event| {
            let detail = &event["detail"];
            let word = event["payload"]["event"].as_str().unwrap();
            (word, detail["exitCode"].as_i64(), detail["signal"].as_str().map(str::to_owned))
        })
        .collect();
    let killed = Some("SIGKILL".to_owned());
    let expected = [
        ("start", None, None),
        ("stop", Some(0), None),
        ("crash", Some(3), None),
        ("crash", None, killed),
        ("crash", None, None),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn the_hook_tells_what_a_coding_agent_does_and_no_more() {
    let (server, folder) = (TestServer::start().await, Folder::new("hook"));
    let call = async |event: &str| {
        let mut command =
            folder.command(recipe("agent-hook.py").to_str().unwrap(), &server.address.to_string());
        command
            .env("MISSION_CONTROL_TOKEN", server.token("hook", "report"))
            .env("MISSION_CONTROL_AGENT", "coder");
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(event.as_bytes()).await.unwrap();
        let output = timeout(PATIENCE, child.wait_with_output()).await.expect("it does not end").unwrap();
        assert!(output.status.success() && output.stdout.is_empty(), "{event}: {output:?}");
    };
    let names = [
        "SessionStart",
        "UserPromptSubmit",
        "PreToolUse",
        "PermissionRequest",
        "PostToolUse",
        "Stop",
        "SessionEnd",
    ];
    for name in names {
        call(&format!(
            r#"{{"hook_event_name":"{name}","session_id":"s1","tool_name":"Bash","prompt":"canary-7f3a","tool_input":{{"command":"canary-7f3a"}}}}"#
        ))
        .await;
    }
    for odd in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"hook_event_name":"New","session_id":"s1"}"#,
        r#"{"hook_event_name":"Stop"}"#,
    ] {
        call(odd).await;
    }
    let events = agent(&server, "coder").await;
    assert!(!serde_json::to_string(&events).unwrap().contains("canary"));
    let told: Vec<_> = events
        .iter()
        .filter(|event| event["type"] == "session:activity")
        .map(|event| {
            (event["payload"]["lastMessage"].as_str().unwrap(), event["detail"]["state"].as_str().unwrap())
        })
        .collect();
    let expected = [
        ("session started", "idle"),
        ("thinking", "working"),
        ("Bash", "working"),
        ("waits for permission: Bash", "waiting"),
        ("Bash done", "working"),
        ("done", "idle"),
        ("session ended", "idle"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn an_ellipsis_stands_for_anything_and_nothing_else_does() {
    for (text, shown, fits) in [
        ("abc", "abc", true),
        ("abc", "abd", false),
        ("abc", "…", true),
        ("", "…", true),
        ("abc", "a…c", true),
        ("abc", "a…b", false),
        ("a b c d", "a…c…d", true),
        ("a b c d", "a…d…c", false),
        ("abab", "…ab", true),
        ("aba", "…ab…ab…", false),
    ] {
        assert_eq!(is_shown(text, shown), fits, "{text} {shown}");
    }
}

#[test]
fn commands_go_on_behind_a_backslash_and_the_rest_is_output() {
    let steps = steps("$ a \\\n  b\nout\n$ c\n");
    let step = |command: &str, output: &str| Step { command: command.into(), output: output.into() };
    assert_eq!(steps, [step("a \\\n  b", "out"), step("c", "")]);
}
