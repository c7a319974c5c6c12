//! The frames that the server sends (contract section 5), as JSON text.
//!
//! ```
//! use mission_control::adapters::wire::frame::{
//!     auth_expiring, auth_refreshed, error, goodbye, heartbeat, pong, sync_end,
//! };
//! use mission_control::domain::fault::{Code, Fault};
//! use mission_control::domain::{cursor::Seq, farewell::Farewell, time::Timestamp};
//!
//! let now = Timestamp::saturating(1_795_460_430_000);
//! let beat = heartbeat(now, Seq::new(1050));
//! assert_eq!(beat, r#"{"type":"heartbeat","payload":{"timestamp":1795460430000},"seq":1050}"#);
//! assert_eq!(sync_end(1, 2, None, Seq::new(7)), r#"{"type":"sync:end","payload":{"agents":1,"sessions":2},"seq":7}"#);
//! assert_eq!(pong(Some("7")), r#"{"type":"pong","payload":{"id":"7"}}"#);
//! assert_eq!(goodbye(Farewell::Restart, None), r#"{"type":"goodbye","payload":{"code":"restart"}}"#);
//! assert_ne!(auth_expiring(now), auth_refreshed(now));
//! let unknown = error(None, &Fault::new(Code::InvalidFrame, "no such type"));
//! assert!(unknown.starts_with(br#"{"type":"error""#));
//! ```
//!
//! What a connection is sent, from its first frame on:
//!
//! ```
//! use mission_control::adapters::wire::frame::{Hello, agent, event, hello, removal, reported, resync, session};
//! use mission_control::domain::{cursor::Seq, event::Event, event::Recorded, id::AgentId, time::Moment};
//! use mission_control::domain::fleet::Removal;
//! use mission_control::ports::{event_log::Receipt, live_feed::Material, live_feed::Opened};
//!
//! fn begin(opened: &Opened, heartbeat: std::time::Duration) -> Vec<bytes::Bytes> {
//!     let mut frames = vec![hello(&Hello::of(opened, heartbeat))];
//!     if let Some(Material::Fleet(fleet)) = &opened.beginning.material {
//!         for (_, known) in fleet.agents() {
//!             frames.push(agent(known));
//!             frames.extend(known.sessions.values().map(session));
//!         }
//!     }
//!     frames
//! }
//! fn again(opened: &Opened, receipt: &Receipt) -> [bytes::Bytes; 2] {
//!     [resync(&opened.beginning, Seq::new(7)), reported(Some("1"), receipt)]
//! }
//! let gone = Event::AgentRemoved(AgentId::parse("a1").unwrap());
//! let frame = event(&Recorded { seq: Seq::new(7), at: Moment::default(), event: gone });
//! assert_eq!(frame, r#"{"type":"agent:removed","payload":{"agentId":"a1"},"seq":7}"#);
//! let gone = Removal { seq: Seq::new(7), agent: AgentId::parse("a1").unwrap(), session: None };
//! assert_eq!(removal(&gone), r#"{"type":"agent:removed","payload":{"agentId":"a1"},"sync":true,"rev":7}"#);
//! # let _ = (begin, again);
//! ```

#[cfg(test)]
mod tests;

mod control;
mod detail;
mod hello;
mod shape;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Serialize;

use super::event_type;
use super::words;
use crate::domain::cursor::Seq;
use crate::domain::event::{ActivityEvent, Event, LifecycleEvent, Recorded, StatusEvent};
use crate::domain::fleet::{Agent, Removal, Session};
use crate::domain::id::{AgentId, SessionId};
use crate::domain::resume::Plan;
use detail::{ActivityDetail, LifecycleDetail, StatusDetail};

pub(crate) use shape::{
    AgentFrame, ErrorFrame, EventFrame, ExpiringFrame, GoodbyeFrame, HeartbeatFrame, HelloFrame, PongFrame,
    RefreshedFrame, RemovedFrame, ReportedFrame, ResyncFrame, SessionFrame, SyncEndFrame,
};

pub use control::{
    auth_expiring, auth_refreshed, error, goodbye, heartbeat, pong, reported, resync, sync_end,
};
pub use hello::{Hello, hello};

/// The version of the protocol that `hello` tells.
pub const PROTOCOL: u32 = 1;

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Frame<P, D = ()> {
    #[serde(rename = "type")]
    name: &'static str,
    payload: P,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    sync: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    rev: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "D")]
    detail: Option<D>,
}

/// How a frame is placed: a live event by its seq, a copy by the rev of what it shows.
#[derive(Clone, Copy)]
enum Place {
    Live(Seq),
    Sync(Seq),
    None,
}

