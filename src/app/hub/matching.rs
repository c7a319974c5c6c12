//! Which agents a view shows is found outside the hub's lock, in a copy of the fleet; under the lock
//! only what came or went since that copy is looked at.

use std::sync::{Arc, MutexGuard};

use super::Hub;
use super::state::{Change, State};
use crate::domain::cursor::Seq;
use crate::domain::fault::Fault;
use crate::domain::fleet::Fleet;
use crate::domain::registry::{FEW_MAX, Watched};
use crate::domain::view::View;

/// How often the hub is looked at before a view is matched under the lock: when so many agents come and
/// go meanwhile that those at hand do not help, several times over.
const LOOKS_MAX: usize = 6;
/// Agents that came or went since the match and are looked at under the lock. More are looked at outside,
/// and while that is done fewer will have come.
const CHANGES_AT_ONCE: usize = 64;

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

/// A view, and what it is to be matched against.
pub(super) struct ToMatch {
    view: Arc<View>,
    load: u64,
    against: Against,
}

enum Against {
    /// A copy of the fleet.
    All(Arc<Fleet>),
    /// What came and went up to a position, since an earlier match.
    Changes { watched: Watched, changes: Vec<Change>, at: Seq },
}

/// What a view showed at a position of a load.
pub(super) struct Matched {
    view: Arc<View>,
    load: u64,
    at: Seq,
    watched: Watched,
}

/// What is left to do with a match.
enum Left {
    Nothing(Watched),
    Some(ToMatch),
}

impl ToMatch {
    /// The work that grows with the fleet.
    pub(super) fn find(self) -> Matched {
        let Self { view, load, against } = self;
        let (watched, at) = match against {
            Against::All(fleet) => (Watched::of(&view, &fleet, FEW_MAX), fleet.at()),
            Against::Changes { mut watched, changes, at } => {
                note(&mut watched, &view, changes.iter());
                (watched, at)
            }
        };
        Matched { view, load, at, watched }
    }
}

fn note<'a>(watched: &mut Watched, view: &View, changes: impl Iterator<Item = &'a Change>) {
    for Change { agent, came } in changes {
        watched.note(agent, *came && view.shows(agent));
    }
}

impl Matched {
    /// Brings the match up to now. Nothing where it is of another view or another load, or so old that
    /// not all changes since are remembered.
    fn bring_up(self, view: &View, state: &State) -> Option<Left> {
        let Self { view: of, load, at, mut watched } = self;
        if *of != *view || load != state.load {
            return None;
        }
        if watched == Watched::Many {
            return Some(Left::Nothing(watched));
        }
        let changes = state.changes.after(at)?;
        if changes.len() <= CHANGES_AT_ONCE {
            note(&mut watched, view, changes);
            return Some(Left::Nothing(watched));
        }
        let against = Against::Changes { watched, changes: changes.cloned().collect(), at: state.fleet.at() };
        Some(Left::Some(ToMatch { view: of, load, against }))
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
        match matched.and_then(|matched| matched.bring_up(&view, &state)) {
            Some(Left::Nothing(watched)) => Ok(Look::Ready(Ready { state, view, watched })),
            Some(Left::Some(to_match)) => Ok(Look::ToMatch(to_match)),
            None => {
                let against = Against::All(state.copy(self.clock.monotonic(), Seq::ZERO, &self.limits));
                Ok(Look::ToMatch(ToMatch { view, load: state.load, against }))
            }
        }
    }

    /// Makes ready to enter the view that is asked for. The question may be put several times.
    pub(super) fn ready(&self, ask: impl Fn(&State) -> Result<Arc<View>, Fault>) -> Result<Ready<'_>, Fault> {
        let mut matched = None;
        for _ in 0..LOOKS_MAX {
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
