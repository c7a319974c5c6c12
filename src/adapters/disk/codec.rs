//! Records as they are kept: a version, a checksum, and JSON of types of their own, so that neither the
//! domain nor the protocol can change what lies on a disk.

mod beside;
mod event;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::store::State;
use crate::domain::beside::Beside;
use crate::domain::cursor::{Epoch, Seq};
use crate::domain::event::Event;
use crate::domain::fleet::{Agent, Removal, Session};
use crate::domain::id::{AgentId, SessionId};
use crate::domain::time::{Moment, Monotonic, Timestamp};
use crate::ports::event_log::Receipt;
use beside::KeptBeside;
use event::{KeptActivity, KeptEvent, KeptStatus};

/// The version of records that this program writes.
pub(super) const VERSION: u8 = 1;
const HEAD_BYTES: usize = 5;

/// A record that cannot be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Damage {
    #[error("the record of {0} is damaged")]
    Checksum(String),
    #[error("the record of {0} is of version {1}; this program knows {VERSION}")]
    Version(String, u8),
    #[error("the record of {0} is whole, and is none of this program")]
    Unknown(String),
    #[error("the pages of {0} are damaged: {1}")]
    Pages(String, String),
    #[error("event {0} lies under another agent")]
    Elsewhere(u64),
}

/// A record of this value. `name` is where it lies: a record that lies elsewhere is damaged.
fn seal(name: &str, value: &impl Serialize) -> Vec<u8> {
    // Only maps with keys that are no texts and failing writers make serde_json fail; there are neither here.
    let json = serde_json::to_vec(value).unwrap_or_default();
    let mut record = Vec::with_capacity(json.len().saturating_add(HEAD_BYTES));
    record.push(VERSION);
    record.extend_from_slice(&checksum(name, &json).to_le_bytes());
    record.extend_from_slice(&json);
    record
}

fn open<T: DeserializeOwned>(name: &str, record: &[u8]) -> Result<T, Damage> {
    let damaged = || Damage::Checksum(name.to_owned());
    let (head, json) = record.split_at_checked(HEAD_BYTES).ok_or_else(damaged)?;
    let (version, sum) = head.split_first().ok_or_else(damaged)?;
    if *version != VERSION {
        return Err(Damage::Version(name.to_owned(), *version));
    }
    if sum != checksum(name, json).to_le_bytes() {
        return Err(damaged());
    }
    serde_json::from_slice(json).map_err(|_| Damage::Unknown(name.to_owned()))
}

fn checksum(name: &str, json: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&[VERSION]);
    sum.update(name.as_bytes());
    sum.update(&[0]);
    sum.update(json);
    sum.finalize()
}

pub(super) fn millis(point: Monotonic) -> u64 {
    u64::try_from(point.since_start().as_millis()).unwrap_or(u64::MAX)
}

fn point(millis: u64) -> Monotonic {
    Monotonic::new(std::time::Duration::from_millis(millis))
}

/// A time that was one when it was kept.
fn time(millis: u64) -> Timestamp {
    Timestamp::saturating(millis)
}

/// An event and when it was decided.
#[derive(Serialize, Deserialize)]
struct KeptRecorded {
    at: u64,
    up: u64,
    /// Whether it is the last of its proposal.
    last: bool,
    event: KeptEvent,
}

fn event_name(seq: Seq) -> String {
    format!("event {seq}")
}

pub(super) fn seal_event(seq: Seq, at: Moment, event: &Event, last: bool) -> Vec<u8> {
    let kept =
        KeptRecorded { at: at.wall.millis(), up: millis(at.uptime), last, event: KeptEvent::of(event) };
    seal(&event_name(seq), &kept)
}

pub(super) fn open_event(seq: Seq, record: &[u8]) -> Result<(Moment, Event, bool), Damage> {
    let name = event_name(seq);
    let kept: KeptRecorded = open(&name, record)?;
    let event = kept.event.restored().ok_or(Damage::Unknown(name))?;
    Ok((Moment { wall: time(kept.at), uptime: point(kept.up) }, event, kept.last))
}

/// An agent without its sessions, and what is known beside it.
#[derive(Serialize, Deserialize)]
struct KeptAgent {
    rev: u64,
    status: KeptStatus,
    beside: KeptBeside,
}

pub(super) fn seal_agent(agent: &Agent, beside: &Beside) -> Vec<u8> {
    let id = agent.status.agent.as_str();
    let (status, beside) = (KeptStatus::of(&agent.status), KeptBeside::of(beside));
    seal(&format!("agent {id}"), &KeptAgent { rev: agent.rev.get(), status, beside })
}

