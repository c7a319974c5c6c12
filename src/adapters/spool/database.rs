//! The tables of a spool, and what is done with them.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, TransactionBehavior, params};

use super::file::{BUSY_WITHIN, LOOK_AGAIN, LOOKS};
use crate::ports::spool::{Put, SpoolError};

/// The version of the tables below.
const VERSION: i64 = 1;
/// What a row needs besides its text, in bytes, roughly.
const ROW_BYTES: u64 = 64;
/// How many of the oldest activities are looked at at once when room is needed.
const DROPPED_AT_ONCE: u32 = 64;

/// The size is kept beside the rows, so that nobody has to add them up.
const TABLES: &str = "
    CREATE TABLE waiting (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        activity INTEGER NOT NULL,
        since INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        report TEXT NOT NULL
    );
    CREATE INDEX activities ON waiting (number) WHERE activity = 1;
    CREATE TABLE size (bytes INTEGER NOT NULL);
    INSERT INTO size VALUES (0);
    CREATE TRIGGER put AFTER INSERT ON waiting BEGIN UPDATE size SET bytes = bytes + NEW.bytes; END;
    CREATE TRIGGER gone AFTER DELETE ON waiting BEGIN UPDATE size SET bytes = bytes - OLD.bytes; END;
    PRAGMA user_version = 1;
";

/// Rows that are no reports, such as those of a newer version. Made at the first need; it holds them as they were.
const UNREADABLE: &str = "CREATE TABLE IF NOT EXISTS unreadable (number INTEGER PRIMARY KEY, since, report)";
/// Most of them; then the oldest go.
const UNREADABLE_MAX: u32 = 1_000;

/// A row.
pub(super) struct Row {
    pub(super) number: u64,
    pub(super) since: u64,
    pub(super) report: String,
}

/// An open database.
pub(super) struct Database {
    connection: Connection,
    /// Nobody else can open it meanwhile, so it is not to be kept open.
    pub(super) alone: bool,
    bytes_max: u64,
}

/// Whether an error says that the file is no database, or a broken one.
pub(super) fn damaged(error: &SpoolError) -> bool {
    let SpoolError::Broken(cause) = error else { return false };
    let code = cause.downcast_ref().and_then(rusqlite::Error::sqlite_error_code);
    matches!(code, Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt))
}

/// Whether an error may come from a full disk.
fn no_room(error: &rusqlite::Error) -> bool {
    use ErrorCode::{CannotOpen, DiskFull, ReadOnly, SystemIoFailure};
    let code = error.sqlite_error_code();
    matches!(code, Some(DiskFull | SystemIoFailure | CannotOpen | ReadOnly))
}

fn of_another_version(version: i64) -> rusqlite::Error {
    let text = format!("the waiting reports are of version {version}; this program knows {VERSION}");
    rusqlite::Error::ToSqlConversionFailure(text.into())
}

impl Database {
    /// Opens a database and makes its tables if it has none.
    pub(super) fn open(path: &Path, bytes_max: u64) -> rusqlite::Result<Self> {
        match Self::open_shared(path, bytes_max) {
            Err(error) if no_room(&error) && path.exists() => {
                // On a full disk there is no room for what its users share. One alone needs none of it, and can
                // still read what waits: it must not be overtaken by what can only be sent.
                Self::open_alone(path, bytes_max).map_err(|_| error)
            }
            opened => opened,
        }
    }

