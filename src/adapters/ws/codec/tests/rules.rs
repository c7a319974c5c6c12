//! Every rule, with the bytes that break it: the violation comes with the last of them, not before or after.

use super::*;

/// Gives the bytes one by one: the last one ends it, and nothing came before.
#[track_caller]
fn ends_with_its_last_byte(bytes: &[u8], limits: Limits, expected: Violation) {
    let mut decoder = Decoder::new();
    for (at, byte) in bytes.iter().enumerate() {
        let found = decoder.next(&mut [*byte].as_slice(), limits);
        let wanted = if at + 1 == bytes.len() { Err(expected) } else { Ok(None) };
        assert_eq!(found, wanted, "byte {at} of {bytes:02X?}");
    }
}

#[test]
fn a_broken_rule_of_the_header_ends_it_before_any_payload() {
    let table: &[(&[u8], Rule)] = &[
        (b"\x81\x00", Rule::Unmasked),
        (b"\x89\x00", Rule::Unmasked),
        (b"\xC1\x80", Rule::ReservedBits),
        (b"\xA1\x80", Rule::ReservedBits),
        (b"\x91\x80", Rule::ReservedBits),
        (b"\xF9\x80", Rule::ReservedBits),
        (b"\x83\x80", Rule::ReservedOpcode),
        (b"\x84\x80", Rule::ReservedOpcode),
        (b"\x85\x80", Rule::ReservedOpcode),
        (b"\x86\x80", Rule::ReservedOpcode),
        (b"\x87\x80", Rule::ReservedOpcode),
        (b"\x8B\x80", Rule::ReservedOpcode),
        (b"\x8C\x80", Rule::ReservedOpcode),
        (b"\x8D\x80", Rule::ReservedOpcode),
        (b"\x8E\x80", Rule::ReservedOpcode),
        (b"\x8F\x80", Rule::ReservedOpcode),
        (b"\x08\x80", Rule::FragmentedControl),
        (b"\x09\x80", Rule::FragmentedControl),
        (b"\x0A\x80", Rule::FragmentedControl),
        (b"\x88\xFE", Rule::LongControl),
        (b"\x89\xFE", Rule::LongControl),
        (b"\x8A\xFF", Rule::LongControl),
        (b"\x80\x80", Rule::NothingToContinue),
        (b"\x00\x80", Rule::NothingToContinue),
        (b"\x81\xFE\x00\x00", Rule::LengthNotMinimal),
        (b"\x81\xFE\x00\x7D", Rule::LengthNotMinimal),
        (b"\x82\xFF\x00\x00\x00\x00\x00\x00\x00\x00", Rule::LengthNotMinimal),
        (b"\x82\xFF\x00\x00\x00\x00\x00\x00\xFF\xFF", Rule::LengthNotMinimal),
        (b"\x82\xFF\x80\x00\x00\x00\x00\x00\x00\x01", Rule::LengthTopBit),
        (b"\x82\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", Rule::LengthTopBit),
    ];
    for (bytes, rule) in table {
        ends_with_its_last_byte(bytes, LIMITS, Violation::Protocol(*rule));
    }
}

#[test]
fn a_message_ends_before_the_next_begins() {
    for second in [TEXT, BINARY, LAST | TEXT, LAST | BINARY] {
        let bytes = [frame(TEXT, b"a"), vec![second, 0x80]].concat();
        ends_with_its_last_byte(&bytes, LIMITS, Violation::Protocol(Rule::MessageNotEnded));
    }
    let ended = [frame(LAST | TEXT, b"a"), vec![0x80, 0x80]].concat();
    let nothing = Some(Violation::Protocol(Rule::NothingToContinue));
    assert_eq!(decode([&*ended], LIMITS), (vec![text("a")], nothing));
}

#[test]
fn a_binary_message_is_refused_on_its_header_where_none_is_taken() {
    let text_only = Limits { binary: false, ..LIMITS };
    ends_with_its_last_byte(b"\x82\xFE", text_only, Violation::Binary);
    ends_with_its_last_byte(b"\x02\x80", text_only, Violation::Binary);
    let bytes = frame(LAST | BINARY, b"\xFF\x00");
    assert_eq!(decode([&*bytes], LIMITS), (vec![Incoming::Binary(b"\xFF\x00".to_vec())], None));
}

#[test]
fn the_length_that_a_header_declares_is_judged_before_its_key() {
    let limits = |message_bytes| Limits { message_bytes, ..LIMITS };
    ends_with_its_last_byte(b"\x81\xFE\x20\x01", LIMITS, Violation::TooLarge);
    ends_with_its_last_byte(b"\x81\x85", limits(4), Violation::TooLarge);
    ends_with_its_last_byte(b"\x81\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", LIMITS, Violation::TooLarge);
    let in_parts = [frame(TEXT, b"abc"), frame(CONTINUATION, b""), vec![LAST, 0x82]].concat();
    ends_with_its_last_byte(&in_parts, limits(4), Violation::TooLarge);
    let most = [frame(TEXT, b"abc"), frame(LAST, b"d")].concat();
    assert_eq!(decode([&*most], limits(4)), (vec![text("abcd")], None));
    let none = frame(LAST | TEXT, b"");
    assert_eq!(decode([&*none], limits(0)), (vec![text("")], None));
    let control = frame(LAST | PING, b"pings have a limit of their own");
    assert_eq!(decode([&*control], limits(0)).1, None);
}

