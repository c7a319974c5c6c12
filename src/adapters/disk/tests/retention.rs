//! What is let go: events by number and age, keys, removals; in small slices, and said.

use super::*;

/// Keeps so many times a hundred events.
async fn fill(directory: &Directory, hundreds: u32) {
    let (log, _) = open(directory);
    for start in 0..hundreds {
        let some = (0..100).map(|number| activity("a", &format!("{start} {number}"))).collect();
        log.append(some).await.unwrap();
    }
}

#[tokio::test]
async fn a_lowered_bound_is_reached_in_slices() {
    let directory = Directory::new();
    fill(&directory, 5).await;
    let (log, _) = open_with(DiskOptions { keep_events: 10, ..options(&directory) });
    let held = |log: &DiskLog| log.shared.tail().held_after.get();
    assert_eq!(held(&log), 0);
    let mut before = 0;
    while held(&log) < log.shared.tail().head.get() - 10 {
        put(&log, activity("a", "x")).await;
        let now = held(&log);
        assert!(now > before && now - before <= 65, "{before} to {now}");
        before = now;
    }
    let LogError::Compacted { held_after } = log.read(Seq::ZERO, 1, None).await.unwrap_err() else {
        panic!("what is gone is said")
    };
    assert_eq!(held_after.get(), before);
    drop(log);
    let (log, _) = open_with(DiskOptions { keep_events: 10, ..options(&directory) });
    assert_eq!(held(&log), before, "and stays said");
}

#[tokio::test]
async fn a_lowered_bound_is_reached_also_while_nothing_comes() {
    let directory = Directory::new();
    fill(&directory, 30).await;
    let clock = Arc::new(ManualClock::default());
    let options = DiskOptions { keep_events: 10, ..options(&directory) };
    let (log, _) = DiskLog::open(options, clock.clone(), Arc::new(Counting)).unwrap();
    let sweep = || Proposal { command: Command::Sweep, key: None };
    // Answered when the writer runs.
    log.load().await.unwrap();
    let mut slices = 0;
    clock.pass(Duration::from_secs(1));
    while log.vitals(u64::MAX).due {
        put(&log, sweep()).await;
        assert!(!log.vitals(u64::MAX).due, "reports get their turn");
        clock.pass(Duration::from_secs(1));
        slices += 1;
        assert!(slices < 10, "it is never done");
    }
    let tail = log.shared.tail();
    assert_eq!(tail.held_after.get() + 10, tail.head.get());
    assert_eq!(slices, 4, "three slices, and a look that finds nothing");
}

#[tokio::test]
async fn events_go_by_age_also_while_nothing_comes() {
    let directory = Directory::new();
    let clock = Arc::new(ManualClock::default());
    let options = DiskOptions { keep: Some(Duration::from_secs(60)), ..options(&directory) };
    let (log, _) = DiskLog::open(options, clock.clone(), Arc::new(Counting)).unwrap();
    put(&log, activity("a", "old")).await;
    clock.pass(Duration::from_secs(50));
    put(&log, activity("a", "young")).await;
    clock.pass(Duration::from_secs(11));
    assert!(log.vitals(u64::MAX).due, "somebody is to ask for it");
    put(&log, Proposal { command: Command::Sweep, key: None }).await;
    assert_eq!(log.shared.tail().held_after.get(), 2);
    assert!(!log.vitals(u64::MAX).due);
    assert_eq!(log.read(Seq::new(2), 10, None).await.unwrap().events.len(), 1);
}

#[tokio::test]
async fn keys_go_by_age_and_by_number_the_oldest_first() {
    let directory = Directory::new();
    let clock = Arc::new(ManualClock::default());
    let options = DiskOptions { idempotency_keys: 3, ..options(&directory) };
    let (log, _) = DiskLog::open(options, clock.clone(), Arc::new(Counting)).unwrap();
    let keyed = |text: &str| {
        let key =
            IdempotencyKey { owner: UserId::parse("u").unwrap(), text: text.into(), fingerprint: [1; 32] };
        Proposal { key: Some(key), ..signal("a", Signal::Start) }
    };
    let mut firsts = Vec::new();
    for text in ["k1", "k2", "k3", "k4"] {
        firsts.push(put(&log, keyed(text)).await);
    }
    assert_eq!(put(&log, keyed("k4")).await, firsts[3]);
    assert_eq!(put(&log, keyed("k2")).await, firsts[1]);
    assert_ne!(put(&log, keyed("k1")).await, firsts[0], "the oldest of four went, since three are kept");
    clock.pass(Duration::from_secs(24 * 60 * 60 + 1));
    assert_ne!(put(&log, keyed("k4")).await, firsts[3], "a day is over");
}

#[tokio::test]
async fn removals_are_kept_up_to_their_bound_and_through_a_restart() {
    let directory = Directory::new();
    let mut few = options(&directory);
    few.desk.removals = 3;
    let (log, _) = open_with(few.clone());
    for number in 0..5 {
        let id = format!("a{number}");
        put(&log, activity(&id, "x")).await;
        put(&log, Proposal { command: Command::Forget(agent(&id)), key: None }).await;
    }
    let before = log.load().await.unwrap().fleet;
    drop(log);
    let (log, _) = open_with(few);
    let fleet = log.load().await.unwrap().fleet;
    assert_eq!(fleet, before);
    assert_eq!((fleet.removals_after().get(), fleet.is_empty()), (6, true));
    assert_eq!(fleet.removals_since(Seq::new(6)).unwrap().len(), 3);
}

