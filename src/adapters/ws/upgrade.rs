//! The switch of protocols: the answer that accepts a handshake, and the plain socket taken back from
//! hyper behind it.

use std::task::Waker;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use sha1::{Digest, Sha1};
use tokio::net::TcpStream;
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::{Reply, Response};

use super::link::Link;
use crate::adapters::line::{Line, MayWait};

/// RFC 6455, section 1.3: what a server adds to the key to show that it understood.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Why there is no socket behind an accepted handshake.
#[derive(Debug, thiserror::Error)]
pub(super) enum UpgradeError {
    /// The peer went before it had our answer.
    #[error("the peer went before the protocol was switched")]
    Gone(#[source] hyper::Error),
    /// A program that mounts the routes serves them over something else.
    #[error("the routes are served over something that is not a plain TCP socket: put TLS into a proxy")]
    NotTcp,
}

/// `101 Switching Protocols`, accepting the handshake with this key.
pub(super) fn accept(key: &str, subprotocol: Option<&'static str>) -> Response {
    let mut response = warp::reply().into_response();
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    if let Ok(accept) = HeaderValue::from_str(&accept_key(key)) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    if let Some(name) = subprotocol {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(name));
    }
    response.extensions_mut().insert(MayWait);
    response
}

fn accept_key(key: &str) -> String {
    STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
}

/// A connection on which the protocol was switched.
pub(super) struct Switched {
    pub(super) socket: TcpStream,
    /// What the peer sent behind its handshake.
    pub(super) came: Bytes,
    /// The answer to the handshake, where that waits for what follows it.
    pub(super) answer: Vec<u8>,
}

impl Switched {
    /// The link over it; where the answer waits it is the first that goes out.
    pub(super) fn link(self, waker: Waker) -> Link {
        let mut link = Link::new(self.socket, waker, &self.came);
        link.put(|own| *own = self.answer);
        link
    }
}

/// The socket once the answer went out, or waits for what follows it.
///
/// # Errors
/// [`UpgradeError`].
pub(super) async fn take_back(upgrade: OnUpgrade) -> Result<Switched, UpgradeError> {
    let upgraded = upgrade.await.map_err(UpgradeError::Gone)?;
    match upgraded.downcast::<TokioIo<Line>>() {
        Ok(parts) => {
            let (socket, answer) = parts.io.into_inner().into_parts();
            Ok(Switched { socket, came: parts.read_buf, answer })
        }
        Err(upgraded) => foreign(upgraded),
    }
}

/// The socket of a server that is not ours: of hyper's for one version of HTTP, or of that for both, as warp's is.
fn foreign(upgraded: Upgraded) -> Result<Switched, UpgradeError> {
    let (io, came) = match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => (parts.io, parts.read_buf),
        Err(upgraded) => {
            let parts = auto::upgrade::downcast::<TokioIo<TcpStream>>(upgraded);
            let parts = parts.map_err(|_| UpgradeError::NotTcp)?;
            (parts.io, parts.read_buf)
        }
    };
    Ok(Switched { socket: io.into_inner(), came, answer: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_answered_as_in_the_standard() {
        assert_eq!(accept_key("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        let response = accept("dGhlIHNhbXBsZSBub25jZQ==", Some("mission-control.v1"));
        assert_eq!(response.status(), 101);
        assert_eq!(response.headers()["sec-websocket-protocol"], "mission-control.v1");
        assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
