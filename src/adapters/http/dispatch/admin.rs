//! Connections, and tickets for new ones.

use futures_util::Stream;
use schemars::JsonSchema;
use serde::Serialize;
use warp::Buf;
use warp::http::StatusCode;

use super::{Outcome, body_of, holder, only, part, principal};
use crate::adapters::http::call::Call;
use crate::adapters::http::{Api, answer};
use crate::adapters::wire::{event_type, small, words};
use crate::domain::event::EventKind;
use crate::domain::fault::{Code, Fault};
use crate::domain::grant::Scope;
use crate::domain::id::{ConnectionId, UserId};
use crate::domain::registry::Connection;
use crate::domain::revocation::TOKEN_ID_CHARS_MAX;
use crate::ports::admin::Revoke;

/// The live connections of the node, oldest first.
#[derive(Serialize, JsonSchema)]
pub(in crate::adapters::http) struct Connections {
    connections: Vec<Line>,
}

/// A live connection, and what it shows.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Connection")]
struct Line {
    #[schemars(with = "words::ConnectionId")]
    connection_id: String,
    #[schemars(with = "words::UserId")]
    user_id: String,
    transport: &'static str,
    #[schemars(with = "words::Time")]
    since: u64,
    #[schemars(with = "words::View")]
    view: String,
    /// Whether nothing is hidden from it.
    complete: bool,
    #[schemars(with = "Vec<words::Pattern>", length(max = 64))]
    agents: Vec<String>,
    #[schemars(with = "Vec<words::EventType>")]
    types: Vec<&'static str>,
}

/// A ticket for one live connection.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::adapters::http) struct Ticket<'a> {
    ticket: &'a str,
    expires_in_ms: u64,
}

impl Line {
    fn of(connection: &Connection) -> Self {
        let view = &connection.view;
        let shown = EventKind::CHOOSABLE.into_iter().filter(|kind| view.kinds().has(*kind));
        Self {
            connection_id: connection.id.to_string(),
            user_id: connection.user.as_str().to_owned(),
            transport: connection.transport,
            since: connection.since.millis(),
            view: view.id().to_string(),
            complete: view.complete(),
            agents: view.interest().agents.iter().map(|pattern| pattern.as_str().to_owned()).collect(),
            types: shown.filter_map(event_type::word).collect(),
        }
    }
}

/// `GET /api/v1/connections`
pub(super) async fn connections(api: &Api, call: &Call) -> Outcome {
    let by = principal(api, call).await?;
    let connections = api.admin.connections(&by).await.map_err(only)?;
    let connections = connections.iter().map(Line::of).collect();
    Ok(answer::json(StatusCode::OK, &Connections { connections }))
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

/// `POST /api/v1/revocations`
pub(super) async fn revoke<B: Buf>(
    api: &Api,
    call: &Call,
    body: impl Stream<Item = Result<B, warp::Error>>,
) -> Outcome {
    let by = holder(api, call, Scope::Admin).await?;
    let body = body_of(api, call, &by, body, api.limits.body_bytes).await?;
    let [user, token] = small::texts(&body, ["userId", "jti"])?;
    let refused = |detail: &'static str, field| only(Fault::new(Code::InvalidValue, detail).at(field));
    let what = match (user, token) {
        (Some(user), None) => Revoke::User(
            UserId::parse(&user)
                .map_err(|error| only(Fault::new(Code::InvalidId, error.to_string()).at("/userId")))?,
        ),
        (None, Some(id)) if (1..=TOKEN_ID_CHARS_MAX).contains(&id.chars().count()) => Revoke::Token(id),
        (None, Some(_)) => return Err(refused("a token id has 1 to 128 characters", "/jti")),
        _ => return Err(refused("send either userId or jti", "")),
    };
    api.admin.revoke(&by, what).await.map_err(only)?;
    Ok(answer::empty())
}

/// `POST /api/v1/tickets`
pub(super) async fn ticket(api: &Api, call: &Call) -> Outcome {
    let by = principal(api, call).await?;
    let ticket = api.gate.ticket(&by).map_err(only)?;
    let expires_in_ms = u64::try_from(ticket.expires_in.as_millis()).unwrap_or(u64::MAX);
    Ok(answer::json(StatusCode::OK, &Ticket { ticket: ticket.text.reveal(), expires_in_ms }))
}
