//! Which agents a view shows is found outside the hub's lock, in a copy of the fleet; under the lock
//! only what came or went since that copy is looked at.

use std::sync::{Arc, MutexGuard};

use super::Hub;
use super::state::State;
use crate::domain::cursor::Seq;
use crate::domain::fault::Fault;
use crate::domain::fleet::Fleet;
use crate::domain::registry::{FEW_MAX, Watched};
use crate::domain::view::View;

/// How often a view is matched outside before it is done under the lock: each time so many agents came
/// and went meanwhile that they are not all remembered.
const MATCHES_MAX: usize = 3;

/// What the registry needs to take a connection: it can be entered in this very step.
pub(super) struct Ready<'a> {
    pub(super) state: MutexGuard<'a, State>,
    pub(super) view: Arc<View>,
    pub(super) watched: Watched,
}

/// What the hub says when a view is to be entered.
pub(super) enum Look<'a> {
    Ready(Ready<'a>),
    /// First the view is to be matched.
    ToMatch(ToMatch),
}

/// A view, and the copy of the fleet to match it against.
pub(super) struct ToMatch {
    view: Arc<View>,
    load: u64,
    fleet: Arc<Fleet>,
}

/// What a view showed at a position of a load.
pub(super) struct Matched {
    view: Arc<View>,
    load: u64,
    at: Seq,
    watched: Watched,
}

impl ToMatch {
    /// The work that grows with the fleet.
    pub(super) fn find(self) -> Matched {
        let watched = Watched::of(&self.view, &self.fleet, FEW_MAX);
        Matched { view: self.view, load: self.load, at: self.fleet.at(), watched }
    }
}

impl Matched {
    /// What the view shows now. Nothing where it is another view, another load, or too long ago.
    fn until_now(self, view: &View, state: &State) -> Option<Watched> {
        if *self.view != *view || self.load != state.load {
            return None;
        }
        let mut watched = self.watched;
        for agent in state.changes.after(self.at)? {
            watched.note(agent, state.fleet.get(agent).is_some() && view.shows(agent));
        }
        Some(watched)
    }
}

impl Hub {
    /// Asks under the lock which view is to be entered, and goes on holding it where what that view
    /// shows is known: because the registry has it, or because it was matched.
    pub(super) fn look(
        &self,
        matched: Option<Matched>,
        ask: &impl Fn(&State) -> Result<Arc<View>, Fault>,
    ) -> Result<Look<'_>, Fault> {
        let mut state = self.state();
        let view = ask(&state)?;
        if !state.registry.must_be_told(&view) {
            return Ok(Look::Ready(Ready { state, view, watched: Watched::default() }));
        }
        if let Some(watched) = matched.and_then(|matched| matched.until_now(&view, &state)) {
            return Ok(Look::Ready(Ready { state, view, watched }));
        }
        let fleet = state.copy(self.clock.monotonic(), Seq::ZERO, &self.limits);
        Ok(Look::ToMatch(ToMatch { view, load: state.load, fleet }))
    }

    /// Makes ready to enter the view that is asked for. The question may be put several times.
    pub(super) fn ready(&self, ask: impl Fn(&State) -> Result<Arc<View>, Fault>) -> Result<Ready<'_>, Fault> {
        let mut matched = None;
        for _ in 0..=MATCHES_MAX {
            match self.look(matched, &ask)? {
                Look::Ready(ready) => return Ok(ready),
                Look::ToMatch(to_match) => matched = Some(to_match.find()),
            }
        }
        let state = self.state();
        let view = ask(&state)?;
        let watched = Watched::of(&view, &state.fleet, FEW_MAX);
        Ok(Ready { state, view, watched })
    }
}
