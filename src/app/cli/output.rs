//! What commands print, and how they fail.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

/// Why a command failed, in words for people.
#[derive(Debug)]
pub(super) struct Failure(String);

impl Failure {
    pub(super) fn new(text: impl Display) -> Self {
        Self(text.to_string())
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

impl<E: std::error::Error> From<E> for Failure {
    /// The error and what caused it, on one line.
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(next) = cause {
            let next_text = next.to_string();
            if !text.contains(&next_text) {
                text = format!("{text}: {next_text}");
            }
            cause = next.source();
        }
        Self(text)
    }
}

/// Prints a line. A reader that went away is no reason to fail.
pub(super) fn say(line: &str) {
    let mut out = io::stdout().lock();
    let _reader_gone = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Prints what went wrong, and gives the exit code.
pub(super) fn complain(code: u8, text: &str) -> ExitCode {
    let _reader_gone = writeln!(io::stderr().lock(), "mission-control: {text}");
    ExitCode::from(code)
}

/// Says what is not as it should be, and is no failure.
pub(super) fn warn(text: &str) {
    let _reader_gone = writeln!(io::stderr().lock(), "mission-control: {text}");
}
