//! Reads: only what the grant covers, page by page, at bounded cost.

use super::*;
use crate::app::testing::*;
use crate::domain::beside::Vital;
use crate::domain::cursor::Epoch;
use crate::domain::desk::Vitals;
use crate::domain::event::Recorded;
use crate::domain::lifecycle::Signal;
use crate::ports::event_log::MockEventLog;

/// A log of these events that keeps those after a position and writes down how many it gave.
fn log_of(events: Vec<Recorded>, held_after: u64, given: Arc<std::sync::Mutex<Vec<usize>>>) -> MockEventLog {
    let mut log = MockEventLog::new();
    let held_after = Seq::new(held_after);
    let page = move |after: Seq, limit| {
        let head = events.last().map_or(Seq::ZERO, |last| last.seq);
        let page: Vec<_> = events.iter().filter(|one| one.seq > after).take(limit).cloned().collect();
        given.lock().unwrap().push(page.len());
        Page { events: page, head, held_after }
    };
    let oldest = page.clone();
    log.expect_read_oldest().returning(move |limit, _| Ok(oldest(held_after, limit)));
    log.expect_read().returning(move |after, limit, _| {
        if after < held_after {
            return Err(LogError::Compacted { held_after });
        }
        Ok(page(after, limit))
    });
    lives(&mut log);
    log
}

/// Nobody was heard since.
fn lives(log: &mut MockEventLog) {
    log.expect_vitals().returning(|_| Vitals::default());
}

fn reads(fleet: &[Recorded], log: MockEventLog) -> (AppReads, Arc<ManualClock>) {
    let hub = hub(loaded(fleet), &Arc::default(), ROOMY);
    let clock = ManualClock::new();
    (AppReads::new(hub, Arc::new(log), clock.port()), clock)
}

fn over(events: Vec<Recorded>) -> AppReads {
    reads(&[], log_of(events, 0, Arc::default())).0
}

fn query(after: Option<u64>, limit: usize) -> EventsQuery {
    EventsQuery { after: after.map(|seq| (epoch(), Seq::new(seq))), interest: Interest::all(), limit }
}

fn seqs(page: &EventsPage) -> Vec<u64> {
    page.events.iter().map(|recorded| recorded.seq.get()).collect()
}

fn blind() -> Principal {
    principal("hook", &[Scope::Report, Scope::Admin], &["*"])
}

#[tokio::test]
async fn every_read_needs_the_scope_watch() {
    let (reads, _) = reads(&[online(1, "a1")], MockEventLog::new());
    assert_eq!(code(reads.fleet(&blind()).await), Code::ForbiddenScope);
    assert_eq!(code(reads.events(&blind(), query(None, 1)).await), Code::ForbiddenScope);
    assert_eq!(code(reads.record(&blind(), &agent("a1")).await), Code::ForbiddenScope);
}

#[tokio::test]
async fn the_fleet_is_one_copy_with_the_view_of_the_grant() {
    let fleet = [online(1, "a1"), online(2, "b1")];
    let (reads, _) = reads(&fleet, log_of(fleet.to_vec(), 0, Arc::default()));
    let copy = reads.fleet(&principal("ada", &[Scope::Watch], &["a*"])).await.unwrap();
    assert_eq!((copy.epoch, copy.fleet.at()), (epoch(), Seq::new(2)));
    assert!(copy.view.shows(&agent("a1")));
    assert!(!copy.view.shows(&agent("b1")));
}

#[tokio::test]
async fn an_agent_that_is_hidden_looks_like_one_that_is_not_there() {
    let fleet = [online(1, "a1"), online(2, "b1")];
    let (reads, _) = reads(&fleet, log_of(fleet.to_vec(), 0, Arc::default()));
    let by = principal("ada", &[Scope::Watch], &["a*"]);
    let hidden = reads.record(&by, &agent("b1")).await.unwrap_err();
    let unknown = reads.record(&by, &agent("a2")).await.unwrap_err();
    assert_eq!(hidden.code, Code::NotFound);
    assert_eq!(hidden, unknown);
}

#[tokio::test]
async fn uptime_runs_while_an_agent_is_online_and_not_otherwise() {
    let fleet = [
        online(1, "up"),
        status(2, "off", Status::Offline),
        status(3, "err", Status::Error),
        lifecycle(4, "up", Signal::Restart),
    ];
    let (reads, clock) = reads(&fleet, log_of(fleet.to_vec(), 0, Arc::default()));
    clock.advance(Duration::from_secs(90));
    let by = watcher("ada");
    for (id, expected) in [("up", 90), ("off", 0), ("err", 0)] {
        let record = reads.record(&by, &agent(id)).await.unwrap();
        assert_eq!(record.uptime, Duration::from_secs(expected), "{id}");
    }
}

