//! A connection that is sent a copy of the fleet: a place in bytes that it shares with others.

use std::sync::{Arc, Weak};

use super::{Busy, End, Next, Session, Turn};
use crate::adapters::live::{ASK_AGAIN_AFTER, ASK_FOR, Copy, Part};
use crate::adapters::wire::frame;
use crate::domain::cursor::Seq;
use crate::domain::farewell::Farewell;
use crate::domain::fleet::Fleet;
use crate::domain::time::Monotonic;

/// Parts of a copy that are sent before others get their turn.
const PARTS_AT_ONCE: usize = 4;

/// How far a copy was sent.
#[derive(Debug)]
pub(super) struct Copying {
    at: Seq,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The copy is still to be opened.
    Asking { fleet: Arc<Fleet>, since: Monotonic },
    /// The next part of it.
    Reading { copy: Weak<Copy>, part: usize },
}

impl Copying {
    pub(super) fn new(fleet: Arc<Fleet>, now: Monotonic) -> Self {
        Self { at: fleet.at(), state: State::Asking { fleet, since: now } }
    }

    /// When to ask again, if it is still to be opened.
    pub(super) fn ask_again_at(&self, now: Monotonic) -> Option<Monotonic> {
        matches!(self.state, State::Asking { .. }).then(|| now.plus(ASK_AGAIN_AFTER))
    }
}

impl Session {
    /// Sends what follows of the copy; the link is clear.
    pub(super) fn go_on_copying(&mut self, turn: &mut Turn<'_>) -> Result<Next, End> {
        for _ in 0..PARTS_AT_ONCE {
            let Some(copying) = &mut self.copying else { return Ok(Next::Again) };
            match &mut copying.state {
                State::Asking { fleet, since } => {
                    match turn.sockets.copies().open(fleet, &self.view, turn.now) {
                        Some(copy) => copying.state = State::Reading { copy, part: 0 },
                        None if turn.now.since(*since) >= ASK_FOR => return Err(Farewell::Overloaded.into()),
                        None => return Ok(Next::Idle),
                    }
                }
                State::Reading { copy, part } => {
                    let Some(copy) = copy.upgrade() else {
                        // It gave way to others, since this reader was slow. An open question is answered
                        // first; until then no event may go out.
                        if self.busy == Busy::No {
                            self.copying = None;
                            self.catch_up(turn);
                        }
                        return Ok(Next::Idle);
                    };
                    match copy.part(*part) {
                        Part::Bytes(mut bytes) => {
                            *part = part.saturating_add(1);
                            let taken = self.link.write(&bytes, turn.now)?;
                            if taken < bytes.len() {
                                self.link.keep_rest(bytes.split_off(taken));
                                return Ok(Next::Idle);
                            }
                        }
                        Part::End(counted) => {
                            let end = frame::sync_end(counted.agents, counted.sessions, copying.at);
                            self.link.put_text(&end);
                            self.copying = None;
                            self.link.flush(turn.now)?;
                        }
                    }
                }
            }
        }
        Ok(Next::Again)
    }
}
