//! A screen: one WebSocket connection, as a person's page has it.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::PATIENCE;

/// One WebSocket connection.
pub struct Screen {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// Why a handshake was refused.
#[derive(Debug)]
pub struct Refused {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Refused {
    pub fn code(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        body["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl Screen {
    /// Opens `/ws` with a token in the header.
    pub async fn open(address: SocketAddr, token: &str) -> Self {
        Self::open_at(address, "/ws", token).await
    }

    /// Opens a path with a token in the header.
    pub async fn open_at(address: SocketAddr, path: &str, token: &str) -> Self {
        Self::try_open(address, path, &[("Authorization", &format!("Bearer {token}"))]).await.unwrap()
    }

    /// Tries to open a path with these headers.
    pub async fn try_open(
        address: SocketAddr,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, Refused> {
        let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
        for (name, value) in headers {
            let name: warp::http::HeaderName = name.parse().unwrap();
            request.headers_mut().append(name, value.parse().unwrap());
        }
        match timeout(PATIENCE, connect_async(request)).await.expect("no handshake in time") {
            Ok((socket, _)) => Ok(Self { socket }),
            Err(Error::Http(response)) => {
                let (parts, body) = response.into_parts();
                let text = |value: &warp::http::HeaderValue| value.to_str().unwrap().to_owned();
                Err(Refused {
                    status: parts.status.as_u16(),
                    headers: parts
                        .headers
                        .iter()
                        .map(|(key, value)| (key.to_string(), text(value)))
                        .collect(),
                    body: body.unwrap_or_default(),
                })
            }
            Err(error) => panic!("the handshake failed: {error}"),
        }
    }

    /// The next frame; pings are answered on the way.
    pub async fn next(&mut self) -> Value {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.expect("no frame in time");
            match message.expect("the connection ended").expect("the connection failed") {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Close(frame) => panic!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// The next frame that is no heartbeat.
    pub async fn next_event(&mut self) -> Value {
        loop {
            let frame = self.next().await;
            if frame["type"] != "heartbeat" {
                return frame;
            }
        }
    }

    /// All frames up to one of this type, which is the last.
    pub async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            let frame = self.next().await;
            let last = frame["type"] == kind;
            frames.push(frame);
            if last {
                return frames;
            }
        }
    }

    /// Sends a text frame.
    pub async fn send(&mut self, frame: &Value) {
        self.send_text(&frame.to_string()).await;
    }

    /// Sends a text as it is.
    pub async fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text.to_owned())).await.unwrap();
    }

    /// Sends a text frame to a server that may have ended the connection.
    pub async fn try_send(&mut self, frame: &Value) -> Result<(), Error> {
        self.socket.send(Message::text(frame.to_string())).await
    }

    /// The next frame, or the code and reason of the close.
    pub async fn next_or_close(&mut self) -> Result<Value, (u16, String)> {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.expect("no frame in time");
            match message.expect("the connection ended").expect("the connection failed") {
                Message::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
                Message::Close(Some(frame)) => return Err((frame.code.into(), frame.reason.to_string())),
                Message::Close(None) => panic!("closed without a code"),
                _ => {}
            }
        }
    }

    /// Waits for the close frame: its code and reason.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("no close in time") {
                Some(Ok(Message::Close(Some(frame)))) => {
                    return (frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(_)) => {}
                other => panic!("ended without a close frame: {other:?}"),
            }
        }
    }
}
