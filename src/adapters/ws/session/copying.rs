//! A connection that is sent a copy of the fleet: a place in what is encoded for all who see the same.

use std::sync::Arc;

use super::{Busy, End, Next, Session, Turn};
use crate::adapters::live::{Copies, Part, Parts};
use crate::adapters::ws::link::JOINED_MAX;
use crate::adapters::ws::place::Place;
use crate::domain::cursor::Seq;
use crate::domain::view::View;
use crate::ports::live_feed::Material;

/// Parts of a copy that are sent before others get their turn.
const PARTS_AT_ONCE: usize = 2;

/// How far a copy was sent.
#[derive(Debug)]
pub(super) struct Copying {
    /// What `sync:end` says; a replay has none.
    at: Option<Seq>,
    parts: Parts,
}

impl Copying {
    pub(super) fn new(copies: &Arc<Copies>, material: Material, view: Arc<View>) -> Self {
        let at = material.fleet().map(|fleet| fleet.at());
        Self { at, parts: Parts::open(copies, material, view) }
    }
}

impl Session {
    /// Sends what follows of the copy; the link is clear, or light.
    pub(super) fn go_on_copying(&mut self, turn: &mut Turn<'_>) -> Result<Next, End> {
        for _ in 0..PARTS_AT_ONCE {
            let Some(copying) = &mut self.copying else { break };
            let at = copying.at;
            match copying.parts.read() {
                Some(Part::Bytes(bytes)) if self.joins(&bytes) => {
                    self.link.put(|own| own.extend_from_slice(&bytes));
                }
                // Nothing may overtake what waits: this one part is copied behind it, and no other is read before it is out.
                Some(Part::Bytes(bytes)) if !self.link.flush(turn.now)? => {
                    self.link.put(|own| own.extend_from_slice(&bytes));
                    return Ok(Next::Idle);
                }
                Some(Part::Bytes(mut bytes)) => {
                    let taken = self.link.write(&bytes, turn.now)?;
                    if taken < bytes.len() {
                        self.link.keep_rest(bytes.split_off(taken));
                        return Ok(Next::Idle);
                    }
                }
                Some(Part::End(counted)) => {
                    if let Some(at) = at {
                        self.link.put_text(&counted.sync_end(at));
                    }
                    self.copying = None;
                }
                None => {
                    self.break_off(turn);
                    return Ok(Next::Idle);
                }
            }
        }
        let is_out = self.link.flush(turn.now)?;
        Ok(if is_out { Next::Again } else { Next::Idle })
    }

    fn joins(&self, bytes: &[u8]) -> bool {
        bytes.len() <= JOINED_MAX && self.link.is_light()
    }

    /// What it was sent a copy of gave way. An open question is answered first; until then no event may go out.
    fn break_off(&mut self, turn: &Turn<'_>) {
        if self.busy != Busy::No {
            return;
        }
        let Some(copying) = self.copying.take() else { return };
        let (delivered, known) = copying.parts.broken_off(self.place.considered(turn.head));
        self.place = Place::after(delivered);
        self.catch_up(known, turn);
    }
}