#[tokio::test]
async fn uptime_begins_again_with_the_process_and_never_before_the_status() {
    let fleet = [online(1, "again"), online(2, "before"), status(3, "off", Status::Offline)];
    let mut log = MockEventLog::new();
    log.expect_read()
        .returning(|_, _, _| Ok(Page { events: vec![], head: Seq::new(3), held_after: Seq::ZERO }));
    log.expect_vitals().returning(|_| {
        let began = |id, at| (agent(id), Vital { began: Some(at), ..Vital::default() });
        let changed = vec![
            began("again", at(NOW + 60_000)),
            began("before", at(NOW - 60_000)),
            began("off", at(NOW + 60_000)),
        ];
        Vitals { head: Seq::new(3), mark: 1, changed, due: false }
    });
    let (reads, clock) = reads(&fleet, log);
    clock.advance(Duration::from_secs(90));
    for (id, expected) in [("again", 30), ("before", 90), ("off", 0)] {
        let record = reads.record(&watcher("ada"), &agent(id)).await.unwrap();
        assert_eq!(record.uptime, Duration::from_secs(expected), "{id}");
    }
}

#[tokio::test]
async fn a_page_begins_after_its_cursor_and_says_where_the_next_one_does() {
    let reads = over((1..=5).map(|seq| online(seq, "a1")).collect());
    let by = watcher("ada");
    let first = reads.events(&by, query(None, 2)).await.unwrap();
    assert_eq!((seqs(&first), first.next, first.head), (vec![1, 2], Some(Seq::new(2)), Seq::new(5)));
    let last = reads.events(&by, query(Some(2), 3)).await.unwrap();
    assert_eq!((seqs(&last), last.next, last.head), (vec![3, 4, 5], None, Seq::new(5)));
    let end = reads.events(&by, query(Some(5), 3)).await.unwrap();
    assert_eq!((seqs(&end), end.next, end.head), (vec![], None, Seq::new(5)));
    assert_eq!(end.epoch, epoch());
}

#[tokio::test]
async fn an_empty_history_has_an_end() {
    let page = over(Vec::new()).events(&watcher("ada"), query(None, 10)).await.unwrap();
    assert_eq!((seqs(&page), page.next, page.head), (vec![], None, Seq::ZERO));
}

#[tokio::test]
async fn pages_of_any_size_give_every_event_that_may_be_seen_once_and_in_order() {
    let history = |seq: u64| if seq.is_multiple_of(3) { online(seq, "a1") } else { online(seq, "b1") };
    for limit in [1, 2, 7, 256, 1_000] {
        let reads = over((1..=1_500).map(history).collect());
        let by = principal("ada", &[Scope::Watch], &["a*"]);
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = reads.events(&by, query(after, limit)).await.unwrap();
            assert!(page.events.len() <= limit);
            all.extend(seqs(&page));
            let Some(next) = page.next else { break };
            assert!(Some(next.get()) > after, "{limit}: it goes on");
            after = Some(next.get());
        }
        assert_eq!(all, (1..=500).map(|third| third * 3).collect::<Vec<u64>>(), "{limit}");
    }
}

#[tokio::test]
async fn events_are_filtered_by_what_is_asked_for_within_the_grant() {
    let reads = over(vec![online(1, "a1"), activity(2, "a1", "s"), online(3, "b1"), removed(4, "a1")]);
    let kinds = crate::domain::interest::Kinds::of([crate::domain::event::EventKind::Activity]);
    let asked = EventsQuery { interest: Interest { kinds, ..interest(&["a1", "b1"]) }, ..query(None, 10) };
    let page = reads.events(&principal("ada", &[Scope::Watch], &["a*"]), asked).await.unwrap();
    assert_eq!(seqs(&page), [2, 4]);
}

#[tokio::test]
async fn a_hidden_history_costs_bounded_work_and_the_next_page_goes_on_from_there() {
    let given = Arc::default();
    let history = (1..=25_000).map(|seq| online(seq, if seq == 24_000 { "a1" } else { "b1" })).collect();
    let (reads, _) = reads(&[], log_of(history, 0, Arc::clone(&given)));
    let by = principal("ada", &[Scope::Watch], &["a*"]);
    let page = reads.events(&by, query(None, 10)).await.unwrap();
    assert_eq!((seqs(&page), page.next), (vec![], Some(Seq::new(10_000))));
    assert_eq!(given.lock().unwrap().iter().sum::<usize>(), LOOKED_AT_MAX);
    assert_eq!(given.lock().unwrap().len(), 40, "and the log is not asked for nothing at the end");
    let page = reads.events(&by, query(Some(10_000), 10)).await.unwrap();
    assert_eq!((seqs(&page), page.next), (vec![], Some(Seq::new(20_000))));
    let page = reads.events(&by, query(Some(20_000), 10)).await.unwrap();
    assert_eq!((seqs(&page), page.next), (vec![24_000], None));
}

