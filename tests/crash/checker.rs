//! The checker: a history is right, or this says what is wrong with it. Pure, in the style of Jepsen's checks
//! of sets and queues: what was acknowledged is there in the end, what is there was asked for, and once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Epoch and seq.
pub(crate) type Position = (String, u64);

/// What everybody wrote down.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    /// Each report is an activity with an id of its own, sent under the key of the same name until it is
    /// answered or given up.
    pub(crate) reports: Vec<Report>,
    pub(crate) screens: Vec<Screen>,
    /// All events that are read in the end, in order; those that are no report have no id.
    pub(crate) events: Vec<(Position, Event)>,
}

#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub(crate) id: String,
    /// The answers that came; with none it is not known whether it counts.
    pub(crate) answers: Vec<Position>,
}

/// What happened to an agent, as far as the checker tells it apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    Said { agent: String, id: String },
    Gone { agent: String },
    Other { agent: String },
}

impl Event {
    fn agent(&self) -> &str {
        match self {
            Self::Said { agent, .. } | Self::Gone { agent } | Self::Other { agent } => agent,
        }
    }

    fn id(&self) -> Option<&str> {
        match self {
            Self::Said { id, .. } => Some(id),
            Self::Gone { .. } | Self::Other { .. } => None,
        }
    }
}

/// One client over all its connections.
#[derive(Debug, Clone, Default)]
pub(crate) struct Screen {
    pub(crate) name: String,
    pub(crate) frames: Vec<Frame>,
}

/// What a client got.
#[derive(Debug, Clone)]
pub(crate) enum Frame {
    /// A connection or a new beginning on it: with which cursor it came, what it may see (agents that begin so), and
    /// what it was told.
    Began {
        cursor: Option<Position>,
        sees: String,
        mode: String,
        epoch: String,
        seq: u64,
    },
    /// An event, live or replayed.
    Event(u64, Event),
    /// A part of a snapshot or delta.
    Copied(Event),
    CopyEnd(u64),
    Heartbeat(u64),
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wrong {
    Lost,
    Phantom,
    Twice,
    TwoAnswers,
    TwoMeanings,
    OutOfOrder,
    Hole,
    Hidden,
    CursorTooEarly,
    Beginning,
    CopyBroken,
    End,
}

/// Everything that is wrong with a history.
pub(crate) fn check(history: &History) -> BTreeMap<Wrong, String> {
    let mut found = Found::default();
    let meanings = reports(history, &mut found);
    for screen in &history.screens {
        Reader::new(screen, &meanings, history).check(&mut found);
    }
    found.0
}

/// Panics with what is wrong, the seed, and what stood around it.
pub(crate) fn assert_right(history: &History, seed: u64) {
    let wrong = check(history);
    assert!(wrong.is_empty(), "seed {seed}: {wrong:#?}");
}

#[derive(Default)]
struct Found(BTreeMap<Wrong, String>);

impl Found {
    fn add(&mut self, wrong: Wrong, what: impl FnOnce() -> String) {
        self.0.entry(wrong).or_insert_with(what);
    }
}

/// What each position means.
type Meanings = BTreeMap<Position, Event>;

fn reports(history: &History, found: &mut Found) -> Meanings {
    let mut meanings = Meanings::new();
    let mut places: BTreeMap<&str, Vec<&Position>> = BTreeMap::new();
    let mut last: Option<&Position> = None;
    for (position, event) in &history.events {
        if last.is_some_and(|last| last.0 == position.0 && last.1 + 1 != position.1) {
            found.add(Wrong::Hole, || format!("between {last:?} and {position:?} in what is read"));
        }
        last = Some(position);
        if let Some(before) = meanings.insert(position.clone(), event.clone()) {
            found.add(Wrong::TwoMeanings, || format!("{position:?} is {before:?} and {event:?}"));
        }
        if let Some(id) = event.id() {
            places.entry(id).or_default().push(position);
        }
    }
    let asked: BTreeSet<&str> = history.reports.iter().map(|report| report.id.as_str()).collect();
    for (id, places) in &places {
        if !asked.contains(id) {
            found.add(Wrong::Phantom, || format!("nobody reported {id} at {places:?}"));
        }
        if places.len() > 1 {
            found.add(Wrong::Twice, || format!("{id} is at {places:?}"));
        }
    }
    for report in &history.reports {
        let distinct: BTreeSet<&Position> = report.answers.iter().collect();
        if distinct.len() > 1 {
            found.add(Wrong::TwoAnswers, || format!("{report:?}"));
        }
        for answer in distinct {
            match meanings.get(answer) {
                Some(event) if event.id() == Some(&report.id) => {}
                Some(event) => {
                    found.add(Wrong::TwoMeanings, || {
                        format!("{answer:?} is {event:?}, answered to {report:?}")
                    });
                }
                None => found.add(Wrong::Lost, || format!("{report:?} was answered, and is not there")),
            }
        }
    }
    meanings
}

/// One client's way through the history.
struct Reader<'a> {
    screen: &'a Screen,
    meanings: &'a Meanings,
    history: &'a History,
    /// What it shows: the last id of each agent.
    shown: BTreeMap<String, String>,
    /// How far it got; nothing before its first copy was whole.
    at: Option<Position>,
    sees: String,
    epoch: String,
    copy: Option<BTreeMap<String, String>>,
    /// A copy was begun that was not whole, so the position may not move.
    seq: u64,
}

