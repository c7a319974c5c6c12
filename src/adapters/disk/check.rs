//! Looks at what lies in the store, whether anybody reads it or not: the end of the history before anything is
//! served, the rest slowly meanwhile. It says loudly what it finds, and mends nothing.
//!
//! A damaged event is refused to whoever reads it, also without this. An event that its agent's part of the
//! index does not have would be passed over in silence there, so from the first doubt on nothing is read by agent.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::{Connection, params};

use super::codec;
use super::fault::StoreError;
use super::pages::{held_after, kept};
use super::store::{State, signed, unsigned};
use crate::domain::cursor::Seq;

/// Events at the end of the history that are looked at before anything is served.
const LOOKED_AT: u64 = 4_096;
/// As many keys: those that are most likely to come again.
const KEYS_LOOKED_AT: i64 = 4_096;
/// Rows that are looked at between two pauses, so that it takes little from those who work.
const AT_ONCE: u32 = 1_000;
const PAUSE: Duration = Duration::from_millis(20);

/// What was found to be unreliable.
#[derive(Debug, Default)]
pub(super) struct Doubt {
    by_agent: AtomicBool,
    keys: AtomicBool,
}

impl Doubt {
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if self.by_agent.load(Ordering::Relaxed) { Err(StoreError::ByAgent) } else { Ok(()) }
    }

    /// Whether a key may be there and not be found.
    #[cfg(test)]
    pub(super) fn is_about_keys(&self) -> bool {
        self.keys.load(Ordering::Relaxed)
    }

    fn raise(&self) {
        self.by_agent.store(true, Ordering::Relaxed);
    }
}

/// Up to where a part was looked at, and what is wrong in it: the first, and how many.
struct Looked {
    at: Seq,
    first: Option<StoreError>,
    wrong: u64,
}

/// Looks at the last events. A damaged one does not keep the server from serving the fleet.
pub(super) fn look_at_end(connection: &Connection, state: &State, doubt: &Doubt) {
    let mut at = begin_of_end(state).max(state.held_after);
    while at < state.head {
        match look(connection, at, state.head) {
            Ok(looked) => at = tell(looked, doubt),
            Err(error) => {
                tell_failed(&error, at, doubt);
                break;
            }
        }
    }
    look_at_last_keys(connection, doubt);
}

/// Looks at everything before that once.
pub(super) fn look_at_all(connection: &Connection, state: &State, doubt: &Doubt, stop: &AtomicBool) {
    let (mut at, up_to) = (state.held_after, begin_of_end(state));
    while at < up_to && !stop.load(Ordering::Relaxed) {
        std::thread::sleep(PAUSE);
        match look_at_kept(connection, at, up_to) {
            Ok(looked) => at = tell(looked, doubt),
            Err(error) => return tell_failed(&error, at, doubt),
        }
    }
    look_at_keys(connection, doubt, stop);
}

fn begin_of_end(state: &State) -> Seq {
    Seq::new(state.head.get().saturating_sub(LOOKED_AT))
}

fn tell(looked: Looked, doubt: &Doubt) -> Seq {
    if let Some(error) = looked.first {
        doubt.raise();
        let (wrong, up_to) = (looked.wrong, looked.at.get());
        tracing::error!(%error, wrong, up_to, "events are damaged: reading them, or any by agent, is refused");
    }
    looked.at
}

fn tell_failed(error: &StoreError, at: Seq, doubt: &Doubt) {
    doubt.raise();
    tracing::error!(%error, after = at.get(), "events cannot be looked at: reading any by agent is refused");
}

/// Looks at the next of those that are kept: some are let go from the front while this looks.
fn look_at_kept(connection: &Connection, after: Seq, up_to: Seq) -> Result<Looked, StoreError> {
    let view = connection.unchecked_transaction()?;
    look(&view, after.max(held_after(&view)?), up_to)
}

