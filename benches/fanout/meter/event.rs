//! The event of the bench: an activity of about 150 bytes, with its number and the time in its text.

use std::fmt::Write;
use std::time::Duration;

/// Bytes of an event's text; the head of its frame is four more.
const BYTES: usize = 150;
const NUMBER: usize = 7;
const MICROS: usize = 10;
pub(crate) const AGENT: &str = "a1";
const SESSION: &str = "s1";
const BEFORE: &str = r#""lastMessage":""#;

/// What the bench wrote into an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    pub(crate) number: u64,
    pub(crate) at: Duration,
}

/// Where an event's text holds what the bench wrote.
pub(crate) fn text_at(event: &[u8]) -> Option<usize> {
    let at = event.windows(BEFORE.len()).position(|window| window == BEFORE.as_bytes())?;
    Some(at + BEFORE.len())
}

pub(crate) fn read(event: &[u8], at: usize) -> Option<Said> {
    let text = event.get(at..at + NUMBER + 1 + MICROS)?;
    let number = digits(&text[..NUMBER])?;
    Some(Said { number, at: Duration::from_micros(digits(&text[NUMBER + 1..])?) })
}

fn digits(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0, |number: u64, digit| {
        digit.is_ascii_digit().then(|| number * 10 + u64::from(digit - b'0'))
    })
}

/// Writes events and reports of them.
pub(crate) struct Writer {
    pad: String,
    message: String,
}

impl Writer {
    pub(crate) fn new() -> Self {
        let bare = NUMBER + 1 + MICROS + 1;
        let around = around("", 12_345).len();
        Self { pad: "x".repeat(BYTES - around - bare), message: String::new() }
    }

    fn message(&mut self, said: Said) -> &str {
        self.message.clear();
        let micros = said.at.as_micros();
        write!(self.message, "{:0NUMBER$} {micros:0MICROS$} {}", said.number, self.pad).unwrap();
        &self.message
    }

    /// The event itself, for a server that hands on what it is given.
    pub(crate) fn event(&mut self, said: Said) -> String {
        around(self.message(said), said.number + 1)
    }

    /// A report over a WebSocket.
    pub(crate) fn frame(&mut self, said: Said) -> String {
        let number = said.number;
        let message = self.message(said);
        format!(
            r#"{{"type":"report","payload":{{"id":"{number}","kind":"activity","agentId":"{AGENT}","sessionId":"{SESSION}","lastMessage":"{message}"}}}}"#
        )
    }

    /// A report in a batch.
    pub(crate) fn item(&mut self, said: Said) -> String {
        let message = self.message(said);
        format!(
            r#"{{"kind":"activity","agentId":"{AGENT}","sessionId":"{SESSION}","lastMessage":"{message}"}}"#
        )
    }
}

fn around(message: &str, seq: u64) -> String {
    format!(
        r#"{{"type":"session:activity","payload":{{"agentId":"{AGENT}","sessionId":"{SESSION}",{BEFORE}{message}","timestamp":1795460390000}},"seq":{seq}}}"#
    )
}
