//! The switch of protocols: the answer that accepts a handshake, and the plain socket taken back from
//! hyper behind it.

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
    response
}

fn accept_key(key: &str) -> String {
    STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
}

/// The socket once the answer went out, and what the peer sent behind its handshake.
///
/// # Errors
/// [`UpgradeError`].
pub(super) async fn take_back(upgrade: OnUpgrade) -> Result<(TcpStream, Bytes), UpgradeError> {
    let upgraded = upgrade.await.map_err(UpgradeError::Gone)?;
    // Our own server's connection, then that of warp's server and others like it.
    match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => Ok((parts.io.into_inner(), parts.read_buf)),
        Err(upgraded) => foreign(upgraded),
    }
}

fn foreign(upgraded: Upgraded) -> Result<(TcpStream, Bytes), UpgradeError> {
    let parts = auto::upgrade::downcast::<TokioIo<TcpStream>>(upgraded).map_err(|_| UpgradeError::NotTcp)?;
    Ok((parts.io.into_inner(), parts.read_buf))
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
