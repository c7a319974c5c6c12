//! As much of RFC 6455 as a meter and a floor need: heads of frames, and frames without extensions.

pub(crate) const TEXT: u8 = 0x1;
pub(crate) const CLOSE: u8 = 0x8;
pub(crate) const PING: u8 = 0x9;
pub(crate) const PONG: u8 = 0xA;

/// The key that every client of the bench sends, and the answer to it.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
pub(crate) const SHAKEN: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
/// A close frame with code 1000, as a server sends it.
pub(crate) const GOODBYE: [u8; 4] = [0x88, 0x02, 0x03, 0xe8];

/// The mask of all that clients say: one that changes nothing, so that nothing has to be changed.
const MASK: [u8; 4] = [0; 4];

/// Where a frame's payload lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) opcode: u8,
    pub(crate) mask: Option<[u8; 4]>,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The head of the frame that begins here, once it is there; its payload may not be.
pub(crate) fn head(bytes: &[u8]) -> Option<Head> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    let (mut start, length) = match second & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?),
        short => (2, usize::from(short)),
    };
    let mut mask = None;
    if second & 0x80 != 0 {
        mask = Some(bytes.get(start..start + 4)?.try_into().ok()?);
        start += 4;
    }
    Some(Head { opcode: first & 0x0f, mask, start, end: start + length })
}

pub(crate) fn unmask(payload: &mut [u8], mask: Option<[u8; 4]>) {
    let Some(mask) = mask.filter(|mask| *mask != MASK) else { return };
    for (byte, with) in payload.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= with;
    }
}

/// Adds a frame of a server.
pub(crate) fn put(to: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    put_head(to, opcode, payload.len(), 0);
    to.extend_from_slice(payload);
}

/// Adds a frame of a client.
pub(crate) fn put_masked(to: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    put_head(to, opcode, payload.len(), 0x80);
    to.extend_from_slice(&MASK);
    to.extend_from_slice(payload);
}

fn put_head(to: &mut Vec<u8>, opcode: u8, length: usize, masked: u8) {
    to.push(0x80 | opcode);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ ..126), _) => to.push(masked | short),
        (_, Ok(long)) => {
            to.push(masked | 126);
            to.extend_from_slice(&long.to_be_bytes());
        }
        _ => {
            to.push(masked | 127);
            to.extend_from_slice(&u64::try_from(length).unwrap().to_be_bytes());
        }
    }
}

/// The request of a handshake, with these header lines.
pub(crate) fn handshake(host: std::net::SocketAddr, path: &str, token: Option<&str>) -> String {
    let bearer = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\n{bearer}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    )
}
