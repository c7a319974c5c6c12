//! Reports that wait for their server, in a small SQLite database: the `Spool` port.
//!
//! SQLite, since many short-lived processes write at once and any of them may be killed at any moment. Who
//! may send is a matter of a lock on a file beside it, which the system takes back from a dead process.

mod database;
mod file;
mod others;
mod turn;

#[cfg(test)]
mod tests;

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
use database::{Database, damaged};
use file::{DATABASE, Identity};

pub use others::others;

/// How much may wait: 64 MiB of reports (contract section 10).
pub const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Most mishaps that are remembered until they are told.
const MISHAPS_MAX: usize = 10;

/// A spool in a directory of its own.
pub struct SqliteSpool {
    directory: PathBuf,
    bytes_max: u64,
    inside: Arc<Mutex<Inside>>,
}

#[derive(Default)]
struct Inside {
    /// Opened at the first need: who reports can do without a spool that cannot be opened.
    open: Option<(Database, Identity)>,
    mishaps: Vec<String>,
    /// What is written beside the database once.
    whose: Option<String>,
}

impl SqliteSpool {
    /// The spool of this directory, which is made at the first need, for its owner alone. At most so many
    /// bytes of reports wait in it. A database that cannot be read is put aside, and a new one begun.
    #[must_use]
    pub fn new(directory: PathBuf, bytes_max: u64) -> Self {
        Self { directory, bytes_max, inside: Arc::default() }
    }

    /// Says in the spool whose reports wait there, and for which server, for those who look at all spools.
    #[must_use]
    pub fn of(self, user: &str, address: &str) -> Self {
        let whose = format!("{user}\n{address}\n");
        self.inside.lock().unwrap_or_else(PoisonError::into_inner).whose = Some(whose);
        self
    }

    /// Does this with the database, on a thread that may wait. Where the database turns out to be damaged, it
    /// is done with a new one.
    async fn with<T: Send + 'static>(
        &self,
        mut work: impl FnMut(&mut Database) -> Result<T, SpoolError> + Send + 'static,
    ) -> Result<T, SpoolError> {
        let (inside, directory, bytes_max) =
            (Arc::clone(&self.inside), self.directory.clone(), self.bytes_max);
        let work = move || {
            let mut inside = inside.lock().unwrap_or_else(PoisonError::into_inner);
            match inside.done(&directory, bytes_max, &mut work)? {
                Done::Well(done) => Ok(done),
                Done::Damaged(which, error) => {
                    inside.put_aside(&directory, which, &error)?;
                    match inside.done(&directory, bytes_max, &mut work)? {
                        Done::Well(done) => Ok(done),
                        Done::Damaged(_, error) => Err(error),
                    }
                }
            }
        };
        tokio::task::spawn_blocking(work).await.map_err(broken)?
    }

    /// Takes rows that are no reports out of the way of the others.
    async fn set_aside(&self, numbers: Vec<u64>) -> Result<(), SpoolError> {
        let count = numbers.len();
        self.with(move |database| Ok(database.set_aside(&numbers)?)).await?;
        let path = self.directory.join(DATABASE);
        self.note(format!(
            "reports that waited cannot be read by this version, {count} of them: they are set aside in the table \
             `unreadable` of {}",
            path.display()
        ));
        Ok(())
    }

    /// Remembers something that people should know.
    fn note(&self, mishap: String) {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner).note(mishap);
    }
}

/// What came of using the database.
enum Done<T> {
    Well(T),
    Damaged(Identity, SpoolError),
}

