//! A handshake and frames as bytes, for what no well-behaved client sends.

use std::net::{IpAddr, SocketAddr};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::PATIENCE;
use super::http::{self, Answer};

/// The opcodes of RFC 6455.
pub const TEXT: u8 = 0x1;
pub const BINARY: u8 = 0x2;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;

/// A WebSocket handshake, well formed until a test says otherwise.
#[derive(Clone)]
pub struct Handshake {
    method: &'static str,
    path: String,
    version: &'static str,
    headers: Vec<(String, String)>,
    from: IpAddr,
    receive_bytes: Option<u32>,
}

impl Handshake {
    pub fn new(path: impl Into<String>) -> Self {
        let headers = [
            ("Connection", "Upgrade"),
            ("Upgrade", "websocket"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        Self {
            method: "GET",
            path: path.into(),
            version: "HTTP/1.1",
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            from: IpAddr::from([127, 0, 0, 1]),
            receive_bytes: None,
        }
    }

    pub fn method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    pub fn version(self, version: &'static str) -> Self {
        Self { version, ..self }
    }

    /// Adds a header.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Takes a header away.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.with("Authorization", format!("Bearer {token}"))
    }

    /// Comes from this address of the machine.
    pub fn from(self, address: [u8; 4]) -> Self {
        Self { from: IpAddr::from(address), ..self }
    }

    /// Takes few bytes before it reads, so that a slow reader is slow soon.
    pub fn small_window(self) -> Self {
        Self { receive_bytes: Some(4096), ..self }
    }

    /// Sends it and reads the answer.
    pub async fn ask(&self, address: SocketAddr) -> Answer {
        self.try_ask(address).await.expect("closed without an answer")
    }

    /// Sends it to a server that may be gone; `None` when there is no answer.
    pub async fn try_ask(&self, address: SocketAddr) -> Option<Answer> {
        self.exchange(address).await.map(|(_, answer, _)| answer)
    }

    /// Sends it; the answer must be 101.
    pub async fn open(&self, address: SocketAddr) -> RawSocket {
        let (stream, answer, buffer) = self.exchange(address).await.expect("closed without an answer");
        assert_eq!(answer.status, 101, "{}", String::from_utf8_lossy(&answer.body));
        RawSocket { stream, buffer }
    }

    /// The connection, the answer, and what came behind it.
    async fn exchange(&self, address: SocketAddr) -> Option<(TcpStream, Answer, Vec<u8>)> {
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(bytes) = self.receive_bytes {
            socket.set_recv_buffer_size(bytes).unwrap();
        }
        socket.bind(SocketAddr::new(self.from, 0)).unwrap();
        let mut stream = timeout(PATIENCE, socket.connect(address)).await.expect("no connection").ok()?;
        let mut text = format!("{} {} {}\r\nHost: {address}\r\n", self.method, self.path, self.version);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        stream.write_all(text.as_bytes()).await.ok()?;
        let mut behind = Vec::new();
        let answer = timeout(PATIENCE, http::next(&mut stream, &mut behind)).await;
        Some((stream, answer.expect("no answer in time")?, behind))
    }
}

/// One frame as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub opcode: u8,
    pub payload: Vec<u8>,
}

/// An upgraded connection that answers nothing by itself.
pub struct RawSocket {
    pub stream: TcpStream,
    buffer: Vec<u8>,
}

impl RawSocket {
    /// Opens `/ws` with a token in the header.
    pub async fn open(address: SocketAddr, token: &str) -> Self {
        Handshake::new("/ws").bearer(token).open(address).await
    }

    /// Sends a whole masked frame.
    pub async fn send(&mut self, opcode: u8, payload: &[u8]) {
        self.write(&masked(opcode, payload)).await;
    }

    /// Sends bytes as they are.
    pub async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The next frame; `None` at the end of the connection, however it came.
    pub async fn next(&mut self) -> Option<Frame> {
        timeout(PATIENCE, self.read_frame()).await.expect("no frame in time")
    }

    async fn read_frame(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, length)) = parse(&self.buffer) {
                self.buffer.drain(..length);
                return Some(frame);
            }
            let mut chunk = [0; 4096];
            match self.stream.read(&mut chunk).await {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.buffer.extend_from_slice(&chunk[..count]),
            }
        }
    }

    /// Reads up to the first frame of this opcode.
    pub async fn until(&mut self, opcode: u8) -> Frame {
        loop {
            let frame = self.next().await.expect("the connection ended");
            if frame.opcode == opcode {
                return frame;
            }
        }
    }

    /// Reads up to the text frame of this type.
    pub async fn until_type(&mut self, kind: &str) -> Value {
        loop {
            let value: Value = serde_json::from_slice(&self.until(TEXT).await.payload).unwrap();
            if value["type"] == kind {
                return value;
            }
        }
    }

    /// Reads up to the close frame: its code and reason.
    pub async fn closed(&mut self) -> (u16, String) {
        let payload = self.until(CLOSE).await.payload;
        let (code, reason) = payload.split_at(2);
        (u16::from_be_bytes([code[0], code[1]]), String::from_utf8(reason.to_vec()).unwrap())
    }

    /// Ends it without a word: RST.
    pub fn reset(self) {
        self.stream.set_zero_linger().unwrap();
    }
}

/// A masked frame of a client.
pub fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x5a, 0xa5, 0x0f, 0xf0];
    let mut bytes = head(opcode, payload.len(), 0x80);
    bytes.extend_from_slice(&mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// A frame without a mask, as only a server may send it.
pub fn unmasked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = head(opcode, payload.len(), 0);
    bytes.extend_from_slice(payload);
    bytes
}

fn head(opcode: u8, length: usize, mask: u8) -> Vec<u8> {
    let mut bytes = vec![0x80 | opcode];
    match length {
        0..=125 => bytes.push(mask | u8::try_from(length).unwrap()),
        126..=65535 => {
            bytes.push(mask | 126);
            bytes.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
        }
        _ => {
            bytes.push(mask | 127);
            bytes.extend_from_slice(&u64::try_from(length).unwrap().to_be_bytes());
        }
    }
    bytes
}

/// The first frame of a server in these bytes, and how many it takes.
fn parse(bytes: &[u8]) -> Option<(Frame, usize)> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    assert_eq!(first & 0xf0, 0x80, "a whole frame without reserved bits");
    assert_eq!(second & 0x80, 0, "a server does not mask");
    let (length, start) = match second {
        126 => (usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().unwrap())), 4),
        127 => (usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().unwrap())).unwrap(), 10),
        short => (usize::from(short), 2),
    };
    let payload = bytes.get(start..start + length)?.to_vec();
    Some((Frame { opcode: first & 0x0f, payload }, start + length))
}
