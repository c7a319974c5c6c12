//! What copies are made from: a fleet as it was at one moment, or events that were read from the log. It is held for
//! all copies of it, with what changed in it, which is listed once for all who are sent a delta.

use std::sync::{Arc, Mutex, PoisonError};

use crate::adapters::wire::delta::Changes;
use crate::domain::cursor::Seq;
use crate::domain::fleet::Fleet;
use crate::ports::live_feed::Material;

/// An agent, a session or an event, in bytes, as it is held.
const ITEM_BYTES: usize = 512;
/// A place in a fleet, which a later fleet does not share.
const PLACE_BYTES: usize = 64;
/// A change as it is listed.
const CHANGE_BYTES: usize = 48;

#[derive(Debug)]
pub(super) struct Source {
    material: Material,
    changes: Mutex<Listed>,
}

/// What changed in the fleet.
#[derive(Debug, Default)]
struct Listed {
    whole: Option<Arc<Changes>>,
    /// A list that goes back further and is still being made.
    begun: Option<Changes>,
}

impl Source {
    pub(super) fn of(material: &Material) -> Self {
        Self { material: material.clone(), changes: Mutex::default() }
    }

    /// Whether this is made from it.
    pub(super) fn serves(&self, material: &Material) -> bool {
        match (&self.material, material) {
            (Material::Events(one, _), Material::Events(other, _)) => Arc::ptr_eq(one, other),
            (one, other) => match (one.fleet(), other.fleet()) {
                (Some(one), Some(other)) => Arc::ptr_eq(one, other),
                (Some(_) | None, _) => false,
            },
        }
    }

    /// The position of its fleet.
    pub(super) fn at(&self) -> Option<Seq> {
        self.material.fleet().map(|fleet| fleet.at())
    }

    /// What changed in this fleet, its own, after a position at the latest; nothing while more agents are still to be
    /// looked at: each call looks at so many.
    pub(super) fn changes(&self, fleet: &Fleet, after: Seq, look_at: usize) -> Option<Arc<Changes>> {
        let mut listed = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let reaches = |changes: &Changes| changes.known_after() <= after;
        if let Some(whole) = listed.whole.as_ref().filter(|whole| reaches(whole)) {
            return Some(Arc::clone(whole));
        }
        // Twice as far back as is asked for, so that few of those who come are the first to ask for so much.
        let back = fleet.at().get().saturating_sub(after.get());
        let further = Seq::new(after.get().saturating_sub(back)).max(fleet.removals_after()).min(after);
        let begun = listed.begun.take().filter(reaches);
        let mut begun = begun.unwrap_or_else(|| Changes::after(further));
        if begun.look(fleet, look_at) {
            let whole = Arc::new(begun);
            listed.whole = Some(Arc::clone(&whole));
            return Some(whole);
        }
        listed.begun = Some(begun);
        None
    }

    /// About how many bytes would be free without it, while the newest fleet that is held is of this position:
    /// agents are shared with it as long as they did not change, and an event changes one thing at most.
    pub(super) fn weight(&self, newest: Seq) -> usize {
        let Some(fleet) = self.material.fleet() else {
            let Material::Events(past, _) = &self.material else { return 0 };
            return past.events.len().saturating_mul(ITEM_BYTES);
        };
        let items = fleet.len().saturating_add(fleet.sessions());
        let since = usize::try_from(newest.get().saturating_sub(fleet.at().get())).unwrap_or(usize::MAX);
        // The newest one may come to be the only one that holds its agents.
        let own = if since == 0 { items } else { since.min(items) };
        let of_list = items.saturating_mul(CHANGE_BYTES);
        let of_places = fleet.len().saturating_mul(PLACE_BYTES);
        own.saturating_mul(ITEM_BYTES).saturating_add(of_list).saturating_add(of_places)
    }
}
