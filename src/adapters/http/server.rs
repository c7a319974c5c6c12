//! The accept loop: connections are capped, a slow head is closed, a head too large is refused.

#[cfg(test)]
mod conformance;
mod forwarded;
mod hosts;
mod onward;
mod socket;

use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;
use tower_service::Service;
use warp::filters::BoxedFilter;
use warp::http::{HeaderValue, Method, Request, StatusCode, Uri, Version, header};
use warp::reply::Response;

use super::answer;
use crate::adapters::line::{Hold, Line, MayWait};
use crate::adapters::wire::caller::{Caller, HangUp};
use crate::domain::fault::{Code, Fault};
use crate::ports::transport::{Stop, Transport, TransportError};
use hosts::Hosts;
use onward::Onward;

/// How long the accept loop rests after the system refused a connection, as when descriptors run out.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(50);
/// How long requests under way may take once serving ends. Short: a stranger that sends half a request
/// must not hold up a restart.
const FINISH_WITHIN: Duration = Duration::from_millis(500);
/// hyper needs room for a head that we then refuse with a problem; past this it answers 431 itself.
const HEAD_ROOM: usize = 4;
/// hyper keeps a place for each field of each request, however many the settings allow.
const FIELDS_MAX: usize = 4096;

/// Newcomers whose first bytes are read at the same time. However many there are, few of them stand in the runtime's
/// queue before the work that others wait for.
const NEWCOMERS_AT_ONCE: usize = 4;
/// How long first bytes are waited for, before the time begins in which the head must have come.
const FIRST_BYTES_WITHIN: Duration = Duration::from_secs(1);

/// The limits of the accept loop.
#[derive(Clone)]
pub struct ServerLimits {
    /// Most connections at a time that are not upgraded.
    pub connections: usize,
    /// Longest time in which a head must have come.
    pub head_time: Duration,
    /// Largest head, in bytes.
    pub head_bytes: usize,
    /// Most header fields.
    pub head_fields: usize,
    /// Longest URI, in bytes.
    pub uri_bytes: usize,
    /// Whether this address is a proxy of ours, whose `X-Forwarded-For` is believed.
    pub trusts: Arc<dyn Fn(IpAddr) -> bool + Send + Sync>,
    /// The hosts that a listener on this machine's own addresses answers besides those; nothing when it
    /// answers every host, as behind a proxy.
    pub hosts: Option<Vec<String>>,
}

/// Serves routes over HTTP/1.1 on one listener.
pub struct HttpServer {
    listener: TcpListener,
    routes: BoxedFilter<(Response,)>,
    limits: ServerLimits,
}

impl HttpServer {
    /// A server on a bound listener.
    #[must_use]
    pub fn new(listener: TcpListener, routes: BoxedFilter<(Response,)>, limits: ServerLimits) -> Self {
        Self { listener, routes, limits }
    }
}

#[async_trait]
impl Transport for HttpServer {
    fn name(&self) -> &'static str {
        "http"
    }

    async fn serve(self: Box<Self>, stop: Stop) -> Result<(), TransportError> {
        // As a task, whoever waits for this: what the main thread of a runtime begins goes into the one queue in which its
        // workers also find what other threads tell them, such as what the log has kept.
        let mut accepting = JoinSet::new();
        accepting.spawn(self.accept(stop));
        while let Some(ended) = accepting.join_next().await {
            if let Err(error) = ended
                && let Ok(panic) = error.try_into_panic()
            {
                std::panic::resume_unwind(panic);
            }
        }
        Ok(())
    }
}

impl HttpServer {
    async fn accept(self, stop: Stop) {
        let Self { listener, routes, limits } = self;
        if let Err(error) = socket::prepare(&listener) {
            tracing::warn!(%error, "connections keep the system's own settings");
        }
        let slots = Arc::new(Semaphore::new(limits.connections));
        let at = listener.local_addr().ok().map(|at| at.ip());
        let hosts = at.zip(limits.hosts.clone()).map_or(Hosts::All, |(at, also)| Hosts::of(at, also));
        let (http, newcomers) = (speaking(&limits), Semaphore::new(NEWCOMERS_AT_ONCE));
        let serving =
            Arc::new(Serving { http, routes, limits, hosts, newcomers, requests: AtomicU64::new(1) });
        let ending = watch::Sender::new(false);
        let mut open = JoinSet::new();
        let mut stop = stop;
        loop {
            // A slot first: beyond the cap connections wait in the system's backlog, not in memory.
            let accepted = async {
                let slot = Arc::clone(&slots).acquire_owned().await;
                (listener.accept().await, slot)
            };
            tokio::select! {
                () = &mut stop => break,
                Some(_) = open.join_next(), if !open.is_empty() => {}
                (accepted, slot) = accepted => match accepted {
                    Ok((stream, peer)) => {
                        let serving = Arc::clone(&serving);
                        let ending = ending.subscribe();
                        open.spawn(async move {
                            serving.connection(stream, peer.ip(), ending).await;
                            drop(slot);
                        });
                        // However many come at once, what was begun goes on before the next is let in.
                        tokio::task::yield_now().await;
                    }
                    Err(error) => {
                        tracing::warn!(%error, "no connection could be accepted");
                        tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
                    }
                },
            }
        }
        drop(listener);
        ending.send_replace(true);
        let finished =
            tokio::time::timeout(FINISH_WITHIN, async { while open.join_next().await.is_some() {} });
        if finished.await.is_err() {
            tracing::warn!(left = open.len(), "requests were cut off at the end");
        }
    }
}

