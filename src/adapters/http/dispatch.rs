//! From a request to a use case and back. Decides nothing itself.

pub(super) mod admin;
pub(super) mod reads;
pub(super) mod reports;
pub(super) mod sign_in;

use futures_util::Stream;
use schemars::JsonSchema;
use serde::Serialize;
use warp::Buf;
use warp::http::{HeaderMap, HeaderValue, StatusCode, header};
use warp::reply::Response;

use super::action::Action;
use super::call::Call;
use super::{Api, answer, asyncapi, body, openapi};
use crate::adapters::wire::handshake;
use crate::adapters::wire::report::Kind;
use crate::domain::fault::{Code, Fault};
use crate::domain::grant::{Principal, Scope};
use crate::domain::id::ID_CHARS_MAX;
use crate::ports::health::NotReady;

/// How the node is.
#[derive(Serialize, JsonSchema)]
pub(super) struct Health {
    status: &'static str,
}

/// What became of a request: an answer, or the faults in it.
type Outcome = Result<Response, Vec<Fault>>;

/// A fault on its own.
fn only(fault: Fault) -> Vec<Fault> {
    vec![fault]
}

/// Answers one request.
pub(super) async fn dispatch<B: Buf>(
    api: &Api,
    action: Action,
    call: Call,
    body: impl Stream<Item = Result<B, warp::Error>>,
) -> Response {
    let outcome = match api.origins.check(&call.headers) {
        Ok(_) => act(api, action, &call, body).await,
        Err(fault) => Err(only(fault)),
    };
    let request_id = &call.caller.request_id;
    let mut response = outcome.unwrap_or_else(|faults| answer::faults(&faults, request_id));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-request-id", id);
    }
    api.origins.share(&call.headers, response.headers_mut());
    let (method, status) = (&call.method, response.status().as_u16());
    // The path is put together only where somebody reads the line.
    tracing::debug!(request_id, %method, path = shown(&call.path), status, "answered");
    response
}

async fn act<B: Buf>(
    api: &Api,
    action: Action,
    call: &Call,
    body: impl Stream<Item = Result<B, warp::Error>>,
) -> Outcome {
    match action {
        Action::Status(agent) => reports::single(api, call, body, Kind::Status, &agent, None).await,
        Action::Lifecycle(agent) => reports::single(api, call, body, Kind::Lifecycle, &agent, None).await,
        Action::Activity(agent, session) => {
            reports::single(api, call, body, Kind::Activity, &agent, Some(&session)).await
        }
        Action::Heartbeat(agent) => reports::single(api, call, body, Kind::Heartbeat, &agent, None).await,
        Action::Batch => reports::batch(api, call, body).await,
        Action::Forget(agent) => reports::forget(api, call, &agent).await,
        Action::Fleet => reads::fleet(api, call).await,
        Action::Agent(agent) => reads::agent(api, call, &agent).await,
        Action::Events => reads::events(api, call).await,
        Action::AgentEvents(agent) => reads::agent_events(api, call, &agent).await,
        Action::Connections => admin::connections(api, call).await,
        Action::Disconnect(connection) => admin::disconnect(api, call, &connection).await,
        Action::Revoke => admin::revoke(api, call, body).await,
        Action::Ticket => admin::ticket(api, call).await,
        Action::SignIn => sign_in::sign_in(api, call, body).await,
        Action::SessionToken => sign_in::session_token(api, call).await,
        Action::SignOut => sign_in::sign_out(api, call).await,
        Action::Alive => Ok(answer::json(StatusCode::OK, &Health { status: "ok" })),
        Action::Ready => ready(api),
        Action::OpenApi => Ok(openapi::answer()),
        Action::AsyncApi => Ok(asyncapi::answer()),
        Action::Preflight => preflight(api, &call.headers),
        Action::NotBuilt(what) => {
            Err(only(Fault::new(Code::NotBuilt, format!("{what} comes with a later version"))))
        }
    }
}

/// A path for the log. What is longer than any id is left out: it may be a token in the wrong place.
fn shown(path: &str) -> String {
    let part = |part: &str| if part.len() > ID_CHARS_MAX { "…".to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Whom the request's token speaks for.
async fn principal(api: &Api, call: &Call) -> Result<Principal, Vec<Fault>> {
    let token = handshake::bearer(&call.headers).map_err(only)?;
    api.gate.admit(&token).await.map_err(only)
}

/// Whom the request's token speaks for, where it has this scope. It is asked before the body is read: a stranger's bytes cost nothing.
async fn holder(api: &Api, call: &Call, scope: Scope) -> Result<Principal, Vec<Fault>> {
    let principal = principal(api, call).await?;
    if principal.grant.scopes.has(scope) {
        return Ok(principal);
    }
    let detail = format!("a token with the scope {} is needed", scope.as_str());
    Err(only(Fault::new(Code::ForbiddenScope, detail)))
}

/// Reads a JSON body within the size. Whoever was admitted before it came is asked for again after it:
/// it may have taken its time.
async fn body_of<B: Buf>(
    api: &Api,
    call: &Call,
    by: &Principal,
    body: impl Stream<Item = Result<B, warp::Error>>,
    bytes_max: usize,
) -> Result<Vec<u8>, Vec<Fault>> {
    let body = json_body(api, call, body, bytes_max).await?;
    api.gate.recheck(by).map_err(only)?;
    Ok(body)
}

/// Reads a JSON body within the size.
async fn json_body<B: Buf>(
    api: &Api,
    call: &Call,
    body: impl Stream<Item = Result<B, warp::Error>>,
    bytes_max: usize,
) -> Result<Vec<u8>, Vec<Fault>> {
    body::check_type(&call.headers).map_err(only)?;
    let time_max = api.limits.body_time;
    body::read(&call.headers, body, bytes_max, time_max, call.hang_up.as_ref()).await.map_err(only)
}

/// Decodes `%XX` in one part of a path; a plus stays a plus there.
fn part(text: &str) -> Result<String, Vec<Fault>> {
    handshake::decode(&text.replace('+', "%2B")).map_err(only)
}

fn ready(api: &Api) -> Outcome {
    let reason = match api.health.ready() {
        Ok(()) => return Ok(answer::json(StatusCode::OK, &Health { status: "ready" })),
        Err(NotReady::Draining) => {
            return Err(only(Fault::new(Code::Draining, "try again in a moment, or on another node")));
        }
        Err(NotReady::Starting) => "the node is starting",
        Err(NotReady::LogFailed) => "the event log cannot be followed",
        Err(NotReady::LogUnavailable) => {
            "the event log takes no events: look at the server's log and its disk"
        }
        Err(NotReady::LogFull) => "the event log is full: make room on its disk",
    };
    Err(only(Fault::new(Code::Unavailable, reason)))
}

/// Tells a browser what pages of an allowed origin may send. Cookies are not among it: a browser's
/// sign-in is for our own origin.
fn preflight(api: &Api, headers: &HeaderMap) -> Outcome {
    let asks =
        headers.contains_key(header::ORIGIN) && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if !asks || api.origins.check(headers).is_err() {
        return Err(only(super::routes::wrong_page()));
    }
    let mut response = answer::empty();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, DELETE"));
    let allowed = HeaderValue::from_static("authorization, content-type, idempotency-key, last-event-id");
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    Ok(response)
}