    fn open_alone(path: &Path, bytes_max: u64) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_WITHIN)?;
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        match connection.pragma_query_value(None, "user_version", |row| row.get(0))? {
            VERSION => Ok(Self { connection, alone: true, bytes_max }),
            other => Err(of_another_version(other)),
        }
    }

    fn open_shared(path: &Path, bytes_max: u64) -> rusqlite::Result<Self> {
        let mut connection = Connection::open(path)?;
        written_ahead(&connection)?;
        connection.busy_timeout(BUSY_WITHIN)?;
        let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        match begun.pragma_query_value(None, "user_version", |row| row.get(0))? {
            0_i64 => begun.execute_batch(TABLES)?,
            VERSION => {}
            other => return Err(of_another_version(other)),
        }
        begun.commit()?;
        Ok(Self { connection, alone: false, bytes_max })
    }

    /// Adds a row, and makes room for it by the oldest activities.
    pub(super) fn put(&mut self, activity: bool, since: u64, report: &str) -> Result<Put, SpoolError> {
        // A report that was accepted here outlives a power cut.
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let bytes = u64::try_from(report.len()).unwrap_or(u64::MAX).saturating_add(ROW_BYTES);
        begun.execute(
            "INSERT INTO waiting (activity, since, bytes, report) VALUES (?1, ?2, ?3, ?4)",
            params![activity, signed(since), signed(bytes), report],
        )?;
        let number = u64::try_from(begun.last_insert_rowid()).unwrap_or(0);
        let mut dropped = 0_u64;
        loop {
            let size: i64 = begun.query_row("SELECT bytes FROM size", [], |row| row.get(0))?;
            if u64::try_from(size).unwrap_or(0) <= self.bytes_max {
                break;
            }
            match drop_some(&begun, signed(self.bytes_max))? {
                // The transaction goes back when it is dropped: nothing is kept.
                0 => return Err(SpoolError::Full { bytes: self.bytes_max }),
                count => dropped = dropped.saturating_add(count),
            }
        }
        begun.commit()?;
        Ok(Put { number, dropped })
    }

    /// The rows behind this one.
    pub(super) fn after(&mut self, number: u64, count: usize) -> rusqlite::Result<Vec<Row>> {
        let text = "SELECT number, since, report FROM waiting WHERE number > ?1 ORDER BY number LIMIT ?2";
        let mut query = self.connection.prepare(text)?;
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let unsigned = |value: i64| u64::try_from(value).unwrap_or(0);
        let rows = query.query_map(params![signed(number), count], |row| {
            // What somebody else wrote may be anything: then it is no report, and holds up none.
            let report = row.get_ref(2)?.as_str().unwrap_or_default().to_owned();
            let since = row.get_ref(1)?.as_i64().unwrap_or_default();
            Ok(Row { number: unsigned(row.get(0)?), since: unsigned(since), report })
        })?;
        rows.collect()
    }

    /// Takes these rows out of the way, and keeps the newest of such for whoever wants to look.
    pub(super) fn set_aside(&mut self, numbers: &[u64]) -> rusqlite::Result<()> {
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        begun.execute_batch(UNREADABLE)?;
        for number in numbers {
            let number = params![signed(*number)];
            begun.execute(
                "INSERT OR REPLACE INTO unreadable SELECT number, since, report FROM waiting WHERE number = ?1",
                number,
            )?;
            begun.execute("DELETE FROM waiting WHERE number = ?1", number)?;
        }
        begun.execute(
            "DELETE FROM unreadable WHERE number NOT IN (SELECT number FROM unreadable ORDER BY number DESC LIMIT ?1)",
            params![UNREADABLE_MAX],
        )?;
        begun.commit()
    }

    /// Takes these rows away. What a power cut brings back is sent again, and known by its key.
    pub(super) fn remove(&mut self, numbers: &[u64]) -> rusqlite::Result<()> {
        self.connection.pragma_update(None, "synchronous", "NORMAL")?;
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut delete = begun.prepare("DELETE FROM waiting WHERE number = ?1")?;
            for number in numbers {
                delete.execute(params![signed(*number)])?;
            }
        }
        begun.commit()
    }
}

/// Has it write ahead. SQLite does not wait for others where it changes how a new file is written, since two
/// that both wait with a read lock would wait for ever: it says that it is busy, and is asked again.
fn written_ahead(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::ZERO)?;
    for _ in 1..LOOKS {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => sleep(LOOK_AGAIN),
            done => return done,
        }
    }
    connection.pragma_update(None, "journal_mode", "WAL")
}

/// Drops the oldest activities until the size is no more than this, or some of them; tells how many.
fn drop_some(connection: &Connection, bytes_max: i64) -> rusqlite::Result<u64> {
    let mut oldest =
        connection.prepare("SELECT number FROM waiting WHERE activity = 1 ORDER BY number LIMIT ?1")?;
    let numbers: Vec<i64> =
        oldest.query_map(params![DROPPED_AT_ONCE], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut count = 0_u64;
    for number in numbers {
        connection.execute("DELETE FROM waiting WHERE number = ?1", params![number])?;
        count = count.saturating_add(1);
        let size: i64 = connection.query_row("SELECT bytes FROM size", [], |row| row.get(0))?;
        if size <= bytes_max {
            break;
        }
    }
    Ok(count)
}

/// As SQLite keeps numbers; none of ours comes near the bound.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
