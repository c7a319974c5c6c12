//! The tables, and what is written to them in one transaction. Knows records, and no decisions.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};

use super::codec::{self, Damage};
use super::fault::StoreError;
use crate::domain::beside::Beside;
use crate::domain::cursor::{Epoch, Seq};
use crate::domain::fleet::{Fleet, Removal};
use crate::domain::id::AgentId;
use crate::ports::event_log::{IdempotencyKey, Receipt};

/// The version of the tables below.
const VERSION: i64 = 1;
/// Statements that are kept ready.
const STATEMENTS: usize = 32;
/// Pages that are given back to the system with a commit.
const VACUUM_PAGES: u32 = 64;
/// Free pages that are kept for what comes next.
const SPARE_PAGES: u32 = 256;

/// `events` are in the order of their seq, also in the index by agent, which has it once, as the row's number; `agents` and `sessions` are the fleet at the head.
const TABLES: &str = "
    CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), record BLOB NOT NULL);
    CREATE TABLE events (seq INTEGER PRIMARY KEY, agent TEXT NOT NULL, record BLOB NOT NULL);
    CREATE INDEX events_by_agent ON events (agent);
    CREATE TABLE agents (agent TEXT PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE sessions (
        agent TEXT NOT NULL, session TEXT NOT NULL, record BLOB NOT NULL, PRIMARY KEY (agent, session)
    ) WITHOUT ROWID;
    CREATE TABLE removals (seq INTEGER PRIMARY KEY, record BLOB NOT NULL);
    CREATE TABLE keys (
        number INTEGER PRIMARY KEY, owner TEXT NOT NULL, text TEXT NOT NULL, since_ms INTEGER NOT NULL,
        record BLOB NOT NULL, UNIQUE (owner, text)
    );
    PRAGMA user_version = 1;
";

/// Looks at the oldest alone: asked for all that are old, it would look at every key with each commit.
pub(super) const FORGET_OLD_KEYS: &str = "DELETE FROM keys WHERE number IN (SELECT number FROM
    (SELECT number, since_ms FROM keys ORDER BY number LIMIT ?2) WHERE since_ms < ?1)";

/// What stands beside the events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub(super) epoch: Epoch,
    pub(super) head: Seq,
    pub(super) held_after: Seq,
    pub(super) removals_after: Seq,
    pub(super) uptime_ms: u64,
    /// Whether the last process that wrote here ended in order.
    pub(super) clean: bool,
}

/// As this view of the database has it.
pub(super) fn state(connection: &Connection) -> Result<Option<State>, StoreError> {
    Ok(record(connection)?.map(|record| codec::open_state(&record)).transpose()?)
}

fn record(connection: &Connection) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(connection.query_row("SELECT record FROM state", [], |row| row.get(0)).optional()?)
}

/// That the pages of a table hang together, or of all: a bit that flips in the head of one hides rows, and no
/// record's checksum can notice a row that is not read.
pub(super) fn check_pages(connection: &Connection, table: Option<&str>) -> Result<(), StoreError> {
    let text = table
        .map_or_else(|| "PRAGMA quick_check(1)".to_owned(), |name| format!("PRAGMA quick_check('{name}')"));
    let said = connection.query_row(&text, [], |row| row.get::<_, String>(0)).map_err(StoreError::from);
    let found = match said {
        Ok(said) if said == "ok" => return Ok(()),
        Ok(said) => said,
        Err(error) if error.is_damage() => error.to_string(),
        Err(error) => return Err(error),
    };
    Err(Damage::Pages(table.unwrap_or("all tables").to_owned(), found).into())
}

/// How hard a commit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sync {
    /// The disk has it.
    Full,
    /// The system has it, and brings it to the disk when it likes.
    System,
}

fn set_sync(connection: &Connection, sync: Sync) -> Result<(), StoreError> {
    let level = match sync {
        Sync::Full => 2_i64,
        Sync::System => 0,
    };
    connection.pragma_update(None, "synchronous", level)?;
    let set: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    if set == level { Ok(()) } else { Err(StoreError::Pragma) }
}

