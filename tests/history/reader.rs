//! One client's way through the history, held against it frame by frame.

use std::collections::BTreeMap;

use super::truth::{Fleet, Truth, apply};
use super::{Event, Found, Frame, Position, Screen, View, Wrong};

pub(super) struct Reader<'a> {
    screen: &'a Screen,
    truth: &'a Truth<'a>,
    /// What it shows.
    shown: Fleet,
    /// How far it got; nothing before its first copy was whole.
    at: Option<Position>,
    /// What it saw when it got there.
    saw: View,
    sees: View,
    epoch: String,
    copy: Option<Copy>,
    seq: u64,
}

/// A snapshot or a delta that is not whole yet.
struct Copy {
    fleet: Fleet,
    /// Of a delta: after which rev the next one comes.
    after: Option<u64>,
    /// The highest rev.
    rev: u64,
}

impl<'a> Reader<'a> {
    pub(super) fn new(screen: &'a Screen, truth: &'a Truth<'a>) -> Self {
        Self {
            screen,
            truth,
            shown: BTreeMap::new(),
            at: None,
            saw: View::default(),
            sees: View::default(),
            epoch: String::new(),
            copy: None,
            seq: 0,
        }
    }

    pub(super) fn check(mut self, found: &mut Found) {
        found.newest = None;
        for (place, frame) in self.screen.frames.iter().enumerate() {
            self.take(frame, found);
            found.explain(|| self.around(place));
        }
        let name = &self.screen.name;
        if let (Some((epoch, seq)), None) = (&self.at, &self.copy) {
            let (expected, shown) = (self.truth.fleet(epoch, u64::MAX, &self.sees), &self.shown);
            if *shown != expected {
                found.add(Wrong::End, || {
                    format!("{name} ends at {seq} with {shown:?}, the fleet is {expected:?}")
                });
            }
        }
        let last = self.truth.last();
        let is_there = |last: &Position| self.at.as_ref().is_some_and(|at| at.0 == last.0 && at.1 >= last.1);
        if last.is_some_and(|last| !is_there(last)) {
            let at = &self.at;
            found.add(Wrong::Behind, || format!("{name} ends at {at:?}, the history at {last:?}"));
        }
        found.explain(|| self.around(self.screen.frames.len()));
    }

    /// The 50 records around a place.
    fn around(&self, place: usize) -> String {
        let from = place.saturating_sub(25);
        let lines = self.screen.frames.iter().enumerate().skip(from).take(50);
        let lines = lines.map(|(number, frame)| {
            format!("  {}{number}: {frame:?}", if number == place { ">" } else { " " })
        });
        format!("{}\n{}", self.screen.name, lines.collect::<Vec<_>>().join("\n"))
    }

    const fn is_whole(&self) -> bool {
        self.sees.is_whole()
    }

    fn take(&mut self, frame: &Frame, found: &mut Found) {
        match frame {
            Frame::Began { cursor, sees, mode, epoch, seq } => {
                self.cursor(cursor.as_ref(), sees, mode, epoch, found);
                self.begin(cursor.as_ref(), mode, *seq, found);
            }
            Frame::Copied(rev, event) => self.copied(*rev, event, found),
            Frame::CopyEnd(seq) => self.copy_end(*seq, found),
            Frame::Heartbeat(seq) => self.heartbeat(*seq, found),
            Frame::Event(seq, event) => self.event(*seq, event, found),
        }
    }

    fn move_to(&mut self, seq: u64) {
        self.seq = seq;
        self.at = Some((self.epoch.clone(), seq));
        self.saw.clone_from(&self.sees);
    }

    /// Whether it came with what it had, and whether it may go on from there.
    fn cursor(&mut self, cursor: Option<&Position>, sees: &View, mode: &str, epoch: &str, found: &mut Found) {
        if let Some(cursor) = cursor
            && self.at.as_ref() != Some(cursor)
        {
            let at = self.at.clone();
            found.add(Wrong::CursorTooEarly, || format!("came with {cursor:?}, and stood at {at:?}"));
        }
        let same_view = self.at.is_none() || self.saw == *sees;
        let same_history = cursor.is_none_or(|cursor| cursor.0 == epoch);
        if mode != "snapshot" && (!same_view || !same_history || cursor.is_none()) {
            found.add(Wrong::Beginning, || format!("{mode} in {epoch} for {cursor:?} that sees {sees:?}"));
        }
        self.sees.clone_from(sees);
        epoch.clone_into(&mut self.epoch);
    }

