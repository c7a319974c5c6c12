//! Reads events from the database, on a connection of its own: never on the threads of the runtime, and in
//! pages, so that no reader keeps the write-ahead log from being given back.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};

use super::check::Doubt;
use super::codec::{self, Damage};
use super::fault::StoreError;
use super::store::{Store, signed, state, unsigned};
use super::tail::Kept;
use crate::domain::cursor::Seq;
use crate::domain::event::Recorded;
use crate::domain::id::AgentId;
use crate::domain::time::Monotonic;

/// The reading side of a database.
#[derive(Clone)]
pub(super) struct Pages {
    path: PathBuf,
    /// Opened with the first read, and anew after a failed one.
    connection: Arc<Mutex<Option<Connection>>>,
    pub(super) doubt: Arc<Doubt>,
}

impl Pages {
    pub(super) fn new(path: PathBuf, doubt: Arc<Doubt>) -> Self {
        Self { path, connection: Arc::default(), doubt }
    }

    /// Opens the database anew with the next read.
    pub(super) fn forget(&self) {
        *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// At most `limit` events after a position, or from the oldest that is kept, up to another, in order; and after which
    /// position events are kept. Of one view of the database, in which what is let go meanwhile is there still.
    pub(super) fn read(
        &self,
        after: Option<Seq>,
        up_to: Seq,
        limit: usize,
        of: Option<&AgentId>,
    ) -> Result<(Seq, Vec<Kept>), StoreError> {
        self.look(of, |connection| {
            let view = connection.unchecked_transaction()?;
            let held_after = held_after(&view)?;
            if after.is_some_and(|after| after < held_after) {
                return Err(StoreError::Compacted(held_after));
            }
            Ok((held_after, page(&view, after.unwrap_or(held_after), up_to, limit, of)?))
        })
    }

    /// Looks into the database, for events of one agent only while nothing speaks against their places.
    fn look<T>(
        &self,
        of: Option<&AgentId>,
        look: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if of.is_some() {
            self.doubt.check()?;
        }
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = match connection.take() {
            Some(connection) => connection,
            None => Store::reader(&self.path)?,
        };
        let seen = look(&opened)?;
        *connection = Some(opened);
        Ok(seen)
    }

    /// As [`Pages::read`], where blocking is allowed.
    pub(super) async fn read_apart(
        &self,
        after: Option<Seq>,
        up_to: Seq,
        limit: usize,
        of: Option<AgentId>,
    ) -> Result<(Seq, Vec<Kept>), StoreError> {
        let pages = self.clone();
        let read = tokio::task::spawn_blocking(move || pages.read(after, up_to, limit, of.as_ref()));
        read.await.unwrap_or_else(|error| Err(std::io::Error::other(error).into()))
    }
}

/// After which position events are kept, as this view of the database has it: who tells of a commit does so after it.
pub(super) fn held_after(view: &Connection) -> Result<Seq, StoreError> {
    Ok(state(view)?.ok_or(StoreError::State)?.held_after)
}

/// Without `of` the events follow each other without a hole, or that is an error.
pub(super) fn page(
    connection: &Connection,
    after: Seq,
    up_to: Seq,
    limit: usize,
    of: Option<&AgentId>,
) -> Result<Vec<Kept>, StoreError> {
    let text = match of {
        None => "SELECT seq, agent, record FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3",
        Some(_) => {
            "SELECT seq, agent, record FROM events
            WHERE seq > ?1 AND seq <= ?2 AND agent = ?4 ORDER BY seq LIMIT ?3"
        }
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut query = connection.prepare_cached(text)?;
    let mut rows = match of {
        None => query.query(params![signed(after), signed(up_to), limit])?,
        Some(agent) => query.query(params![signed(after), signed(up_to), limit, agent.as_str()])?,
    };
    let mut events = Vec::new();
    let mut expected = after.next();
    while let Some(row) = rows.next()? {
        let seq = Seq::new(unsigned(row.get(0)?));
        if of.is_none() && seq != expected {
            return Err(StoreError::Hole(expected.get().saturating_sub(1)));
        }
        if seq < expected {
            return Err(StoreError::ByAgent);
        }
        events.push(kept(seq, row.get_ref(1)?, row.get_ref(2)?)?);
        expected = seq.next();
    }
    let is_whole =
        of.is_some() || expected > up_to || events.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    if is_whole { Ok(events) } else { Err(StoreError::Hole(expected.get().saturating_sub(1))) }
}

/// An event as it lies there, under the agent that it is about.
pub(super) fn kept(seq: Seq, agent: ValueRef<'_>, record: ValueRef<'_>) -> Result<Kept, StoreError> {
    let record = record.as_blob().unwrap_or_default();
    let (at, event, last) = codec::open_event(seq, record)?;
    if agent.as_str().ok() != Some(event.agent().as_str()) {
        return Err(Damage::Elsewhere(seq.get()).into());
    }
    Ok(Kept { recorded: Recorded { seq, at, event }, last })
}

/// The last of the oldest events, `limit` at most, whose uptime is too old. One that is damaged goes with those
/// around it.
pub(super) fn last_older(
    connection: &Connection,
    after: Seq,
    up_to: Seq,
    limit: usize,
    is_old: impl Fn(Monotonic) -> bool,
) -> Result<Seq, StoreError> {
    let text = "SELECT seq, record FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3";
    let mut query = connection.prepare_cached(text)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = query.query(params![signed(after), signed(up_to), limit])?;
    let mut last = Seq::ZERO;
    while let Some(row) = rows.next()? {
        let seq = Seq::new(unsigned(row.get(0)?));
        match codec::open_event(seq, row.get_ref(1)?.as_blob().unwrap_or_default()) {
            Ok((at, ..)) if is_old(at.uptime) => last = seq,
            Ok(_) => break,
            Err(_) => {}
        }
    }
    Ok(last)
}
