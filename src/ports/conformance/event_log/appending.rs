//! Appending: what becomes of proposals that come one after another.

use std::sync::Arc;

use super::made::{
    activity, append, append_one, forget, from, plain, read_all, signal, status, taken, taken_as, working,
};
use super::story::Story;
use crate::domain::cursor::Seq;
use crate::domain::event::Event;
use crate::domain::fault::Code;
use crate::domain::lifecycle::{Signal, Status};
use crate::ports::event_log::EventLog;

pub(super) async fn an_empty_log_is_empty(log: &dyn EventLog) {
    let page = working(log.read(Seq::ZERO, 10, None).await);
    assert_eq!((page.head, page.held_after), (Seq::ZERO, Seq::ZERO), "an empty log is at position 0");
    assert!(page.events.is_empty(), "an empty log has no events");
    let fleet = working(log.load().await).fleet;
    assert!(fleet.is_empty() && fleet.at() == Seq::ZERO, "an empty log has an empty fleet");
    assert!(append(log, Vec::new()).await.is_empty(), "an empty list has no results");
    let first = taken(log, plain(status("a", Status::Online))).await;
    assert_eq!(first.seq, Seq::new(1), "the first event is number 1");
}

pub(super) async fn the_log_decides_as_the_desk_does(log: Arc<dyn EventLog>) {
    Story::told(log).await.assert_kept().await;
}

pub(super) async fn a_refused_proposal_leaves_the_others_alone(log: &dyn EventLog) {
    let list = vec![
        plain(status("a", Status::Online)),
        forget("nobody"),
        plain(status("b", Status::Online)),
        forget("nobody"),
        plain(activity("b", "s1", "hello")),
    ];
    let outcomes: Vec<_> = append(log, list)
        .await
        .into_iter()
        .map(|result| result.map(|receipt| receipt.seq.get()).map_err(|fault| fault.code))
        .collect();
    let refused = Err(Code::NotFound);
    assert_eq!(
        outcomes,
        [Ok(1), refused, Ok(2), refused, Ok(3)],
        "one refused proposal fails no other, and takes no number"
    );
    assert_eq!(read_all(log).await.len(), 3, "a refused proposal makes no event");
}

pub(super) async fn a_late_report_changes_nothing(log: &dyn EventLog) {
    taken(log, plain(from(status("a", Status::Online), "one", 5))).await;
    taken(log, plain(activity("b", "s1", "moves the head"))).await;
    let before = (read_all(log).await, working(log.load().await).fleet);
    let late = [
        from(signal("a", Signal::Crash), "one", 5),
        from(status("a", Status::Error), "one", 4),
        from(activity("a", "s1", "late"), "one", 1),
    ];
    for report in late {
        let receipt = taken(log, plain(report.clone())).await;
        assert!(!receipt.applied && !receipt.changed, "a late report is answered applied: false: {report:?}");
        assert_eq!(receipt.seq, before.1.at(), "a late report is answered with the head's seq");
    }
    let after = (read_all(log).await, working(log.load().await).fleet);
    assert_eq!(after, before, "a late report changes nothing");
    let next = taken(log, plain(from(status("a", Status::Error), "one", 6))).await;
    assert!(next.applied && next.changed, "a late report does not hold up the next one");
    taken(log, plain(from(status("a", Status::Online), "two", 1))).await;
    let older = taken(log, plain(from(status("a", Status::Error), "one", 7))).await;
    assert!(!older.applied, "a report of an older instance is late");
}

pub(super) async fn a_report_that_changes_nothing_still_counts(log: &dyn EventLog) {
    let online = || status("a", Status::Online);
    taken(log, plain(from(online(), "one", 1))).await;
    let head = taken(log, plain(activity("b", "s1", "moves the head"))).await.seq;
    let same = taken(log, plain(from(online(), "one", 5))).await;
    assert!(same.applied && !same.changed, "a status that is as it was applies and changes nothing");
    assert_eq!(same.seq, head, "a report that makes no event is answered with the head's seq");
    let overtaken = taken(log, plain(from(status("a", Status::Error), "one", 4))).await;
    assert!(!overtaken.applied, "a report that changed nothing still moved its instance's last reportSeq");
}

pub(super) async fn a_history_keeps_its_epoch(log: &dyn EventLog) {
    let epoch = working(log.load().await).epoch;
    let list = vec![
        plain(from(signal("a", Signal::Start), "one", 1)),
        plain(from(signal("a", Signal::Start), "one", 1)),
        plain(status("a", Status::Online)),
        forget("a"),
    ];
    for result in append(log, list).await {
        assert_eq!(taken_as(result).epoch, epoch, "every receipt names the epoch of its history");
    }
    assert_eq!(working(log.load().await).epoch, epoch, "an epoch changes only when history is lost");
    let gone = append_one(log, forget("a")).await;
    assert_eq!(gone.map_err(|fault| fault.code), Err(Code::NotFound), "what is forgotten is gone");
    let last = read_all(log).await.pop().map(|recorded| recorded.event);
    assert!(matches!(last, Some(Event::AgentRemoved(_))), "to forget an agent is an event");
}
