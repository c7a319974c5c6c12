//! Marks of life come into the fleet though the log is always ahead of it.

use super::super::*;
use crate::app::testing::*;
use crate::domain::beside::Vital;
use crate::domain::desk::Vitals;
use crate::domain::lifecycle::Status;
use crate::domain::time::Timestamp;
use crate::ports::event_log::MockEventLog;

fn heard(at: u64) -> Vital {
    Vital { last_seen: Timestamp::saturating(at), ..Vital::default() }
}

/// Notes that a log told these marks at this position.
fn note(hub: &Hub, head: u64, mark: u64, marks: &[(&str, Vital)]) {
    let changed: Vec<_> = marks.iter().map(|(name, vital)| (agent(name), *vital)).collect();
    let mut log = MockEventLog::new();
    log.expect_vitals().times(1).returning(move |since| {
        let changed = if since < mark { changed.clone() } else { Vec::new() };
        Vitals { due: false, head: Seq::new(head), mark, changed }
    });
    assert!(!hub.note_vitals(&log));
}

fn last_seen(hub: &Hub, name: &str) -> u64 {
    hub.copy().1.get(&agent(name)).unwrap().vital.last_seen.millis()
}

#[test]
fn marks_that_are_ahead_of_the_fleet_wait_for_it_and_for_no_later_ones() {
    let hub = hub(loaded(&[online(1, "a1"), online(2, "a2")]), &Arc::default(), ROOMY);
    // The log writes event 3, then 4, then 5 while it is asked: at no time is the fleet where the log is.
    note(&hub, 3, 10, &[("a1", heard(70))]);
    note(&hub, 4, 11, &[("a2", heard(80))]);
    assert_eq!(last_seen(&hub, "a1"), last_seen(&hub, "a2"));
    hub.take(vec![online(3, "a3")]);
    assert_eq!(last_seen(&hub, "a1"), 70);
    note(&hub, 5, 12, &[("a1", heard(90)), ("a3", heard(90))]);
    assert_eq!(last_seen(&hub, "a1"), 70);
    hub.take(vec![online(4, "a4")]);
    assert_eq!(last_seen(&hub, "a2"), 80);
    hub.take(vec![online(5, "a5")]);
    assert_eq!((last_seen(&hub, "a1"), last_seen(&hub, "a2"), last_seen(&hub, "a3")), (90, 80, 90));
}

#[test]
fn marks_take_nothing_back_that_an_event_said_since() {
    let hub = hub(loaded(&[online(1, "a1")]), &Arc::default(), ROOMY);
    let stale = Vital { stale: true, ..heard(70) };
    note(&hub, 2, 10, &[("a1", stale)]);
    hub.take(vec![online(2, "a2"), status(3, "a1", Status::Error)]);
    let vital = hub.copy().1.get(&agent("a1")).unwrap().vital;
    assert_eq!(vital, heard(70), "heard at 70, and not stale by what it said");
}

#[test]
fn marks_of_what_the_log_could_not_write_are_told_anew() {
    let hub = hub(loaded(&[online(1, "a1")]), &Arc::default(), ROOMY);
    note(&hub, 9, 10, &[("a1", heard(70))]);
    // It lost events 2 to 9, and numbers its marks on.
    note(&hub, 1, 20, &[("a1", heard(60))]);
    assert_eq!(last_seen(&hub, "a1"), 60);
}
