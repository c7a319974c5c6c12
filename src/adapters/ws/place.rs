//! Where a connection stands in the history, and the events that follow as one piece of bytes. Pure.

use std::sync::Arc;

use bytes::{Buf, Bytes};

use super::link::{Gone, Link, Socket};
use crate::adapters::live::{Entry, Found, Ring};
use crate::domain::cursor::Seq;
use crate::domain::time::Monotonic;
use crate::domain::view::View;

/// Events that are looked at before others get their turn.
const EVENTS_AT_ONCE: usize = 256;
/// Bytes of events that are written before others get their turn.
const BYTES_AT_ONCE: usize = 64 * 1024;

/// Events for one connection: the first, and the last there is so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) first: Seq,
    pub(super) last: Seq,
}

/// Up to where events were considered for a connection.
///
/// One that is shown every agent looks at each event. One that is shown some agents is told of the first
/// event for it since it was at the head; all before that are none of its business, however many they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    at: Seq,
    behind: bool,
}

impl Place {
    /// A place from which everything that follows is looked at.
    pub(super) const fn after(at: Seq) -> Self {
        Self { at, behind: true }
    }

    /// The place of one that is shown nothing: whatever follows is none of its business.
    pub(super) const fn beside(at: Seq) -> Self {
        Self { at, behind: false }
    }

    /// There are events for this connection. Some of them may have been looked at already, since the ring
    /// is ahead of what is known about it.
    pub(super) fn mark(&mut self, mark: Mark) {
        if !self.behind && mark.last > self.at {
            self.at = self.at.max(Seq::new(mark.first.get().saturating_sub(1)));
            self.behind = true;
        }
    }

    /// The head moved, and every event is to be looked at.
    pub(super) fn mark_head(&mut self, head: Seq) {
        self.behind |= head > self.at;
    }

    /// Up to where everything was considered, while all marks up to `head` were made.
    pub(super) fn considered(self, head: Seq) -> Seq {
        if self.behind { self.at } else { self.at.max(head) }
    }
}

/// What became of an attempt to bring a connection on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Advance {
    /// It has everything there is.
    AtHead,
    /// There may be more at once.
    More,
    /// The socket takes no more now.
    Blocked,
    /// What follows is no longer held.
    FellOut,
}

/// The events that there are: how to get them, and up to where marks were made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Events<'a, F> {
    /// The events after a position, at most so many.
    pub(super) after: &'a F,
    /// The last event of which it is known whom it is for. The ring may hold later ones.
    pub(super) head: Seq,
}

/// Events in a row as one piece of bytes; made once for all connections at the same place that see the same.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// What follows which position, through which view. It holds the view, so that no other takes its address.
    key: Option<(Seq, Arc<View>)>,
    bytes: Vec<u8>,
    /// Where each frame ends, and the event.
    frames: Vec<(usize, Arc<Entry>)>,
    /// Up to where events were looked at, and whether that was all there were.
    to: Seq,
    at_head: bool,
}

impl Run {
    /// Forgets what it holds, so that frames are not kept beyond the ring.
    pub(super) fn clear(&mut self) {
        self.key = None;
        self.bytes.clear();
        self.frames.clear();
    }

    /// Makes the run that follows a position for a view; nothing when that is no longer held.
    fn make(&mut self, ring: &impl Fn(Seq, usize) -> Found, at: Seq, view: &Arc<View>) -> Option<()> {
        if self.key.as_ref().is_some_and(|(of, through)| *of == at && show_the_same(through, view)) {
            return Some(());
        }
        self.clear();
        let Found::Next(entries) = ring(at, EVENTS_AT_ONCE) else { return None };
        self.key = Some((at, Arc::clone(view)));
        self.to = at;
        self.at_head = entries.len() < EVENTS_AT_ONCE;
        for entry in entries {
            if self.bytes.len() >= BYTES_AT_ONCE {
                self.at_head = false;
                break;
            }
            self.to = entry.recorded.seq;
            if view.covers(&entry.recorded.event) {
                self.bytes.extend_from_slice(entry.frame());
                self.frames.push((self.bytes.len(), entry));
            }
        }
        Some(())
    }

    /// Brings a connection on: hands its socket what follows its place, as one write. The link must be clear.
    ///
    /// # Errors
    /// [`Gone`].
    pub(super) fn advance<S: Socket>(
        &mut self,
        place: &mut Place,
        view: &Arc<View>,
        link: &mut Link<S>,
        now: Monotonic,
        events: Events<'_, impl Fn(Seq, usize) -> Found>,
    ) -> Result<Advance, Gone> {
        if !place.behind {
            return Ok(Advance::AtHead);
        }
        if self.make(events.after, place.at, view).is_none() {
            return Ok(Advance::FellOut);
        }
        let taken = link.write(&self.bytes, now)?;
        if taken < self.bytes.len() {
            let cut = self.frames.partition_point(|(end, _)| *end <= taken);
            let start =
                cut.checked_sub(1).and_then(|before| self.frames.get(before)).map_or(0, |(end, _)| *end);
            if let Some((_, entry)) = self.frames.get(cut) {
                let seq = entry.recorded.seq;
                if taken > start {
                    // The rest of this frame goes before anything else, so the event counts as handed over.
                    let mut rest: Bytes = entry.frame().clone();
                    rest.advance(taken.saturating_sub(start));
                    link.keep_rest(rest);
                    place.at = seq;
                } else {
                    place.at = Seq::new(seq.get().saturating_sub(1));
                }
            }
            return Ok(Advance::Blocked);
        }
        place.at = self.to;
        place.behind = !self.at_head || self.to < events.head;
        Ok(if place.behind { Advance::More } else { Advance::AtHead })
    }
}

/// Whether two views show the same events, as far as that is seen at once.
fn show_the_same(one: &Arc<View>, other: &Arc<View>) -> bool {
    let broad = || one.shows_every_agent() && other.shows_every_agent() && one.kinds() == other.kinds();
    Arc::ptr_eq(one, other) || broad()
}

/// The ring of this transport: events as WebSocket frames.
pub(super) fn ring(capacity: usize) -> Ring {
    Ring::new(capacity, |recorded| super::codec::encode::text(&crate::adapters::wire::frame::event(recorded)))
}