#[test]
fn empty_frames_count_as_frames_and_control_frames_do_not() {
    let limits = |fragments| Limits { fragments, ..LIMITS };
    let (ping, empty) = (frame(LAST | PING, b""), frame(CONTINUATION, b""));
    let two = [frame(TEXT, b""), empty].concat();
    let last = frame(LAST, b"x");
    ends_with_its_last_byte(&[&*two, &[LAST, 0x80]].concat(), limits(2), Violation::TooManyFragments);
    ends_with_its_last_byte(&[LAST | TEXT, 0x80], limits(0), Violation::TooManyFragments);
    let pinged = [&*two, &ping, &ping, &ping, &last].concat();
    assert_eq!(decode([&*pinged], limits(3)).0.last(), Some(&text("x")));
    let one_each = [frame(LAST | TEXT, b"x"), frame(LAST | TEXT, b"x")].concat();
    assert_eq!(decode([&*one_each], limits(1)), (vec![text("x"), text("x")], None));
}

#[test]
fn a_byte_that_no_text_has_there_ends_it_at_once() {
    // Each with what shows it: no text goes on like this, whatever follows.
    let broken: &[&[u8]] = &[
        b"\x80",
        b"a\xFF",
        b"\xC0",
        b"\xC1",
        b"\xC3(",
        b"\xE0\x80",
        b"\xE2\x82(",
        b"\xED\xA0",
        b"\xF0\x80",
        b"\xF0\x9F\x98(",
        b"\xF4\x90",
        b"\xF5",
        "κόσμε\u{10FFFF}\u{0}\u{FEFF}\x7F".as_bytes().split_last().unwrap().1,
    ];
    for bad in &broken[..broken.len() - 1] {
        let mut frame = frame(LAST | TEXT, &[bad, b"rest".as_slice()].concat());
        frame.truncate(frame.len() - b"rest".len());
        ends_with_its_last_byte(&frame, LIMITS, Violation::Utf8);
        for at in 0..bad.len() {
            let (first, second) = bad.split_at(at);
            let mut fragments = super::frame(TEXT, first);
            fragments.extend(super::frame(LAST, &[second, b"rest"].concat()));
            fragments.truncate(fragments.len() - b"rest".len());
            ends_with_its_last_byte(&fragments, LIMITS, Violation::Utf8);
        }
    }
    let good = frame(LAST | TEXT, broken[broken.len() - 1]);
    assert_eq!(decode([&*good], LIMITS), (vec![text("κόσμε\u{10FFFF}\u{0}\u{FEFF}")], None));
}

#[test]
fn a_text_that_ends_within_a_character_is_no_text() {
    for cut in [b"\xC3".as_slice(), b"\xE2\x82", b"ok\xF0\x9F\x98"] {
        ends_with_its_last_byte(&frame(LAST | TEXT, cut), LIMITS, Violation::Utf8);
        let fragments = [frame(TEXT, cut), frame(LAST, b"")].concat();
        ends_with_its_last_byte(&fragments, LIMITS, Violation::Utf8);
    }
}

#[test]
fn a_broken_close_frame_is_refused() {
    let table: &[(&[u8], Violation)] = &[
        (b"\x03", Violation::Protocol(Rule::CloseLength)),
        (b"\x00\x00", Violation::Protocol(Rule::CloseCode)),
        (b"\x03\xED", Violation::Protocol(Rule::CloseCode)),
        (b"\x03\xEDand why", Violation::Protocol(Rule::CloseCode)),
        (b"\x03\xE8\xFF", Violation::Utf8),
        (b"\x03\xE8ok\xC3", Violation::Utf8),
    ];
    for (payload, violation) in table {
        ends_with_its_last_byte(&frame(LAST | CLOSE, payload), LIMITS, *violation);
    }
}

#[test]
fn after_a_close_or_a_violation_nothing_more_is_taken() {
    let closes = [
        (frame(LAST | CLOSE, b""), None),
        (frame(LAST | CLOSE, b"\x0F\xA0bye"), Some(CloseFrame { code: 4000, reason: "bye".to_owned() })),
    ];
    let more = frame(LAST | TEXT, b"more");
    for (bytes, said) in closes {
        let mut decoder = Decoder::new();
        let bytes = [bytes, more.clone()].concat();
        let mut input = &*bytes;
        assert_eq!(decoder.next(&mut input, LIMITS), Ok(Some(Incoming::Close(said.clone()))));
        assert_eq!(answer(said.as_ref()), said.map(|said| said.code));
        assert_eq!(decoder.next(&mut input, LIMITS), Ok(None));
        assert_eq!(input, more);
    }
    let mut decoder = Decoder::new();
    let mut input = b"\x81\x00more".as_slice();
    assert_eq!(decoder.next(&mut input, LIMITS), Err(Violation::Protocol(Rule::Unmasked)));
    assert_eq!(decoder.next(&mut input, LIMITS), Ok(None));
    assert_eq!(input, b"more");
}