impl<'a> Reader<'a> {
    fn new(screen: &'a Screen, meanings: &'a Meanings, history: &'a History) -> Self {
        Self {
            screen,
            meanings,
            history,
            shown: BTreeMap::new(),
            at: None,
            sees: String::new(),
            epoch: String::new(),
            copy: None,
            seq: 0,
        }
    }

    fn check(mut self, found: &mut Found) {
        for (place, frame) in self.screen.frames.iter().enumerate() {
            let before = found.0.len();
            self.take(frame, found);
            if found.0.len() > before {
                let around = self.around(place);
                let last = found.0.values_mut().last();
                if let Some(text) = last {
                    let _written = write!(text, "\n{around}");
                }
            }
        }
        let expected = self.expected();
        let shown = self.shown;
        if self.at.is_some() && self.copy.is_none() && shown != expected {
            let name = &self.screen.name;
            found.add(Wrong::End, || format!("{name} ends with {shown:?}, the fleet is {expected:?}"));
        }
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

    fn expected(&self) -> BTreeMap<String, String> {
        let mut fleet = BTreeMap::new();
        for (_, event) in
            self.history.events.iter().filter(|(_, event)| event.agent().starts_with(&self.sees))
        {
            apply(&mut fleet, event);
        }
        fleet
    }

    fn is_whole(&self) -> bool {
        self.sees.is_empty()
    }

    fn take(&mut self, frame: &Frame, found: &mut Found) {
        match frame {
            Frame::Began { cursor, sees, mode, epoch, seq } => {
                self.begin(cursor.as_ref(), sees, mode, epoch, *seq, found);
            }
            Frame::Copied(event) => self.copied(event, found),
            Frame::CopyEnd(seq) => match self.copy.take() {
                None => found.add(Wrong::CopyBroken, || "an end without a beginning".into()),
                Some(copy) => {
                    self.shown = copy;
                    self.move_to(*seq);
                }
            },
            Frame::Heartbeat(seq) => {
                if self.copy.is_some() || *seq < self.seq || (self.is_whole() && *seq != self.seq) {
                    found.add(Wrong::OutOfOrder, || format!("a heartbeat at {seq} behind {}", self.seq));
                }
                self.move_to(*seq);
            }
            Frame::Event(seq, event) => self.event(*seq, event, found),
        }
    }

    fn move_to(&mut self, seq: u64) {
        self.seq = seq;
        self.at = Some((self.epoch.clone(), seq));
    }

    fn begin(
        &mut self,
        cursor: Option<&Position>,
        sees: &str,
        mode: &str,
        epoch: &str,
        seq: u64,
        found: &mut Found,
    ) {
        if let Some(cursor) = cursor
            && self.at.as_ref() != Some(cursor)
        {
            let at = self.at.clone();
            found.add(Wrong::CursorTooEarly, || format!("came with {cursor:?}, and stood at {at:?}"));
        }
        let same_view = self.at.is_none() || self.sees == sees;
        let same_history = cursor.is_none_or(|cursor| cursor.0 == epoch);
        if mode != "snapshot" && (!same_view || !same_history || cursor.is_none()) {
            found.add(Wrong::Beginning, || format!("{mode} in {epoch} for {cursor:?} that sees {sees:?}"));
        }
        sees.clone_into(&mut self.sees);
        epoch.clone_into(&mut self.epoch);
        self.copy = match mode {
            "snapshot" => Some(BTreeMap::new()),
            "delta" => Some(self.shown.clone()),
            _ => None,
        };
        match (mode, cursor) {
            ("live", Some(cursor)) if seq != cursor.1 => {
                found.add(Wrong::Hole, || format!("live at {seq} for {cursor:?}"));
            }
            ("live" | "replay", Some(cursor)) => self.seq = cursor.1,
            ("delta", Some(cursor)) if seq < cursor.1 => {
                found.add(Wrong::OutOfOrder, || format!("a delta to {seq} for {cursor:?}"));
            }
            _ => {}
        }
    }

    fn copied(&mut self, event: &Event, found: &mut Found) {
        self.see(event, found);
        match &mut self.copy {
            Some(copy) => apply(copy, event),
            None => found.add(Wrong::CopyBroken, || format!("{event:?} outside of a copy")),
        }
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
        }
        match self.meanings.get(&(self.epoch.clone(), seq)) {
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

    fn see(&self, event: &Event, found: &mut Found) {
        if !event.agent().starts_with(&self.sees) {
            found.add(Wrong::Hidden, || format!("{event:?} was shown to one that sees {:?}", self.sees));
        }
    }
}

fn apply(fleet: &mut BTreeMap<String, String>, event: &Event) {
    match event {
        Event::Said { agent, id } => {
            fleet.insert(agent.clone(), id.clone());
        }
        Event::Gone { agent } => {
            fleet.remove(agent);
        }
        Event::Other { .. } => {}
    }
}
