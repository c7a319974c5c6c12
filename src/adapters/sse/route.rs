//! The route `GET /api/v1/stream`: everything is checked before the stream begins, so a stranger gets
//! an HTTP answer and no connection.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderMap, HeaderValue, header};
use warp::reply::{Reply, Response};

use super::frames;
use super::out;
use super::session::Session;
use crate::adapters::live::{Copies, Readers};
use crate::adapters::wire::caller::{Caller, HangUp};
use crate::adapters::wire::handshake::{self, OriginRule, StreamQuery};
use crate::adapters::wire::problem;
use crate::domain::cursor::Cursor;
use crate::domain::fault::{Code, Fault};
use crate::ports::clock::Clock;
use crate::ports::live_feed::{Arrival, LiveFeed};

/// The name of this transport in connection lists.
const TRANSPORT: &str = "sse";
/// Where a browser that comes back says how far it got.
const LAST_EVENT_ID: &str = "last-event-id";

/// What the connections call, and the rules they keep.
pub(crate) struct SseSettings {
    /// Opens connections and lets them catch up.
    pub(crate) feed: Arc<dyn LiveFeed>,
    /// The time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Which web pages may ask.
    pub(crate) origins: OriginRule,
    /// Whether a token may stand in the query.
    pub(crate) query_token: bool,
    /// The time between two heartbeats.
    pub(crate) heartbeat: Duration,
}

/// The route, for readers whose ring is written by [`super::encode`].
pub(crate) fn route(settings: Arc<SseSettings>, readers: Arc<Readers>) -> BoxedFilter<(Response,)> {
    let copies = Arc::new(Copies::new(frames::put_part));
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::path!("api" / "v1" / "stream")
        .and(warp::get())
        .and(warp::header::headers_cloned())
        .and(query)
        .and(warp::ext::optional::<Caller>())
        .and(warp::ext::optional::<HangUp>())
        .and(warp::addr::remote())
        .and_then(
            move |headers: HeaderMap,
                  query: String,
                  caller: Option<Caller>,
                  hang_up,
                  remote: Option<SocketAddr>| {
                let (settings, readers, copies) =
                    (Arc::clone(&settings), Arc::clone(&readers), Arc::clone(&copies));
                let caller = caller.unwrap_or_else(|| Caller::unnamed(remote.map(|remote| remote.ip())));
                let span = tracing::info_span!("request", request_id = caller.request_id);
                async move {
                    let begun = begin(&settings, &readers, &copies, &headers, &query, &caller, hang_up).await;
                    let mut answer = begun.unwrap_or_else(|fault| {
                        tracing::info!(code = fault.code.as_str(), "stream refused");
                        problem::one(&fault, &caller.request_id).into_response()
                    });
                    settings.origins.share(&headers, answer.headers_mut());
                    Ok::<_, Infallible>(answer)
                }
                .instrument(span)
            },
        )
        .boxed()
}

async fn begin(
    settings: &Arc<SseSettings>,
    readers: &Arc<Readers>,
    copies: &Arc<Copies>,
    headers: &HeaderMap,
    query: &str,
    caller: &Caller,
    hang_up: Option<HangUp>,
) -> Result<Response, Fault> {
    let arrival = match read(settings, headers, query, caller) {
        Ok(arrival) => arrival,
        Err(fault) => return Err(settings.feed.turn_away(caller.address, fault).await),
    };
    let opened = settings.feed.open(arrival).await?;
    let (connection_id, user_id) = (opened.connection.to_string(), opened.principal.user.to_string());
    let span = tracing::info_span!("connection", connection_id, request_id = caller.request_id, user_id);
    let (out, body) = out::body(hang_up);
    let session = Session::new(opened, Arc::clone(settings), readers, Arc::clone(copies), out);
    tokio::spawn(session.run().instrument(span));
    let mut response = warp::reply::stream(body).into_response();
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Proxies of the nginx family would hold events back until they have a buffer full.
    answer.insert("x-accel-buffering", HeaderValue::from_static("no"));
    // Whoever was on it is gone after its end: then the connection below can be ended for sure.
    answer.insert(header::CONNECTION, HeaderValue::from_static("close"));
    Ok(response)
}

/// Who comes and what they ask for.
fn read(settings: &SseSettings, headers: &HeaderMap, query: &str, caller: &Caller) -> Result<Arrival, Fault> {
    settings.origins.check(headers)?;
    let query = StreamQuery::parse(query)?;
    let cursor = match last_event_id(headers)? {
        Some(cursor) => Some(cursor),
        None => query.cursor()?,
    };
    let interest = query.interest()?;
    // Only a WebSocket offers subprotocols, so a token among them is none here.
    let mut headers = headers.clone();
    headers.remove(header::SEC_WEBSOCKET_PROTOCOL);
    let credential = handshake::credential(&headers, query, settings.query_token);
    Ok(Arrival { transport: TRANSPORT, peer: caller.address, credential, interest, cursor })
}

/// Where the client says in its head that it stood. It goes before the query, which stays what it was
/// when the client first came.
fn last_event_id(headers: &HeaderMap) -> Result<Option<Cursor>, Fault> {
    let mut sent = headers.get_all(LAST_EVENT_ID).into_iter();
    let (first, second) = (sent.next(), sent.next());
    if second.is_some() {
        return Err(Fault::new(Code::InvalidRequest, "send Last-Event-ID once"));
    }
    let Some(text) = first.filter(|text| !text.is_empty()) else { return Ok(None) };
    // What is not visible ASCII is no cursor either.
    let read = handshake::cursor(text.to_str().unwrap_or("?"));
    read.map(Some).map_err(|fault| fault.at("/last-event-id"))
}
