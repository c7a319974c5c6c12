//! A server in a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// What signs the tokens.
pub(crate) const SECRET: &str = "a secret of the benches, long enough for HS256";
const BINARY: &str = env!("CARGO_BIN_EXE_mission-control");

pub(crate) struct Server {
    process: Child,
    /// Held, so that it may go on saying things.
    _output: BufReader<ChildStdout>,
    pub(crate) address: SocketAddr,
    #[allow(dead_code, reason = "not every bench reports from here")]
    pub(crate) token: String,
}

impl Server {
    /// This program in another role, with a directory.
    #[allow(dead_code, reason = "not every bench has other roles")]
    pub(crate) fn role(role: &str, directory: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(role).arg(directory).env("MISSION_CONTROL__SERVER__DATA_DIR", directory);
        Self::with_token(command)
    }

    /// The server as people run it, with this log.
    #[allow(dead_code, reason = "not every bench leaves it where it runs to the system")]
    pub(crate) fn ours(directory: &Path, log: &str) -> Self {
        let mut command = Command::new(BINARY);
        command.args(["serve", "--listen", "127.0.0.1:0", "--log-kind", log, "--data-dir"]).arg(directory);
        Self::with_token(command)
    }

    /// The server with these settings, on these processors.
    #[allow(dead_code, reason = "not every bench says where it runs")]
    pub(crate) fn ours_on(processors: &str, directory: &Path, settings: &[(&str, &str)]) -> Self {
        let mut command = pinned(processors, Path::new(BINARY));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(directory);
        for (name, value) in settings {
            command.env(format!("MISSION_CONTROL__{}", name.to_uppercase().replace('.', "__")), value);
        }
        Self::with_token(command)
    }

    /// Any program that says its address, on these processors.
    #[allow(dead_code, reason = "not every bench has others")]
    pub(crate) fn other_on(processors: &str, program: &Path, words: &[&str]) -> Self {
        let mut command = pinned(processors, program);
        command.args(words);
        Self::start(command, String::new())
    }

    #[allow(dead_code, reason = "not every bench looks at the process")]
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    fn with_token(mut command: Command) -> Self {
        command
            .env("MISSION_CONTROL__AUTH__SECRET", SECRET)
            .env("MISSION_CONTROL__TELEMETRY__LEVEL", "warn")
            .env("MISSION_CONTROL__LIMITS__REPORTS_PER_SECOND", "1000000")
            .env("MISSION_CONTROL__LIMITS__REPORTS_BURST", "1000000")
            .env("MISSION_CONTROL__LIMITS__CONNECTIONS_PER_USER", "100000");
        let token = Command::new(BINARY)
            .args(["token", "--sub", "bench", "--scope", "report watch"])
            .env("MISSION_CONTROL__AUTH__SECRET", SECRET)
            .output()
            .unwrap();
        Self::start(command, String::from_utf8(token.stdout).unwrap().trim().to_owned())
    }

    fn start(mut command: Command, token: String) -> Self {
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut said = output.by_ref().lines().map_while(Result::ok);
        let address =
            said.find_map(|line| line.trim().rsplit(['/', ' ']).next().and_then(|word| word.parse().ok()));
        let address = address.expect("the server ended at its start");
        Self { process, _output: output, address, token }
    }
}

/// A program that runs on these processors alone, counted from 0; `taskset` becomes it.
#[allow(dead_code, reason = "not every bench says where it runs")]
pub(crate) fn pinned(processors: &str, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", processors]).arg(program);
    command
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _gone = self.process.wait();
    }
}

/// A directory that goes with the measurement.
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mission-control-{name}-{}", std::process::id()));
        let _left = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}