#[tokio::test]
async fn a_key_that_comes_does_not_cost_a_look_at_all_that_are_there() {
    let directory = Directory::new();
    let (log, _) = open(&directory);
    let keyed = |number: u32| {
        let key = IdempotencyKey {
            owner: UserId::parse("u").unwrap(),
            text: format!("k{number}"),
            fingerprint: [1; 32],
        };
        Proposal { key: Some(key), ..signal("a", Signal::Start) }
    };
    log.append((0..300).map(keyed).collect()).await.unwrap();
    drop(log);
    let connection = rusqlite::Connection::open(directory.file("events.db")).unwrap();
    let steps = |at_once: u32| {
        let mut query = connection.prepare(store::FORGET_OLD_KEYS).unwrap();
        assert_eq!(query.execute([0, at_once]).unwrap(), 0, "none is old");
        query.get_status(rusqlite::StatementStatus::VmStep)
    };
    assert!(steps(1) * 20 < steps(300), "one key is a small part of three hundred");
}

#[tokio::test]
async fn room_that_was_let_go_is_given_back_but_for_what_comes_next() {
    let directory = Directory::new();
    let (log, _) = open(&directory);
    let text = "x".repeat(4_000);
    for _ in 0..4 {
        log.append((0..500).map(|_| activity("a", &text)).collect()).await.unwrap();
    }
    drop(log);
    let size = || std::fs::metadata(directory.file("events.db")).unwrap().len();
    let full = size();
    let (log, _) = open_with(DiskOptions { keep_events: 10, ..options(&directory) });
    let bound = |log: &DiskLog| {
        let tail = log.shared.tail();
        tail.held_after.get() + 10 >= tail.head.get()
    };
    while !bound(&log) {
        put(&log, activity("a", "x")).await;
    }
    drop(log);
    assert!(size() < full / 2, "{} of {full}", size());
}

#[tokio::test]
async fn who_follows_a_moment_behind_is_given_what_was_let_go_meanwhile() {
    let directory = Directory::new();
    let (log, _) = open_with(DiskOptions { keep_events: 5, ..options(&directory) });
    let mut follower = log.follow(Seq::ZERO).await.unwrap();
    for number in 0..50 {
        put(&log, activity("a", &number.to_string())).await;
    }
    assert!(log.shared.tail().held_after > Seq::ZERO);
    let mut seqs = Vec::new();
    while seqs.last() != Some(&51) {
        seqs.extend(follower.next().await.unwrap().into_iter().map(|recorded| recorded.seq.get()));
    }
    assert_eq!(seqs, (1..=51).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_damaged_page_of_old_events_stays_and_what_is_new_is_kept() {
    let directory = Directory::new();
    let (log, _) = open(&directory);
    for start in 0..15 {
        let some = (0..100).map(|number| activity("a", &format!("number {start} {number}"))).collect();
        log.append(some).await.unwrap();
    }
    drop(log);
    let mut bytes = std::fs::read(directory.file("events.db")).unwrap();
    let early = b"number 1 50";
    let place = bytes.windows(early.len()).position(|window| window == early).unwrap();
    let page = place / 4096 * 4096;
    bytes[page..page + 4096].fill(0);
    std::fs::write(directory.file("events.db"), bytes).unwrap();
    let (log, _) = open_with(DiskOptions { keep_events: 100, ..options(&directory) });
    for number in 0..20 {
        assert!(put(&log, activity("b", &number.to_string())).await.applied);
    }
    let head = log.shared.tail().head;
    drop(log);
    let (log, _) = open_with(DiskOptions { keep_events: 100, ..options(&directory) });
    assert!(put(&log, activity("b", "after")).await.seq > head);
}

/// A commit that lets events go, of which nobody is told yet.
fn let_go(directory: &Directory, up_to: u64) -> State {
    let mut store = store::Store::open(&directory.file("events.db"), store::Sync::System).unwrap();
    let before = store.state().unwrap().unwrap();
    let mut writing = store.begin().unwrap();
    writing.put_state(&State { held_after: Seq::new(up_to), ..before.clone() }).unwrap();
    writing.trim_events(Seq::new(up_to)).unwrap();
    writing.commit().unwrap();
    before
}

#[tokio::test]
async fn what_a_commit_let_go_is_said_to_be_gone_also_before_it_is_told() {
    let directory = Directory::new();
    fill(&directory, 1).await;
    let (log, _) = open(&directory);
    let mut follower = log.follow(Seq::new(5)).await.unwrap();
    let_go(&directory, 10);
    for of in [None, Some(agent("a"))] {
        let gone = log.read(Seq::new(5), 20, of.clone()).await;
        let is_said = matches!(&gone, Err(LogError::Compacted { held_after }) if held_after.get() == 10);
        assert!(is_said, "{of:?}: {gone:?}");
        let page = log.read(Seq::new(10), 20, of).await.unwrap();
        assert_eq!((page.events.len(), page.held_after.get()), (20, 10));
    }
    let gone = follower.next().await;
    assert!(matches!(gone, Err(LogError::Compacted { .. })), "{gone:?}");
}

#[tokio::test]
async fn events_that_are_let_go_while_all_are_looked_at_raise_no_doubt() {
    let directory = Directory::new();
    fill(&directory, 50).await;
    let before = let_go(&directory, 100);
    let (connection, doubt) = (store::Store::reader(&directory.file("events.db")).unwrap(), Doubt::default());
    check::look_at_all(&connection, &before, &doubt, &AtomicBool::new(false));
    assert!(doubt.check().is_ok());
    let connection = rusqlite::Connection::open(directory.file("events.db")).unwrap();
    connection.execute("DELETE FROM events WHERE seq = 200", []).unwrap();
    check::look_at_all(&connection, &before, &doubt, &AtomicBool::new(false));
    assert!(doubt.check().is_err(), "and those that are missing do");
}