pub(super) fn open_agent(id: &str, record: &[u8]) -> Result<(Agent, Beside), Damage> {
    let name = format!("agent {id}");
    let kept: KeptAgent = open(&name, record)?;
    let unknown = || Damage::Unknown(name.clone());
    let status = kept.status.restored().ok_or_else(unknown)?;
    let beside = kept.beside.restored().ok_or_else(unknown)?;
    Ok((Agent::restored(status, Seq::new(kept.rev)), beside))
}

#[derive(Serialize, Deserialize)]
struct KeptSession {
    rev: u64,
    heard: u64,
    activity: KeptActivity,
}

pub(super) fn seal_session(session: &Session) -> Vec<u8> {
    let activity = &session.activity;
    let name = format!("session {} {}", activity.agent, activity.session);
    let (rev, heard) = (session.rev.get(), millis(session.heard));
    seal(&name, &KeptSession { rev, heard, activity: KeptActivity::of(activity) })
}

pub(super) fn open_session(agent: &str, id: &str, record: &[u8]) -> Result<Session, Damage> {
    let name = format!("session {agent} {id}");
    let kept: KeptSession = open(&name, record)?;
    let activity = kept.activity.restored().ok_or(Damage::Unknown(name))?;
    Ok(Session { activity, rev: Seq::new(kept.rev), heard: point(kept.heard) })
}

#[derive(Serialize, Deserialize)]
struct KeptRemoval {
    agent: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<String>,
}

fn removal_name(seq: Seq) -> String {
    format!("removal {seq}")
}

pub(super) fn seal_removal(removal: &Removal) -> Vec<u8> {
    let (agent, session) = (removal.agent.to_string(), removal.session.as_ref().map(ToString::to_string));
    seal(&removal_name(removal.seq), &KeptRemoval { agent, session })
}

pub(super) fn open_removal(seq: Seq, record: &[u8]) -> Result<Removal, Damage> {
    let name = removal_name(seq);
    let kept: KeptRemoval = open(&name, record)?;
    let unknown = |_| Damage::Unknown(name.clone());
    let agent = AgentId::parse(&kept.agent).map_err(unknown)?;
    let session = kept.session.map(|id| SessionId::parse(&id)).transpose().map_err(unknown)?;
    Ok(Removal { seq, agent, session })
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeptState {
    epoch: String,
    head: u64,
    held_after: u64,
    removals_after: u64,
    uptime_ms: u64,
    clean: bool,
}

const STATE: &str = "state";

pub(super) fn seal_state(state: &State) -> Vec<u8> {
    let kept = KeptState {
        epoch: state.epoch.as_str().to_owned(),
        head: state.head.get(),
        held_after: state.held_after.get(),
        removals_after: state.removals_after.get(),
        uptime_ms: state.uptime_ms,
        clean: state.clean,
    };
    seal(STATE, &kept)
}

pub(super) fn open_state(record: &[u8]) -> Result<State, Damage> {
    let kept: KeptState = open(STATE, record)?;
    Ok(State {
        epoch: Epoch::parse(&kept.epoch).map_err(|_| Damage::Unknown(STATE.to_owned()))?,
        head: Seq::new(kept.head),
        held_after: Seq::new(kept.held_after),
        removals_after: Seq::new(kept.removals_after),
        uptime_ms: kept.uptime_ms,
        clean: kept.clean,
    })
}

#[derive(Serialize, Deserialize)]
struct KeptReceipt {
    fingerprint: [u8; 32],
    applied: bool,
    changed: bool,
    epoch: String,
    seq: u64,
}

fn key_name(owner: &str, text: &str) -> String {
    format!("key {owner} {text}")
}

pub(super) fn seal_receipt(owner: &str, text: &str, fingerprint: [u8; 32], receipt: &Receipt) -> Vec<u8> {
    let Receipt { applied, changed, epoch, seq } = receipt;
    let (epoch, seq) = (epoch.as_str().to_owned(), seq.get());
    let kept = KeptReceipt { fingerprint, applied: *applied, changed: *changed, epoch, seq };
    seal(&key_name(owner, text), &kept)
}

pub(super) fn open_receipt(owner: &str, text: &str, record: &[u8]) -> Result<([u8; 32], Receipt), Damage> {
    let name = key_name(owner, text);
    let KeptReceipt { fingerprint, applied, changed, epoch, seq } = open(&name, record)?;
    let epoch = Epoch::parse(&epoch).map_err(|_| Damage::Unknown(name))?;
    Ok((fingerprint, Receipt { applied, changed, epoch, seq: Seq::new(seq) }))
}
