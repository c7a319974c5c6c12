//! An open connection: frames in order, pings answered, silence noticed, every end typed.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{Error, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::read::{close_reason, read};
use crate::ports::live_source::{Ending, Frame, LiveFrames, Received};
use crate::ports::token_verifier::SecretText;

/// How long the first frame may take.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// Silence that ends a connection, in heartbeats.
const HEARTBEATS_MISSED_MAX: u32 = 2;
/// How long the answer to a close, or a refresh, may take to be sent.
const SEND_WITHIN: Duration = Duration::from_secs(5);

/// One WebSocket.
pub(super) struct WsFrames<S> {
    socket: WebSocketStream<S>,
    greeted: bool,
    /// How long the server may be silent, and until when it may be now.
    silence_max: Duration,
    silent_until: Instant,
    /// Once it has ended, it stays ended.
    ended: Option<Ending>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> WsFrames<S> {
    pub(super) fn new(socket: WebSocketStream<S>) -> Self {
        let silent_until = Instant::now() + HELLO_WITHIN;
        Self { socket, greeted: false, silence_max: HELLO_WITHIN, silent_until, ended: None }
    }

    async fn receive(&mut self) -> Result<Received, Ending> {
        loop {
            let message = match timeout_at(self.silent_until, self.socket.next()).await {
                Err(_) => return Err(Ending::Silent(self.silence_max)),
                Ok(None) => return Err(broken("it ended without a word")),
                Ok(Some(Err(error))) => return Err(ending(&error)),
                Ok(Some(Ok(message))) => message,
            };
            self.silent_until = Instant::now() + self.silence_max;
            match message {
                Message::Text(text) => return self.understand(&text),
                Message::Binary(_) => return Err(closed(1003, "binary_message")),
                Message::Close(None) => return Err(closed(1005, "")),
                Message::Close(Some(frame)) => {
                    let (word, retry_after) = close_reason(&frame.reason);
                    return Err(Ending::Closed { code: frame.code.into(), word, retry_after });
                }
                // The library answers pings when it reads on.
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    fn understand(&mut self, text: &Utf8Bytes) -> Result<Received, Ending> {
        let frame = read(text).map_err(|_| closed(1002, "not a frame of the contract"))?;
        if let Frame::Hello { heartbeat, .. } = &frame {
            self.silence_max = heartbeat.saturating_mul(HEARTBEATS_MISSED_MAX);
            self.silent_until = Instant::now() + self.silence_max;
        }
        // Without it nothing that follows has a place.
        if matches!(frame, Frame::Hello { .. }) == self.greeted {
            return Err(closed(1002, "hello comes first, and once"));
        }
        self.greeted = true;
        Ok(Received { text: text.to_string(), frame })
    }
}

#[async_trait]
impl<S: AsyncRead + AsyncWrite + Unpin + Send> LiveFrames for WsFrames<S> {
    async fn next(&mut self) -> Result<Received, Ending> {
        if self.ended.is_none() {
            match self.receive().await {
                Ok(received) => return Ok(received),
                Err(ending) => self.ended = Some(ending),
            }
        }
        // The server waits a moment for our answer to its close.
        let _unsent = timeout(SEND_WITHIN, self.socket.flush()).await;
        Err(self.ended.clone().unwrap_or_else(|| broken("it has ended")))
    }

    async fn refresh(&mut self, token: &SecretText) -> Result<(), Ending> {
        let frame = serde_json::json!({"type": "auth:refresh", "payload": {"token": token.reveal()}});
        match timeout(SEND_WITHIN, self.socket.send(Message::text(frame.to_string()))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(broken(&error.to_string())),
            Err(_) => Err(broken("the server takes nothing")),
        }
    }

    async fn close(&mut self) {
        let goodbye = CloseFrame { code: CloseCode::Normal, reason: Utf8Bytes::default() };
        let _gone = timeout(SEND_WITHIN, self.socket.close(Some(goodbye))).await;
    }
}

fn broken(how: &str) -> Ending {
    Ending::Broken(how.to_owned())
}

fn closed(code: u16, word: &str) -> Ending {
    Ending::Closed { code, word: word.to_owned(), retry_after: None }
}

/// What ended the connection, by the code that the contract has for it.
fn ending(error: &Error) -> Ending {
    match error {
        Error::Capacity(_) => closed(1009, "message_too_large"),
        Error::Utf8(_) => closed(1007, "invalid_utf8"),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => broken("it ended without a word"),
        Error::Protocol(error) => closed(1002, &error.to_string()),
        error => broken(&error.to_string()),
    }
}
