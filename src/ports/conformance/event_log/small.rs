//! Logs that let old events go.

use std::sync::Arc;

use super::drive::{Work, join_all, stand_back};
use super::following::{last_of, next};
use super::made::{
    activity, agent, assert_follows, from, keyed, plain, read_on, signal, status, taken, working,
};
use super::story::assert_fold;
use crate::domain::cursor::Seq;
use crate::domain::event::Recorded;
use crate::domain::lifecycle::{Signal, Status};
use crate::ports::event_log::{EventLog, Follower, LogError};

/// How many events a small log is asked to keep.
pub(super) const KEEP_EVENTS: usize = 16;
/// Reports after which a log that keeps few events must have let some go.
const REPORTS_MAX: usize = 200 * KEEP_EVENTS;
/// Those who report at the same time as the oldest is read, and how often each of all of them does.
const WRITERS: usize = 16;
const REPORTS_EACH: usize = 20;

pub(super) async fn what_is_let_go_is_said(log: &dyn EventLog) {
    let mut follower = working(log.follow(Seq::ZERO).await);
    let held_after = overflow(log, &mut *follower).await.0;
    let page = working(log.read(held_after, 1, None).await);
    let head = page.head;
    assert_eq!(page.held_after, held_after, "a page says from where on events are held");
    let (oldest, read) = (log.read_oldest(5, None).await, log.read(held_after, 5, None).await);
    assert_eq!(working(oldest), working(read), "the oldest page follows held_after");
    let held = read_on(log, held_after).await;
    assert_eq!(last_of(&held, held_after), head, "every event after held_after is held");
    assert!(held.len() >= KEEP_EVENTS, "a log keeps as many events as it was told to");
    for after in [Seq::ZERO, Seq::new(held_after.get().saturating_sub(1))] {
        match log.read(after, 10, None).await {
            Err(LogError::Compacted { held_after: said }) => {
                assert_eq!(said, held_after, "Compacted says from where on events are held");
            }
            other => panic!("reading what is no longer kept answers Compacted: after {after}, {other:?}"),
        }
        match log.follow(after).await {
            Err(LogError::Compacted { held_after: said }) => {
                assert_eq!(said, held_after, "Compacted says from where on events are held");
            }
            Err(other) => panic!("following what is no longer kept answers Compacted: {other:?}"),
            Ok(_) => panic!("following what is no longer kept answers Compacted: after {after}"),
        }
    }
    let mut follower = working(log.follow(held_after).await);
    let mut seen = Vec::new();
    while last_of(&seen, held_after) < head {
        let after = last_of(&seen, held_after);
        seen.extend(next(&mut *follower, after).await);
    }
    assert_eq!(seen, held, "what is held can be followed from its beginning");
}

pub(super) async fn no_gap_goes_unsaid(log: &dyn EventLog) {
    let mut slow = working(log.follow(Seq::ZERO).await);
    let mut quick = working(log.follow(Seq::ZERO).await);
    taken(log, plain(signal("a", Signal::Start))).await;
    let mut after = last_of(&next(&mut *slow, Seq::ZERO).await, Seq::ZERO);
    overflow(log, &mut *quick).await;
    let head = working(log.load().await).fleet.at();
    // It may have been given some of them to hold, but whatever it is given goes on without a hole.
    while after < head {
        match slow.next().await {
            Ok(events) => {
                assert_follows(after, &events);
                assert!(!events.is_empty(), "a follower is given at least one event");
                after = last_of(&events, after);
            }
            Err(LogError::Compacted { held_after }) => {
                assert!(held_after > after, "Compacted is for those who fell behind what is held");
                return;
            }
            Err(other) => panic!("a follower that fell behind is told Compacted: {other:?}"),
        }
    }
}

