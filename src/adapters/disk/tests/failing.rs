//! A store that fails takes nothing, is read meanwhile, and heals by itself.

use super::*;

/// A log whose clock a test moves, on a database that may not grow past so many pages.
fn small(directory: &Directory) -> (DiskLog, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    let (log, _) = DiskLog::open(options(directory), clock.clone(), Arc::new(Counting)).unwrap();
    (log, clock)
}

#[tokio::test]
async fn a_database_that_another_process_spoils_takes_nothing_until_it_is_well_again() {
    let directory = Directory::new();
    let (log, clock) = small(&directory);
    put(&log, activity("a", "before")).await;
    let mut follower = log.follow(Seq::ZERO).await.unwrap();
    assert_eq!(follower.next().await.unwrap().len(), 2);
    // A table is gone: every commit fails from here on.
    let other = rusqlite::Connection::open(directory.file("events.db")).unwrap();
    other.busy_timeout(Duration::from_secs(5)).unwrap();
    other.execute_batch("ALTER TABLE events RENAME TO hidden").unwrap();
    let refused = log.append(vec![activity("a", "lost")]).await;
    assert!(matches!(refused, Err(LogError::Unavailable(_))), "{refused:?}");
    assert!(log.append(vec![activity("a", "lost too")]).await.is_err());
    assert!(log.load().await.is_err(), "what was decided is not known to be kept");
    let page = log.read(Seq::ZERO, 10, None).await.unwrap();
    assert_eq!((page.events.len(), page.head.get()), (2, 2), "what was kept is read, and nothing else");
    clock.pass(Duration::from_secs(1));
    assert!(log.append(vec![activity("a", "still")]).await.is_err(), "it was tried, and is not well");
    other.execute_batch("ALTER TABLE hidden RENAME TO events").unwrap();
    assert!(log.append(vec![activity("a", "too soon")]).await.is_err());
    clock.pass(Duration::from_secs(2));
    let receipt = put(&log, activity("a", "after")).await;
    assert_eq!(receipt.seq.get(), 3, "what failed left no hole and no trace");
    assert_eq!(follower.next().await.unwrap()[0].seq.get(), 3, "and whoever follows goes on");
    let (_, events) = history(&log).await;
    assert!(!format!("{events:?}").contains("lost"));
}

#[tokio::test]
async fn marks_of_life_are_told_on_after_it_healed() {
    let directory = Directory::new();
    let (log, clock) = small(&directory);
    put(&log, beat("a", Duration::from_secs(100))).await;
    let mark = log.vitals(0).mark;
    let other = rusqlite::Connection::open(directory.file("events.db")).unwrap();
    other.busy_timeout(Duration::from_secs(5)).unwrap();
    other.execute_batch("ALTER TABLE events RENAME TO hidden").unwrap();
    assert!(log.append(vec![activity("a", "lost")]).await.is_err());
    other.execute_batch("ALTER TABLE hidden RENAME TO events").unwrap();
    clock.pass(Duration::from_secs(1));
    put(&log, activity("b", "x")).await;
    let changed: Vec<_> = log.vitals(mark).changed.into_iter().map(|(id, vital)| (id, vital.stale)).collect();
    assert_eq!(changed, [(agent("a"), false), (agent("b"), false)], "who was heard before was heard");
}

#[tokio::test]
async fn a_database_that_is_moved_away_takes_nothing_until_it_is_back() {
    let directory = Directory::new();
    let (log, clock) = small(&directory);
    put(&log, activity("a", "before")).await;
    std::fs::rename(directory.file("events.db"), directory.file("elsewhere.db")).unwrap();
    clock.pass(Duration::from_secs(1));
    let refused = log.append(vec![activity("a", "lost")]).await;
    assert!(matches!(refused, Err(LogError::Unavailable(_))), "{refused:?}");
    clock.pass(Duration::from_secs(1));
    assert!(log.append(vec![activity("a", "lost too")]).await.is_err());
    assert!(!directory.file("events.db").exists(), "no other history is begun in its place");
    std::fs::rename(directory.file("elsewhere.db"), directory.file("events.db")).unwrap();
    clock.pass(Duration::from_secs(1));
    assert_eq!(put(&log, activity("a", "after")).await.seq.get(), 3);
}

#[tokio::test]
async fn another_program_that_holds_the_database_keeps_nobody_from_looking() {
    let directory = Directory::new();
    let (log, _) = small(&directory);
    put(&log, activity("a", "before")).await;
    let other = rusqlite::Connection::open(directory.file("events.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let log = Arc::new(log);
    let writing = tokio::spawn({
        let log = Arc::clone(&log);
        async move { put(&log, activity("a", "waits")).await }
    });
    // Each look comes back while the writer waits.
    for _ in 0..100 {
        assert!(!log.vitals(0).changed.is_empty());
        tokio::task::yield_now().await;
    }
    assert!(!writing.is_finished());
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(writing.await.unwrap().seq.get(), 3);
}
