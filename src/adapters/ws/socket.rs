//! The inner seam: the one file that knows which library speaks the WebSocket protocol.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite;
use warp::ws::{Message, WebSocket, Ws};

use crate::domain::farewell::Farewell;

/// How long a socket may take no byte.
const BLOCKED_AFTER: Duration = Duration::from_secs(30);
/// How long the peer has to answer a close.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);
/// Bytes that are handed over before the socket is flushed.
const FLUSH_BYTES: usize = 64 * 1024;
/// The library must be able to hold one flush and what answers pings.
const WRITE_BUFFER_MAX: usize = 1024 * 1024;

/// What comes from the peer.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A text message.
    Text(String),
    /// A ping; the library answers it.
    Ping,
    /// The answer to a ping.
    Pong,
    /// Something that needs nothing from us.
    Nothing,
    /// The peer did something that ends the connection.
    Offence(Farewell),
    /// The peer is gone.
    Gone,
}

/// Why nothing more can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SendError {
    /// The peer is gone.
    Gone,
    /// The peer takes no byte.
    Blocked,
}

/// One WebSocket.
pub(super) struct Socket(WebSocket);

impl Socket {
    /// Sets the limits of an upgrade.
    pub(super) fn limits(upgrade: Ws, frame_bytes: usize) -> Ws {
        upgrade
            .max_message_size(frame_bytes)
            .max_frame_size(frame_bytes)
            .max_write_buffer_size(WRITE_BUFFER_MAX)
    }

    /// Takes an upgraded socket.
    pub(super) fn new(socket: WebSocket) -> Self {
        Self(socket)
    }

    /// Waits for what comes next. Cancel safe.
    pub(super) async fn receive(&mut self) -> Incoming {
        match self.0.next().await {
            None => Incoming::Gone,
            Some(Err(error)) => offence(&error).map_or(Incoming::Gone, Incoming::Offence),
            Some(Ok(message)) if message.is_text() => message
                .to_str()
                .map_or(Incoming::Offence(Farewell::NotText), |text| Incoming::Text(text.to_owned())),
            Some(Ok(message)) if message.is_binary() => Incoming::Offence(Farewell::Binary),
            Some(Ok(message)) if message.is_ping() => Incoming::Ping,
            Some(Ok(message)) if message.is_pong() => Incoming::Pong,
            Some(Ok(message)) if message.is_close() => Incoming::Gone,
            Some(Ok(_)) => Incoming::Nothing,
        }
    }

    /// Sends text frames, many with one flush.
    pub(super) async fn send(&mut self, frames: impl IntoIterator<Item = Bytes>) -> Result<(), SendError> {
        let mut waiting = 0_usize;
        for frame in frames {
            waiting = waiting.saturating_add(frame.len());
            // Frames are JSON that we wrote: always UTF-8.
            let text = String::from_utf8(frame.into()).map_err(|_| SendError::Gone)?;
            within(self.0.feed(Message::text(text))).await?;
            if waiting >= FLUSH_BYTES {
                within(self.0.flush()).await?;
                waiting = 0;
            }
        }
        within(self.0.flush()).await
    }

    /// Sends a ping.
    pub(super) async fn ping(&mut self) -> Result<(), SendError> {
        within(self.0.send(Message::ping(Bytes::new()))).await
    }

    /// Sends a last frame, says goodbye, and waits for the peer's answer, so that the close frame is not
    /// lost. All of it takes a moment at most: a peer that reads nothing holds up no end.
    pub(super) async fn close(mut self, last: Option<Bytes>, code: u16, reason: String) {
        let goodbye = async {
            if let Some(text) = last.and_then(|frame| String::from_utf8(frame.into()).ok()) {
                self.0.feed(Message::text(text)).await?;
            }
            self.0.send(Message::close_with(code, reason)).await?;
            while let Some(Ok(message)) = self.0.next().await {
                if message.is_close() {
                    break;
                }
            }
            Ok::<(), warp::Error>(())
        };
        if !matches!(timeout(CLOSE_WITHIN, goodbye).await, Ok(Ok(()))) {
            tracing::debug!("the peer did not answer the close");
        }
    }

    /// Answers the peer's own goodbye.
    pub(super) async fn finish(self) {
        if timeout(CLOSE_WITHIN, self.0.close()).await.is_err() {
            tracing::debug!("the peer did not take our answer to its close");
        }
    }
}

async fn within(step: impl Future<Output = Result<(), warp::Error>>) -> Result<(), SendError> {
    match timeout(BLOCKED_AFTER, step).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(SendError::Gone),
        Err(_) => Err(SendError::Blocked),
    }
}

/// What the peer did wrong, if it is still there to be told.
fn offence(error: &warp::Error) -> Option<Farewell> {
    use tungstenite::error::{CapacityError, Error as Cause, ProtocolError};
    match error.source()?.downcast_ref::<Cause>()? {
        Cause::Capacity(CapacityError::MessageTooLong { .. }) => Some(Farewell::TooLarge),
        Cause::Utf8(_) => Some(Farewell::NotText),
        Cause::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Cause::Protocol(_) => Some(Farewell::Protocol),
        _ => None,
    }
}
