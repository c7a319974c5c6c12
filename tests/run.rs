//! `mission-control run`, as people run it: the real binary around real programs, with no server anywhere.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);
const BINARY: &str = env!("CARGO_BIN_EXE_mission-control");
/// Nothing listens there.
const NOWHERE: [&str; 2] = ["--url", "http://127.0.0.1:9"];

/// Says each signal that it gets, a line each, until SIGTERM or SIGINT came twice.
const LISTENER: &str = "
import signal
left = 2
def say(number, _):
    global left
    print(signal.Signals(number).name, flush=True)
    left -= number in (signal.SIGTERM, signal.SIGINT)
for name in ('SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'):
    signal.signal(getattr(signal, name), say)
print('ready', flush=True)
while left:
    signal.pause()
raise SystemExit(7)
";

/// Where `run` keeps its data, gone with this.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mission-control-run-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// `run` with these flags and this command.
    fn line(&self, flags: &[&str], command: &[&str]) -> Vec<String> {
        let place = self.0.to_str().unwrap();
        let begin = [BINARY, "run", "--agent", "demo", "--data-dir", place, "--spool", place];
        begin
            .iter()
            .chain(&NOWHERE)
            .chain(flags)
            .chain(&["--"])
            .chain(command)
            .map(ToString::to_string)
            .collect()
    }

    fn command(line: &[String]) -> Command {
        let mut made = Command::new(&line[0]);
        made.args(&line[1..]).env("MISSION_CONTROL_TOKEN", "a.b.c").current_dir(std::env::temp_dir());
        made.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        made
    }

    async fn run(&self, flags: &[&str], command: &[&str]) -> Output {
        let running = Self::command(&self.line(flags, command)).output();
        timeout(PATIENCE, running).await.expect("it did not end in time").unwrap()
    }

    async fn sh(&self, script: &str) -> Output {
        self.run(&["--quiet"], &["sh", "-c", script]).await
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _not_there = std::fs::remove_dir_all(&self.0);
    }
}

/// The lines of a program, each awaited.
struct Lines(tokio::io::Lines<BufReader<ChildStdout>>);

impl Lines {
    fn of(child: &mut Child) -> Self {
        Self(BufReader::new(child.stdout.take().unwrap()).lines())
    }

    async fn next(&mut self) -> String {
        timeout(PATIENCE, self.0.next_line()).await.expect("no line in time").unwrap().expect("output ended")
    }
}

async fn send(signal: &str, child: &Child) {
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-s", signal, &id]).status().await.unwrap().success());
}

#[tokio::test]
async fn it_exits_as_the_program_does() {
    let place = Place::new("exits");
    for code in [0, 1, 3, 255] {
        assert_eq!(place.sh(&format!("exit {code}")).await.status.code(), Some(code));
    }
    for signal in [1, 2, 6, 9, 11, 15] {
        let status = place.sh(&format!("ulimit -c 0; kill -{signal} $$")).await.status;
        assert_eq!(status.signal(), Some(signal), "{status}");
        assert!(!status.core_dumped());
    }
    // Nobody can die by a signal without a name; shells have this code for it.
    let realtime = place.run(&["--quiet"], &["python3", "-c", "import os; os.kill(os.getpid(), 40)"]).await;
    assert_eq!(realtime.status.code(), Some(128 + 40));
}

#[tokio::test]
async fn what_cannot_be_run_is_said_with_the_codes_of_shells() {
    let place = Place::new("missing");
    let missing = place.run(&["--quiet"], &["no-such-program-here"]).await;
    assert_eq!(missing.status.code(), Some(127));
    assert_eq!(
        String::from_utf8(missing.stderr).unwrap(),
        "mission-control: there is no program no-such-program-here\n"
    );
    let folder = place.run(&["--quiet"], &["/"]).await;
    assert_eq!(folder.status.code(), Some(126));
    assert!(String::from_utf8(folder.stderr).unwrap().starts_with("mission-control: cannot run /: "));
    let label = format!("{}=x", "k".repeat(65));
    assert_eq!(place.run(&["--label", &label], &["true"]).await.status.code(), Some(125));
}

#[tokio::test]
async fn input_and_output_go_through_byte_for_byte() {
    let place = Place::new("bytes");
    let mut child = Place::command(&place.line(&["--quiet"], &["sh", "-c", "tee /dev/stderr"]))
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let bytes: Vec<u8> = (0..=255).collect::<Vec<u8>>().repeat(1000);
    let (mut input, given) = (child.stdin.take().unwrap(), bytes.clone());
    let giving = tokio::spawn(async move { input.write_all(&given).await });
    let output = timeout(PATIENCE, child.wait_with_output()).await.unwrap().unwrap();
    giving.await.unwrap().unwrap();
    assert!(output.status.success());
    assert!(output.stdout == bytes, "{} bytes", output.stdout.len());
    assert!(output.stderr == bytes, "{} bytes", output.stderr.len());
}

