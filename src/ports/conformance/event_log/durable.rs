//! What a log promises that outlives its process.

use std::sync::Arc;
use std::time::Duration;

use super::made::{activity, agent, from, keyed, plain, read_all, signal, taken, working};
use crate::domain::cursor::Seq;
use crate::domain::desk::Command;
use crate::domain::lifecycle::{Signal, Status};
use crate::domain::report::{Report, ReportBody, Terms};
use crate::ports::event_log::{EventLog, Proposal};

/// Opens the same log once more; the one before is gone by then.
pub(super) type Reopen = Box<dyn Fn() -> Arc<dyn EventLog>>;

pub(super) async fn a_history_goes_on_where_it_was(reopen: &Reopen) {
    let log = reopen();
    taken(&*log, plain(signal("a", Signal::Start))).await;
    taken(&*log, plain(activity("a", "s1", "hello"))).await;
    taken(&*log, plain(activity("b", "s1", "hello"))).await;
    taken(&*log, Proposal { command: Command::Forget(agent("b")), key: None }).await;
    let (loaded, events) = (working(log.load().await), read_all(&*log).await);
    drop(log);
    let log = reopen();
    let again = working(log.load().await);
    assert_eq!(again.epoch, loaded.epoch, "a restart keeps the epoch");
    assert_eq!(read_all(&*log).await, events, "and every event that was answered");
    assert_eq!(again.fleet.at(), loaded.fleet.at());
    for (id, before) in loaded.fleet.agents() {
        let after = again.fleet.get(id);
        let same = after.is_some_and(|after| {
            (&after.status, after.rev, &after.sessions) == (&before.status, before.rev, &before.sessions)
        });
        assert!(same, "the fleet is as it was: {id}");
    }
    assert_eq!(again.fleet.len(), loaded.fleet.len());
    let removed = |fleet: &crate::domain::fleet::Fleet| {
        fleet.removals_since(Seq::ZERO).map(|removals| removals.cloned().collect::<Vec<_>>())
    };
    assert_eq!(removed(&again.fleet), removed(&loaded.fleet), "also what was removed");
    let next = taken(&*log, plain(activity("a", "s1", "again"))).await;
    assert_eq!(next.seq, loaded.fleet.at().next(), "and the next seq follows the last");
}

pub(super) async fn keys_and_fences_outlive_the_process(reopen: &Reopen) {
    let first = || keyed(plain(from(signal("a", Signal::Start), "one", 5)), "u", "k", 1);
    let log = reopen();
    let receipt = taken(&*log, first()).await;
    drop(log);
    let log = reopen();
    assert_eq!(taken(&*log, first()).await, receipt, "the same key and report: the same answer");
    let late = taken(&*log, plain(from(signal("a", Signal::Crash), "one", 5))).await;
    assert!(!late.applied, "what was late before is late still");
    assert!(taken(&*log, plain(from(signal("a", Signal::Crash), "one", 6))).await.applied);
}

pub(super) async fn leases_outlive_the_process_and_agents_are_stale_until_heard(reopen: &Reopen) {
    let log = reopen();
    let terms = Terms { lease: Some(Duration::from_secs(3600)), ..Terms::default() };
    taken(&*log, plain(Report { terms, ..Report::new(agent("a"), ReportBody::Heartbeat) })).await;
    taken(&*log, plain(super::made::status("b", Status::Online))).await;
    taken(&*log, plain(signal("b", Signal::Restart))).await;
    let began = |log: &dyn EventLog| {
        log.vitals(0).changed.into_iter().find(|(id, _)| *id == agent("b")).and_then(|(_, vital)| vital.began)
    };
    let before = began(&*log);
    assert!(before.is_some(), "a restart begins a process");
    drop(log);
    let log = reopen();
    assert_eq!(began(&*log), before, "when a process began is kept");
    let marks = |log: &dyn EventLog| {
        let mut marks: Vec<_> =
            log.vitals(0).changed.into_iter().map(|(id, vital)| (id, vital.unleased, vital.stale)).collect();
        marks.sort();
        marks
    };
    assert_eq!(marks(&*log), [(agent("a"), false, true), (agent("b"), true, true)]);
    taken(&*log, plain(Report::new(agent("a"), ReportBody::Heartbeat))).await;
    assert_eq!(marks(&*log), [(agent("a"), false, false), (agent("b"), true, true)]);
}
