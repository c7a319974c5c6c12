//! A stream: one connection of Server-Sent Events, read as the standard says.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::PATIENCE;
use super::http::{self, Answer};

/// One event of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    pub event: String,
    pub id: Option<String>,
    pub data: Value,
}

/// What a client asks.
#[derive(Debug, Clone)]
pub struct Ask {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    receive_bytes: Option<u32>,
}

impl Ask {
    pub fn new(query: &str) -> Self {
        let path = if query.is_empty() { "/api/v1/stream".into() } else { format!("/api/v1/stream?{query}") };
        Self { method: "GET", path, headers: Vec::new(), receive_bytes: None }
    }

    pub fn method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.with("Authorization", format!("Bearer {token}"))
    }

    /// Takes few bytes before it reads, so that a slow reader is slow soon.
    pub fn small_window(self) -> Self {
        Self { receive_bytes: Some(4096), ..self }
    }

    async fn send(&self, address: SocketAddr) -> (TcpStream, Answer, Vec<u8>) {
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(bytes) = self.receive_bytes {
            socket.set_recv_buffer_size(bytes).unwrap();
        }
        let mut stream = timeout(PATIENCE, socket.connect(address)).await.expect("no connection").unwrap();
        let mut text = format!("{} {} HTTP/1.1\r\nHost: {address}\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut behind = Vec::new();
        let answer =
            timeout(PATIENCE, http::next(&mut stream, &mut behind)).await.expect("no answer in time");
        (stream, answer.expect("closed without an answer"), behind)
    }

    /// Sends it; the answer, with its body when it has a length.
    pub async fn ask(&self, address: SocketAddr) -> Answer {
        self.send(address).await.1
    }

    /// Sends it; the answer must be a stream.
    pub async fn open(&self, address: SocketAddr) -> Stream {
        let (stream, answer, raw) = self.send(address).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
        Stream { stream, answer, raw, text: Vec::new(), whole: false }
    }
}

/// One connection.
pub struct Stream {
    pub stream: TcpStream,
    pub answer: Answer,
    /// What came, in chunks.
    raw: Vec<u8>,
    /// What was in the chunks.
    text: Vec<u8>,
    /// The last chunk came.
    whole: bool,
}

impl Stream {
    /// Opens the stream with a token in the header.
    pub async fn at(address: SocketAddr, query: &str, token: &str) -> Self {
        Ask::new(query).bearer(token).open(address).await
    }

    fn unchunk(&mut self) {
        while let Some(end) = self.raw.windows(2).position(|pair| pair == b"\r\n") {
            let size = std::str::from_utf8(&self.raw[..end]).unwrap();
            let size = usize::from_str_radix(size, 16).unwrap();
            if self.raw.len() < end + 2 + size + 2 {
                return;
            }
            self.text.extend_from_slice(&self.raw[end + 2..end + 2 + size]);
            self.raw.drain(..end + 2 + size + 2);
            self.whole |= size == 0;
        }
    }

    fn sent(&mut self) -> Option<Sent> {
        let end = self.text.windows(2).position(|pair| pair == b"\n\n")?;
        let block: Vec<u8> = self.text.drain(..end + 2).collect();
        let (mut event, mut id, mut data) = (None, None, None);
        for line in std::str::from_utf8(&block).unwrap().lines().filter(|line| !line.is_empty()) {
            let (field, value) = line.split_once(": ").unwrap();
            let slot = match field {
                "event" => &mut event,
                "id" => &mut id,
                "data" => &mut data,
                other => panic!("the field {other}"),
            };
            assert!(slot.replace(value.to_owned()).is_none(), "{field} twice");
        }
        let data: Value = serde_json::from_str(&data.expect("no data")).unwrap();
        let event = event.expect("no type");
        assert_eq!(data["type"], event.as_str());
        Some(Sent { event, id, data })
    }

    /// The next event; none when the stream was ended as a whole. Panics when it is cut off.
    pub async fn next_or_end(&mut self) -> Option<Sent> {
        loop {
            self.unchunk();
            if let Some(sent) = self.sent() {
                return Some(sent);
            }
            if self.whole {
                assert!(self.text.is_empty(), "half an event at the end");
                return None;
            }
            let mut bytes = [0; 65536];
            let read = timeout(PATIENCE, self.stream.read(&mut bytes)).await.expect("nothing in time");
            match read {
                Ok(count) if count > 0 => self.raw.extend_from_slice(&bytes[..count]),
                gone => panic!("cut off: {gone:?}"),
            }
        }
    }

    /// The next event.
    pub async fn next(&mut self) -> Sent {
        self.next_or_end().await.expect("the stream ended")
    }

    /// The data of the next event that is no heartbeat.
    pub async fn next_event(&mut self) -> Value {
        loop {
            let sent = self.next().await;
            if sent.event != "heartbeat" {
                return sent.data;
            }
        }
    }

    /// The code of the goodbye with which the stream ends, past whatever comes before it.
    pub async fn farewell(&mut self) -> Value {
        let mut last = self.next().await;
        while let Some(sent) = self.next_or_end().await {
            assert_ne!(last.event, "goodbye", "something came behind a goodbye");
            last = sent;
        }
        assert_eq!((last.event.as_str(), &last.id), ("goodbye", &None));
        last.data["payload"].clone()
    }
}