struct Serving {
    http: http1::Builder,
    routes: BoxedFilter<(Response,)>,
    limits: ServerLimits,
    hosts: Hosts,
    newcomers: Semaphore,
    requests: AtomicU64,
}

impl Serving {
    async fn connection(self: Arc<Self>, stream: TcpStream, peer: IpAddr, mut ending: watch::Receiver<bool>) {
        if let Err(error) = socket::make_up(&stream) {
            tracing::debug!(%error, "the peer is gone already");
            return;
        }
        let first_bytes = FIRST_BYTES_WITHIN.min(self.limits.head_time);
        let newcomer = async {
            let _in_time = tokio::time::timeout(first_bytes, stream.readable()).await;
            self.newcomers.acquire().await.ok()
        };
        let mut place = tokio::select! {
            place = newcomer => place,
            // Who asked already is still answered.
            _ = ending.wait_for(|ending| *ending) => None,
        };
        let cut = Arc::new(Notify::new());
        let hang_up = {
            let cut = Arc::clone(&cut);
            HangUp::new(move || cut.notify_one())
        };
        let hold = Hold::default();
        let line = Line::new(stream, hold.clone());
        let service = {
            let serving = Arc::clone(&self);
            service_fn(move |request| {
                Arc::clone(&serving).answer(request, peer, hang_up.clone(), hold.clone())
            })
        };
        let connection = self.http.serve_connection(TokioIo::new(line), service);
        let mut connection = pin!(connection.with_upgrades());
        let onward = Onward::new();
        let mut told = false;
        loop {
            tokio::select! {
                biased;
                // Its place is for what was there at once: who is waited for does not keep others waiting.
                ended = poll_fn(|context| {
                    let polled = onward.poll(connection.as_mut(), context);
                    drop(place.take());
                    polled
                }) => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, %peer, "a connection ended badly");
                    }
                    return;
                }
                () = cut.notified() => return,
                _ = ending.wait_for(|ending| *ending), if !told => {
                    told = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }

    async fn answer(
        self: Arc<Self>,
        mut request: Request<Incoming>,
        peer: IpAddr,
        hang_up: HangUp,
        hold: Hold,
    ) -> Result<Response, std::convert::Infallible> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let address = forwarded::address(peer, request.headers(), &*self.limits.trusts);
        let caller = Caller { address: Some(address), request_id: format!("r{number}") };
        // RFC 9110, section 7.8: HTTP/1.0 upgrades nothing, and hyper would not follow a 101.
        if request.version() == Version::HTTP_10 {
            request.headers_mut().remove(header::UPGRADE);
        }
        if let Err(fault) = self.check_head(&request) {
            let mut response = answer::fault(&fault, &caller.request_id);
            // Whoever sends such a head is not asked for another one.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            return Ok(response);
        }
        request.extensions_mut().insert(caller);
        request.extensions_mut().insert(hang_up);
        let response = warp::service(self.routes.clone()).call(request).await?;
        // With another status nobody would take the connection over.
        let switches = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        if switches && response.extensions().get::<MayWait>().is_some() {
            hold.on();
        }
        Ok(response)
    }

    fn check_head(&self, request: &Request<Incoming>) -> Result<(), Fault> {
        let limits = &self.limits;
        if length(request.uri()) > limits.uri_bytes {
            return Err(Fault::new(Code::UriTooLong, format!("send at most {} bytes", limits.uri_bytes)));
        }
        self.hosts.check(request)?;
        // What came behind such a head would be read as a body here and as frames elsewhere.
        let headers = request.headers();
        let has_body = headers.contains_key(header::TRANSFER_ENCODING)
            || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0");
        if request.method() == Method::GET && headers.contains_key(header::UPGRADE) && has_body {
            return Err(Fault::new(Code::InvalidRequest, "send a handshake without a body"));
        }
        let fields = request.headers().len();
        // Each field with its colon, space and line end, as it came over the wire.
        let bytes: usize =
            request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        if fields > limits.head_fields || bytes > limits.head_bytes {
            let detail =
                format!("send at most {} fields and {} bytes", limits.head_fields, limits.head_bytes);
            return Err(Fault::new(Code::HeadTooLarge, detail));
        }
        Ok(())
    }
}

/// How HTTP is spoken within these limits.
fn speaking(limits: &ServerLimits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_buf_size(limits.head_bytes.saturating_mul(HEAD_ROOM).max(8192))
        .max_headers(limits.head_fields.saturating_mul(HEAD_ROOM).min(FIELDS_MAX));
    http
}

fn length(uri: &Uri) -> usize {
    uri.path_and_query().map_or(0, |text| text.as_str().len())
}