    fn begin(&mut self, cursor: Option<&Position>, mode: &str, seq: u64, found: &mut Found) {
        let known = cursor.filter(|cursor| cursor.0 == self.epoch).map(|cursor| cursor.1);
        self.copy = match mode {
            "snapshot" => Some(Copy { fleet: BTreeMap::new(), after: None, rev: 0 }),
            "delta" => Some(Copy { fleet: self.shown.clone(), after: Some(known.unwrap_or(0)), rev: 0 }),
            _ => None,
        };
        match (mode, known) {
            ("live", Some(known)) if seq != known => {
                found.add(Wrong::Hole, || format!("live at {seq} for one at {known}"));
            }
            ("live" | "replay", Some(known)) => self.seq = known,
            ("delta" | "snapshot", Some(known)) if seq < known => {
                found.add(Wrong::OutOfOrder, || format!("a {mode} to {seq} for one at {known}"));
            }
            _ => {}
        }
    }

    fn copied(&mut self, rev: u64, event: &Event, found: &mut Found) {
        self.see(event, found);
        let meaning = self.truth.at(&self.epoch, rev);
        let same = meaning.is_some_and(|meaning| match event {
            // Of an agent's status also what its lifecycle told.
            Event::Stands { agent, .. } => meaning.agent() == agent,
            _ => meaning == event,
        });
        if !same {
            found.add(Wrong::TwoMeanings, || format!("rev {rev} is {meaning:?}, and was shown as {event:?}"));
        }
        let Some(copy) = &mut self.copy else {
            found.add(Wrong::CopyBroken, || format!("{event:?} outside of a copy"));
            return;
        };
        apply(&mut copy.fleet, event);
        copy.rev = copy.rev.max(rev);
        if let Some(after) = &mut copy.after {
            if rev <= *after {
                found.add(Wrong::OutOfOrder, || format!("rev {rev} of a delta behind {after}"));
            }
            *after = rev;
        }
    }

    fn copy_end(&mut self, seq: u64, found: &mut Found) {
        let Some(copy) = self.copy.take() else {
            found.add(Wrong::CopyBroken, || "an end without a beginning".into());
            return;
        };
        if copy.rev > seq {
            found.add(Wrong::CopyBroken, || format!("a copy to {seq} with rev {}", copy.rev));
        }
        let expected = self.truth.fleet(&self.epoch, seq, &self.sees);
        if copy.fleet != expected {
            let shown = &copy.fleet;
            found.add(Wrong::CopyDiffers, || format!("shows {shown:?} at {seq}, the fleet is {expected:?}"));
        }
        self.shown = copy.fleet;
        self.move_to(seq);
    }

    fn heartbeat(&mut self, seq: u64, found: &mut Found) {
        if self.copy.is_some() || seq < self.seq || (self.is_whole() && seq != self.seq) {
            let at = self.seq;
            found.add(Wrong::OutOfOrder, || format!("a heartbeat at {seq} behind {at}"));
        }
        self.missed(seq.saturating_add(1), found);
        self.move_to(seq);
    }

    fn event(&mut self, seq: u64, event: &Event, found: &mut Found) {
        self.see(event, found);
        if self.copy.is_some() {
            found.add(Wrong::CopyBroken, || format!("event {seq} in a copy"));
        }
        if seq <= self.seq {
            let at = self.seq;
            let kind = if seq == at { Wrong::Twice } else { Wrong::OutOfOrder };
            found.add(kind, || format!("event {seq} behind {at}"));
        } else if self.is_whole() && seq != self.seq + 1 {
            let at = self.seq;
            found.add(Wrong::Hole, || format!("event {seq} behind {at}"));
        } else {
            self.missed(seq, found);
        }
        match self.truth.at(&self.epoch, seq) {
            None => found.add(Wrong::Phantom, || format!("event {seq} was shown, and is not there")),
            Some(meaning) if meaning != event => {
                found.add(Wrong::TwoMeanings, || {
                    format!("event {seq} is {meaning:?}, and was shown as {event:?}")
                });
            }
            Some(_) => {}
        }
        apply(&mut self.shown, event);
        self.move_to(seq);
    }

    /// Everything that it sees before this position was shown to it.
    fn missed(&self, before: u64, found: &mut Found) {
        if let Some((seq, event)) = self.truth.missed(&self.epoch, self.seq, before, &self.sees) {
            found.add(Wrong::Hole, || format!("{seq}, {event:?}, was left out before {before}"));
        }
    }

    fn see(&self, event: &Event, found: &mut Found) {
        if !self.sees.shows(event) {
            found.add(Wrong::Hidden, || format!("{event:?} was shown to one that sees {:?}", self.sees));
        }
    }
}
