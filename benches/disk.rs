//! The log on disk, alone: `cargo bench --bench disk -- [events]`. Reports that are answered in a second by 1, 16
//! and 256 who report at once, with nothing old to let go, with as much to let go as comes, and with a million
//! idempotency keys; and how long it takes to open it with so many events, 5,000,000 if nothing is said.
//!
//! It is a measurement and judges nothing; it fails only where something broke. How to read it: docs/TESTING.md.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a tool that prints, asks the clock, and stops at what it did not expect"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mission_control::adapters::disk::{DiskLog, DiskOptions};
use mission_control::adapters::system::{OsEntropy, SystemClock};
use mission_control::domain::cursor::Seq;
use mission_control::domain::desk::Command;
use mission_control::domain::id::{AgentId, SessionId, UserId};
use mission_control::domain::report::{Report, ReportBody};
use mission_control::domain::text::Message;
use mission_control::ports::event_log::{EventLog, IdempotencyKey, Proposal};

/// For how long each rate is taken.
const FOR: Duration = Duration::from_secs(4);
/// Reports of one call while a log is filled.
const AT_ONCE: u64 = 256;
/// Agents that report.
const AGENTS: u64 = 1_000;

/// A directory that goes with the measurement.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mission-control-bench-{name}-{}", std::process::id()));
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

fn options(directory: &Path) -> DiskOptions {
    DiskOptions { keep_events: u64::MAX, ..DiskOptions::new(directory.to_owned()) }
}

fn open(options: DiskOptions) -> Arc<dyn EventLog> {
    Arc::new(DiskLog::open(options, Arc::new(SystemClock::start()), Arc::new(OsEntropy)).unwrap().0)
}

fn report(number: u64, keyed: bool) -> Proposal {
    let agent = AgentId::parse(&format!("agent-{}", number % AGENTS)).unwrap();
    let session = SessionId::parse("main").unwrap();
    let text =
        format!("step {number} of a long way, as long as a line of a log usually is, and then a bit more");
    let body = ReportBody::Activity { session, last_message: Message::cut(&text, 4_096), state: None };
    let key = keyed.then(|| IdempotencyKey {
        owner: UserId::parse("bench").unwrap(),
        text: format!("key-{number}"),
        fingerprint: [7; 32],
    });
    Proposal { command: Command::Report(Report::new(agent, body)), key }
}

async fn fill(log: &dyn EventLog, count: u64, keyed: bool) {
    for start in (0..count).step_by(usize::try_from(AT_ONCE).unwrap()) {
        let list = (start..count.min(start + AT_ONCE)).map(|number| report(number, keyed)).collect();
        assert!(log.append(list).await.unwrap().iter().all(Result::is_ok));
    }
}

/// Reports a second that are answered, by so many who report one after the other.
async fn rate(log: &Arc<dyn EventLog>, reporters: u64, keyed: bool) -> f64 {
    let begun = Instant::now();
    let tasks: Vec<_> = (0..reporters)
        .map(|reporter| {
            let log = Arc::clone(log);
            tokio::spawn(async move {
                let mut count = 0_u64;
                while begun.elapsed() < FOR {
                    // No key is used twice, neither here nor by what filled it.
                    let number = (reporter + 1) * 1_000_000_000 + reporters * 100_000_000 + count;
                    let results = log.append(vec![report(number, keyed)]).await.unwrap();
                    assert!(results.iter().all(Result::is_ok));
                    count += 1;
                }
                count
            })
        })
        .collect();
    let mut count = 0_u64;
    for task in tasks {
        count += task.await.unwrap();
    }
    f64::from(u32::try_from(count).unwrap()) / begun.elapsed().as_secs_f64()
}

async fn rates(name: &str, log: &Arc<dyn EventLog>, keyed: bool) {
    let mut line = format!("{name:<44}");
    for reporters in [1, 16, 256] {
        line.push_str(&format!(" {:>9.0}", rate(log, reporters, keyed).await));
    }
    println!("{line}");
}

#[tokio::main]
async fn main() {
    let events = std::env::args().skip(1).find_map(|text| text.parse().ok()).unwrap_or(5_000_000_u64);
    println!("{:<44} {:>9} {:>9} {:>9}", "answered reports a second, by reporters:", 1, 16, 256);
    let directory = Directory::new("plain");
    rates("nothing to let go", &open(options(&directory.0)), false).await;
    let directory = Directory::new("trim");
    let log = open(DiskOptions { keep_events: 20_000, ..options(&directory.0) });
    fill(&*log, 20_000, false).await;
    rates("as much to let go as comes", &log, false).await;
    drop(log);
    let directory = Directory::new("keys");
    let log = open(DiskOptions { fsync: false, ..options(&directory.0) });
    fill(&*log, 1_000_000, true).await;
    drop(log);
    rates("a million keys, and one more with each", &open(options(&directory.0)), true).await;

    let directory = Directory::new("reopen");
    let log = open(DiskOptions { fsync: false, ..options(&directory.0) });
    fill(&*log, events, false).await;
    drop(log);
    let size = std::fs::metadata(directory.0.join("events.db")).unwrap().len();
    for _ in 0..3 {
        let begun = Instant::now();
        let log = open(options(&directory.0));
        let head = log.load().await.unwrap().fleet.at();
        let took = begun.elapsed();
        assert!(head >= Seq::new(events));
        println!("opened {head} events, {} MiB, in {} ms", size / 1_048_576, took.as_millis());
    }
}