/// Looks at the next events: that each is there, whole, and where its agent's part of the index has it.
fn look(connection: &Connection, after: Seq, up_to: Seq) -> Result<Looked, StoreError> {
    let text = "SELECT seq, agent, record, EXISTS (
            SELECT 1 FROM events AS found INDEXED BY events_by_agent
            WHERE found.agent = events.agent AND found.seq = events.seq
        ) FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3";
    let mut query = connection.prepare_cached(text)?;
    let mut rows = query.query(params![signed(after), signed(up_to), AT_ONCE])?;
    let mut looked = Looked { at: after, first: None, wrong: 0 };
    let mut count = 0_u32;
    while let Some(row) = rows.next()? {
        let seq = Seq::new(unsigned(row.get(0)?));
        // Where rows do not follow each other there is no end of them.
        if seq <= looked.at {
            return Err(StoreError::Hole(looked.at.get()));
        }
        if seq != looked.at.next() {
            looked.note(StoreError::Hole(looked.at.get()));
        }
        match kept(seq, row.get_ref(1)?, row.get_ref(2)?) {
            Err(error) => looked.note(error),
            Ok(_) if !row.get::<_, bool>(3)? => looked.note(StoreError::ByAgent),
            Ok(_) => {}
        }
        looked.at = seq;
        count = count.saturating_add(1);
    }
    if count < AT_ONCE && looked.at < up_to {
        looked.note(StoreError::Hole(looked.at.get()));
        looked.at = up_to;
    }
    Ok(looked)
}

impl Looked {
    fn note(&mut self, error: StoreError) {
        self.wrong = self.wrong.saturating_add(1);
        self.first.get_or_insert(error);
    }
}

/// Looks whether the last keys are whole, and found by whoever comes with them.
fn look_at_last_keys(connection: &Connection, doubt: &Doubt) {
    let last = connection.query_row("SELECT max(number) FROM keys", [], |row| row.get::<_, Option<i64>>(0));
    let mut at = last.ok().flatten().unwrap_or(0).saturating_sub(KEYS_LOOKED_AT);
    while let Some(last) = tell_of_keys(look_at_some_keys(connection, at), doubt) {
        at = last;
    }
}

/// Looks at all of them, slowly.
fn look_at_keys(connection: &Connection, doubt: &Doubt, stop: &AtomicBool) {
    let mut at = 0;
    while !stop.load(Ordering::Relaxed)
        && let Some(last) = tell_of_keys(look_at_some_keys(connection, at), doubt)
    {
        at = last;
        std::thread::sleep(PAUSE);
    }
}

/// Says what was found. Gives from where to go on, where there is more.
fn tell_of_keys(looked: Result<(Option<i64>, u64), StoreError>, doubt: &Doubt) -> Option<i64> {
    const WHAT: &str = "idempotency keys are damaged: a report that comes again may be taken twice";
    match looked {
        Ok((last, 0)) => last,
        Ok((last, wrong)) => {
            doubt.keys.store(true, Ordering::Relaxed);
            tracing::error!(wrong, "{WHAT}");
            last
        }
        Err(error) => {
            doubt.keys.store(true, Ordering::Relaxed);
            tracing::error!(%error, "{WHAT}");
            None
        }
    }
}

/// Looks at the next keys. Gives the last of them, and how many are wrong.
fn look_at_some_keys(connection: &Connection, after: i64) -> Result<(Option<i64>, u64), StoreError> {
    let text = "SELECT number, owner, text, record, EXISTS (
            SELECT 1 FROM keys AS found INDEXED BY sqlite_autoindex_keys_1
            WHERE found.owner = keys.owner AND found.text = keys.text AND +found.number = keys.number
        ) FROM keys WHERE number > ?1 ORDER BY number LIMIT ?2";
    let mut query = connection.prepare_cached(text)?;
    let mut rows = query.query(params![after, AT_ONCE])?;
    let (mut last, mut wrong) = (None, 0_u64);
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        if number <= last.unwrap_or(after) {
            return Ok((None, wrong.saturating_add(1)));
        }
        last = Some(number);
        let record = row.get_ref(3)?.as_blob().unwrap_or_default();
        let (owner, text) = (row.get_ref(1)?.as_str(), row.get_ref(2)?.as_str());
        let opens = matches!((owner, text), (Ok(owner), Ok(text)) if codec::open_receipt(owner, text, record).is_ok());
        if !opens || !row.get::<_, bool>(4)? {
            wrong = wrong.saturating_add(1);
        }
    }
    Ok((last, wrong))
}