fn frame<P: Serialize, D: Serialize>(
    name: &'static str,
    payload: P,
    place: Place,
    detail: Option<D>,
) -> Bytes {
    let (sync, seq, rev) = match place {
        Place::Live(seq) => (None, Some(seq.get()), None),
        Place::Sync(rev) => (Some(true), None, Some(rev.get())),
        Place::None => (None, None, None),
    };
    // Only maps with keys that are no texts and failing writers make serde_json fail; there are neither here.
    serde_json::to_vec(&Frame { name, payload, sync, seq, rev, detail })
        .map_or_else(|_| Bytes::new(), Bytes::from)
}

fn bare<P: Serialize>(name: &'static str, payload: P, seq: Option<Seq>) -> Bytes {
    frame::<_, ()>(name, payload, seq.map_or(Place::None, Place::Live), None)
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct StatusPayload<'a> {
    #[schemars(with = "words::Id")]
    agent_id: &'a str,
    #[schemars(with = "words::Status")]
    status: &'static str,
    #[schemars(with = "words::Time")]
    timestamp: u64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LifecyclePayload<'a> {
    #[schemars(with = "words::Id")]
    agent_id: &'a str,
    #[schemars(with = "words::LifecycleEvent")]
    event: &'static str,
    #[schemars(with = "words::Time")]
    timestamp: u64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ActivityPayload<'a> {
    #[schemars(with = "words::Id")]
    agent_id: &'a str,
    #[schemars(with = "words::Id")]
    session_id: &'a str,
    last_message: &'a str,
    #[schemars(with = "words::Time")]
    timestamp: u64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RemovedPayload<'a> {
    #[schemars(with = "words::Id")]
    agent_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "words::Id")]
    session_id: Option<&'a str>,
}

fn status(event: &StatusEvent, detail: StatusDetail<'_>, place: Place) -> Bytes {
    let payload = StatusPayload {
        agent_id: event.agent.as_str(),
        status: event.standing.status.as_str(),
        timestamp: event.timestamp.millis(),
    };
    frame(event_type::STATUS, payload, place, Some(detail))
}

fn lifecycle(event: &LifecycleEvent, place: Place) -> Bytes {
    let payload = LifecyclePayload {
        agent_id: event.agent.as_str(),
        event: event.signal.as_str(),
        timestamp: event.timestamp.millis(),
    };
    frame(event_type::LIFECYCLE, payload, place, LifecycleDetail::of(event))
}

fn activity(event: &ActivityEvent, place: Place) -> Bytes {
    let payload = ActivityPayload {
        agent_id: event.agent.as_str(),
        session_id: event.session.as_str(),
        last_message: event.last_message.as_str(),
        timestamp: event.timestamp.millis(),
    };
    frame(event_type::ACTIVITY, payload, place, ActivityDetail::of(event))
}

/// An event as it happens.
#[must_use]
pub fn event(recorded: &Recorded) -> Bytes {
    let place = Place::Live(recorded.seq);
    match &recorded.event {
        Event::Status(event) => status(event, StatusDetail::of(event), place),
        Event::Lifecycle(event) => lifecycle(event, place),
        Event::Activity(event) => activity(event, place),
        Event::AgentRemoved(agent) => removed(agent, None, place),
        Event::SessionRemoved(agent, session) => removed(agent, Some(session), place),
    }
}

fn removed(agent: &AgentId, session: Option<&SessionId>, place: Place) -> Bytes {
    let name = if session.is_some() { "session:removed" } else { "agent:removed" };
    let session_id = session.map(SessionId::as_str);
    frame::<_, ()>(name, RemovedPayload { agent_id: agent.as_str(), session_id }, place, None)
}

/// A removal in a delta.
#[must_use]
pub fn removal(removal: &Removal) -> Bytes {
    removed(&removal.agent, removal.session.as_ref(), Place::Sync(removal.seq))
}

/// An agent in a copy.
#[must_use]
pub fn agent(agent: &Agent) -> Bytes {
    let detail = StatusDetail::now(&agent.status, agent.vital);
    status(&agent.status, detail, Place::Sync(agent.rev))
}

/// A session in a copy.
#[must_use]
pub fn session(session: &Session) -> Bytes {
    activity(&session.activity, Place::Sync(session.rev))
}

const fn mode(plan: Plan) -> &'static str {
    match plan {
        Plan::Live => "live",
        Plan::Replay { .. } => "replay",
        Plan::Delta { .. } => "delta",
        Plan::Snapshot(_) => "snapshot",
    }
}