#[tokio::test]
async fn a_small_page_takes_little_from_the_log() {
    let given = Arc::default();
    let history = (1..=25_000).map(|seq| online(seq, "a1")).collect();
    let (reads, _) = reads(&[], log_of(history, 0, Arc::clone(&given)));
    reads.events(&watcher("ada"), query(None, 1)).await.unwrap();
    assert_eq!(*given.lock().unwrap(), [256]);
}

#[tokio::test]
async fn a_cursor_of_another_history_or_before_what_is_kept_has_expired() {
    let (reads, _) = reads(&[], log_of((1..=9).map(|seq| online(seq, "a1")).collect(), 4, Arc::default()));
    let by = watcher("ada");
    let other = EventsQuery { after: Some((Epoch::parse("old").unwrap(), Seq::new(5))), ..query(None, 10) };
    assert_eq!(code(reads.events(&by, other).await), Code::CursorExpired);
    assert_eq!(code(reads.events(&by, query(Some(3), 10)).await), Code::CursorExpired);
    assert_eq!(seqs(&reads.events(&by, query(Some(4), 10)).await.unwrap()), [5, 6, 7, 8, 9]);
}

#[tokio::test]
async fn without_a_cursor_a_read_begins_with_the_oldest_that_is_kept() {
    let (reads, _) = reads(&[], log_of((1..=9).map(|seq| online(seq, "a1")).collect(), 4, Arc::default()));
    let page = reads.events(&watcher("ada"), query(None, 2)).await.unwrap();
    assert_eq!((seqs(&page), page.next), (vec![5, 6], Some(Seq::new(6))));
}

/// A log that lets all go that is not its oldest page by the time anybody asks for it.
fn running() -> MockEventLog {
    let mut log = MockEventLog::new();
    log.expect_read().returning(|_, _, _| Err(LogError::Compacted { held_after: Seq::new(900) }));
    log.expect_read_oldest().returning(|limit, _| {
        let last = u64::try_from(limit).unwrap();
        let events = (1..=last).map(|seq| online(seq, if seq == 1 { "a1" } else { "b1" })).collect();
        Ok(Page { events, head: Seq::new(1_000), held_after: Seq::ZERO })
    });
    log
}

#[tokio::test]
async fn without_a_cursor_nothing_expires_however_fast_events_are_let_go() {
    let (reads, _) = reads(&[], running());
    let by = principal("ada", &[Scope::Watch], &["*"]);
    let page = reads.events(&by, query(None, 3)).await.unwrap();
    assert_eq!((seqs(&page), page.next), (vec![1, 2, 3], Some(Seq::new(3))));
    let own = EventsQuery { interest: interest(&["a1"]), ..query(None, 1) };
    assert_eq!(seqs(&reads.events(&by, own).await.unwrap()), [1]);
}

#[tokio::test]
async fn what_is_trimmed_while_it_is_read_is_told_by_the_next_page_and_not_jumped_over() {
    let (reads, _) = reads(&[], running());
    let by = principal("ada", &[Scope::Watch], &["a*"]);
    let page = reads.events(&by, query(None, 10)).await.unwrap();
    assert_eq!((seqs(&page), page.next), (vec![1], Some(Seq::new(256))));
    assert_eq!(code(reads.events(&by, query(Some(256), 10)).await), Code::CursorExpired);
}

#[tokio::test]
async fn a_log_that_cannot_be_read_is_unavailable() {
    for error in [|| LogError::Closed, || LogError::Unavailable("the disk is gone".into())] {
        let mut log = MockEventLog::new();
        log.expect_read_oldest().times(1).returning(move |_, _| Err(error()));
        let (reads, _) = reads(&[], log);
        assert_eq!(code(reads.events(&watcher("ada"), query(None, 1)).await), Code::Unavailable);
    }
}

/// A hub that took the first of two events, and reads over it and a log that has both.
fn a_step_behind() -> (Arc<Hub>, AppReads) {
    let events = [online(1, "a1"), online(2, "a2")];
    let hub = hub(loaded(&events[..1]), &Arc::default(), ROOMY);
    let log = log_of(events.to_vec(), 0, Arc::default());
    let reads = AppReads::new(Arc::clone(&hub), Arc::new(log), ManualClock::new().port());
    (hub, reads)
}

#[tokio::test(start_paused = true)]
async fn a_read_has_what_was_answered_before_it_was_asked() {
    let (hub, reads) = a_step_behind();
    let ada = principal("ada", &[Scope::Watch], &["*"]);
    let (copy, ()) = tokio::join!(reads.fleet(&ada), async { hub.take(vec![online(2, "a2")]) });
    assert_eq!(copy.unwrap().fleet.at(), Seq::new(2));
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_cannot_keep_up_is_not_waited_for_and_its_copy_says_so() {
    let (_hub, reads) = a_step_behind();
    let ada = principal("ada", &[Scope::Watch], &["*"]);
    assert_eq!(reads.fleet(&ada).await.unwrap().fleet.at(), Seq::new(1));
    assert_eq!(reads.record(&ada, &agent("a1")).await.unwrap().restarts, 0);
}