/// An open database that is written.
pub(super) struct Store {
    connection: Connection,
    /// What stands beside the events, as it was read or written here last. Where it is another by now somebody
    /// else writes, and what was decided here knows nothing of that.
    last: Option<Vec<u8>>,
}

impl Store {
    /// Opens a database, and makes its tables if it has none.
    pub(super) fn open(path: &Path, sync: Sync) -> Result<Self, StoreError> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // Only a database without tables can still take it.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
        if mode != "wal" {
            return Err(StoreError::Pragma);
        }
        set_sync(&connection, sync)?;
        #[cfg(test)]
        if let Some(pages) = super::tests::pages_max(path) {
            connection.pragma_update(None, "max_page_count", pages)?;
        }
        let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        match begun.pragma_query_value(None, "user_version", |row| row.get(0))? {
            0_i64 => begun.execute_batch(TABLES)?,
            VERSION => {}
            other => return Err(StoreError::Version(other)),
        }
        begun.commit()?;
        Ok(Self { connection, last: None })
    }

    /// How hard commits are from now on.
    pub(super) fn set_sync(&self, sync: Sync) -> Result<(), StoreError> {
        set_sync(&self.connection, sync)
    }

    /// A connection that only reads, beside the one that writes.
    pub(super) fn reader(path: &Path) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(connection)
    }

    pub(super) const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// What stands beside the events; nothing in a database that was just made.
    pub(super) fn state(&mut self) -> Result<Option<State>, StoreError> {
        check_pages(&self.connection, Some("sqlite_schema"))?;
        check_pages(&self.connection, Some("state"))?;
        self.last = record(&self.connection)?;
        Ok(self.last.as_deref().map(codec::open_state).transpose()?)
    }

    /// Whether there is anything that a state has to stand beside.
    pub(super) fn has_history(&self) -> Result<bool, StoreError> {
        let text = "SELECT EXISTS (SELECT 1 FROM events) OR EXISTS (SELECT 1 FROM agents)";
        Ok(self.connection.query_row(text, [], |row| row.get(0))?)
    }

    /// Begins to write.
    pub(super) fn begin(&mut self) -> Result<Writing<'_>, StoreError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        Ok(Writing { transaction, last: &mut self.last, written: None })
    }

    /// What was answered under a key that is not older than this.
    pub(super) fn answered(
        &self,
        key: &IdempotencyKey,
        from_ms: u64,
    ) -> Result<Option<([u8; 32], Receipt)>, StoreError> {
        let text = "SELECT record FROM keys WHERE owner = ?1 AND text = ?2 AND since_ms >= ?3";
        let from_ms = i64::try_from(from_ms).unwrap_or(i64::MAX);
        let owner = key.owner.as_str();
        let mut query = self.connection.prepare_cached(text)?;
        let record: Option<Vec<u8>> =
            query.query_row(params![owner, key.text, from_ms], |row| row.get(0)).optional()?;
        Ok(record.map(|record| codec::open_receipt(owner, &key.text, &record)).transpose()?)
    }

    /// How many keys there are; none where their pages are damaged, so that they go by their age alone.
    pub(super) fn count_keys(&self) -> Result<u64, StoreError> {
        let counted = self.connection.query_row("SELECT count(*) FROM keys", [], |row| row.get(0));
        match counted.map_err(StoreError::from) {
            Err(error) if error.is_damage() => {
                tracing::error!(%error, "idempotency keys cannot be counted: they go by their age alone");
                Ok(0)
            }
            counted => Ok(unsigned(counted?)),
        }
    }

    /// Writes everything that the write-ahead log has into the database, brings it to the disk, and empties the
    /// log. Tells whether it could: not while somebody else reads what came before.
    ///
    /// What recovery found in the write-ahead log was read from the system's memory. Where a sync failed before,
    /// the disk may not have it, and a next sync would say that all is well: what is appended behind it would be
    /// lost with it in a power cut. Written once more, it is brought there or fails again.
    pub(super) fn settle(&self) -> Result<bool, StoreError> {
        let busy: i64 = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        Ok(busy == 0)
    }

    /// Closes in order: everything is in the one file.
    pub(super) fn close(self) -> Result<(), StoreError> {
        let _as_far_as_others_let_it = self.settle()?;
        self.connection.close().map_err(|(_, error)| error.into())
    }
}

