//! The same server with another log: decided in memory, and appended to a plain file by one thread, as many as
//! wait with one `fdatasync`. It can be read by nobody after a crash; it is the floor of a log, not a log.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use mission_control::adapters::memory::{MemoryLog, MemoryLogLimits};
use mission_control::adapters::system::SystemClock;
use mission_control::app::run::MissionControl;
use mission_control::app::settings::{ConfigFile, Settings, Sources};
use mission_control::domain::cursor::{Epoch, Seq};
use mission_control::domain::desk::Vitals;
use mission_control::domain::fault::Fault;
use mission_control::domain::id::AgentId;
use mission_control::ports::event_log::{EventLog, Follower, Loaded, LogError, Page, Proposal, Receipt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// The word that makes this program this server.
pub(crate) const ROLE: &str = "--plain";

/// As many as the server commits together.
const AT_ONCE: usize = 256;
/// As long as the record of such a report.
const RECORD: [u8; 200] = [b'x'; 200];

struct PlainLog {
    decided: MemoryLog,
    writer: std::sync::mpsc::Sender<(usize, oneshot::Sender<()>)>,
}

impl PlainLog {
    fn new(directory: &Path) -> Self {
        std::fs::create_dir_all(directory).unwrap();
        let mut file = File::create(directory.join("plain")).unwrap();
        let (writer, jobs) = std::sync::mpsc::channel::<(usize, oneshot::Sender<()>)>();
        std::thread::spawn(move || {
            let (mut bytes, mut replies) = (Vec::new(), Vec::new());
            while let Ok((records, reply)) = jobs.recv() {
                bytes.clear();
                bytes.extend_from_slice(&RECORD.repeat(records));
                replies.push(reply);
                while replies.len() < AT_ONCE
                    && let Ok((records, reply)) = jobs.try_recv()
                {
                    bytes.extend_from_slice(&RECORD.repeat(records));
                    replies.push(reply);
                }
                file.write_all(&bytes).unwrap();
                file.sync_data().unwrap();
                replies.drain(..).for_each(|reply: oneshot::Sender<()>| {
                    let _gone = reply.send(());
                });
            }
        });
        let clock = Arc::new(SystemClock::start());
        let decided = MemoryLog::new(Epoch::parse("plain").unwrap(), clock, MemoryLogLimits::default());
        Self { decided, writer }
    }
}

#[async_trait]
impl EventLog for PlainLog {
    async fn append(&self, proposals: Vec<Proposal>) -> Result<Vec<Result<Receipt, Fault>>, LogError> {
        let records = proposals.len();
        let receipts = self.decided.append(proposals).await?;
        let (reply, kept) = oneshot::channel();
        self.writer.send((records, reply)).unwrap();
        kept.await.unwrap();
        Ok(receipts)
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

pub(crate) fn serve(directory: &Path) {
    let environment: BTreeMap<String, String> =
        std::env::vars().filter(|(name, _)| name.starts_with("MISSION_CONTROL__")).collect();
    let settings =
        Settings::load(&Sources { file: ConfigFile::None, environment, flags: Vec::new() }).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let log = Arc::new(PlainLog::new(directory));
        let control = MissionControl::builder(settings).event_log(log).start().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        control.serve(listener, Box::pin(std::future::pending())).await.unwrap();
    });
}
