//! A walk over a copy: what follows of it, part by part.

use std::sync::{Arc, Weak};

use super::copies::Copies;
use super::copy::{Copy, Part, Walked};
use crate::domain::cursor::Seq;
use crate::domain::view::View;
use crate::ports::live_feed::Material;

/// A place in a copy. Dropping it lets the copy go, when nobody else reads it.
#[derive(Debug)]
pub struct Parts {
    copies: Arc<Copies>,
    copy: Weak<Copy>,
    walked: Walked,
}

impl Parts {
    /// Begins to read this material through this view.
    #[must_use]
    pub fn open(copies: &Arc<Copies>, material: Material, view: Arc<View>) -> Self {
        let walked = Walked::none_of(&material);
        Self { copies: Arc::clone(copies), copy: copies.open(material, view), walked }
    }

    /// The next part. Nothing when what it is made from gave way to newer, since as much is held for slow readers as may be:
    /// begin anew, as is [said](Self::broken_off).
    #[must_use]
    pub fn read(&mut self) -> Option<Part> {
        let part = self.copy.upgrade()?.part(&mut self.walked);
        self.copies.keep_bounds();
        Some(part)
    }

    /// What to ask for a new beginning with ([`LiveFeed::catch_up`](crate::ports::live_feed::LiveFeed::catch_up)), where the
    /// client took the parts so far and no more: up to where it was delivered every event, and up to where it knows
    /// everything, if there is anything that it knows whole. Behind the copy it stood at this position.
    #[must_use]
    pub const fn broken_off(&self, position: Seq) -> (Seq, Option<Seq>) {
        self.walked.broken_off(position)
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        self.copies.leave(&self.copy);
    }
}
