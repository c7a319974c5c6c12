//! Frames of the server as bytes: whole, unmasked, and the same for every client.

use bytes::Bytes;

use super::close;
use super::header::{Control, Data, LENGTH_IN_EIGHT, LENGTH_IN_TWO, Opcode};
use super::incoming::Payload;

/// A last frame of a message; we send no other.
const LAST: u8 = 0x80;
/// What is left of a close frame when its code is in.
const REASON_MAX: usize = Payload::MAX - 2;

/// A text frame. It is for the caller to see to it that `payload` is UTF-8.
pub(in crate::adapters::ws) fn text(payload: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(head_bytes(payload.len()).saturating_add(payload.len()));
    put_text(&mut out, payload);
    out.into()
}

/// Appends a text frame. It is for the caller to see to it that `payload` is UTF-8.
pub(in crate::adapters::ws) fn put_text(out: &mut Vec<u8>, payload: &[u8]) {
    put(out, Opcode::Data(Data::Text), payload);
}

/// Appends a binary frame: the service sends none, an echo for tests does.
#[cfg(any(test, feature = "test-support"))]
pub(in crate::adapters::ws) fn put_binary(out: &mut Vec<u8>, payload: &[u8]) {
    put(out, Opcode::Data(Data::Binary), payload);
}

/// Appends a ping.
pub(in crate::adapters::ws) fn put_ping(out: &mut Vec<u8>, payload: &Payload) {
    put(out, Opcode::Control(Control::Ping), payload.as_slice());
}

/// Appends a pong.
pub(in crate::adapters::ws) fn put_pong(out: &mut Vec<u8>, payload: &Payload) {
    put(out, Opcode::Control(Control::Pong), payload.as_slice());
}

/// Appends a close frame with a code and a reason, which is cut between characters to what fits. A code
/// that may not come over the wire is left out, and the reason with it.
pub(in crate::adapters::ws) fn put_close(out: &mut Vec<u8>, why: Option<(u16, &str)>) {
    let opcode = Opcode::Control(Control::Close);
    let Some((code, reason)) = why.filter(|(code, _)| close::may_travel(*code)) else {
        return put(out, opcode, &[]);
    };
    let (reason, _) = reason.split_at(reason.floor_char_boundary(REASON_MAX));
    put(out, opcode, &[&code.to_be_bytes(), reason.as_bytes()].concat());
}

fn put(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    out.reserve(head_bytes(payload.len()).saturating_add(payload.len()));
    out.push(LAST | opcode.bits());
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length), _) if length < LENGTH_IN_TWO => out.push(length),
        (_, Ok(length)) => {
            out.push(LENGTH_IN_TWO);
            out.extend_from_slice(&length.to_be_bytes());
        }
        (_, Err(_)) => {
            out.push(LENGTH_IN_EIGHT);
            out.extend_from_slice(&u64::try_from(payload.len()).unwrap_or(u64::MAX).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}

/// The length of our header before so many bytes.
pub(super) const fn head_bytes(payload: usize) -> usize {
    match payload {
        0..126 => 2,
        126..0x1_0000 => 4,
        _ => 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_takes_the_fewest_bytes_and_the_frame_no_more_than_it_needs() {
        let heads: [(usize, &[u8]); 6] = [
            (0, b"\x81\x00"),
            (125, b"\x81\x7D"),
            (126, b"\x81\x7E\x00\x7E"),
            (65_535, b"\x81\x7E\xFF\xFF"),
            (65_536, b"\x81\x7F\x00\x00\x00\x00\x00\x01\x00\x00"),
            (70_000, b"\x81\x7F\x00\x00\x00\x00\x00\x01\x11\x70"),
        ];
        for (length, head) in heads {
            let payload = vec![b'x'; length];
            assert_eq!(text(&payload), [head, &payload].concat(), "{length}");
            assert_eq!(head_bytes(length), head.len(), "{length}");
        }
    }

    #[test]
    fn frames_are_appended_each_with_its_opcode() {
        let mut out = Vec::new();
        put_text(&mut out, b"t");
        put_binary(&mut out, b"\xFF");
        put_ping(&mut out, &Payload::default());
        put_pong(&mut out, &Payload::new(b"po".to_vec()).unwrap());
        put_close(&mut out, None);
        assert_eq!(out, b"\x81\x01t\x82\x01\xFF\x89\x00\x8A\x02po\x88\x00");
        assert_eq!(Payload::new(vec![0; 126]), None);
        assert!(Payload::new(vec![0; 125]).is_some());
    }

    #[test]
    fn a_reason_is_cut_between_characters() {
        let closed = |code, reason: &str| {
            let mut out = Vec::new();
            put_close(&mut out, Some((code, reason)));
            out
        };
        assert_eq!(closed(1001, "bye"), b"\x88\x05\x03\xE9bye");
        assert_eq!(closed(1000, &"x".repeat(123)).len(), 2 + 125);
        assert_eq!(closed(1000, &"x".repeat(124)), closed(1000, &"x".repeat(123)));
        assert_eq!(closed(1000, &"é".repeat(80)), closed(1000, &"é".repeat(61)));
        for code in [0, 1005, 1006, 1015, 5000] {
            assert_eq!(closed(code, "never"), b"\x88\x00", "{code}");
        }
    }
}
