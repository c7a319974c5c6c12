//! The handshake at `GET /ws`: everything is checked before the upgrade, so a stranger gets an HTTP
//! answer and no WebSocket state.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::upgrade::OnUpgrade;
use tracing::Instrument;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderMap, header};
use warp::reply::{Reply, Response};

use super::codec::Limits as FrameLimits;
use super::session::Session;
use super::sockets::LiveSockets;
use super::upgrade;
use crate::adapters::wire::caller::Caller;
use crate::adapters::wire::handshake::{self, OriginRule, StreamQuery};
use crate::adapters::wire::problem;
use crate::domain::fault::{Code, Fault};
use crate::domain::limits::Limits;
use crate::domain::rate::Rate;
use crate::ports::clock::Clock;
use crate::ports::intake::Intake;
use crate::ports::live_feed::{Arrival, LiveFeed, Opened};

/// The name of this transport in connection lists.
const TRANSPORT: &str = "websocket";

/// How long the answer to a handshake may take to go out.
const UPGRADE_WITHIN: Duration = Duration::from_secs(10);

/// What the sessions call, and the rules they keep.
pub struct WsSettings {
    /// Opens and steers connections.
    pub feed: Arc<dyn LiveFeed>,
    /// Takes reports.
    pub intake: Arc<dyn Intake>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Which web pages may ask.
    pub origins: OriginRule,
    /// Whether a token may stand in the query.
    pub query_token: bool,
    /// The time between two heartbeats.
    pub heartbeat: Duration,
    /// Largest message of a client, in bytes.
    pub frame_bytes: usize,
    /// Most fragments of a message of a client.
    pub frame_fragments: usize,
    /// Frames of a client.
    pub frames: Rate,
    /// The least time between two changes of what a connection asks for.
    pub interest_every: Duration,
    /// Bounds of reports.
    pub reports: Limits,
}

impl WsSettings {
    pub(super) const fn limits(&self) -> FrameLimits {
        FrameLimits { message_bytes: self.frame_bytes, fragments: self.frame_fragments, binary: false }
    }
}

/// The handshake route, `GET /ws`.
pub fn route(settings: Arc<WsSettings>, sockets: Arc<LiveSockets>) -> BoxedFilter<(Response,)> {
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    warp::path!("ws")
        .and(warp::get())
        .and(warp::header::headers_cloned())
        .and(query)
        .and(warp::ext::optional::<Caller>())
        .and(warp::addr::remote())
        .and(warp::ext::optional::<OnUpgrade>())
        .and_then(
            move |headers: HeaderMap,
                  query: String,
                  caller: Option<Caller>,
                  remote: Option<SocketAddr>,
                  upgrade: Option<OnUpgrade>| {
                let (settings, sockets) = (Arc::clone(&settings), Arc::clone(&sockets));
                let caller = caller.unwrap_or_else(|| Caller::unnamed(remote.map(|at| at.ip())));
                let span = tracing::info_span!("request", request_id = caller.request_id);
                async move {
                    let answer = handshake(&settings, &sockets, &headers, &query, &caller, upgrade).await;
                    Ok::<_, Infallible>(answer.unwrap_or_else(|fault| {
                        tracing::info!(
                            request_id = caller.request_id,
                            code = fault.code.as_str(),
                            "handshake refused"
                        );
                        problem::one(&fault, &caller.request_id).into_response()
                    }))
                }
                .instrument(span)
            },
        )
        .boxed()
}

async fn handshake(
    settings: &Arc<WsSettings>,
    sockets: &Arc<LiveSockets>,
    headers: &HeaderMap,
    query: &str,
    caller: &Caller,
    upgrade: Option<OnUpgrade>,
) -> Result<Response, Fault> {
    let read = read_handshake(settings, headers, query, caller, upgrade);
    let (arrival, upgrade) = match read {
        Ok(read) => read,
        Err(fault) => return Err(settings.feed.turn_away(caller.address, fault).await),
    };
    let opened = settings.feed.open(arrival).await?;
    let key = headers.get(header::SEC_WEBSOCKET_KEY).and_then(|key| key.to_str().ok()).unwrap_or_default();
    let echo = handshake::offers_subprotocol(headers).then_some(handshake::SUBPROTOCOL);
    let response = upgrade::accept(key, echo);
    switch(upgrade, opened, settings, sockets, caller);
    Ok(response)
}

