//! Reports against the events: each that was answered is there, at the position that was answered, and once.

use std::collections::{BTreeMap, BTreeSet};

use super::truth::Truth;
use super::{Found, History, Position, Report, Wrong};

pub(super) fn check(history: &History, truth: &Truth<'_>, found: &mut Found) {
    let mut places: BTreeMap<&str, Vec<&Position>> = BTreeMap::new();
    for (position, event) in &history.events {
        if let Some(id) = event.id() {
            places.entry(id).or_default().push(position);
        }
    }
    let asked: BTreeSet<&str> = history.reports.iter().map(|report| report.id.as_str()).collect();
    for (id, places) in &places {
        if !asked.contains(id) {
            found.add(Wrong::Phantom, || format!("nobody reported {id} at {places:?}"));
        }
        // A history that was put back has what was before in its new epoch too.
        let epochs: BTreeSet<&str> = places.iter().map(|(epoch, _)| epoch.as_str()).collect();
        if places.len() > epochs.len() {
            found.add(Wrong::Twice, || format!("{id} is at {places:?}"));
        }
    }
    for report in &history.reports {
        let there = places.get(report.id.as_str()).map_or(&[][..], Vec::as_slice);
        answers(report, there, truth, found);
    }
}

fn answers(report: &Report, there: &[&Position], truth: &Truth<'_>, found: &mut Found) {
    let distinct: BTreeSet<&Position> = report.answers.iter().collect();
    let epochs: BTreeSet<&str> = distinct.iter().map(|(epoch, _)| epoch.as_str()).collect();
    if distinct.len() > epochs.len() {
        found.add(Wrong::TwoAnswers, || format!("{report:?}"));
    }
    if let Some(taken) = &report.key_taken_in
        && (epochs.contains(taken.as_str()) || there.iter().any(|(epoch, _)| epoch == taken))
    {
        found.add(Wrong::KeyTaken, || format!("{report:?} is at {there:?}"));
        return;
    }
    for answer in distinct {
        match truth.at(&answer.0, answer.1) {
            Some(event) if event.id() == Some(&report.id) => {}
            Some(event) => {
                found.add(Wrong::TwoMeanings, || format!("{answer:?} is {event:?}, answered to {report:?}"));
            }
            None => found.add(Wrong::Lost, || format!("{report:?} was answered, and is not there")),
        }
    }
}
