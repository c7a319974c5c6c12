//! Marks of life move without events: they are put into the fleet as the log tells them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Hub;
use super::state::State;
use crate::domain::beside::Vital;
use crate::domain::cursor::Seq;
use crate::domain::fleet::{Agent, Fleet};
use crate::domain::id::AgentId;
use crate::ports::event_log::EventLog;

/// Marks of life that the fleet has not come up to: a log under load tells them while it still writes the events
/// before them. Those that were told first keep their position, so that they are put in place however often
/// more are told meanwhile.
#[derive(Default)]
pub(super) struct Waiting {
    first: Option<Told>,
    later: Option<Told>,
}

/// Marks as they were at a position of the log.
struct Told {
    head: Seq,
    marks: BTreeMap<AgentId, Vital>,
}

impl Waiting {
    fn tell(&mut self, head: Seq, changed: Vec<(AgentId, Vital)>) {
        let last = self.later.as_ref().or(self.first.as_ref()).map(|told| told.head);
        if last.is_some_and(|last| head < last) {
            // What the log was writing failed. It tells all of it anew.
            *self = Self::default();
        }
        if changed.is_empty() {
            return;
        }
        let place = if self.first.is_none() { &mut self.first } else { &mut self.later };
        let told = place.get_or_insert_with(|| Told { head, marks: BTreeMap::new() });
        told.head = head;
        told.marks.extend(changed);
    }

    /// The next marks for a fleet of this position.
    fn due(&mut self, at: Seq) -> Option<Told> {
        let due = self.first.take_if(|told| told.head <= at)?;
        self.first = self.later.take();
        Some(due)
    }
}

impl Told {
    fn put_into(self, fleet: &mut Fleet) {
        for (agent, told) in self.marks {
            let vital = fleet.get(&agent).map(|known| newest(known, told, self.head));
            if let Some(vital) = vital {
                fleet.set_vital(&agent, vital);
            }
        }
    }
}

/// What an agent's event said after the marks were told, they do not take back.
fn newest(known: &Agent, told: Vital, head: Seq) -> Vital {
    if known.rev <= head {
        return told;
    }
    Vital { last_seen: known.vital.last_seen.max(told.last_seen), ..known.vital }
}

impl State {
    /// Puts marks of life in place that the fleet has come up to.
    pub(super) fn put_marks(&mut self) {
        while let Some(told) = self.waiting.due(self.fleet.at()) {
            told.put_into(Arc::make_mut(&mut self.fleet));
        }
    }
}

impl Hub {
    /// Takes the marks of life that changed, for when the fleet has come up to them: they may be of an agent that it
    /// does not know yet. Says whether something is due by time alone.
    pub(crate) fn note_vitals(&self, log: &dyn EventLog) -> bool {
        let (mark, load) = {
            let state = self.state();
            (state.vitals_mark, state.load)
        };
        let vitals = log.vitals(mark);
        let mut guard = self.state();
        let state = &mut *guard;
        if state.load == load && state.vitals_mark == mark {
            state.vitals_mark = vitals.mark;
            state.waiting.tell(vitals.head, vitals.changed);
            state.put_marks();
        }
        vitals.due
    }
}
