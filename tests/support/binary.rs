//! The real binary in a process of its own: what it holds and uses is nobody else's.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::support::{PATIENCE, SECRET, http};

/// The real binary, ended when dropped.
pub(crate) struct Binary {
    child: Child,
    _lines: Lines<BufReader<ChildStdout>>,
    pub(crate) address: SocketAddr,
    data_dir: PathBuf,
}

impl Binary {
    /// Starts it with these settings, named as in the file.
    pub(crate) async fn serve(settings: &[(&str, &str)]) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = format!("mission-control-binary-{}-{number}", std::process::id());
        let data_dir = std::env::temp_dir().join(folder);
        let variable = |key: &str| format!("MISSION_CONTROL__{}", key.to_uppercase().replace('.', "__"));
        let mut child = Command::new(env!("CARGO_BIN_EXE_mission-control"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(&data_dir)
            .env("MISSION_CONTROL__AUTH__SECRET", SECRET)
            .env("MISSION_CONTROL__TELEMETRY__LEVEL", "warn")
            .envs(settings.iter().map(|(key, value)| (variable(key), *value)))
            .env_remove("RUST_LOG")
            .current_dir(std::env::temp_dir())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = timeout(PATIENCE, lines.next_line()).await.expect("it says nothing").unwrap().unwrap();
        let address = first.rsplit("http://").next().unwrap().parse().unwrap();
        Self { child, _lines: lines, address, data_dir }
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("it ended")
    }

    fn proc(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.child.id().expect("it ended")))
    }

    /// Descriptors that it holds.
    pub(crate) fn descriptors(&self) -> usize {
        std::fs::read_dir(self.proc("fd")).unwrap().count()
    }

    /// Memory that it holds.
    pub(crate) fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(self.proc("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Time of a core that it used so far; Linux counts it in hundredths of a second.
    pub(crate) fn core_time(&self) -> Duration {
        let stat = std::fs::read_to_string(self.proc("stat")).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let hundredths = |field: usize| fields[field].parse::<u64>().unwrap();
        Duration::from_millis(10 * (hundredths(11) + hundredths(12)))
    }

    /// How many are connected.
    pub(crate) async fn connections(&self, admin: &str) -> usize {
        let list: Value = http::get(self.address, "/api/v1/connections", admin).await.json();
        list["connections"].as_array().unwrap().len()
    }

    /// Waits until so many descriptors are left.
    pub(crate) async fn until_descriptors(&self, count: usize) {
        let left = async {
            while self.descriptors() > count {
                http::send(self.address, "GET", "/healthz", &[], None).await;
            }
        };
        let waited = timeout(PATIENCE, left).await;
        assert!(waited.is_ok(), "{} descriptors are left, expected {count}", self.descriptors());
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        let _gone_already = self.child.start_kill();
        let _not_there = std::fs::remove_dir_all(&self.data_dir);
    }
}
