//! What a store begins with: the fleet at the head, what is known beside it, and whether its history goes on.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::codec::{self, Damage};
use super::fault::StoreError;
use super::pages::page;
use super::store::{State, Store, check_pages, unsigned};
use crate::domain::beside::Beside;
use crate::domain::cursor::Seq;
use crate::domain::fleet::{Agent, Fleet, Removal};
use crate::domain::id::AgentId;

/// Events that are folded at once where the fleet has to be made anew.
const FOLDED_AT_ONCE: usize = 4_096;

/// What was read.
pub(super) struct Loaded {
    pub(super) fleet: Fleet,
    pub(super) besides: Vec<(AgentId, Beside)>,
}

/// Reads the fleet as it is kept. Where a record of it is damaged it is made anew from the events, if all of
/// them are there, and kept so: they may be gone by the next time.
pub(super) fn load(store: &mut Store, state: &mut State, removals_max: usize) -> Result<Loaded, StoreError> {
    match read_fleet(store.connection(), state, removals_max) {
        Err(StoreError::Damaged(damage)) if state.held_after == Seq::ZERO => {
            tracing::error!(
                %damage,
                "a record of the fleet is damaged; the fleet is made anew from all events, without its lease"
            );
            make_anew(store, state, removals_max)
        }
        loaded => loaded,
    }
}

fn make_anew(store: &mut Store, state: &mut State, removals_max: usize) -> Result<Loaded, StoreError> {
    let fleet = fold(store.connection(), state, removals_max)?;
    let besides = besides_that_are_whole(store.connection(), &fleet)?;
    state.removals_after = fleet.removals_after();
    let mut writing = store.begin()?;
    let nothing = Beside::default();
    writing.put_fleet(&fleet, |id| besides.get(id).unwrap_or(&nothing))?;
    writing.put_state(state)?;
    // What hung from a damaged page was given free: it may have been another's.
    writing.check_pages()?;
    writing.commit()?;
    Ok(Loaded { fleet, besides: besides.into_iter().collect() })
}

/// What is known beside the events has no other record: as much of it as can be believed.
fn besides_that_are_whole(
    connection: &Connection,
    fleet: &Fleet,
) -> Result<BTreeMap<AgentId, Beside>, StoreError> {
    let mut besides = BTreeMap::new();
    let mut query = connection.prepare("SELECT agent, record FROM agents")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (id, record): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        if let (Some(id), Ok((_, beside))) = (fleet.id(&id), codec::open_agent(&id, &record)) {
            besides.insert(id.clone(), beside);
        }
    }
    Ok(besides)
}

fn read_fleet(connection: &Connection, state: &State, removals_max: usize) -> Result<Loaded, StoreError> {
    check_pages(connection, Some("agents"))?;
    check_pages(connection, Some("sessions"))?;
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
    let (removals, removals_after) = read_removals(connection, state)?;
    let fleet = Fleet::restored(state.head, agents.into_values(), removals, removals_after, removals_max);
    Ok(Loaded { fleet, besides })
}

/// The removals, and after which position all of them are there. Where one is damaged none is believed: screens
/// that come back get the latest state instead of what changed in it.
fn read_removals(connection: &Connection, state: &State) -> Result<(Vec<Removal>, Seq), StoreError> {
    let forgotten = |damage: &dyn std::fmt::Display| {
        tracing::error!(%damage, "what was removed lately is forgotten");
        (Vec::new(), state.head)
    };
    if let Err(error) = check_pages(connection, Some("removals")) {
        return if matches!(error, StoreError::Damaged(_)) { Ok(forgotten(&error)) } else { Err(error) };
    }
    let mut query = connection.prepare("SELECT seq, record FROM removals ORDER BY seq")?;
    let mut rows = query.query([])?;
    let mut removals = Vec::new();
    while let Some(row) = rows.next()? {
        let (seq, record): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
        match codec::open_removal(Seq::new(unsigned(seq)), &record) {
            Ok(removal) => removals.push(removal),
            Err(damage) => return Ok(forgotten(&damage)),
        }
    }
    Ok((removals, state.removals_after))
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
