//! Random frames, good and broken, against tungstenite: the same messages in the same order, and an end where
//! it ends. Where we differ, on purpose:
//!
//! - A length that takes more bytes than it needs is refused: RFC 6455, section 5.2, "the minimal number of
//!   bytes MUST be used". The oracle takes it, also of a control frame, where we call it too long.
//! - A close code that may not come over the wire is refused (section 7.4). The oracle gives a close with 1002
//!   in its place, and does so for 1014 too, which was registered after the RFC and which we take.
//! - The frames of a message have a limit: the RFC leaves limits to us (section 10.4). The oracle has none.
//! - What breaks a rule ends it with the byte that shows it: a header before its payload, text that is no UTF-8
//!   in the middle of a frame (section 8.1). The oracle judges whole frames, so when the bytes end within that
//!   frame it has no error.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Write};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, error::ProtocolError};

use super::*;

const ROOM: usize = 200;

/// One frame as it is sent.
#[derive(Debug, Clone)]
struct Sent {
    first: u8,
    key: Option<[u8; 4]>,
    form: Form,
    payload: Vec<u8>,
}

impl Sent {
    fn good(first: u8, payload: Vec<u8>) -> Self {
        Self { first, key: Some(KEY), form: Form::Fewest, payload }
    }

    fn bytes(&self) -> Vec<u8> {
        raw(self.first, self.key, self.form, &self.payload)
    }

    fn overlong(&self) -> bool {
        self.form != Form::TopBit
            && self.bytes().len() > raw(self.first, self.key, Form::Fewest, &self.payload).len()
    }
}

/// Bytes that are mostly text.
fn words() -> impl Strategy<Value = Vec<u8>> {
    let good =
        prop::sample::select(vec!["a".as_bytes(), b"bc", "é".as_bytes(), "€".as_bytes(), "😀".as_bytes()]);
    let bad = prop::sample::select(vec![b"\xFF".as_slice(), b"\xC3", b"\xED\xA0\x80", b"\xF0\x9F", b"\x80"]);
    let piece = prop_oneof![60 => good, 1 => bad];
    let some = || prop::collection::vec(piece.clone(), 0..8).prop_map(|pieces| pieces.concat());
    prop_oneof![9 => some(), 1 => prop::collection::vec(piece.clone(), 60..90).prop_map(|pieces| pieces.concat())]
}

fn control(opcode: u8) -> impl Strategy<Value = Sent> {
    words().prop_map(move |mut payload| {
        payload.truncate(125);
        Sent::good(LAST | opcode, payload)
    })
}

/// A close, with a code that both sides read alike unless it is to be `wild`.
fn close(wild: bool) -> impl Strategy<Value = Sent> {
    let plain = vec![1000_u16, 1001, 1003, 1007, 1013, 3000, 4999];
    let odd = vec![0, 999, 1004, 1005, 1006, 1014, 1014, 1015, 1016, 2999, 5000, u16::MAX];
    let code = prop::sample::select(if wild { [plain, odd].concat() } else { plain });
    let said = (code, words()).prop_map(|(code, mut reason)| {
        reason.truncate(123);
        [code.to_be_bytes().to_vec(), reason].concat()
    });
    let payload = prop_oneof![6 => said, 1 => Just(Vec::new()), 1 => Just(vec![3])];
    payload.prop_map(|payload| Sent::good(LAST | CLOSE, payload))
}

/// A message in fragments cut anywhere, with pings between them; one in eight does not end.
fn fragmented() -> impl Strategy<Value = Vec<Sent>> {
    let cuts = prop::collection::vec((0..30_usize, any::<bool>()), 0..6);
    (words(), cuts, prop_oneof![4 => Just(TEXT), 1 => Just(BINARY)], prop::bool::weighted(0.875)).prop_map(
        |(bytes, cuts, opcode, ends)| {
            let mut frames = Vec::new();
            let (mut rest, mut first) = (&*bytes, opcode);
            for (cut, pinged) in cuts {
                let (part, after) = rest.split_at(cut.min(rest.len()));
                frames.push(Sent::good(first, part.to_vec()));
                frames.extend(pinged.then(|| Sent::good(LAST | PING, b"between".to_vec())));
                (rest, first) = (after, CONTINUATION);
            }
            frames.push(Sent::good(if ends { LAST | first } else { first }, rest.to_vec()));
            frames
        },
    )
}

