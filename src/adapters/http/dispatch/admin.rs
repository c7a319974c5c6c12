//! Connections, and tickets for new ones.

use serde::Serialize;
use warp::http::StatusCode;

use super::{Outcome, only, part, principal};
use crate::adapters::http::call::Call;
use crate::adapters::http::{Api, answer};
use crate::domain::event::EventKind;
use crate::domain::fault::{Code, Fault};
use crate::domain::id::ConnectionId;
use crate::domain::registry::Connection;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    connection_id: String,
    user_id: String,
    transport: &'static str,
    since: u64,
    view: String,
    complete: bool,
    agents: Vec<String>,
    types: Vec<&'static str>,
}

impl Line {
    fn of(connection: &Connection) -> Self {
        let view = &connection.view;
        let word = |kind| match kind {
            EventKind::Status => "agent:status",
            EventKind::Lifecycle => "agent:lifecycle",
            EventKind::Activity => "session:activity",
            EventKind::Removal => "removal",
        };
        Self {
            connection_id: connection.id.to_string(),
            user_id: connection.user.as_str().to_owned(),
            transport: connection.transport,
            since: connection.since.millis(),
            view: view.id().to_string(),
            complete: view.complete(),
            agents: view.interest().agents.iter().map(|pattern| pattern.as_str().to_owned()).collect(),
            types: EventKind::CHOOSABLE
                .into_iter()
                .filter(|kind| view.kinds().has(*kind))
                .map(word)
                .collect(),
        }
    }
}

/// `GET /api/v1/connections`
pub(super) async fn connections(api: &Api, call: &Call) -> Outcome {
    let by = principal(api, call).await?;
    let connections = api.admin.connections(&by).await.map_err(only)?;
    let lines: Vec<_> = connections.iter().map(Line::of).collect();
    Ok(answer::json(StatusCode::OK, &serde_json::json!({ "connections": lines })))
}

/// `DELETE /api/v1/connections/{connectionId}`
pub(super) async fn disconnect(api: &Api, call: &Call, connection: &str) -> Outcome {
    let by = principal(api, call).await?;
    let id = ConnectionId::parse(&part(connection)?).map_err(|_| {
        only(Fault::new(Code::InvalidId, "a connection id looks like c7").at("/connectionId"))
    })?;
    api.admin.disconnect(&by, id).await.map_err(only)?;
    Ok(answer::empty())
}

/// `POST /api/v1/tickets`
pub(super) async fn ticket(api: &Api, call: &Call) -> Outcome {
    let by = principal(api, call).await?;
    let ticket = api.gate.ticket(&by).map_err(only)?;
    let expires_in = u64::try_from(ticket.expires_in.as_millis()).unwrap_or(u64::MAX);
    let body = serde_json::json!({ "ticket": ticket.text.reveal(), "expiresInMs": expires_in });
    Ok(answer::json(StatusCode::OK, &body))
}
