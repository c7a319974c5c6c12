//! The real server on one data directory and one port, killed and started again.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::support::{PATIENCE, SECRET};

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) data_dir: PathBuf,
    /// What it is started by, as `strace` with its options; nothing when it is started by itself.
    under: Vec<String>,
    environment: Vec<(&'static str, String)>,
    running: Option<(Child, Lines<BufReader<ChildStdout>>)>,
}

impl Server {
    /// A server that does not run yet, on a free port below those that systems give out by themselves.
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("mission-control-crash-{name}-{}", std::process::id());
        Self::within(std::env::temp_dir().join(name))
    }

    /// The same, with its data there.
    pub(crate) fn within(data_dir: PathBuf) -> Self {
        let _left_by_another = std::fs::remove_dir_all(&data_dir);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        Self { address, data_dir, under: Vec::new(), environment: Vec::new(), running: None }
    }

    /// The next starts are by this command; by none, by itself.
    pub(crate) fn under(&mut self, command: &[&str]) {
        self.under = command.iter().map(ToString::to_string).collect();
    }

    /// The next starts have this variable too.
    pub(crate) fn with(&mut self, variable: &'static str, value: String) {
        self.environment.push((variable, value));
    }

    /// Starts it, and waits until it serves.
    pub(crate) async fn start(&mut self) {
        assert!(self.try_start().await, "it ended at its start");
    }

    /// Starts it, and waits until it serves or ends.
    pub(crate) async fn try_start(&mut self) -> bool {
        let binary = env!("CARGO_BIN_EXE_mission-control").to_owned();
        let words: Vec<_> = self.under.iter().chain([&binary]).collect();
        let mut child = Command::new(words[0])
            .args(&words[1..])
            .args(["serve", "--listen", &self.address.to_string(), "--data-dir"])
            .arg(&self.data_dir)
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .process_group(0)
            .env("MISSION_CONTROL__AUTH__SECRET", SECRET)
            .env("MISSION_CONTROL__TELEMETRY__LEVEL", "warn")
            .env("MISSION_CONTROL__STREAM__HEARTBEAT_MS", "1000")
            // So few that some screens get a replay and others a delta.
            .env("MISSION_CONTROL__STREAM__REPLAY_EVENTS", "150")
            .env("MISSION_CONTROL__LIMITS__REPORTS_PER_SECOND", "100000")
            .env("MISSION_CONTROL__LIMITS__REPORTS_BURST", "100000")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(std::env::temp_dir())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        self.running = Some((child, lines));
        while let Some(line) = self.line().await {
            if line.contains("  log ") {
                return true;
            }
        }
        self.running = None;
        false
    }

    /// Waits until it ends by itself.
    pub(crate) async fn wait_for_end(&mut self) {
        if let Some((child, _)) = &mut self.running {
            timeout(Duration::from_secs(30), child.wait()).await.expect("it does not end").unwrap();
        }
        self.running = None;
    }

    /// Sends a signal to it, and to what it is started by.
    pub(crate) async fn signal(&self, signal: &str) {
        let (child, _) = self.running.as_ref().expect("it runs");
        let group = format!("-{}", child.id().expect("it runs"));
        let sent = Command::new("kill").args(["-s", signal, "--", &group]).status().await.unwrap();
        assert!(sent.success());
    }

    /// The next line that it says.
    pub(crate) async fn line(&mut self) -> Option<String> {
        let (_, lines) = self.running.as_mut().unwrap();
        timeout(PATIENCE, lines.next_line()).await.expect("it says nothing").unwrap()
    }

    fn process(&self) -> PathBuf {
        let (child, _) = self.running.as_ref().expect("it runs");
        PathBuf::from(format!("/proc/{}", child.id().expect("it runs")))
    }

    /// What it holds of the machine's memory.
    pub(crate) fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(self.process().join("status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
    }

    /// How many files and sockets it has open.
    pub(crate) fn descriptors(&self) -> usize {
        std::fs::read_dir(self.process().join("fd")).unwrap().count()
    }

    /// Kills it, as the system would: nothing is said, nothing is finished.
    pub(crate) async fn kill(&mut self) {
        if self.running.is_some() {
            self.signal("KILL").await;
        }
        if let Some((mut child, _)) = self.running.take() {
            timeout(Duration::from_secs(10), child.wait()).await.expect("it does not die").unwrap();
        }
    }
}

/// A port that is free, and that no other server of this process was given: one that was is bound only later.
fn free_port() -> u16 {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    let start = 20_000 + u16::try_from(std::process::id() % 9_000).unwrap();
    let next = || start + TRIED.fetch_add(1, Ordering::SeqCst);
    let mut ports = std::iter::repeat_with(next).take_while(|port| *port < 30_000);
    ports.find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).expect("a port is free")
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some((child, _)) = self.running.take()
            && let Some(id) = child.id()
        {
            let group = format!("-{id}");
            let _killed = std::process::Command::new("kill").args(["-s", "KILL", "--", &group]).status();
        }
        let _gone = std::fs::remove_dir_all(&self.data_dir);
    }
}
