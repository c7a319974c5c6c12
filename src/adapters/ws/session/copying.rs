//! A connection that is sent a copy of the fleet: a place in bytes that it shares with others.

use std::sync::Weak;

use super::{Busy, End, Next, Session, Turn};
use crate::adapters::live::{ASK_AGAIN_AFTER, ASK_FOR, Copy, Part};
use crate::domain::cursor::Seq;
use crate::domain::farewell::Farewell;
use crate::domain::time::Monotonic;
use crate::ports::live_feed::Material;

/// Parts of a copy that are sent before others get their turn.
const PARTS_AT_ONCE: usize = 4;

/// How far a copy was sent.
#[derive(Debug)]
pub(super) struct Copying {
    /// What `sync:end` says; a replay has none.
    at: Option<Seq>,
    /// Up to where the client knows everything if this is broken off.
    known: Known,
    state: State,
}

/// What a client has of which the copy was broken off.
#[derive(Debug, Clone, Copy)]
enum Known {
    /// Nothing that is whole.
    Nothing,
    /// Everything up to here: it takes a delta as a whole.
    UpTo(Seq),
    /// Some events of a replay, and nobody here knows how many: it does.
    Some,
}

#[derive(Debug)]
enum State {
    /// The copy is still to be opened.
    Asking { material: Material, since: Monotonic },
    /// The next part of it.
    Reading { copy: Weak<Copy>, part: usize },
}

impl Copying {
    pub(super) fn new(material: Material, now: Monotonic) -> Self {
        let known = match &material {
            Material::Fleet(_) => Known::Nothing,
            Material::Changes(_, after) => Known::UpTo(*after),
            Material::Events(..) => Known::Some,
        };
        let at = material.fleet().map(|fleet| fleet.at());
        Self { at, known, state: State::Asking { material, since: now } }
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
                State::Asking { material, since } => {
                    match turn.sockets.copies().open(material, &self.view, turn.now) {
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
                            let known = match copying.known {
                                Known::Nothing => None,
                                Known::UpTo(after) => Some(after),
                                // It comes back with its own cursor.
                                Known::Some => return Err(Farewell::Overloaded.into()),
                            };
                            self.copying = None;
                            self.catch_up(known, turn);
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
                            if let Some(at) = copying.at {
                                self.link.put_text(&counted.sync_end(at));
                            }
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
