//! The real server on one data directory and one port, killed and started again.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::support::{PATIENCE, SECRET};

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    data_dir: PathBuf,
    running: Option<(Child, Lines<BufReader<ChildStdout>>)>,
}

impl Server {
    /// A server that does not run yet, on a free port below those that systems give out by themselves.
    pub(crate) fn new(name: &str) -> Self {
        let data_dir =
            std::env::temp_dir().join(format!("mission-control-crash-{name}-{}", std::process::id()));
        let _left_by_another = std::fs::remove_dir_all(&data_dir);
        let start = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
        let free = (start..30_000).find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free.expect("a port is free")));
        Self { address, data_dir, running: None }
    }

    /// Starts it, and waits until it serves.
    pub(crate) async fn start(&mut self) {
        assert!(self.try_start().await, "it ended at its start");
    }

    /// Starts it, and waits until it serves or ends.
    pub(crate) async fn try_start(&mut self) -> bool {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mission-control"))
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
            .current_dir(std::env::temp_dir())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        self.running = Some((child, lines));
        while let Some(line) = self.line().await {
            assert!(!line.contains("NEW EPOCH"), "a kill made another history of it: {line}");
            if line.contains("  log ") {
                return true;
            }
        }
        self.running = None;
        false
    }

    async fn line(&mut self) -> Option<String> {
        let (_, lines) = self.running.as_mut().unwrap();
        timeout(PATIENCE, lines.next_line()).await.expect("it says nothing").unwrap()
    }

    /// Kills it, as the system would: nothing is said, nothing is finished.
    pub(crate) async fn kill(&mut self) {
        if let Some((mut child, _)) = self.running.take() {
            let group = format!("-{}", child.id().expect("it runs"));
            let killed = Command::new("kill").args(["-s", "KILL", "--", &group]).status().await.unwrap();
            assert!(killed.success());
            timeout(Duration::from_secs(10), child.wait()).await.expect("it does not die").unwrap();
        }
    }
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
