//! A route that sends back what it is sent, on the same upgrade, codec and socket as the live stream: for
//! tools that hold a server against the standard (feature `test-support`).

use std::sync::Arc;
use std::task::Wake;
use std::time::Duration;

use hyper::upgrade::OnUpgrade;
use tokio::sync::Notify;
use tokio::time::timeout;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderMap, header};
use warp::reply::{Reply, Response};

use super::codec::{self, Incoming, Limits, encode};
use super::link::{Gone, Link, Read};
use super::route;
use super::upgrade::{self, Switched};
use crate::adapters::wire::close_code;
use crate::domain::time::Monotonic;

/// A tool that says nothing for so long is gone.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the peer has to take our close.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);
const SCRATCH_BYTES: usize = 16 * 1024;

/// The route, at any path. Messages may have so many bytes.
#[must_use]
pub fn echo(message_bytes: usize) -> BoxedFilter<(Response,)> {
    let limits = Limits { message_bytes, fragments: usize::MAX, binary: true };
    warp::get()
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<OnUpgrade>())
        .map(move |headers: HeaderMap, upgrade: Option<OnUpgrade>| {
            let key = headers.get(header::SEC_WEBSOCKET_KEY).and_then(|key| key.to_str().ok());
            match (route::check_upgrade(&headers), upgrade, key) {
                (Ok(()), Some(upgrade), Some(key)) => {
                    tokio::spawn(async move {
                        if let Ok(switched) = upgrade::take_back(upgrade).await {
                            Echo::new(switched, limits).serve().await;
                        }
                    });
                    upgrade::accept(key, None)
                }
                _ => warp::http::StatusCode::BAD_REQUEST.into_response(),
            }
        })
        .boxed()
}

/// Woken when the socket can be read or written again.
#[derive(Default)]
struct Rung(Notify);

impl Wake for Rung {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

struct Echo {
    link: Link,
    rung: Arc<Rung>,
    limits: Limits,
}

/// Why it ends.
enum End {
    Gone,
    /// The peer said goodbye, and was answered.
    Left,
    /// The peer broke the protocol, and was told.
    Broken,
}

impl From<Gone> for End {
    fn from(Gone: Gone) -> Self {
        Self::Gone
    }
}

impl Echo {
    fn new(switched: Switched, limits: Limits) -> Self {
        let rung = Arc::new(Rung::default());
        Self { link: switched.link(Arc::clone(&rung).into()), rung, limits }
    }

    async fn serve(mut self) {
        let Err(end) = self.talk().await;
        let goodbye = async {
            self.flush().await?;
            if matches!(end, End::Broken) {
                self.link.shut();
                let mut scratch = vec![0; SCRATCH_BYTES];
                while self.read(&mut scratch).await? > 0 {}
            }
            Ok::<(), End>(())
        };
        // Whether in time or not, there is nothing more to do.
        let _done = timeout(CLOSE_WITHIN, goodbye).await;
    }

    async fn talk(&mut self) -> Result<std::convert::Infallible, End> {
        let mut scratch = vec![0; SCRATCH_BYTES];
        self.flush().await?;
        loop {
            let count = timeout(PATIENCE, self.read(&mut scratch)).await.map_err(|_| End::Gone)??;
            let mut input = scratch.get(..count).unwrap_or_default();
            loop {
                match self.link.decoder.next(&mut input, self.limits) {
                    Ok(None) => break,
                    Ok(Some(incoming)) => self.answer(incoming)?,
                    Err(violation) => {
                        let code = close_code::code(violation.farewell());
                        self.link.put(|own| encode::put_close(own, Some((code, ""))));
                        return Err(End::Broken);
                    }
                }
            }
            self.flush().await?;
        }
    }

    fn answer(&mut self, incoming: Incoming) -> Result<(), End> {
        match incoming {
            Incoming::Text(text) => self.link.put_text(text.as_bytes()),
            Incoming::Binary(bytes) => self.link.put(|own| encode::put_binary(own, &bytes)),
            Incoming::Ping(payload) => self.link.put(|own| encode::put_pong(own, &payload)),
            Incoming::Pong(_) => {}
            Incoming::Close(close) => {
                let code = codec::answer(close.as_ref());
                self.link.put(|own| encode::put_close(own, code.map(|code| (code, ""))));
                return Err(End::Left);
            }
        }
        Ok(())
    }

    async fn read(&mut self, scratch: &mut [u8]) -> Result<usize, End> {
        loop {
            match self.link.read(scratch) {
                Read::Some(count) => return Ok(count),
                Read::Nothing => self.rung.0.notified().await,
                Read::Gone => return Err(End::Gone),
            }
        }
    }

    async fn flush(&mut self) -> Result<(), End> {
        while !self.link.flush(Monotonic::default())? {
            self.rung.0.notified().await;
        }
        Ok(())
    }
}