pub(super) async fn the_oldest_is_read_however_fast_events_go(log: &Arc<dyn EventLog>) {
    taken(&**log, plain(signal("a", Signal::Start))).await;
    let mut work = busy(log);
    for of in [None, Some(agent("a"))] {
        let log = Arc::clone(log);
        work.push(Box::pin(async move {
            for _ in 0..REPORTS_EACH {
                let page = working(log.read_oldest(KEEP_EVENTS, of.clone()).await);
                assert!(page.held_after <= page.head, "a page says where it begins and where the head is");
                assert_follows(page.held_after, &page.events);
                stand_back().await;
            }
        }));
    }
    join_all(work).await;
    for of in [None, Some(agent("a"))] {
        let page = working(log.read_oldest(1, of).await);
        assert_eq!(page.events.len(), 1, "where events are kept there is an oldest");
    }
}

pub(super) async fn what_is_read_follows_or_is_said_to_be_gone(log: &Arc<dyn EventLog>) {
    taken(&**log, plain(signal("a", Signal::Start))).await;
    let mut work = busy(log);
    // All events are of one agent, so that those of it have no holes either.
    for of in [None, Some(agent("a"))] {
        let log = Arc::clone(log);
        work.push(Box::pin(async move {
            let mut after = Seq::ZERO;
            for _ in 0..REPORTS_EACH {
                match log.read(after, KEEP_EVENTS / 2, of.clone()).await {
                    Err(LogError::Compacted { held_after }) => {
                        assert!(held_after > after, "Compacted is for what is no longer kept");
                        after = held_after;
                    }
                    read => {
                        let page = working(read);
                        assert_follows(after, &page.events);
                        after = last_of(&page.events, after);
                    }
                }
                stand_back().await;
            }
        }));
    }
    join_all(work).await;
}

/// Many who report at the same time.
fn busy(log: &Arc<dyn EventLog>) -> Vec<Work<()>> {
    let mut work: Vec<Work<()>> = Vec::new();
    for writer in 0..WRITERS {
        let log = Arc::clone(log);
        work.push(Box::pin(async move {
            for n in 0..REPORTS_EACH {
                taken(&*log, plain(activity("a", &format!("s{}", writer % 3), &n.to_string()))).await;
            }
        }));
    }
    work
}

pub(super) async fn the_fleet_outlives_its_events(log: &dyn EventLog) {
    let mut follower = working(log.follow(Seq::ZERO).await);
    taken(log, plain(status("early", Status::Error))).await;
    let (_, ever) = overflow(log, &mut *follower).await;
    assert_fold(log, &ever).await;
}

pub(super) async fn keys_and_fences_outlive_the_events(log: &dyn EventLog) {
    let mut follower = working(log.follow(Seq::ZERO).await);
    let first = || keyed(plain(from(signal("early", Signal::Start), "one", 5)), "u", "k", 1);
    let receipt = taken(log, first()).await;
    overflow(log, &mut *follower).await;
    assert_eq!(taken(log, first()).await, receipt, "a key outlives the events it made");
    let late = taken(log, plain(from(signal("early", Signal::Crash), "one", 5))).await;
    assert!(!late.applied, "a fence outlives the events of its agent");
}

/// Reports until the first event is let go, and some more. Gives from where on events are held, and
/// every event there ever was, by a follower that keeps pace.
async fn overflow(log: &dyn EventLog, follower: &mut dyn Follower) -> (Seq, Vec<Recorded>) {
    let mut ever: Vec<Recorded> = Vec::new();
    for n in 0..REPORTS_MAX {
        let receipt = taken(log, plain(activity("a", &format!("s{}", n % 3), &n.to_string()))).await;
        while last_of(&ever, Seq::ZERO) < receipt.seq {
            let after = last_of(&ever, Seq::ZERO);
            ever.extend(next(follower, after).await);
        }
        if let Err(LogError::Compacted { held_after }) = log.read(Seq::ZERO, 1, None).await
            && n >= 4 * KEEP_EVENTS
        {
            return (held_after, ever);
        }
    }
    panic!("a log that was told to keep {KEEP_EVENTS} events lets the first go at last")
}
