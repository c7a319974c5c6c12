//! Opens the connection: the token in a header, never in the address.

use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderValue, header};
use tokio::time::timeout;
use tokio_tungstenite::connect_async_with_config;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::address::Address;
use super::refusal::refusal;
use super::stream::WsFrames;
use crate::ports::live_source::{Ask, Ending, LiveFrames, LiveSource};
use crate::ports::token_verifier::SecretText;

/// How long name, connection, TLS and handshake may take together.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Largest frame and message that is taken, in bytes.
pub(super) const FRAME_BYTES_MAX: usize = 1024 * 1024;

/// A server at an address. Redirections are not followed: a token is for the one it was given for.
#[derive(Debug, Clone)]
pub struct WsClient {
    address: Address,
}

impl WsClient {
    /// The server at this address.
    #[must_use]
    pub const fn new(address: Address) -> Self {
        Self { address }
    }
}

/// The limits of a connection.
pub(super) fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(16 * 1024)
        .max_message_size(Some(FRAME_BYTES_MAX))
        .max_frame_size(Some(FRAME_BYTES_MAX))
}

#[async_trait]
impl LiveSource for WsClient {
    async fn open(&self, ask: &Ask, token: &SecretText) -> Result<Box<dyn LiveFrames>, Ending> {
        let unreachable = |error: Error| Ending::Unreachable(error.to_string());
        let mut request = self.address.stream(ask).into_client_request().map_err(unreachable)?;
        let bearer = HeaderValue::from_str(&format!("Bearer {}", token.reveal()));
        let mut bearer = bearer.map_err(|_| not_a_token())?;
        bearer.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        let connecting = connect_async_with_config(request, Some(config()), true);
        match timeout(CONNECT_WITHIN, connecting).await {
            Ok(Ok((socket, _))) => Ok(Box::new(WsFrames::new(socket))),
            Ok(Err(Error::Http(response))) => Err(refusal(&response)),
            Ok(Err(error)) => Err(unreachable(error)),
            Err(_) => {
                Err(Ending::Unreachable(format!("there was no answer within {} s", CONNECT_WITHIN.as_secs())))
            }
        }
    }
}

/// What a server would say to it; it cannot even be sent.
fn not_a_token() -> Ending {
    Ending::Refused {
        status: 401,
        code: "invalid_token".to_owned(),
        detail: "the token has characters that no token has".to_owned(),
        retry_after: None,
    }
}
