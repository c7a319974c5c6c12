//! The README cannot lie: its commands are run as they stand there, its outputs and frames are compared.
//!
//! Blocks marked `console` are one session of a shell, in an empty folder, with the real binary and a free
//! port. What differs from run to run is masked: epochs, times, codes, request ids, the port.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

mod support;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use support::PATIENCE;
use support::console::{Step, blocks_of, is_shown, masked, steps};
use support::screen::Screen;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

const README: &str = include_str!("../README.md");
/// The address in the README: the default one.
const ADDRESS: &str = "127.0.0.1:3000";
const BINARY: &str = env!("CARGO_BIN_EXE_mission-control");
/// Goes between the outputs of two commands.
const BETWEEN: &str = "----8<----";
/// Lines of a server's greeting.
const GREETING_LINES: usize = 5;

/// A folder with nothing in it but the way to the binary that `cargo run` would have built.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("mission-control-readme-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(path.join("target")).unwrap();
        std::os::unix::fs::symlink(Path::new(BINARY).parent().unwrap(), path.join("target/debug")).unwrap();
        Self(path)
    }

    /// A command in this folder, with the server's address in place of the default one.
    fn command(&self, program: &str, address: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.0).env("MISSION_CONTROL__SERVER__LISTEN", address);
        command.env_remove("MISSION_CONTROL_TOKEN").env_remove("RUST_LOG");
        command.stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// What a program prints that ends well.
    async fn output(&self, mut command: Command) -> String {
        let done = timeout(PATIENCE, command.output()).await.expect("no end in time");
        let done = done.expect("sh and curl are installed");
        let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(done.status.success(), "{:?}: {out}\n{err}", done.status);
        out.into_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A server as `cargo run` starts it, and its greeting.
async fn serve(folder: &Folder) -> (Child, SocketAddr, String) {
    let mut server = folder.command(BINARY, "127.0.0.1:0").stderr(Stdio::inherit()).spawn().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let mut greeting = Vec::new();
    while greeting.len() < GREETING_LINES {
        let line = timeout(PATIENCE, lines.next_line()).await.expect("no greeting in time").unwrap();
        greeting.push(line.expect("the server ended"));
    }
    let address = greeting[0].rsplit('/').next().unwrap().parse().unwrap();
    (server, address, greeting.join("\n"))
}

#[tokio::test]
async fn the_commands_of_the_readme_do_what_it_says() {
    let folder = Folder::new();
    let mut session: Vec<Step> = blocks_of(README, "console").iter().flat_map(|block| steps(block)).collect();
    assert!(session.len() > 3, "{session:?}");
    let start = session.remove(0);
    assert_eq!(start.command, "cargo run");

    let (mut server, address, greeting) = serve(&folder).await;
    let address = address.to_string();
    let shown = masked(&start.output, ADDRESS);
    assert!(is_shown(&masked(&greeting, &address), &shown), "{greeting}");

    let mut token = folder.command(BINARY, &address);
    token.args(["token", "--sub", "me", "--scope", "watch"]);
    let token = folder.output(token).await;
    let mut screen = Screen::open(address.parse().unwrap(), token.trim()).await;

    let script: Vec<String> =
        session.iter().map(|step| format!("{}\necho; echo '{BETWEEN}'", step.command)).collect();
    let mut shell = folder.command("sh", &address);
    shell.arg("-ec").arg(script.join("\n").replace(ADDRESS, &address));
    let printed = folder.output(shell).await;
    let outputs: Vec<&str> = printed.split(BETWEEN).collect();
    assert_eq!(outputs.len(), session.len() + 1, "{printed}");
    for (step, output) in session.iter().zip(outputs) {
        assert_eq!(masked(output.trim(), &address), masked(&step.output, ADDRESS), "{}", step.command);
    }

    let (_, rest) = README.split_once("<!-- received:").expect("the README shows what a screen receives");
    let shown = blocks_of(rest, "json").remove(0);
    for line in shown.lines() {
        let frame = screen.next_event().await;
        let shown: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(masked(&frame.to_string(), &address), masked(&shown.to_string(), ADDRESS));
    }
    server.kill().await.unwrap();
}

#[test]
fn the_example_of_the_readme_is_the_one_that_is_built() {
    let example = include_str!("../examples/embed.rs");
    let (_, code) = example.split_once("\n\n").unwrap();
    assert_eq!(blocks_of(README, "rust").remove(0), code);
}