impl Inside {
    fn done<T>(
        &mut self,
        directory: &Path,
        bytes_max: u64,
        work: &mut impl FnMut(&mut Database) -> Result<T, SpoolError>,
    ) -> Result<Done<T>, SpoolError> {
        file::make(directory).map_err(broken)?;
        // Nobody puts it aside meanwhile. On a full disk there may be no lock; it is used all the same.
        let _used = match file::used(directory) {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Err(broken(error)),
            used => used.ok(),
        };
        let path = directory.join(DATABASE);
        let there = file::identity_at(&path).map_err(broken)?;
        let (mut database, which) = match self.open.take() {
            Some((open, which)) if there == Some(which) => (open, which),
            _ => match Database::open(&path, bytes_max) {
                Ok(open) => {
                    if let Some(whose) = self.whose.take() {
                        // Only people miss it.
                        let _unsaid = std::fs::write(directory.join(others::WHOSE), whose);
                    }
                    let which = file::identity_at(&path).map_err(broken)?;
                    (open, which.ok_or_else(|| broken("the database is gone"))?)
                }
                Err(error) => return judged(there, error.into()),
            },
        };
        match work(&mut database) {
            Err(error) if damaged(&error) => judged(Some(which), error),
            done => {
                self.open = (!database.alone).then_some((database, which));
                done.map(Done::Well)
            }
        }
    }

    fn put_aside(&mut self, directory: &Path, which: Identity, error: &SpoolError) -> Result<(), SpoolError> {
        if let Some(aside) = file::put_aside(directory, which).map_err(broken)? {
            let why = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            let aside = aside.display();
            self.note(format!("reports that waited cannot be read ({why}) and are put aside as {aside}"));
        }
        Ok(())
    }

    fn note(&mut self, mishap: String) {
        tracing::warn!("{mishap}");
        if self.mishaps.len() < MISHAPS_MAX {
            self.mishaps.push(mishap);
        }
    }
}

/// An error, or damage to this file.
fn judged<T>(which: Option<Identity>, error: SpoolError) -> Result<Done<T>, SpoolError> {
    match which {
        Some(which) if damaged(&error) => Ok(Done::Damaged(which, error)),
        _ => Err(error),
    }
}

/// What cannot be kept, and why.
fn broken(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SpoolError {
    SpoolError::Broken(error.into())
}

#[async_trait]
impl Spool for SqliteSpool {
    async fn put(&self, report: &Outgoing, now: Timestamp) -> Result<Put, SpoolError> {
        let activity = matches!(report.body, ReportBody::Activity { .. });
        let text = kept(report);
        self.with(move |database| database.put(activity, now.millis(), &text)).await
    }

    async fn turn(&self, within: Duration, now: Timestamp) -> Result<Option<Box<dyn Turn>>, SpoolError> {
        let (began, until) = (Instant::now(), Instant::now() + within);
        loop {
            let directory = self.directory.clone();
            let waited = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            let now = Timestamp::saturating(now.millis().saturating_add(waited));
            let tried =
                tokio::task::spawn_blocking(move || turn::tried(&directory, now)).await.map_err(broken)?;
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
        let mut number = number;
        loop {
            let rows = self.with(move |database| Ok(database.after(number, count)?)).await?;
            let Some(last) = rows.last().map(|row| row.number) else { return Ok(Vec::new()) };
            let (mut waiting, mut unreadable) = (Vec::with_capacity(rows.len()), Vec::new());
            for row in rows {
                match restored(&row.report) {
                    Ok(report) => {
                        let since = Timestamp::saturating(row.since);
                        waiting.push(Waiting { number: row.number, since, report });
                    }
                    Err(_not_a_report) => unreadable.push(row.number),
                }
            }
            if !unreadable.is_empty() {
                self.set_aside(unreadable).await?;
            }
            if !waiting.is_empty() {
                return Ok(waiting);
            }
            number = last;
        }
    }

    async fn remove(&self, numbers: &[u64]) -> Result<(), SpoolError> {
        let numbers = numbers.to_vec();
        self.with(move |database| Ok(database.remove(&numbers)?)).await
    }

    fn mishaps(&self) -> Vec<String> {
        std::mem::take(&mut self.inside.lock().unwrap_or_else(PoisonError::into_inner).mishaps)
    }
}

impl From<rusqlite::Error> for SpoolError {
    fn from(error: rusqlite::Error) -> Self {
        broken(error)
    }
}
