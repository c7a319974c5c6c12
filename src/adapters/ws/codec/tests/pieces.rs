//! What a decoder costs, and that it does not matter how the bytes are cut.

use super::*;

/// All kinds of frames, with control frames between those of a message and lengths of every form.
fn stream() -> (Vec<u8>, Vec<Incoming>) {
    let (middle, long) = ("é".repeat(100), "x".repeat(70_000));
    let close = CloseFrame { code: 1001, reason: "tchüss".to_owned() };
    let bytes = [
        frame(LAST | TEXT, "grüß".as_bytes()),
        frame(LAST | TEXT, b""),
        frame(LAST | PING, b"ping"),
        frame(TEXT, "hal\u{20AC}".as_bytes().split_at(5).0),
        frame(LAST | PONG, b""),
        frame(CONTINUATION, b""),
        frame(LAST | PING, &[0xFF; 125]),
        frame(LAST, "hal\u{20AC}".as_bytes().split_at(5).1),
        frame(BINARY, b"\xFF"),
        frame(LAST, b"\xFE"),
        frame(LAST | TEXT, middle.as_bytes()),
        frame(LAST | TEXT, long.as_bytes()),
        frame(LAST | CLOSE, &[&1001_u16.to_be_bytes(), close.reason.as_bytes()].concat()),
    ];
    let items = vec![
        text("grüß"),
        text(""),
        Incoming::Ping(payload(b"ping")),
        Incoming::Pong(payload(b"")),
        Incoming::Ping(payload(&[0xFF; 125])),
        text("hal\u{20AC}"),
        Incoming::Binary(b"\xFF\xFE".to_vec()),
        text(&middle),
        text(&long),
        Incoming::Close(Some(close)),
    ];
    (bytes.concat(), items)
}

const ROOMY: Limits = Limits { message_bytes: 70_000, ..LIMITS };

#[test]
fn a_stream_means_the_same_whole_and_in_pieces_of_any_size() {
    let (bytes, items) = stream();
    let before = bytes.clone();
    assert_eq!(decode([&*bytes], ROOMY), (items.clone(), None));
    for size in [1, 2, 3, 5, 7, 13, 64, 4096] {
        assert_eq!(decode(bytes.chunks(size), ROOMY), (items.clone(), None), "pieces of {size}");
    }
    assert_eq!(bytes, before);
}

#[test]
fn one_item_is_given_at_a_time_and_the_bytes_after_it_are_left() {
    let bytes = [frame(LAST | TEXT, b"one"), frame(LAST | TEXT, b"two"), vec![LAST | TEXT]].concat();
    let (mut decoder, mut input) = (Decoder::new(), &*bytes);
    assert_eq!(decoder.next(&mut input, LIMITS), Ok(Some(text("one"))));
    assert_eq!(input.len(), frame(LAST | TEXT, b"two").len() + 1);
    assert_eq!(decoder.next(&mut input, LIMITS), Ok(Some(text("two"))));
    assert_eq!(decoder.next(&mut input, LIMITS), Ok(None));
    assert!(input.is_empty());
}

#[test]
fn an_idle_decoder_is_small_and_holds_no_heap() {
    assert!(size_of::<Decoder>() <= 48, "{} bytes", size_of::<Decoder>());
    let mut decoder = Decoder::new();
    let (bytes, items) = stream();
    let mut input = &*bytes;
    for _ in items {
        assert!(matches!(decoder.next(&mut input, ROOMY), Ok(Some(_))));
    }
    assert_eq!(decoder.held(), 0);
}

#[test]
fn nothing_is_held_for_bytes_that_were_declared_and_did_not_come() {
    let mut decoder = Decoder::new();
    let mut input = b"\x81\xFF\x00\x00\x00\x00\x01\x00\x00\x00keyKx".as_slice();
    let limits = Limits { message_bytes: 16 << 20, ..LIMITS };
    assert_eq!(decoder.next(&mut input, limits), Ok(None));
    assert_eq!(decoder.held(), 1);
}
