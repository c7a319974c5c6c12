//! Frames of clients, good and bad, and what the decoder makes of them.

mod corpus;
mod oracle;
mod pieces;
mod rules;

use super::*;

/// The limits of production, but that binary messages are taken.
const LIMITS: Limits = Limits { message_bytes: 8192, fragments: 16, binary: true };

const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CONTINUATION: u8 = 0x0;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;
const LAST: u8 = 0x80;

/// In how many bytes a frame tells its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Fewest,
    Two,
    Eight,
    /// In eight, with the top bit, which no length has.
    TopBit,
}

/// Any frame, by its first byte and so on.
fn raw(first: u8, key: Option<[u8; 4]>, form: Form, payload: &[u8]) -> Vec<u8> {
    let mask = if key.is_some() { 0x80 } else { 0 };
    let length = payload.len();
    let mut frame = vec![first];
    match form {
        Form::Fewest if length < 126 => frame.push(mask | u8::try_from(length).unwrap()),
        Form::Fewest | Form::Two if length < 65_536 => {
            frame.push(mask | 126);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        Form::Fewest | Form::Two | Form::Eight | Form::TopBit => {
            let top = if form == Form::TopBit { 1 << 63 } else { 0 };
            frame.push(mask | 127);
            frame.extend((top | u64::try_from(length).unwrap()).to_be_bytes());
        }
    }
    frame.extend(key.unwrap_or_default().iter().take(if key.is_some() { 4 } else { 0 }));
    let mut payload = payload.to_vec();
    mask::apply(&mut payload, key.unwrap_or_default());
    frame.extend(payload);
    frame
}

/// A frame as a client should make it.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    raw(first, Some(KEY), Form::Fewest, payload)
}

fn text(said: &str) -> Incoming {
    Incoming::Text(said.to_owned())
}

fn payload(bytes: &[u8]) -> Payload {
    Payload::new(bytes.to_vec()).unwrap()
}

/// All that comes of some pieces, and the violation that ended it.
fn decode<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    limits: Limits,
) -> (Vec<Incoming>, Option<Violation>) {
    let mut decoder = Decoder::new();
    let mut items = Vec::new();
    for mut piece in pieces {
        loop {
            match decoder.next(&mut piece, limits) {
                Ok(None) => break,
                Ok(Some(item)) => items.push(item),
                Err(violation) => return (items, Some(violation)),
            }
        }
    }
    (items, None)
}
