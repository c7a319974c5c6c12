//! Nothing is answered that the witness does not know, and a store that heals is held against what the process
//! knows.

use super::*;

fn started(directory: &Directory) -> (DiskLog, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    let (log, _) = DiskLog::open(options(directory), clock.clone(), Arc::new(Counting)).unwrap();
    (log, clock)
}

fn keyed(text: &str) -> Proposal {
    let key = IdempotencyKey { owner: UserId::parse("u").unwrap(), text: text.into(), fingerprint: [1; 32] };
    Proposal { key: Some(key), ..activity("a", text) }
}

#[tokio::test]
async fn a_report_that_the_witness_cannot_know_is_not_answered_and_is_there_once_it_can() {
    let directory = Directory::new();
    let (log, clock) = started(&directory);
    put(&log, activity("a", "before")).await;
    let epoch = log.load().await.unwrap().epoch;
    let mut follower = log.follow(Seq::new(2)).await.unwrap();
    fill_witness(&directory, true);
    let refused = log.append(vec![keyed("k")]).await;
    assert!(matches!(refused, Err(LogError::Full)), "{refused:?}");
    clock.pass(Duration::from_secs(1));
    let refused = log.append(vec![keyed("k")]).await;
    assert!(matches!(refused, Err(LogError::Full)), "it heals when the witness does: {refused:?}");
    assert!(log.load().await.is_err());
    fill_witness(&directory, false);
    clock.pass(Duration::from_secs(1));
    let receipt = put(&log, keyed("k")).await;
    assert_eq!((receipt.seq.get(), &receipt.epoch), (3, &epoch), "it was kept, and is not taken again");
    assert_eq!(follower.next().await.unwrap().len(), 1, "who follows is told of it once");
    assert_eq!(put(&log, activity("a", "after")).await.seq.get(), 4);
    assert_eq!(follower.next().await.unwrap()[0].seq.get(), 4);
    let (_, events) = history(&log).await;
    assert_eq!(events.len(), 4);
}

#[tokio::test]
async fn a_commit_that_was_kept_after_all_is_known_to_the_witness_before_it_is_told() {
    let directory = Directory::new();
    let (log, clock) = started(&directory);
    put(&log, activity("a", "before")).await;
    fill_witness(&directory, true);
    assert!(log.append(vec![activity("a", "kept")]).await.is_err());
    fill_witness(&directory, false);
    clock.pass(Duration::from_secs(1));
    assert_eq!(log.load().await.unwrap().fleet.at().get(), 3);
    let said = std::fs::read_to_string(directory.file("events.head")).unwrap();
    assert!(said.contains("\"head\":3"), "{said}");
}

#[tokio::test]
async fn a_witness_that_is_replaced_under_the_running_server_refuses_reports_until_it_is_back() {
    let directory = Directory::new();
    let (log, clock) = started(&directory);
    put(&log, activity("a", "before")).await;
    let (epoch, _) = history(&log).await;
    let (witness, away) = (directory.file("events.head"), directory.file("away"));
    std::fs::rename(&witness, &away).unwrap();
    std::fs::create_dir(&witness).unwrap();
    for _ in 0..3 {
        clock.pass(Duration::from_secs(1));
        let refused = log.append(vec![activity("a", "lost")]).await;
        assert!(matches!(refused, Err(LogError::Unavailable(_))), "{refused:?}");
    }
    std::fs::remove_dir(&witness).unwrap();
    std::fs::rename(&away, &witness).unwrap();
    clock.pass(Duration::from_secs(1));
    let receipt = put(&log, activity("a", "after")).await;
    assert_eq!((receipt.epoch, receipt.seq.get()), (epoch, 3));
}

fn other(directory: &Directory) -> rusqlite::Connection {
    let other = rusqlite::Connection::open(directory.file("events.db")).unwrap();
    other.busy_timeout(Duration::from_secs(5)).unwrap();
    other
}

#[tokio::test]
async fn a_new_epoch_that_a_failed_heal_began_is_told_by_the_one_that_heals() {
    let directory = Directory::new();
    let (log, clock) = started(&directory);
    put(&log, activity("a", "before")).await;
    let before = log.load().await.unwrap().epoch;
    let mut follower = log.follow(Seq::ZERO).await.unwrap();
    assert_eq!(follower.next().await.unwrap().len(), 2);
    let other = other(&directory);
    other.execute_batch("ALTER TABLE sessions RENAME TO hidden").unwrap();
    assert!(log.append(vec![activity("a", "lost")]).await.is_err());
    std::fs::remove_file(directory.file("events.head")).unwrap();
    clock.pass(Duration::from_secs(1));
    assert!(log.load().await.is_err(), "a new epoch is begun, and the fleet cannot be read");
    other.execute_batch("ALTER TABLE hidden RENAME TO sessions").unwrap();
    clock.pass(Duration::from_secs(1));
    let receipt = put(&log, activity("a", "after")).await;
    assert_ne!(receipt.epoch, before);
    assert_eq!(receipt.epoch, log.load().await.unwrap().epoch);
    assert!(follower.next().await.is_err(), "who follows the old epoch is told that it ended");
    drop(log);
    let (log, why) = open(&directory);
    assert_eq!((log.load().await.unwrap().epoch, why), (receipt.epoch, None), "and it is the last");
}

#[tokio::test]
async fn a_store_that_comes_back_shorter_with_its_old_witness_begins_a_new_epoch() {
    let directory = Directory::new();
    let (log, clock) = started(&directory);
    put(&log, activity("a", "old")).await;
    let old = Files::of(&directory.0);
    for text in ["answered", "answered too"] {
        put(&log, activity("a", text)).await;
    }
    let before = log.load().await.unwrap().epoch;
    let other = other(&directory);
    other.execute_batch("ALTER TABLE events RENAME TO hidden").unwrap();
    assert!(log.append(vec![activity("a", "lost")]).await.is_err());
    drop(other);
    old.put_back(&directory.0);
    clock.pass(Duration::from_secs(1));
    let receipt = put(&log, activity("a", "after")).await;
    assert_eq!(receipt.seq.get(), 3, "of what was answered the first alone is there");
    assert_ne!(receipt.epoch, before, "positions that were told are not given to others");
}

#[tokio::test]
async fn a_write_ahead_log_that_is_removed_under_the_running_server_is_noticed_and_loses_nothing() {
    let directory = Directory::new();
    let (log, clock) = started(&directory);
    put(&log, activity("a", "before")).await;
    let epoch = log.load().await.unwrap().epoch;
    // Somebody has it open, so that closing it once more does not bring everything into the database.
    let other = other(&directory);
    other.query_row("SELECT count(*) FROM events", [], |_| Ok(())).unwrap();
    std::fs::remove_file(directory.file("events.db-wal")).unwrap();
    put(&log, activity("a", "answered before anybody looked")).await;
    clock.pass(Duration::from_secs(1));
    let refused = log.append(vec![activity("a", "refused")]).await;
    assert!(matches!(refused, Err(LogError::Unavailable(_))), "{refused:?}");
    clock.pass(Duration::from_secs(1));
    assert_eq!(put(&log, activity("a", "after")).await.seq.get(), 4);
    let files = Files::of(&directory.0);
    drop((log, other));
    // As a kill at that moment leaves it.
    files.put_back(&directory.0);
    let (log, why) = open(&directory);
    let (same, events) = history(&log).await;
    assert_eq!((same, why, events.len()), (epoch, None, 4));
}