/// One transaction. Dropped without [`Writing::commit`], nothing of it happened.
pub(super) struct Writing<'a> {
    transaction: Transaction<'a>,
    last: &'a mut Option<Vec<u8>>,
    written: Option<Vec<u8>>,
}

impl Writing<'_> {
    pub(super) fn put_event(&self, seq: Seq, agent: &AgentId, record: &[u8]) -> Result<(), StoreError> {
        let text = "INSERT INTO events (seq, agent, record) VALUES (?1, ?2, ?3)";
        self.transaction.prepare_cached(text)?.execute(params![signed(seq), agent.as_str(), record])?;
        Ok(())
    }

    pub(super) fn put_agent(&self, agent: &AgentId, record: &[u8]) -> Result<(), StoreError> {
        let text = "INSERT OR REPLACE INTO agents (agent, record) VALUES (?1, ?2)";
        self.transaction.prepare_cached(text)?.execute(params![agent.as_str(), record])?;
        Ok(())
    }

    pub(super) fn put_session(&self, agent: &str, session: &str, record: &[u8]) -> Result<(), StoreError> {
        let text = "INSERT OR REPLACE INTO sessions (agent, session, record) VALUES (?1, ?2, ?3)";
        self.transaction.prepare_cached(text)?.execute(params![agent, session, record])?;
        Ok(())
    }

    pub(super) fn remove(&self, removal: &Removal) -> Result<(), StoreError> {
        let agent = removal.agent.as_str();
        let session = removal.session.as_ref().map(|session| session.as_str());
        match session {
            None => {
                self.transaction.prepare_cached("DELETE FROM agents WHERE agent = ?1")?.execute([agent])?;
                self.transaction.prepare_cached("DELETE FROM sessions WHERE agent = ?1")?.execute([agent])?;
            }
            Some(session) => {
                let text = "DELETE FROM sessions WHERE agent = ?1 AND session = ?2";
                self.transaction.prepare_cached(text)?.execute([agent, session])?;
            }
        }
        self.put_removal(removal)
    }

    fn put_removal(&self, removal: &Removal) -> Result<(), StoreError> {
        let text = "INSERT INTO removals (seq, record) VALUES (?1, ?2)";
        let record = codec::seal_removal(removal);
        self.transaction.prepare_cached(text)?.execute(params![signed(removal.seq), record])?;
        Ok(())
    }

    /// Writes the fleet as it is, in the place of what was kept of it.
    pub(super) fn put_fleet<'a>(
        &self,
        fleet: &Fleet,
        beside: impl Fn(&AgentId) -> &'a Beside,
    ) -> Result<(), StoreError> {
        self.transaction.execute_batch("DELETE FROM agents; DELETE FROM sessions; DELETE FROM removals;")?;
        for (id, agent) in fleet.agents() {
            self.put_agent(id, &codec::seal_agent(agent, beside(id)))?;
            for (session, said) in &agent.sessions {
                self.put_session(id.as_str(), session.as_str(), &codec::seal_session(said))?;
            }
        }
        for removal in fleet.removals_since(fleet.removals_after()).into_iter().flatten() {
            self.put_removal(removal)?;
        }
        Ok(())
    }

    pub(super) fn put_key(
        &self,
        key: &IdempotencyKey,
        since_ms: u64,
        receipt: &Receipt,
    ) -> Result<(), StoreError> {
        let owner = key.owner.as_str();
        let record = codec::seal_receipt(owner, &key.text, key.fingerprint, receipt);
        let text = "INSERT OR REPLACE INTO keys (owner, text, since_ms, record) VALUES (?1, ?2, ?3, ?4)";
        let since_ms = i64::try_from(since_ms).unwrap_or(i64::MAX);
        self.transaction.prepare_cached(text)?.execute(params![owner, key.text, since_ms, record])?;
        Ok(())
    }

    /// Takes keys away that are older than this or too many, at most so many; tells how many.
    pub(super) fn trim_keys(&self, before_ms: u64, surplus: u64, at_once: u64) -> Result<u64, StoreError> {
        let (before, most) =
            (i64::try_from(before_ms).unwrap_or(i64::MAX), i64::try_from(at_once).unwrap_or(0));
        let old = self.transaction.prepare_cached(FORGET_OLD_KEYS)?.execute(params![before, most])?;
        let old = u64::try_from(old).unwrap_or(0);
        let more = surplus.saturating_sub(old).min(at_once);
        if more == 0 {
            return Ok(old);
        }
        let text = "DELETE FROM keys WHERE number IN (SELECT number FROM keys ORDER BY number LIMIT ?1)";
        let more = self.transaction.prepare_cached(text)?.execute([i64::try_from(more).unwrap_or(0)])?;
        Ok(old.saturating_add(u64::try_from(more).unwrap_or(0)))
    }

    /// Takes the events up to a position away.
    pub(super) fn trim_events(&self, up_to: Seq) -> Result<(), StoreError> {
        self.transaction.prepare_cached("DELETE FROM events WHERE seq <= ?1")?.execute([signed(up_to)])?;
        Ok(())
    }

    /// Takes the removals up to a position away.
    pub(super) fn trim_removals(&self, up_to: Seq) -> Result<(), StoreError> {
        self.transaction.prepare_cached("DELETE FROM removals WHERE seq <= ?1")?.execute([signed(up_to)])?;
        Ok(())
    }

    /// Gives free pages back to the system, a few at a time and but for those that what comes next will take: in
    /// this transaction, since one of its own would wait for the disk once more.
    pub(super) fn give_back(&self) -> Result<(), StoreError> {
        let free: u32 =
            self.transaction.prepare_cached("PRAGMA freelist_count")?.query_row([], |row| row.get(0))?;
        let surplus = free.saturating_sub(SPARE_PAGES).min(VACUUM_PAGES);
        if surplus > 0 {
            let text = format!("PRAGMA incremental_vacuum({surplus})");
            let mut query = self.transaction.prepare(&text)?;
            let mut rows = query.query([])?;
            while rows.next()?.is_some() {}
        }
        Ok(())
    }

    /// Fails where it is not what was read or written here last.
    pub(super) fn put_state(&mut self, state: &State) -> Result<(), StoreError> {
        let record = codec::seal_state(state);
        let changed = match self.written.as_ref().or(self.last.as_ref()) {
            None => {
                let text = "INSERT OR IGNORE INTO state (id, record) VALUES (1, ?1)";
                self.transaction.prepare_cached(text)?.execute([&record])?
            }
            Some(last) => {
                let text = "UPDATE state SET record = ?1 WHERE id = 1 AND record = ?2";
                self.transaction.prepare_cached(text)?.execute([&record, last])?
            }
        };
        if changed != 1 {
            return Err(StoreError::AnotherWriter);
        }
        self.written = Some(record);
        Ok(())
    }

    /// That all pages hang together after this.
    pub(super) fn check_pages(&self) -> Result<(), StoreError> {
        check_pages(&self.transaction, None)
    }

    /// Brings it to the disk, or not at all.
    pub(super) fn commit(self) -> Result<(), StoreError> {
        self.transaction.commit()?;
        if self.written.is_some() {
            *self.last = self.written;
        }
        Ok(())
    }
}

/// As SQLite keeps numbers; none of ours comes near the bound.
pub(super) fn signed(seq: Seq) -> i64 {
    i64::try_from(seq.get()).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
