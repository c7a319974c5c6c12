//! HTTP as bytes: what is sent is exactly what a test says.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::PATIENCE;

/// One answer.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The `code` of a problem.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// Sends bytes on a new connection and reads one answer. `None` when it is closed without one.
pub async fn raw(address: SocketAddr, request: &[u8]) -> Option<Answer> {
    let mut connection = Connection::open(address).await;
    connection.write(request).await;
    connection.answer().await
}

/// Reads one answer with a length.
pub async fn read(stream: &mut TcpStream) -> Option<Answer> {
    next(stream, &mut Vec::new()).await
}

/// A connection that is kept: requests go as bytes, answers come back in order.
pub struct Connection {
    pub stream: TcpStream,
    unread: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Self {
        let stream = timeout(PATIENCE, TcpStream::connect(address)).await.expect("no connection in time");
        Self { stream: stream.unwrap(), unread: Vec::new() }
    }

    /// Writes; a server that has closed already is seen by the answer.
    pub async fn write(&mut self, bytes: &[u8]) {
        let _refused = timeout(PATIENCE, self.stream.write_all(bytes)).await.expect("not taken in time");
    }

    /// The next answer. `None` when the connection is closed without one.
    pub async fn answer(&mut self) -> Option<Answer> {
        timeout(PATIENCE, next(&mut self.stream, &mut self.unread)).await.expect("no answer in time")
    }

    /// Everything that still comes until the connection is closed.
    pub async fn rest(&mut self) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.unread);
        let _reset =
            timeout(PATIENCE, self.stream.read_to_end(&mut bytes)).await.expect("not closed in time");
        bytes
    }
}

/// Reads one answer; what came behind it stays in `bytes`.
pub async fn next(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<Answer> {
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        more(stream, bytes).await?;
    };
    let head = String::from_utf8(bytes.drain(..head_end).collect()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .collect();
    let length = headers
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.parse().unwrap());
    while bytes.len() < length && more(stream, bytes).await.is_some() {}
    let body = bytes.drain(..length.min(bytes.len())).collect();
    Some(Answer { status, headers, body })
}

async fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let mut chunk = vec![0; 65536];
    match stream.read(&mut chunk).await {
        Ok(0) | Err(_) => None,
        Ok(count) => {
            bytes.extend_from_slice(&chunk[..count]);
            Some(())
        }
    }
}

/// Sends a request with these headers and this body.
pub async fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&[u8]>,
) -> Answer {
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = body {
        request.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    request.push_str("\r\n");
    let mut bytes = request.into_bytes();
    bytes.extend_from_slice(body.unwrap_or_default());
    raw(address, &bytes).await.expect("closed without an answer")
}

/// `GET` with a token.
pub async fn get(address: SocketAddr, path: &str, token: &str) -> Answer {
    send(address, "GET", path, &[("Authorization", &format!("Bearer {token}"))], None).await
}

/// `POST` of JSON with a token.
pub async fn post(address: SocketAddr, path: &str, token: &str, body: &Value) -> Answer {
    let headers = [("Authorization", &*format!("Bearer {token}")), ("Content-Type", "application/json")];
    send(address, "POST", path, &headers, Some(body.to_string().as_bytes())).await
}

/// `DELETE` with a token.
pub async fn delete(address: SocketAddr, path: &str, token: &str) -> Answer {
    send(address, "DELETE", path, &[("Authorization", &format!("Bearer {token}"))], None).await
}
