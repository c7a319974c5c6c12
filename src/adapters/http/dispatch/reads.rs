//! Reads (contract section 4). Items are exactly the stream's frames.

use warp::http::StatusCode;

use super::reports::agent_id;
use super::{Outcome, only, part, principal};
use crate::adapters::http::call::Call;
use crate::adapters::http::{Api, answer};
use crate::adapters::wire::handshake::StreamQuery;
use crate::adapters::wire::snapshot::Snapshot;
use crate::adapters::wire::{frame, handshake};
use crate::domain::cursor::Seq;
use crate::domain::fault::{Code, Fault};
use crate::domain::pattern::Patterns;
use crate::ports::reads::{EventsPage, EventsQuery};

/// Events of a page when the query does not say.
pub(in crate::adapters::http) const LIMIT_DEFAULT: usize = 100;
/// Most events of a page.
pub(in crate::adapters::http) const LIMIT_MAX: usize = 1000;

/// `GET /api/v1/fleet`
pub(super) async fn fleet(api: &Api, call: &Call) -> Outcome {
    let by = principal(api, call).await?;
    let copy = api.reads.fleet(&by).await.map_err(only)?;
    let Snapshot { agents, sessions, .. } = Snapshot::of(&copy.fleet, &copy.view);
    let mut text = format!(
        r#"{{"epoch":"{}","seq":{},"view":"{}","agents":"#,
        copy.epoch,
        copy.fleet.at(),
        copy.view.id()
    )
    .into_bytes();
    text.extend(answer::list(&agents));
    text.extend_from_slice(br#","sessions":"#);
    text.extend(answer::list(&sessions));
    text.push(b'}');
    Ok(answer::text(StatusCode::OK, text))
}

/// `GET /api/v1/agents/{agentId}`
pub(super) async fn agent(api: &Api, call: &Call, agent: &str) -> Outcome {
    let by = principal(api, call).await?;
    let id = agent_id(&part(agent)?)?;
    let copy = api.reads.fleet(&by).await.map_err(only)?;
    let shown = copy.fleet.get(&id).filter(|_| copy.view.shows(&id));
    let shown = shown.ok_or_else(|| only(Fault::new(Code::NotFound, "there is no such agent")))?;
    let sessions: Vec<_> = shown.sessions.values().map(frame::session).collect();
    let mut text = br#"{"agent":"#.to_vec();
    text.extend_from_slice(&frame::agent(shown));
    text.extend_from_slice(br#","sessions":"#);
    text.extend(answer::list(&sessions));
    text.push(b'}');
    Ok(answer::text(StatusCode::OK, text))
}

/// `GET /api/v1/events`
pub(super) async fn events(api: &Api, call: &Call) -> Outcome {
    let by = principal(api, call).await?;
    let query = read_query(&call.query).map_err(only)?;
    let page = api.reads.events(&by, query).await.map_err(only)?;
    Ok(answer::text(StatusCode::OK, page_text(&page, "")))
}

/// `GET /api/v1/agents/{agentId}/events`
pub(super) async fn agent_events(api: &Api, call: &Call, agent: &str) -> Outcome {
    let by = principal(api, call).await?;
    let id = agent_id(&part(agent)?)?;
    let mut query = read_query(&call.query).map_err(only)?;
    let record = api.reads.record(&by, &id).await.map_err(only)?;
    query.interest.agents = Patterns::parse([id.as_str()])
        .map_err(|error| only(Fault::new(Code::InvalidId, error.to_string())))?;
    let page = api.reads.events(&by, query).await.map_err(only)?;
    let more = format!(r#","uptimeMs":{},"restarts":{}"#, record.uptime.as_millis(), record.restarts);
    Ok(answer::text(StatusCode::OK, page_text(&page, &more)))
}

fn page_text(page: &EventsPage, more: &str) -> Vec<u8> {
    let cursor = |seq: Seq| format!("\"{}:{seq}\"", page.epoch);
    let frames: Vec<_> = page.events.iter().map(frame::event).collect();
    let mut text = br#"{"events":"#.to_vec();
    text.extend(answer::list(&frames));
    let next = page.next.map_or_else(|| "null".to_owned(), cursor);
    text.extend_from_slice(format!(r#","next":{next},"head":{}{more}}}"#, cursor(page.head)).as_bytes());
    text
}

/// The same cursor, agents and types as the stream's, and how many.
fn read_query(query: &str) -> Result<EventsQuery, Fault> {
    let shared = StreamQuery::parse(query)?;
    let mut limit = None;
    for pair in query.split('&') {
        if let Some(("limit", value)) = pair.split_once('=') {
            handshake::once(&mut limit, read_limit(&handshake::decode(value)?)?, "limit")?;
        }
    }
    Ok(EventsQuery {
        after: shared.cursor()?.map(|cursor| (cursor.epoch, cursor.seq)),
        interest: shared.interest()?,
        limit: limit.unwrap_or(LIMIT_DEFAULT),
    })
}

fn read_limit(value: &str) -> Result<usize, Fault> {
    let limit = value.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
    limit.ok_or_else(|| {
        Fault::new(Code::InvalidValue, format!("a number from 1 to {LIMIT_MAX} is needed")).at("/limit")
    })
}