/// A frame of any first byte, with or without a mask.
fn broken(wild: bool) -> impl Strategy<Value = Sent> {
    let opcode = prop::sample::select((0..16_u8).collect::<Vec<_>>());
    let rsv = prop_oneof![6 => Just(0_u8), 1 => Just(0x40), 1 => Just(0x20), 1 => Just(0x10)];
    let key = prop_oneof![6 => any::<[u8; 4]>().prop_map(Some), 1 => Just(None)];
    let forms = if wild { vec![Form::Two, Form::Eight, Form::TopBit] } else { vec![Form::TopBit] };
    let form = prop_oneof![2 => Just(Form::Fewest), 1 => prop::sample::select(forms)];
    let payload = prop_oneof![3 => words(), 1 => Just(vec![b'x'; 126]), 1 => Just(vec![b'x'; ROOM + 1])];
    let usual = (opcode, prop::bool::weighted(0.7), rsv, key, form, payload);
    usual.prop_map(|(opcode, last, rsv, key, form, payload)| {
        let first = if last { LAST } else { 0 } | rsv | opcode;
        // Close codes have a generator of their own, so a tame run must not meet a strange one here.
        let payload = if opcode == CLOSE { payload.into_iter().take(1).collect() } else { payload };
        Sent { first, key, form, payload }
    })
}

fn frames(wild: bool) -> impl Strategy<Value = Vec<Sent>> {
    let one = |frame: BoxedStrategy<Sent>| frame.prop_map(|frame| vec![frame]).boxed();
    let whole = prop_oneof![3 => Just(TEXT), 1 => Just(BINARY)];
    let whole = (whole, words()).prop_map(|(opcode, payload)| Sent::good(LAST | opcode, payload));
    let step = prop_oneof![
        6 => one(whole.boxed()),
        6 => fragmented().boxed(),
        2 => one(control(PING).boxed()),
        2 => one(control(PONG).boxed()),
        1 => one(close(wild).boxed()),
        3 => one(broken(wild).boxed()),
    ];
    prop::collection::vec(step, 1..8).prop_map(|steps| steps.concat())
}

/// Bytes to read, and nobody who reads the answers.
struct Wire(Cursor<Vec<u8>>);

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the oracle reads, and whether it refused something in the end.
fn oracle(bytes: Vec<u8>, role: Role) -> (Vec<Incoming>, bool) {
    let config = WebSocketConfig::default()
        .read_buffer_size(512)
        .max_frame_size(Some(ROOM))
        .max_message_size(Some(ROOM));
    let mut socket = WebSocket::from_raw_socket(Wire(Cursor::new(bytes)), role, Some(config));
    let mut items = Vec::new();
    loop {
        items.push(match socket.read() {
            Ok(Message::Text(said)) => text(&said),
            Ok(Message::Binary(bytes)) => Incoming::Binary(bytes.to_vec()),
            Ok(Message::Ping(bytes)) => Incoming::Ping(payload(&bytes)),
            Ok(Message::Pong(bytes)) => Incoming::Pong(payload(&bytes)),
            Ok(Message::Close(said)) => Incoming::Close(
                said.map(|said| CloseFrame { code: said.code.into(), reason: said.reason.to_string() }),
            ),
            Ok(Message::Frame(frame)) => panic!("a read gives no raw frame: {frame:?}"),
            Err(Error::ConnectionClosed | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => {
                return (items, false);
            }
            Err(_) => return (items, true),
        });
    }
}

/// How often each thing happened: a run in which something never did proves nothing of it.
#[derive(Default)]
struct Tally(RefCell<BTreeMap<String, u32>>);

impl Tally {
    fn count(&self, what: &str) {
        *self.0.borrow_mut().entry(what.to_owned()).or_default() += 1;
    }

    fn outcome(&self, items: &[Incoming], violation: Option<Violation>) {
        for item in items {
            self.count(match item {
                Incoming::Text(_) => "Text",
                Incoming::Binary(_) => "Binary",
                Incoming::Ping(_) => "Ping",
                Incoming::Pong(_) => "Pong",
                Incoming::Close(_) => "Close",
            });
        }
        self.count(&violation.map_or("None".to_owned(), |violation| format!("{violation:?}")));
    }

    #[track_caller]
    fn assert_saw(&self, what: &[&str]) {
        let counts = self.0.borrow();
        for what in what {
            assert!(counts.contains_key(*what), "never {what}: {counts:?}");
        }
    }
}

const ITEMS: [&str; 6] = ["Text", "Binary", "Ping", "Pong", "Close", "None"];
const VIOLATIONS: [&str; 11] = [
    "Protocol(Unmasked)",
    "Protocol(ReservedBits)",
    "Protocol(ReservedOpcode)",
    "Protocol(FragmentedControl)",
    "Protocol(LongControl)",
    "Protocol(NothingToContinue)",
    "Protocol(MessageNotEnded)",
    "Protocol(LengthTopBit)",
    "Protocol(CloseLength)",
    "Utf8",
    "TooLarge",
];

fn pieces<'a>(bytes: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let (mut rest, mut pieces) = (bytes, Vec::new());
    for size in sizes.iter().cycle() {
        let (piece, after) = rest.split_at((*size).min(rest.len()));
        pieces.push(piece);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    pieces
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![1..4_usize, 1..400_usize], 1..9)
}

