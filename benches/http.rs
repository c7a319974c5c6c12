//! Reports over a connection that stays, as cheap as they can be sent.

use std::io::Write;
use std::net::SocketAddr;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// Makes the request of a report.
pub(crate) fn write(request: &mut Vec<u8>, address: SocketAddr, token: &str, agent: usize, message: &str) {
    let length = message.len() + r#"{"lastMessage":""}"#.len();
    request.clear();
    write!(
        request,
        "POST /api/v1/agents/agent-{agent}/sessions/main/activity HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{{\"lastMessage\":\"{message}\"}}"
    )
    .unwrap();
}

/// Reads one answer, which must be a good one.
pub(crate) async fn read(stream: &mut TcpStream, answer: &mut Vec<u8>) {
    answer.clear();
    loop {
        let read = stream.read_buf(answer).await.unwrap();
        assert!(read > 0, "it hung up");
        let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&answer[..end]).unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{}", String::from_utf8_lossy(answer));
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
        });
        if answer.len() >= end + 4 + length.expect("it says how long it is") {
            return;
        }
    }
}
