//! Reports that wait for their server, in a small SQLite database: the `Spool` port.
//!
//! SQLite, since many short-lived processes write at once and any of them may be killed at any moment. Who
//! may send is a matter of a lock on a file beside it, which the system takes back from a dead process.

mod database;
mod turn;

#[cfg(test)]
mod tests;

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep};

use crate::adapters::wire::outgoing::{kept, restored};
use crate::domain::report::ReportBody;
use crate::domain::time::Timestamp;
use crate::ports::report_sender::Outgoing;
use crate::ports::spool::{Put, Spool, SpoolError, Turn, Waiting};
use database::Database;

/// How much may wait: 64 MiB of reports (contract section 10).
pub const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The database's file within its directory.
const DATABASE: &str = "reports.db";
/// What a damaged database is called from then on, for whoever wants to look.
const DAMAGED: &str = "reports.db.damaged";

/// A spool in a directory of its own.
pub struct SqliteSpool {
    directory: PathBuf,
    bytes_max: u64,
    /// Opened at the first need: who reports can do without a spool that cannot be opened.
    database: Arc<Mutex<Option<Database>>>,
}

impl SqliteSpool {
    /// The spool of this directory, which is made at the first need, for its owner alone. At most so many
    /// bytes of reports wait in it. A database that cannot be read is put aside, and a new one begun.
    #[must_use]
    pub fn new(directory: PathBuf, bytes_max: u64) -> Self {
        Self { directory, bytes_max, database: Arc::default() }
    }

    /// Does this with the database, on a thread that may wait.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Database) -> Result<T, SpoolError> + Send + 'static,
    ) -> Result<T, SpoolError> {
        let (database, directory, bytes_max) =
            (Arc::clone(&self.database), self.directory.clone(), self.bytes_max);
        let work = move || {
            let mut database = database.lock().unwrap_or_else(PoisonError::into_inner);
            match database.as_mut() {
                Some(database) => work(database),
                None => work(database.insert(open(&directory, bytes_max)?)),
            }
        };
        tokio::task::spawn_blocking(work).await.map_err(broken)?
    }
}

fn open(directory: &Path, bytes_max: u64) -> Result<Database, SpoolError> {
    make(directory).map_err(broken)?;
    let path = directory.join(DATABASE);
    match Database::open(&path, bytes_max) {
        Err(error) if database::damaged(&error) => {
            let place = directory.display();
            tracing::warn!(directory = %place, "reports that waited cannot be read and are put aside");
            std::fs::rename(&path, directory.join(DAMAGED)).map_err(broken)?;
            for rest in ["-wal", "-shm"] {
                remove_if_there(&directory.join(format!("{DATABASE}{rest}"))).map_err(broken)?;
            }
            Ok(Database::open(&path, bytes_max)?)
        }
        opened => Ok(opened?),
    }
}

fn make(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// What cannot be kept, and why.
fn broken(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SpoolError {
    SpoolError::Broken(error.into())
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

#[async_trait]
impl Spool for SqliteSpool {
    async fn put(&self, report: &Outgoing, now: Timestamp) -> Result<Put, SpoolError> {
        let activity = matches!(report.body, ReportBody::Activity { .. });
        let text = kept(report);
        self.with(move |database| database.put(activity, now.millis(), &text)).await
    }

    async fn turn(&self, within: Duration) -> Result<Option<Box<dyn Turn>>, SpoolError> {
        let until = Instant::now() + within;
        loop {
            let directory = self.directory.clone();
            let tried = tokio::task::spawn_blocking(move || turn::tried(&directory)).await.map_err(broken)?;
            if let Some(turn) = tried.map_err(broken)? {
                return Ok(Some(Box::new(turn)));
            }
            let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            else {
                return Ok(None);
            };
            sleep(left.min(turn::LOOK_AGAIN)).await;
        }
    }

    async fn after(&self, number: u64, count: usize) -> Result<Vec<Waiting>, SpoolError> {
        let rows = self.with(move |database| Ok(database.after(number, count)?)).await?;
        rows.into_iter()
            .map(|row| {
                let report = restored(&row.report).map_err(broken)?;
                Ok(Waiting { number: row.number, since: Timestamp::saturating(row.since), report })
            })
            .collect()
    }

    async fn remove(&self, numbers: &[u64]) -> Result<(), SpoolError> {
        let numbers = numbers.to_vec();
        self.with(move |database| Ok(database.remove(&numbers)?)).await
    }
}

impl From<rusqlite::Error> for SpoolError {
    fn from(error: rusqlite::Error) -> Self {
        broken(error)
    }
}
