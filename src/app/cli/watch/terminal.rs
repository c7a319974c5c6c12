//! The terminal as a screen: frames on standard output, the state of the connection on standard error.

use std::io::{self, Write};

use async_trait::async_trait;

use crate::app::watch::{Connection, Screen, ScreenGone, json_line, line, plain};
use crate::ports::live_source::Received;

/// Standard output and standard error.
pub(super) struct Terminal {
    json: bool,
}

impl Terminal {
    /// Shows JSON, or lines for people.
    pub(super) const fn new(json: bool) -> Self {
        Self { json }
    }
}

#[async_trait]
impl Screen for Terminal {
    async fn show(&mut self, received: &Received) -> Result<(), ScreenGone> {
        let text = if self.json { Some(json_line(&received.text)) } else { line(&received.frame) };
        let Some(mut text) = text else { return Ok(()) };
        text.push('\n');
        // On a thread of its own: a pager that takes no more must not keep a signal from ending us.
        let written = tokio::task::spawn_blocking(move || {
            let mut out = io::stdout().lock();
            out.write_all(text.as_bytes()).and_then(|()| out.flush())
        });
        match written.await {
            Ok(Ok(())) => Ok(()),
            _ => Err(ScreenGone),
        }
    }

    fn tell(&mut self, connection: &Connection) {
        let words = plain(&connection.to_string());
        let _reader_gone = writeln!(io::stderr().lock(), "mission-control: {words}");
    }
}
