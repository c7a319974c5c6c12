//! What holds for any bytes a peer may send: shared by the fuzz target and by the test that replays what
//! fuzzing found.

use super::decoder::Decoder;
use super::encode;
use super::incoming::{Incoming, Limits, Payload};
use super::mask::{self, Key};
use super::violation::Violation;

/// Bytes of `data` that choose the limits and the cuts; what follows them is what the peer sends.
const CHOICES: usize = 4;

/// What came of some bytes.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    items: Vec<Incoming>,
    violation: Option<Violation>,
}

/// Decodes bytes under limits and with cuts that the first four of them choose.
///
/// # Panics
/// When cutting the bytes changes what comes of them, when the decoder holds more than the limit, when it goes
/// on after the end, or when an item does not come again from a frame made of it.
pub fn frames(data: &[u8]) {
    let Some(([size, fragments, binary, seed], stream)) = data.split_first_chunk::<CHOICES>() else { return };
    let limits = Limits {
        message_bytes: usize::from(*size) * 4,
        fragments: usize::from(fragments % 20),
        binary: binary % 2 == 0,
    };
    let whole = decode(std::iter::once(stream), limits);
    let bytes = decode(stream.chunks(1), limits);
    assert_eq!(bytes, whole, "byte by byte, under {limits:?}");
    let pieces = decode(cut(stream, *seed).into_iter(), limits);
    assert_eq!(pieces, whole, "cut in pieces, under {limits:?}");
    for item in whole.items {
        let again =
            decode(std::iter::once(frame(&item, [*size, *fragments, *binary, *seed]).as_slice()), limits);
        assert_eq!(again, Outcome { items: vec![item], violation: None }, "made a frame of again");
    }
}

/// Pieces of 0 to 15 bytes, from a small generator of the seed.
fn cut(stream: &[u8], seed: u8) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let (mut rest, mut state) = (stream, seed);
    while !rest.is_empty() {
        state = state.wrapping_mul(5).wrapping_add(17);
        let (piece, after) = rest.split_at(usize::from(state >> 4).min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

fn decode<'a>(pieces: impl Iterator<Item = &'a [u8]>, limits: Limits) -> Outcome {
    let mut decoder = Decoder::new();
    let mut outcome = Outcome { items: Vec::new(), violation: None };
    let mut over = false;
    for mut piece in pieces {
        loop {
            let before = piece;
            let found = decoder.next(&mut piece, limits);
            assert!(before.ends_with(piece), "the bytes left are the last of those given");
            let most = limits.message_bytes.saturating_add(Payload::MAX);
            assert!(decoder.held() <= most, "it holds {} bytes under {limits:?}", decoder.held());
            assert!(!over || (found == Ok(None) && piece == before), "after the end came {found:?}");
            match found {
                Ok(None) => break,
                Ok(Some(item)) => {
                    over = matches!(item, Incoming::Close(_));
                    outcome.items.push(item);
                }
                Err(violation) => {
                    over = true;
                    outcome.violation = Some(violation);
                }
            }
            assert!(!over || decoder.held() == 0, "it holds bytes after the end");
        }
        assert!(over || piece.is_empty(), "bytes were left where none were given back");
    }
    outcome
}

/// One frame of a client that says this.
fn frame(item: &Incoming, key: Key) -> Vec<u8> {
    let mut frame = Vec::new();
    let length = match item {
        Incoming::Text(text) => {
            encode::put_text(&mut frame, text.as_bytes());
            text.len()
        }
        Incoming::Binary(bytes) => {
            encode::put_binary(&mut frame, bytes);
            bytes.len()
        }
        Incoming::Ping(payload) => {
            encode::put_ping(&mut frame, payload);
            payload.as_slice().len()
        }
        Incoming::Pong(payload) => {
            encode::put_pong(&mut frame, payload);
            payload.as_slice().len()
        }
        Incoming::Close(said) => {
            encode::put_close(&mut frame, said.as_ref().map(|said| (said.code, said.reason.as_str())));
            said.as_ref().map_or(0, |said| 2 + said.reason.len())
        }
    };
    let (head, payload) = frame.split_at_mut(encode::head_bytes(length));
    if let Some(second) = head.get_mut(1) {
        *second |= 0x80;
    }
    mask::apply(payload, key);
    [&*head, &key, &*payload].concat()
}
