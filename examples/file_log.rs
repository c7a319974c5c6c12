//! A log of your own: what was proposed is kept in a file, and decided again at the next start.
//!
//! Decisions are pure, so the same commands at the same times make the same events with the same seqs: a file of
//! commands is a history. It is kept simple: it never gets smaller, is read whole at the start, syncs once for
//! each call, and forgets of a message that it was cut. See docs/ADDING_AN_ADAPTER.md.
#![allow(
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "it is a program of its own; an index into JSON gives null, and the slices are of known length"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use mission_control::adapters::memory::{MemoryLog, MemoryLogLimits};
use mission_control::adapters::system::{OsEntropy, SystemClock};
use mission_control::adapters::wire::{outgoing::Item, report};
use mission_control::app::run::MissionControl;
use mission_control::app::settings::{Settings, Sources};
use mission_control::domain::cursor::{Epoch, Seq};
use mission_control::domain::desk::{Command, Vitals};
use mission_control::domain::fault::Fault;
use mission_control::domain::id::{AgentId, UserId};
use mission_control::domain::limits::Limits;
use mission_control::domain::time::{Monotonic, Timestamp};
use mission_control::ports::clock::Clock;
use mission_control::ports::entropy::Entropy;
use mission_control::ports::event_log::{
    EventLog, Follower, IdempotencyKey, Loaded, LogError, Page, Proposal, Receipt,
};
use mission_control::ports::report_sender::Outgoing;
use serde_json::{Value, json};
use tokio::fs::{File, OpenOptions};
use tokio::io::AsyncWriteExt;
use tokio::sync::Mutex;

type Anything = Box<dyn std::error::Error + Send + Sync>;

/// The time at which something was decided, now or long ago. Time while no process kept the file does not count.
struct DecidedAt {
    wall: AtomicU64,
    uptime: AtomicU64,
    now: SystemClock,
}

impl DecidedAt {
    fn set(&self, [wall, uptime]: [u64; 2]) {
        self.wall.store(wall, Ordering::SeqCst);
        self.uptime.store(uptime, Ordering::SeqCst);
    }
}

impl Clock for DecidedAt {
    fn wall(&self) -> Timestamp {
        Timestamp::saturating(self.wall.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic::new(Duration::from_millis(self.uptime.load(Ordering::SeqCst)))
    }
}

/// Keeps commands in a file, a line each, and events in memory.
pub struct FileLog {
    decided: MemoryLog,
    clock: Arc<DecidedAt>,
    kept: Mutex<Kept>,
}

/// The file, how much of it counts, and the uptime before this process.
struct Kept {
    file: File,
    bytes: u64,
    uptime: u64,
}

impl FileLog {
    /// Opens a log, or begins one.
    pub async fn open(path: &Path) -> Result<Self, Anything> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).await?;
        let text = tokio::fs::read_to_string(path).await?;
        // What a crash cut off was never answered.
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        let mut bytes = u64::try_from(whole.len())?;
        file.set_len(bytes).await?;
        let mut lines = whole.lines();
        let epoch = match lines.next() {
            Some(first) => Epoch::parse(first)?,
            None => {
                let random = OsEntropy.bytes()?;
                let epoch = Epoch::from_random(random[..8].try_into()?);
                let first = format!("{}\n", epoch.as_str());
                file.write_all(first.as_bytes()).await?;
                bytes = u64::try_from(first.len())?;
                epoch
            }
        };
        let clock = Arc::new(DecidedAt { wall: 0.into(), uptime: 0.into(), now: SystemClock::start() });
        let decided = MemoryLog::new(epoch, clock.clone(), MemoryLogLimits::default());
        let mut log = Self { decided, clock, kept: Mutex::new(Kept { file, bytes, uptime: 0 }) };
        for line in lines {
            let (at, proposal) = read(&serde_json::from_str(line)?).ok_or("a line is no command")?;
            log.clock.set(at);
            log.decided.append(vec![proposal]).await?;
            log.kept.get_mut().uptime = at[1];
        }
        Ok(log)
    }
}

impl Kept {
    async fn write(&mut self, lines: &[u8]) -> std::io::Result<()> {
        self.file.write_all(lines).await?;
        self.file.sync_data().await?;
        self.bytes += u64::try_from(lines.len()).unwrap_or(0);
        Ok(())
    }
}

