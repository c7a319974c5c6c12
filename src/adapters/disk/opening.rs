//! What a store begins with: the fleet at the head, what is known beside it, and whether its history goes on.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::codec::{self, Damage};
use super::fault::StoreError;
use super::pages::page;
use super::store::{State, Store, unsigned};
use crate::domain::beside::Beside;
use crate::domain::cursor::Seq;
use crate::domain::fleet::{Agent, Fleet, Removal};
use crate::domain::id::{AgentId, SessionId};

/// Events at the end of the history that are looked at before anything is served; the rest is looked at
/// meanwhile.
const LOOKED_AT: u64 = 4_096;
/// Events that are folded at once where the fleet has to be made anew.
const FOLDED_AT_ONCE: usize = 4_096;

/// What was read.
pub(super) struct Loaded {
    pub(super) fleet: Fleet,
    pub(super) besides: Vec<(AgentId, Beside)>,
}

/// Reads the fleet as it is kept. Where a record of it is damaged it is made anew from the events, if all of
/// them are there.
pub(super) fn load(store: &Store, state: &State, removals_max: usize) -> Result<Loaded, StoreError> {
    let connection = store.connection();
    match read_fleet(connection, state, removals_max) {
        Err(StoreError::Damaged(damage)) if state.held_after == Seq::ZERO => {
            tracing::error!(%damage, "a record of the fleet is damaged; the fleet is made anew from all events, without leases");
            let fleet = fold(connection, state, removals_max)?;
            Ok(Loaded { fleet, besides: Vec::new() })
        }
        loaded => loaded,
    }
}

fn read_fleet(connection: &Connection, state: &State, removals_max: usize) -> Result<Loaded, StoreError> {
    let mut agents: BTreeMap<String, Agent> = BTreeMap::new();
    let mut besides = Vec::new();
    let mut query = connection.prepare("SELECT agent, record FROM agents")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (id, record): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let (agent, beside) = codec::open_agent(&id, &record)?;
        besides.push((agent.status.agent.clone(), beside));
        agents.insert(id, agent);
    }
    let mut query = connection.prepare("SELECT agent, session, record FROM sessions")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (of, id, record): (String, String, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let session = codec::open_session(&of, &id, &record)?;
        let agent = agents.get_mut(&of).ok_or_else(|| Damage::Unknown(format!("session {of} {id}")))?;
        agent.sessions.insert(session.activity.session.clone(), session);
    }
    let removals = read_removals(connection)?;
    let (head, after) = (state.head, state.removals_after);
    let fleet = Fleet::restored(head, agents.into_values(), removals, after, removals_max);
    Ok(Loaded { fleet, besides })
}

fn read_removals(connection: &Connection) -> Result<Vec<Removal>, StoreError> {
    let mut query = connection.prepare("SELECT seq, agent, session FROM removals ORDER BY seq")?;
    let mut rows = query.query([])?;
    let mut removals = Vec::new();
    while let Some(row) = rows.next()? {
        let (seq, agent, session): (i64, String, Option<String>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let unknown = || Damage::Unknown(format!("removal {seq}"));
        let agent = AgentId::parse(&agent).map_err(|_| unknown())?;
        let session = session.map(|id| SessionId::parse(&id)).transpose().map_err(|_| unknown())?;
        removals.push(Removal { seq: Seq::new(unsigned(seq)), agent, session });
    }
    Ok(removals)
}

fn fold(connection: &Connection, state: &State, removals_max: usize) -> Result<Fleet, StoreError> {
    let mut fleet = Fleet::remembering(removals_max);
    while fleet.at() < state.head {
        for kept in page(connection, fleet.at(), state.head, FOLDED_AT_ONCE, None)? {
            fleet.apply(&kept.recorded);
        }
    }
    Ok(fleet)
}

/// Looks at the last events. A damaged one does not keep the server from serving the fleet: it is said
/// loudly, and whoever reads it is refused.
pub(super) fn look_at_end(store: &Store, state: &State) {
    let after = Seq::new(state.head.get().saturating_sub(LOOKED_AT)).max(state.held_after);
    if let Err(error) = page(store.connection(), after, state.head, usize::MAX, None) {
        tracing::error!(%error, "the last events cannot all be read");
    }
}

/// Looks at all events once, slowly, and says what it finds.
pub(super) fn look_at_all(connection: &Connection, state: &State, stop: &std::sync::atomic::AtomicBool) {
    const AT_ONCE: usize = 1_000;
    const PAUSE: std::time::Duration = std::time::Duration::from_millis(20);
    let mut at = state.held_after;
    let up_to = Seq::new(state.head.get().saturating_sub(LOOKED_AT));
    while at < up_to && !stop.load(std::sync::atomic::Ordering::Relaxed) {
        match page(connection, at, up_to, AT_ONCE, None) {
            Ok(events) => at = events.last().map_or(up_to, |last| last.recorded.seq),
            // Events are let go from the front while this looks.
            Err(StoreError::Hole(_)) if first_event(connection).is_some_and(|first| first > at.next()) => {
                at = first_event(connection).map_or(up_to, |first| Seq::new(first.get().saturating_sub(1)));
            }
            Err(error) => {
                tracing::error!(%error, after = at.get(), "events are damaged: reading them is refused");
                return;
            }
        }
        std::thread::sleep(PAUSE);
    }
}

fn first_event(connection: &Connection) -> Option<Seq> {
    let first = connection.query_row("SELECT min(seq) FROM events", [], |row| row.get::<_, Option<i64>>(0));
    first.ok().flatten().map(|seq| Seq::new(unsigned(seq)))
}
