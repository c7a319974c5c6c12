//! A screen that costs little: it looks at nothing but the text of frames.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    used: usize,
    /// What came, in all.
    pub(crate) bytes: u64,
    /// How it began.
    pub(crate) mode: String,
}

impl Client {
    pub(crate) async fn open(address: SocketAddr, token: &str, cursor: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let after = cursor.map(|cursor| format!("?after={cursor}")).unwrap_or_default();
        let request = format!(
            "GET /ws{after} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut client = Self { stream, buffer: Vec::new(), used: 0, bytes: 0, mode: String::new() };
        let end = loop {
            client.more().await;
            if let Some(end) = client.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let head = String::from_utf8_lossy(&client.buffer[..end]).into_owned();
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        client.used = end;
        client
    }

    async fn more(&mut self) {
        if self.used > 64 << 10 {
            self.buffer.drain(..self.used);
            self.used = 0;
        }
        let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
        assert!(read > 0, "it hung up");
        self.bytes += u64::try_from(read).unwrap();
    }

    /// The next text; pings are not answered, since nobody stays that long.
    pub(crate) async fn text(&mut self) -> String {
        loop {
            if let Some((opcode, start, end)) = self.frame() {
                self.used = end;
                if opcode == 1 {
                    return String::from_utf8(self.buffer[start..end].to_vec()).unwrap();
                }
                assert_ne!(opcode, 8, "{:?}", String::from_utf8_lossy(&self.buffer[start..end]));
            } else {
                self.more().await;
            }
        }
    }

    /// Opcode and place of the next frame, if it is whole.
    fn frame(&self) -> Option<(u8, usize, usize)> {
        let rest = &self.buffer[self.used..];
        let (first, length) = (*rest.first()?, usize::from(*rest.get(1)? & 0x7f));
        let (header, length) = match length {
            126 => (4, usize::from(u16::from_be_bytes(rest.get(2..4)?.try_into().ok()?))),
            127 => (10, usize::try_from(u64::from_be_bytes(rest.get(2..10)?.try_into().ok()?)).ok()?),
            short => (2, short),
        };
        rest.get(..header + length)?;
        Some((first & 0x0f, self.used + header, self.used + header + length))
    }

    pub(crate) async fn until(&mut self, enough: impl Fn(&str) -> bool) -> String {
        loop {
            let text = self.text().await;
            if enough(&text) {
                return text;
            }
        }
    }

    /// Reads how it begins: epoch, view, and the head.
    pub(crate) async fn begun(&mut self) -> (String, String, u64) {
        let hello = self.until(|text| text.contains(r#""type":"hello""#)).await;
        let hello: serde_json::Value = serde_json::from_str(&hello).unwrap();
        let text = |name: &str| hello["payload"][name].as_str().unwrap().to_owned();
        self.mode = text("mode");
        (text("epoch"), text("view"), hello["payload"]["seq"].as_u64().unwrap())
    }
}
