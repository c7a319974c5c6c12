//! A disk that is full: reports are refused with that word, nothing else is, and it heals by itself.

use super::*;

#[tokio::test]
async fn a_full_disk_refuses_reports_keeps_what_was_answered_and_heals_when_there_is_room() {
    let directory = Directory::new();
    bound(&directory, Some(60));
    let clock = Arc::new(ManualClock::default());
    let (log, _) = DiskLog::open(options(&directory), clock.clone(), Arc::new(Counting)).unwrap();
    let text = "x".repeat(2_000);
    let mut answered = 0;
    let refused = loop {
        match log.append(vec![activity("a", &text)]).await {
            Ok(results) => answered = results[0].as_ref().unwrap().seq.get(),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, LogError::Full), "{refused:?}");
    assert!(answered > 10);
    let mut follower = log.follow(Seq::ZERO).await.unwrap();
    assert_eq!(follower.next().await.unwrap().last().unwrap().seq.get(), answered);
    let page = log.read(Seq::ZERO, 1_000, None).await.unwrap();
    assert_eq!((page.head.get(), page.events.last().unwrap().seq.get()), (answered, answered));
    // It is tried again, and there is no room still.
    clock.pass(Duration::from_secs(1));
    assert!(matches!(log.append(vec![activity("a", &text)]).await, Err(LogError::Full)));
    bound(&directory, None);
    clock.pass(Duration::from_secs(2));
    assert_eq!(put(&log, activity("a", "there is room")).await.seq.get(), answered + 1);
    assert_eq!(follower.next().await.unwrap()[0].seq.get(), answered + 1);
    let (epoch, events) = history(&log).await;
    drop(log);
    let (log, why) = open(&directory);
    assert_eq!((history(&log).await, why), ((epoch, events), None));
}

#[tokio::test]
async fn a_store_that_heals_leaves_nothing_behind_that_the_disk_may_not_have() {
    let directory = Directory::new();
    let clock = Arc::new(ManualClock::default());
    let (log, _) = DiskLog::open(options(&directory), clock.clone(), Arc::new(Counting)).unwrap();
    for number in 0..50 {
        put(&log, activity("a", &number.to_string())).await;
    }
    let waits = || std::fs::metadata(directory.file("events.db-wal")).map_or(0, |about| about.len());
    let before = waits();
    assert!(before > 100_000, "commits wait in the write-ahead log: {before}");
    let other = rusqlite::Connection::open(directory.file("events.db")).unwrap();
    other.busy_timeout(Duration::from_secs(5)).unwrap();
    other.execute_batch("ALTER TABLE events RENAME TO hidden").unwrap();
    assert!(log.append(vec![activity("a", "lost")]).await.is_err());
    other.execute_batch("ALTER TABLE hidden RENAME TO events").unwrap();
    // Somebody who reads what came before keeps it from being settled, and so from healing.
    other.execute_batch("BEGIN; SELECT count(*) FROM events").unwrap();
    put_another_way(&directory);
    clock.pass(Duration::from_secs(1));
    assert!(log.append(vec![activity("a", "too soon")]).await.is_err());
    other.execute_batch("COMMIT").unwrap();
    clock.pass(Duration::from_secs(1));
    put(&log, activity("a", "healed")).await;
    assert!(waits() < before / 4, "what was found is in the database: {}", waits());
}

/// A commit of somebody else, so that who reads already reads what came before.
fn put_another_way(directory: &Directory) {
    let connection = rusqlite::Connection::open(directory.file("events.db")).unwrap();
    connection.busy_timeout(Duration::from_secs(5)).unwrap();
    connection.execute_batch("CREATE TABLE another (x); DROP TABLE another").unwrap();
}

#[tokio::test]
async fn a_store_that_heals_and_fails_at_once_is_tried_less_and_less_often() {
    let directory = Directory::new();
    bound(&directory, Some(60));
    let clock = Arc::new(ManualClock::default());
    let (log, _) = DiskLog::open(options(&directory), clock.clone(), Arc::new(Counting)).unwrap();
    let text = "x".repeat(2_000);
    let try_one = async || log.append(vec![activity("a", &text)]).await.is_ok();
    while try_one().await {}
    // Room comes a moment after the last try: it is not looked at before the time has come.
    for wait in [1, 2, 4, 8, 16, 30, 30] {
        clock.pass(Duration::from_secs(wait - 1));
        bound(&directory, None);
        assert!(!try_one().await, "{wait}");
        bound(&directory, Some(60));
        clock.pass(Duration::from_secs(1));
        assert!(!try_one().await, "{wait}");
    }
    bound(&directory, None);
    clock.pass(Duration::from_secs(30));
    assert!(try_one().await);
    bound(&directory, Some(60));
    let other = rusqlite::Connection::open(directory.file("events.db")).unwrap();
    other.busy_timeout(Duration::from_secs(5)).unwrap();
    other.execute_batch("ALTER TABLE events RENAME TO hidden").unwrap();
    assert!(!try_one().await);
    other.execute_batch("ALTER TABLE hidden RENAME TO events").unwrap();
    bound(&directory, None);
    clock.pass(Duration::from_secs(1));
    assert!(try_one().await, "what was committed since begins it anew");
}
