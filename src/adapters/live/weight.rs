//! What a copy may cost while somebody reads it, before any of it was made.

use crate::domain::fleet::Fleet;
use crate::ports::live_feed::Material;

/// An agent, a session or an event as a frame, in bytes, and what is held of it meanwhile.
const ITEM_BYTES: usize = 512;
/// A place in a fleet, which a later fleet does not share.
const PLACE_BYTES: usize = 64;

/// About how many bytes a copy of this holds when it was read to its end by somebody who sees everything.
pub(super) fn weight(material: &Material) -> usize {
    let of_items: usize = match material {
        Material::Fleet(fleet) => items(fleet).saturating_mul(ITEM_BYTES),
        Material::Changes(fleet, after) => {
            // Each event changed or removed one thing at most.
            let events = usize::try_from(fleet.at().get().saturating_sub(after.get())).unwrap_or(usize::MAX);
            let removals = fleet.removals_since(*after).map_or(0, |removals| removals.len());
            let changed = events.min(items(fleet).saturating_add(removals));
            let places = fleet.len().saturating_mul(PLACE_BYTES);
            changed.saturating_mul(ITEM_BYTES).saturating_add(places)
        }
        Material::Events(past, _) => past.events.len().saturating_mul(ITEM_BYTES),
    };
    of_items.saturating_add(ITEM_BYTES)
}

fn items(fleet: &Fleet) -> usize {
    fleet.len().saturating_add(fleet.sessions())
}
