//! What reporters and screens wrote down, and the checker: a history is right, or this says what is wrong with
//! it. Pure, in the style of Jepsen's checks of sets and queues: what was acknowledged is there in the end, what
//! is there was asked for, and once. Shared by the targets that make histories, by `#[path]`.

mod client;
mod dice;
mod reader;
mod reports;
mod truth;
mod view;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) use client::{Client, event};
pub(crate) use dice::Dice;
use reader::Reader;
use truth::Truth;
pub(crate) use view::View;

/// Epoch and seq.
pub(crate) type Position = (String, u64);

/// What everybody wrote down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct History {
    /// Each report is an activity with an id of its own, sent under a key until it is answered or given up.
    pub(crate) reports: Vec<Report>,
    pub(crate) screens: Vec<Screen>,
    /// All events of each epoch from the first on, in order, as they are read in the end of that epoch.
    pub(crate) events: Vec<(Position, Event)>,
    /// Agents that asked for a lease and were silent in the end for longer than that.
    pub(crate) silent: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    /// What it says, which no other report does; mostly its key, too.
    pub(crate) id: String,
    /// The answers that came; with none it is not known whether it counts.
    pub(crate) answers: Vec<Position>,
    /// In this epoch its key was taken by another report before.
    pub(crate) key_taken_in: Option<String>,
}

/// What happened to an agent, as far as the checker tells it apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    Said {
        agent: String,
        id: String,
    },
    Stands {
        agent: String,
        status: String,
    },
    Gone {
        agent: String,
    },
    /// Its life as it was told: a start, a stop, a restart, a crash.
    Lived {
        agent: String,
        what: String,
    },
    /// The removal of a session.
    Other {
        agent: String,
    },
}

impl Event {
    pub(crate) fn agent(&self) -> &str {
        match self {
            Self::Said { agent, .. }
            | Self::Stands { agent, .. }
            | Self::Gone { agent }
            | Self::Lived { agent, .. }
            | Self::Other { agent } => agent,
        }
    }

    fn id(&self) -> Option<&str> {
        match self {
            Self::Said { id, .. } => Some(id),
            Self::Stands { .. } | Self::Gone { .. } | Self::Lived { .. } | Self::Other { .. } => None,
        }
    }

    /// Its type, by which a client may choose; removals have none.
    const fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Said { .. } => Some("session:activity"),
            Self::Stands { .. } => Some("agent:status"),
            Self::Lived { .. } => Some("agent:lifecycle"),
            Self::Gone { .. } | Self::Other { .. } => None,
        }
    }
}

/// One client over all its connections.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Screen {
    pub(crate) name: String,
    pub(crate) frames: Vec<Frame>,
}

/// What a client got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A connection or a new beginning on it: with which cursor it came, what it may see, and what
    /// it was told.
    Began {
        cursor: Option<Position>,
        sees: View,
        mode: String,
        epoch: String,
        seq: u64,
    },
    /// An event, live or replayed.
    Event(u64, Event),
    /// A part of a snapshot or delta, with its rev.
    Copied(u64, Event),
    CopyEnd(u64),
    Heartbeat(u64),
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wrong {
    /// A report was answered, and is not there.
    Lost,
    /// Something is there that nobody asked for.
    Phantom,
    /// One report counts twice, or one event was shown twice.
    Twice,
    /// One report was answered with two positions of one epoch.
    TwoAnswers,
    /// One position has two events.
    TwoMeanings,
    /// A key was taken for another report.
    KeyTaken,
    /// Something came behind what is later.
    OutOfOrder,
    /// An event is missing between two.
    Hole,
    /// Somebody was shown what it may not see.
    Hidden,
    /// A client came with a cursor that it had not earned.
    CursorTooEarly,
    /// A connection went on where it had to begin anew.
    Beginning,
    /// A copy without a beginning or an end, or with something else in it.
    CopyBroken,
    /// A copy is not the fleet at its position.
    CopyDiffers,
    /// A screen shows something else than the fleet.
    End,
    /// A screen never got to the end of the history.
    Behind,
    /// An agent is online long after its lease.
    Undead,
}

/// Everything that is wrong with a history.
pub(crate) fn check(history: &History) -> BTreeMap<Wrong, String> {
    let mut found = Found::default();
    let truth = Truth::of(history, &mut found);
    reports::check(history, &truth, &mut found);
    for screen in &history.screens {
        Reader::new(screen, &truth).check(&mut found);
    }
    for agent in &history.silent {
        if truth.last().is_some_and(|(epoch, last)| truth.status(epoch, *last, agent) == Some("online")) {
            found.add(Wrong::Undead, || format!("nobody hears of {agent}, and it is online in the end"));
        }
    }
    found.kinds
}

/// Panics with what is wrong, the seed, and what stood around it.
pub(crate) fn assert_right(history: &History, seed: u64) {
    let wrong = check(history);
    let told: Vec<_> = wrong.iter().map(|(kind, text)| format!("{kind:?}: {text}")).collect();
    assert!(wrong.is_empty(), "seed {seed}:\n{}", told.join("\n"));
}

/// The first of each kind that was found.
#[derive(Default)]
struct Found {
    kinds: BTreeMap<Wrong, String>,
    newest: Option<Wrong>,
}

impl Found {
    fn add(&mut self, wrong: Wrong, what: impl FnOnce() -> String) {
        if let Entry::Vacant(first) = self.kinds.entry(wrong) {
            first.insert(what());
            self.newest = Some(wrong);
        }
    }

    /// Adds what stood around to what was found since this was last asked.
    fn explain(&mut self, around: impl FnOnce() -> String) {
        if let Some(text) = self.newest.take().and_then(|newest| self.kinds.get_mut(&newest)) {
            text.push('\n');
            text.push_str(&around());
        }
    }
}