fn run<S: Strategy>(strategy: &S, test: impl Fn(S::Value) -> TestCaseResult) {
    let config = Config { cases: 12_000, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(strategy, test).unwrap();
}

#[test]
fn whole_frames_mean_what_they_mean_to_the_oracle() {
    let limits = Limits { message_bytes: ROOM, fragments: usize::MAX, binary: true };
    let tally = Tally::default();
    run(&(frames(false), sizes()), |(sent, sizes)| {
        let bytes: Vec<u8> = sent.iter().flat_map(Sent::bytes).collect();
        let (items, violation) = decode(pieces(&bytes, &sizes), limits);
        let (expected, refused) = oracle(bytes, Role::Server);
        tally.outcome(&items, violation);
        prop_assert_eq!(items, expected);
        prop_assert_eq!(violation.is_some(), refused, "ours: {:?}", violation);
        Ok(())
    });
    tally.assert_saw(&ITEMS);
    tally.assert_saw(&VIOLATIONS);
}

#[test]
fn where_we_differ_from_the_oracle_we_are_stricter_and_for_a_known_reason() {
    let limits = Limits { message_bytes: ROOM, fragments: 4, binary: true };
    let instead = Incoming::Close(Some(CloseFrame { code: 1002, reason: "Protocol violation".to_owned() }));
    let tally = Tally::default();
    run(&(frames(true), sizes(), prop::option::of(0..100_usize)), |(sent, sizes, end)| {
        let mut bytes: Vec<u8> = sent.iter().flat_map(Sent::bytes).collect();
        let broken_off = end.is_some_and(|end| end < bytes.len());
        bytes.truncate(end.unwrap_or(usize::MAX));
        let (items, violation) = decode(pieces(&bytes, &sizes), limits);
        let (expected, refused) = oracle(bytes, Role::Server);
        tally.outcome(&items, violation);
        if items == expected && violation.is_some() == refused {
            return Ok(());
        }
        let Some(violation) = violation else {
            let Some((Incoming::Close(Some(last)), before)) = items.split_last() else {
                return Err(TestCaseError::fail(format!("more lenient: {items:?}, not {expected:?}")));
            };
            prop_assert_eq!(last.code, 1014);
            prop_assert_eq!(before, &expected[..before.len()]);
            prop_assert_eq!(&expected[before.len()..], std::slice::from_ref(&instead));
            tally.count("1014");
            return Ok(());
        };
        prop_assert!(expected.starts_with(&items), "{:?}, not {:?}", items, expected);
        let after = &expected[items.len()..];
        match violation {
            Violation::Protocol(Rule::LengthNotMinimal | Rule::LongControl)
                if sent.iter().any(Sent::overlong) => {}
            Violation::Protocol(Rule::CloseCode) => prop_assert_eq!(after, std::slice::from_ref(&instead)),
            Violation::TooManyFragments => {
                let data =
                    sent.iter().filter(|frame| matches!(frame.first & 0xF, CONTINUATION | TEXT | BINARY));
                prop_assert!(data.count() > limits.fragments);
            }
            _ => prop_assert!(broken_off && !refused && after.is_empty(), "{:?}: {:?}", violation, after),
        }
        tally.count(&format!("stricter: {violation:?}"));
        Ok(())
    });
    tally.assert_saw(&ITEMS);
    tally.assert_saw(&VIOLATIONS);
    tally.assert_saw(&[
        "1014",
        "stricter: Protocol(LengthNotMinimal)",
        "stricter: Protocol(CloseCode)",
        "stricter: TooManyFragments",
        "stricter: Utf8",
        "stricter: Protocol(ReservedBits)",
    ]);
}

#[test]
fn our_frames_mean_to_the_oracle_what_we_said() {
    let mut bytes = Vec::new();
    encode::put_text(&mut bytes, "grüß".as_bytes());
    bytes.extend(encode::text(&[b'x'; 126]));
    encode::put_binary(&mut bytes, b"\xFF");
    encode::put_ping(&mut bytes, &payload(b"ping"));
    encode::put_pong(&mut bytes, &payload(b""));
    encode::put_close(&mut bytes, Some((4429, &"é".repeat(99))));
    let said = CloseFrame { code: 4429, reason: "é".repeat(61) };
    let expected = vec![
        text("grüß"),
        text(&"x".repeat(126)),
        Incoming::Binary(b"\xFF".to_vec()),
        Incoming::Ping(payload(b"ping")),
        Incoming::Pong(payload(b"")),
        Incoming::Close(Some(said)),
    ];
    assert_eq!(oracle(bytes, Role::Client), (expected, false));
}
