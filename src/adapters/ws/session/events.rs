//! What a connection wants when the head moved, and the events that it is handed.

use super::{Busy, End, Next, Session, Turn};
use crate::adapters::ws::place::{Advance, Events};
use crate::domain::time::Monotonic;

/// What a session wants when the head moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapters::ws) enum Want {
    /// It is sent its copy first, and goes on with that by itself. All who come back at once are: were each sent a part
    /// now, those who are here would wait for all of them.
    Nothing,
    /// The events, and nothing else.
    Events,
    /// A visit.
    Visit,
}

impl Session {
    /// What is to be done for it now that the head moved.
    pub(in crate::adapters::ws) fn wants(&self, now: Monotonic) -> Want {
        if self.copying.is_some() {
            return Want::Nothing;
        }
        let is_quiet = self.timer.is_some_and(|at| now < at)
            && !self.may_read
            && self.busy == Busy::No
            && self.closing.is_none()
            && self.link.is_idle();
        if is_quiet { Want::Events } else { Want::Visit }
    }

    /// Hands on the events that follow its place. For a session that is past its copy, with a clear link.
    ///
    /// # Errors
    /// [`End`].
    pub(in crate::adapters::ws) fn hand_on(&mut self, turn: &mut Turn<'_>) -> Result<Next, End> {
        let events = Events { after: &|at, count| turn.sockets.after(at, count), head: turn.head };
        let advance = turn.run.advance(&mut self.place, &self.view, &mut self.link, turn.now, events)?;
        match advance {
            Advance::AtHead | Advance::Blocked => Ok(Next::Idle),
            Advance::More => Ok(Next::Again),
            Advance::FellOut => {
                self.catch_up(Some(self.place.considered(turn.head)), turn);
                Ok(Next::Idle)
            }
        }
    }
}
