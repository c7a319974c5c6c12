//! Marks of life move without events: they are put into the fleet as the log tells them.

use std::sync::Arc;

use super::Hub;
use crate::ports::event_log::EventLog;

impl Hub {
    /// Puts the marks of life that changed into the fleet, and says whether something is due by time alone.
    /// Where the hub has not taken the events up to them yet, they wait for the next time: they may be of an
    /// agent that it does not know.
    pub(crate) fn note_vitals(&self, log: &dyn EventLog) -> bool {
        let (mark, load) = {
            let state = self.state();
            (state.vitals_mark, state.load)
        };
        let vitals = log.vitals(mark);
        let mut guard = self.state();
        let state = &mut *guard;
        let is_next = state.load == load && state.vitals_mark == mark && state.fleet.at() >= vitals.head;
        if is_next {
            state.vitals_mark = vitals.mark;
            if !vitals.changed.is_empty() {
                let fleet = Arc::make_mut(&mut state.fleet);
                vitals.changed.iter().for_each(|(agent, vital)| fleet.set_vital(agent, *vital));
            }
        }
        vitals.due
    }
}
