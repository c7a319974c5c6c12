//! What the events say: which is where, which lie between two, and which fleet they make up to a position.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::{Event, Found, History, Position, View, Wrong};

/// So many events lie between two fleets that are remembered.
const STEP: usize = 256;

/// What is shown of each agent.
pub(super) type Fleet = BTreeMap<String, Shown>;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shown {
    status: Option<String>,
    said: Option<String>,
}

/// Changes a fleet as an event says.
pub(super) fn apply(fleet: &mut Fleet, event: &Event) {
    match event {
        Event::Said { agent, id } => {
            fleet.entry(agent.clone()).or_default().said = Some(id.clone());
        }
        Event::Stands { agent, status } => {
            fleet.entry(agent.clone()).or_default().status = Some(status.clone());
        }
        Event::Gone { agent } => {
            fleet.remove(agent);
        }
        Event::Lived { .. } | Event::Other { .. } => {}
    }
}

pub(super) struct Truth<'a> {
    epochs: BTreeMap<&'a str, Vec<(u64, &'a Event)>>,
    last: Option<&'a Position>,
    /// Fleets after every so many events, of an epoch as those see it.
    remembered: RefCell<BTreeMap<(String, View), Vec<Fleet>>>,
}

impl<'a> Truth<'a> {
    pub(super) fn of(history: &'a History, found: &mut Found) -> Self {
        let mut epochs: BTreeMap<&str, Vec<(u64, &Event)>> = BTreeMap::new();
        for (position, event) in &history.events {
            let (epoch, seq) = position;
            let known = epochs.entry(epoch).or_default();
            match known.last() {
                Some((last, before)) if last == seq => {
                    found.add(Wrong::TwoMeanings, || format!("{position:?} is {before:?} and {event:?}"));
                    continue;
                }
                Some((last, _)) if last + 1 != *seq => {
                    found.add(Wrong::Hole, || format!("between {last} and {position:?} in what is read"));
                }
                Some(_) | None => {}
            }
            known.push((*seq, event));
        }
        let last = history.events.last().map(|(position, _)| position);
        Self { epochs, last, remembered: RefCell::default() }
    }

    /// The last event of the last epoch.
    pub(super) const fn last(&self) -> Option<&'a Position> {
        self.last
    }

    fn epoch(&self, epoch: &str) -> &[(u64, &'a Event)] {
        self.epochs.get(epoch).map_or(&[], Vec::as_slice)
    }

    /// What is at this position.
    pub(super) fn at(&self, epoch: &str, seq: u64) -> Option<&'a Event> {
        let events = self.epoch(epoch);
        events.binary_search_by_key(&seq, |(at, _)| *at).ok().map(|place| events[place].1)
    }

    /// The first event after one position and before another that is shown to those who see this.
    pub(super) fn missed(
        &self,
        epoch: &str,
        after: u64,
        before: u64,
        sees: &View,
    ) -> Option<(u64, &'a Event)> {
        let events = self.epoch(epoch);
        let from = events.partition_point(|(seq, _)| *seq <= after);
        let between = events[from..].iter().take_while(|(seq, _)| *seq < before);
        between.copied().find(|(_, event)| sees.shows(event))
    }

    /// The fleet up to a position, as those see it who see this.
    pub(super) fn fleet(&self, epoch: &str, up_to: u64, sees: &View) -> Fleet {
        let events = self.epoch(epoch);
        let count = events.partition_point(|(seq, _)| *seq <= up_to);
        let mut remembered = self.remembered.borrow_mut();
        let steps = remembered.entry((epoch.to_owned(), sees.clone())).or_insert_with(|| vec![Fleet::new()]);
        while (steps.len() - 1) * STEP + STEP <= count {
            let begin = (steps.len() - 1) * STEP;
            let mut fleet = steps[steps.len() - 1].clone();
            fold(&mut fleet, &events[begin..begin + STEP], sees);
            steps.push(fleet);
        }
        let mut fleet = steps[count / STEP].clone();
        fold(&mut fleet, &events[count / STEP * STEP..count], sees);
        fleet
    }

    /// The status of an agent up to a position.
    pub(super) fn status(&self, epoch: &str, up_to: u64, agent: &str) -> Option<&'a str> {
        let events = self.epoch(epoch).iter().rev().filter(|(seq, _)| *seq <= up_to);
        let mut of_agent = events.filter(|(_, event)| event.agent() == agent);
        of_agent.find_map(|(_, event)| match event {
            Event::Stands { status, .. } => Some(Some(status.as_str())),
            Event::Gone { .. } => Some(None),
            Event::Said { .. } | Event::Lived { .. } | Event::Other { .. } => None,
        })?
    }
}

fn fold(fleet: &mut Fleet, events: &[(u64, &Event)], sees: &View) {
    for (_, event) in events.iter().filter(|(_, event)| sees.shows(event)) {
        apply(fleet, event);
    }
}