#[tokio::test]
async fn output_comes_while_the_program_runs_also_without_a_line_end() {
    let place = Place::new("prompt");
    let line = place.line(&["--quiet"], &["sh", "-c", "printf 'Name? '; read name; echo \"hello $name\""]);
    let mut child = Place::command(&line).stdin(Stdio::piped()).spawn().unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut prompt = [0; 6];
    timeout(PATIENCE, output.read_exact(&mut prompt)).await.unwrap().unwrap();
    assert_eq!(&prompt, b"Name? ");
    input.write_all(b"Ada\n").await.unwrap();
    let mut rest = String::new();
    timeout(PATIENCE, output.read_to_string(&mut rest)).await.unwrap().unwrap();
    assert_eq!(rest, "hello Ada\n");
}

#[tokio::test]
async fn each_signal_reaches_the_program_once_and_its_end_is_ours() {
    let place = Place::new("signals");
    let line = place.line(&["--quiet", "--restart", "always"], &["python3", "-c", LISTENER]);
    let mut child = Place::command(&line).spawn().unwrap();
    let mut lines = Lines::of(&mut child);
    assert_eq!(lines.next().await, "ready");
    // The next one comes only after the one before, so one that came twice would be seen.
    for signal in ["HUP", "USR1", "USR2", "QUIT", "WINCH", "TERM", "USR1", "INT"] {
        send(signal, &child).await;
        assert_eq!(lines.next().await, format!("SIG{signal}"));
    }
    let status = timeout(PATIENCE, child.wait()).await.unwrap().unwrap();
    assert_eq!(status.code(), Some(7), "it was asked to stop, and is not started again");
}

#[tokio::test]
async fn a_key_of_the_terminal_reaches_the_program_once() {
    let place = Place::new("terminal");
    let terminal = r#"
import os, pty, select, signal, sys
process, terminal = pty.fork()
if process == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen = b''
def until(text):
    global seen
    while text not in seen:
        assert select.select([terminal], [], [], 20)[0], (text, seen)
        seen += os.read(terminal, 4096)
until(b'ready')
os.write(terminal, b'\x03')
until(b'SIGINT')
os.kill(process, signal.SIGUSR1)
until(b'SIGUSR1')
os.write(terminal, b'\x1c')
until(b'SIGQUIT')
os.kill(process, signal.SIGUSR2)
until(b'SIGUSR2')
print(seen.count(b'SIGINT'), seen.count(b'SIGQUIT'))
os.kill(process, signal.SIGTERM)
print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
"#;
    let mut line = vec!["python3".to_owned(), "-c".to_owned(), terminal.to_owned()];
    line.extend(place.line(&["--quiet"], &["python3", "-c", LISTENER]));
    let output = timeout(PATIENCE, Place::command(&line).output()).await.unwrap().unwrap();
    let (out, errors) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert_eq!(out, "1 1\n7\n", "{errors}");
}

#[tokio::test]
async fn a_program_that_fails_is_started_again_and_the_last_end_counts() {
    let place = Place::new("restart");
    let flags = ["--restart", "on-failure", "--restart-max", "1"];
    let output = place.run(&flags, &["sh", "-c", "echo working; exit 3"]).await;
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(output.stdout, b"working\nworking\n");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        told.contains("mission-control: the program ended with exit code 3; starting it again in 1 s\n"),
        "{told}"
    );
    assert!(told.contains("it is not started again: that was done often enough"), "{told}");
}

#[tokio::test]
async fn a_stop_while_it_waits_to_start_again_ends_it_by_that_signal() {
    let place = Place::new("wait");
    let line = place.line(&["--restart", "always"], &["sh", "-c", "exit 1"]);
    let mut child = Place::command(&line).spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    while !timeout(PATIENCE, told.next_line()).await.unwrap().unwrap().unwrap().contains("again in 2 s") {}
    send("TERM", &child).await;
    let status = timeout(PATIENCE, child.wait()).await.unwrap().unwrap();
    assert_eq!(status.signal(), Some(15), "{status}");
}

#[tokio::test]
async fn who_reads_no_more_ends_the_program_as_a_closed_pipe_does() {
    let place = Place::new("closed");
    let mut child = Place::command(&place.line(&["--quiet"], &["yes"])).spawn().unwrap();
    drop(child.stdout.take());
    let status = timeout(PATIENCE, child.wait()).await.unwrap().unwrap();
    assert_eq!(status.signal(), Some(13), "{status}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_its_parent_ignores_is_ignored_by_the_program_too_and_ends_are_still_seen() {
    let place = Place::new("ignored");
    let script = "import signal; print(signal.getsignal(signal.SIGHUP), flush=True); raise SystemExit(5)";
    let mut line =
        vec!["sh".to_owned(), "-c".to_owned(), "trap '' HUP CHLD; exec \"$@\"".to_owned(), "sh".to_owned()];
    line.extend(place.line(&["--quiet"], &["python3", "-c", script]));
    let output = timeout(PATIENCE, Place::command(&line).output()).await.unwrap().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "1\n", "SIG_IGN is 1");
    assert_eq!(output.status.code(), Some(5));
}