#[async_trait]
impl EventLog for FileLog {
    async fn append(&self, proposals: Vec<Proposal>) -> Result<Vec<Result<Receipt, Fault>>, LogError> {
        // One writer at a time; first on the disk, then decided: whoever sees an event can rely on it.
        let mut kept = self.kept.lock().await;
        let uptime = self.clock.now.monotonic().since_start().as_millis();
        let at = [self.clock.now.wall().millis(), kept.uptime + u64::try_from(uptime).unwrap_or(u64::MAX)];
        self.clock.set(at);
        let lines: String = proposals.iter().map(|proposal| format!("{}\n", written(at, proposal))).collect();
        if let Err(error) = kept.write(lines.as_bytes()).await {
            // What is there of it must not stand before the next line.
            let _as_far_as_it_goes = kept.file.set_len(kept.bytes).await;
            return Err(LogError::Unavailable(Box::new(error)));
        }
        self.decided.append(proposals).await
    }

    async fn load(&self) -> Result<Loaded, LogError> {
        self.decided.load().await
    }

    async fn read(&self, after: Seq, limit: usize, of: Option<AgentId>) -> Result<Page, LogError> {
        self.decided.read(after, limit, of).await
    }

    async fn read_oldest(&self, limit: usize, of: Option<AgentId>) -> Result<Page, LogError> {
        self.decided.read_oldest(limit, of).await
    }

    async fn follow(&self, after: Seq) -> Result<Box<dyn Follower>, LogError> {
        self.decided.follow(after).await
    }

    fn vitals(&self, since: u64) -> Vitals {
        self.decided.vitals(since)
    }
}

fn written(at: [u64; 2], proposal: &Proposal) -> Value {
    let key = proposal.key.as_ref().map(|key| json!([key.owner.as_str(), key.text, key.fingerprint]));
    let command = match &proposal.command {
        Command::Forget(agent) => json!({ "forget": agent.as_str() }),
        Command::Release(agent) => json!({ "release": agent.as_str() }),
        Command::Left(agent) => json!({ "left": agent.as_str() }),
        Command::Sweep => json!("sweep"),
        Command::Report(report) => json!({ "report": Item::of(&Outgoing {
            agent: report.agent.clone(),
            timestamp: report.timestamp,
            instance: report.instance.clone(),
            body: report.body.clone(),
            lease: report.terms.lease,
            busy_until: report.terms.busy_until,
            age: report.terms.age,
            key: None,
        }) }),
    };
    json!({ "at": at, "key": key, "command": command })
}

fn read(line: &Value) -> Option<([u64; 2], Proposal)> {
    let command = &line["command"];
    let agent = |what: &str| AgentId::parse(command[what].as_str()?).ok();
    let short = match command.as_str() {
        Some(_) => Some(Command::Sweep),
        None => agent("forget").map(Command::Forget).or(agent("release").map(Command::Release)),
    };
    let command = match short.or(agent("left").map(Command::Left)) {
        Some(command) => command,
        None => Command::Report(report::item(command["report"].clone(), &Limits::default()).ok()?.report),
    };
    let key = match &line["key"] {
        Value::Null => None,
        key => {
            let fingerprint: Vec<u8> = serde_json::from_value(key[2].clone()).ok()?;
            Some(IdempotencyKey {
                owner: UserId::parse(key[0].as_str()?).ok()?,
                text: key[1].as_str()?.to_owned(),
                fingerprint: fingerprint.try_into().ok()?,
            })
        }
    };
    Some(([line["at"][0].as_u64()?, line["at"][1].as_u64()?], Proposal { command, key }))
}

#[tokio::main]
async fn main() -> Result<(), Anything> {
    let settings = Settings::load(&Sources::of_process())?;
    let address = settings.server.listen;
    tokio::fs::create_dir_all(&settings.server.data_dir).await?;
    let log = FileLog::open(&settings.server.data_dir.join("commands.jsonl")).await?;
    let control = MissionControl::builder(settings).event_log(Arc::new(log)).start().await?;
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    Ok(control.serve_until_signalled(listener).await?)
}
