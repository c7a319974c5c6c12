//! The end of a connection: our goodbye goes out before the socket goes, and the peer has a moment to
//! answer it.

use std::time::Duration;

use super::{End, Next, Session, Turn};
use crate::adapters::live::Dismissal;
use crate::adapters::wire::wait::retry_ms;
use crate::adapters::wire::{close_code, frame};
use crate::adapters::ws::codec::{Incoming, encode};
use crate::adapters::ws::link::Read;
use crate::domain::farewell::Farewell;
use crate::domain::time::Monotonic;

/// How long the peer has to take our close and to answer it.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);
/// Bytes in which the peer's answer is looked for: more is a flood, and costs no reading.
const LISTEN_TO: u32 = 64 * 1024;
/// Reads of what still comes, in one visit.
const READS_AT_ONCE: usize = 4;

/// A connection whose end has begun.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closing {
    until: Monotonic,
    /// The peer said goodbye too: nothing more is waited for.
    heard: bool,
    /// What still comes cannot be read: it is thrown away, so that the system does not answer it with a
    /// reset, which may overtake our close.
    deaf: bool,
    /// Bytes that were read since.
    read: u32,
}

impl Closing {
    pub(super) const fn until(&self) -> Monotonic {
        self.until
    }
}

impl Session {
    /// Ends the session; whether there is anything left to wait for.
    pub(in crate::adapters::ws) fn end(&mut self, end: End, turn: &mut Turn<'_>) -> Result<Next, End> {
        let connection_id = self.id();
        if self.closing.is_some() {
            // The first reason stands, and its goodbye is still to go out.
            return if end == End::Gone { Err(End::Gone) } else { Ok(Next::Idle) };
        }
        self.copying = None;
        let (heard, deaf) = match end {
            End::Gone => {
                self.parted_by_peer();
                tracing::info!(%connection_id, "disconnected");
                return Err(End::Gone);
            }
            End::Left(code) => {
                self.parted_by_peer();
                tracing::info!(%connection_id, "disconnected");
                self.link.put(|own| encode::put_close(own, code.map(|code| (code, ""))));
                (true, false)
            }
            End::Dismissed(dismissal) => {
                self.say_goodbye(dismissal);
                (false, false)
            }
            End::Broken(farewell) => {
                self.say_goodbye(farewell.into());
                (false, true)
            }
        };
        self.closing = Some(Closing { until: turn.now.plus(CLOSE_WITHIN), heard, deaf, read: 0 });
        self.go_on_closing(turn)
    }

    /// Whoever reports over this socket hung up.
    fn parted_by_peer(&self) {
        if let Some(socket) = &self.socket {
            socket.parted_by_peer();
        }
    }

    fn say_goodbye(&mut self, Dismissal { farewell, retry_after }: Dismissal) {
        let (connection_id, code) = (self.id(), close_code::code(farewell));
        tracing::info!(%connection_id, code, reason = farewell.as_str(), "closing");
        let retry_ms = retry_after.map(retry_ms);
        if farewell == Farewell::Restart {
            self.link.put_text(&frame::goodbye(farewell, retry_ms));
        }
        let reason = close_code::reason(farewell, retry_ms);
        self.link.put(|own| encode::put_close(own, Some((code, &reason))));
    }

    /// Writes the rest, and waits for the peer's answer.
    pub(super) fn go_on_closing(&mut self, turn: &mut Turn<'_>) -> Result<Next, End> {
        let Some(mut closing) = self.closing else { return Ok(Next::Idle) };
        let flushed = self.link.flush(turn.now)?;
        if flushed && closing.heard || turn.now >= closing.until {
            return Err(End::Gone);
        }
        if flushed && closing.deaf {
            self.link.shut();
        }
        for _ in 0..READS_AT_ONCE {
            let count = match self.link.read(turn.scratch) {
                Read::Nothing => return Ok(Next::Idle),
                Read::Gone => return Err(End::Gone),
                Read::Some(count) => count,
            };
            closing.read = closing.read.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
            closing.deaf |= closing.read > LISTEN_TO;
            let mut input = turn.scratch.get(..count).unwrap_or_default();
            while !closing.deaf && !closing.heard {
                match self.link.decoder.next(&mut input, turn.settings.limits()) {
                    Ok(None) => break,
                    Ok(Some(Incoming::Close(_))) => closing.heard = true,
                    Ok(Some(_)) => {}
                    Err(_) => closing.deaf = true,
                }
            }
            self.closing = Some(closing);
            if flushed && closing.heard {
                return Err(End::Gone);
            }
        }
        Ok(Next::Again)
    }
}
