//! The place in the history (contract 5.3): moved only by frames with a position that were applied, and
//! not while a copy is still arriving.

use crate::domain::cursor::Seq;
use crate::ports::live_source::{Bookmark, Frame, Start};

/// Something between two positions did not come, though nothing is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hole {
    /// The last position that was applied.
    pub(super) after: Seq,
    /// What came instead of the next.
    pub(super) before: Seq,
}

/// What the current connection said of itself.
#[derive(Debug, Clone, Default)]
struct Terms {
    epoch: String,
    view: String,
    complete: bool,
}

/// Where a watcher stands.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// Where to go on from after a loss.
    bookmark: Option<Bookmark>,
    terms: Terms,
    /// A copy is arriving: the old place stays.
    copying: bool,
}

impl Place {
    /// Where to go on from; nothing before the first copy is whole.
    pub(super) fn bookmark(&self) -> Option<Bookmark> {
        self.bookmark.clone()
    }

    /// Takes a frame.
    ///
    /// # Errors
    /// [`Hole`] when something before it did not come. The place stays before the hole, so that coming back
    /// fills it.
    pub(super) fn take(&mut self, frame: &Frame) -> Result<(), Hole> {
        match frame {
            Frame::Hello { epoch, start, .. } => {
                self.terms = Terms { epoch: epoch.clone(), ..Terms::default() };
                self.start(start);
                Ok(())
            }
            Frame::Resync(start) => {
                self.start(start);
                Ok(())
            }
            Frame::CopyEnd { seq, .. } => {
                self.copying = false;
                self.put(*seq);
                Ok(())
            }
            Frame::Event(seq, _) => self.advance(*seq, 1),
            Frame::Heartbeat { seq, .. } => self.advance(*seq, 0),
            Frame::Copied(_)
            | Frame::TokenEnding
            | Frame::Error { .. }
            | Frame::Goodbye { .. }
            | Frame::Other => Ok(()),
        }
    }

    /// What a new beginning does not say stays as it was.
    fn start(&mut self, start: &Start) {
        self.copying = start.copy;
        if let Some(view) = &start.view {
            self.terms.view.clone_from(view);
        }
        self.terms.complete = start.complete.unwrap_or(self.terms.complete);
    }

    /// Goes to a position, which with nothing hidden is at most `step` after the last.
    fn advance(&mut self, seq: Seq, step: u64) -> Result<(), Hole> {
        // The copy that is arriving holds it already, or is followed by it again.
        if self.copying {
            return Ok(());
        }
        if let Some(Bookmark { seq: last, .. }) = &self.bookmark {
            if seq <= *last {
                return Ok(());
            }
            if self.terms.complete && seq.get() > last.get().saturating_add(step) {
                return Err(Hole { after: *last, before: seq });
            }
        }
        self.put(seq);
        Ok(())
    }

    fn put(&mut self, seq: Seq) {
        let Terms { epoch, view, .. } = self.terms.clone();
        self.bookmark = Some(Bookmark { epoch, seq, view });
    }
}

#[cfg(test)]
mod tests {
    use super::super::given::{copy_end, event, heartbeat, status};
    use super::*;
    use crate::ports::live_source::Happening;

    fn start(mode: &str, view: &str, complete: bool) -> Start {
        Start {
            mode: mode.to_owned(),
            reason: "new".to_owned(),
            copy: mode == "snapshot" || mode == "delta",
            view: Some(view.to_owned()),
            complete: Some(complete),
        }
    }

    fn hello(epoch: &str, start: Start) -> Frame {
        super::super::given::hello(epoch, start)
    }

    fn happening() -> Happening {
        status("a1", "online")
    }

    fn after(place: &mut Place, frames: &[Frame]) -> Option<String> {
        for frame in frames {
            place.take(frame).unwrap();
        }
        place.bookmark().map(|bookmark| bookmark.to_string())
    }

    #[test]
    fn there_is_no_place_before_the_first_copy_is_whole() {
        let mut place = Place::default();
        let begun = [hello("e", start("snapshot", "v", true)), Frame::Copied(happening())];
        assert_eq!(after(&mut place, &begun), None);
        assert_eq!(after(&mut place, &[copy_end(7)]).unwrap(), "e:7:v");
        assert_eq!(after(&mut place, &[event(8), event(9)]).unwrap(), "e:9:v");
    }

    #[test]
    fn the_old_place_stays_until_a_copy_is_whole() {
        let mut place = Place::default();
        after(&mut place, &[hello("e", start("snapshot", "v", true)), copy_end(7)]);
        let lost =
            [hello("f", start("snapshot", "w", true)), Frame::Copied(happening()), event(3), heartbeat(9)];
        assert_eq!(after(&mut place, &lost).unwrap(), "e:7:v");
        assert_eq!(after(&mut place, &[copy_end(3)]).unwrap(), "f:3:w");
    }

    #[test]
    fn a_resync_moves_nothing_until_it_is_whole_and_its_view_holds_from_then_on() {
        let mut place = Place::default();
        after(&mut place, &[hello("e", start("snapshot", "v", true)), copy_end(7)]);
        let mut delta = start("delta", "w", false);
        delta.complete = None;
        assert_eq!(after(&mut place, &[Frame::Resync(delta), event(8)]).unwrap(), "e:7:v");
        assert_eq!(after(&mut place, &[copy_end(20), event(21)]).unwrap(), "e:21:w");
    }

    #[test]
    fn replayed_and_live_events_move_it_at_once() {
        let mut place = Place::default();
        after(&mut place, &[hello("e", start("snapshot", "v", true)), copy_end(7)]);
        for mode in ["replay", "live"] {
            assert_eq!(after(&mut place, &[hello("e", start(mode, "v", true))]).unwrap(), "e:7:v");
        }
        assert_eq!(after(&mut place, &[event(8)]).unwrap(), "e:8:v");
    }

    #[test]
    fn a_heartbeat_moves_it_over_what_is_hidden() {
        let mut place = Place::default();
        after(&mut place, &[hello("e", start("snapshot", "v", false)), copy_end(7)]);
        assert_eq!(after(&mut place, &[heartbeat(30)]).unwrap(), "e:30:v");
        assert_eq!(after(&mut place, &[heartbeat(29), event(30)]).unwrap(), "e:30:v");
    }

    #[test]
    fn with_nothing_hidden_a_hole_is_seen_and_the_place_stays_before_it() {
        for frame in [event(9), heartbeat(8)] {
            let mut place = Place::default();
            after(&mut place, &[hello("e", start("snapshot", "v", true)), copy_end(7)]);
            let Err(hole) = place.take(&frame) else { panic!("{frame:?}") };
            assert_eq!(hole.after, Seq::new(7));
            assert_eq!(place.bookmark().unwrap().to_string(), "e:7:v");
        }
    }
}