/// Who comes and what they ask for, from a well-formed handshake.
fn read_handshake(
    settings: &WsSettings,
    headers: &HeaderMap,
    query: &str,
    caller: &Caller,
    upgrade: Option<OnUpgrade>,
) -> Result<(Arrival, OnUpgrade), Fault> {
    check_upgrade(headers)?;
    settings.origins.check(headers)?;
    let query = StreamQuery::parse(query)?;
    let (cursor, interest) = (query.cursor()?, query.interest()?);
    let bad = || Fault::new(Code::InvalidRequest, "the WebSocket handshake is not well formed");
    let upgrade = upgrade.ok_or_else(bad)?;
    let credential = handshake::credential(headers, query, settings.query_token);
    Ok((Arrival { transport: TRANSPORT, peer: caller.address, credential, interest, cursor }, upgrade))
}

/// Takes the socket once the answer went out, or waits for what follows it, and hands it to its shard. The connection
/// can be reached, and ended, from now on.
fn switch(
    upgrade: OnUpgrade,
    opened: Opened,
    settings: &Arc<WsSettings>,
    sockets: &Arc<LiveSockets>,
    caller: &Caller,
) {
    let (connection_id, user_id) = (opened.connection.to_string(), opened.principal.user.as_str());
    let span = tracing::info_span!("connection", connection_id, request_id = caller.request_id, user_id);
    let registration = sockets.register(opened.connection);
    let (settings, sockets) = (Arc::clone(settings), Arc::clone(sockets));
    let taking = async move {
        match tokio::time::timeout(UPGRADE_WITHIN, upgrade::take_back(upgrade)).await {
            Ok(Ok(switched)) => {
                tracing::info!("connected");
                let inbox = Arc::clone(registration.inbox());
                let session = Session::new(opened, registration, switched, &settings, sockets.copies());
                sockets.admit(session, &inbox, &settings);
            }
            Ok(Err(error)) => tracing::warn!(%error, "no connection came of a handshake"),
            Err(_) => tracing::info!("the peer did not take the answer to its handshake"),
        }
    };
    tokio::spawn(taking.instrument(span));
}

/// RFC 6455, section 4.2.1: the headers that make a request a handshake of version 13.
pub(super) fn check_upgrade(headers: &HeaderMap) -> Result<(), Fault> {
    let has = |name: header::HeaderName, word: &str| {
        let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|text| text.split(',')).any(|item| item.trim().eq_ignore_ascii_case(word))
    };
    let mut versions = headers.get_all(header::SEC_WEBSOCKET_VERSION).into_iter();
    let version = versions.next().is_some_and(|version| version == "13") && versions.next().is_none();
    if !has(header::UPGRADE, "websocket") || !has(header::CONNECTION, "upgrade") || !version {
        return Err(Fault::new(Code::UpgradeRequired, "open this path as a WebSocket of version 13"));
    }
    let mut keys = headers.get_all(header::SEC_WEBSOCKET_KEY).into_iter();
    let key = keys.next().and_then(|key| key.to_str().ok());
    if keys.next().is_none() && key.is_some_and(is_key) {
        Ok(())
    } else {
        Err(Fault::new(Code::InvalidRequest, "Sec-WebSocket-Key must be 16 bytes in base64"))
    }
}

/// Sixteen bytes in base64: 22 characters and two equals signs.
fn is_key(text: &str) -> bool {
    text.strip_suffix("==").is_some_and(|digits| {
        digits.len() == 22 && digits.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
    })
}
