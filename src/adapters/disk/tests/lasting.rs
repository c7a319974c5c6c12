//! Damage in one place stays there: it stops no report of others, and is mended where it can be.

use super::*;
use crate::domain::fault::Code;

fn change(directory: &Directory, text: &str) {
    let connection = rusqlite::Connection::open(directory.file("events.db")).unwrap();
    assert!(connection.execute(text, []).unwrap() > 0, "{text}");
}

fn keyed(id: &str, text: &str) -> Proposal {
    let key = IdempotencyKey { owner: UserId::parse("u").unwrap(), text: text.into(), fingerprint: [1; 32] };
    Proposal { key: Some(key), ..signal(id, Signal::Start) }
}

async fn filled(count: u64) -> Directory {
    let directory = Directory::new();
    let (log, _) = open(&directory);
    for number in 0..count {
        put(&log, activity(&format!("a{}", number % 4), &format!("message {number}"))).await;
    }
    directory
}

#[tokio::test]
async fn an_event_that_lies_under_another_agent_is_neither_given_out_nor_passed_over() {
    let directory = filled(40).await;
    change(
        &directory,
        "UPDATE events SET agent = 'a3' WHERE seq = (SELECT max(seq) FROM events WHERE agent = 'a1')",
    );
    let (log, _) = open(&directory);
    for id in ["a1", "a3"] {
        let read = log.read(Seq::ZERO, 1_000, Some(agent(id))).await;
        assert!(matches!(read, Err(LogError::Unavailable(_))), "{id}: {read:?}");
    }
}

#[tokio::test]
async fn a_damaged_key_refuses_its_own_report_and_no_other() {
    let directory = Directory::new();
    let (log, _) = open(&directory);
    put(&log, keyed("a", "k1")).await;
    drop(log);
    change(&directory, "UPDATE keys SET record = x'0100000000'");
    let (log, _) = open(&directory);
    let results = log.append(vec![keyed("a", "k1"), activity("b", "x")]).await.unwrap();
    assert_eq!(results[0].as_ref().unwrap_err().code, Code::Unavailable);
    assert!(results[1].as_ref().unwrap().changed, "whoever comes with it is taken");
    put(&log, keyed("a", "k2")).await;
}

/// Zeroes every leaf on which these bytes are and those are not; tells how many.
fn zero_leaves(directory: &Directory, with: &[u8], without: &[u8]) -> usize {
    let path = directory.file("events.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let has = |page: &[u8], what: &[u8]| page.windows(what.len()).any(|window| window == what);
    let leaves = bytes.chunks_mut(4096).filter(|page| matches!(page[0], 0x0a | 0x0d));
    let mut zeroed = 0;
    for page in leaves.filter(|page| has(page, with) && !has(page, without)) {
        page.fill(0);
        zeroed += 1;
    }
    std::fs::write(&path, bytes).unwrap();
    zeroed
}

#[tokio::test]
async fn damaged_pages_of_old_keys_refuse_who_comes_with_them_and_no_other() {
    let directory = Directory::new();
    let (log, _) = open(&directory);
    for name in ["old-key", "young-key"] {
        log.append((0..400).map(|number| keyed("a", &format!("{name}-{number:03}"))).collect())
            .await
            .unwrap();
    }
    let receipt = put(&log, keyed("a", "young-key-100")).await;
    drop(log);
    assert!(zero_leaves(&directory, b"old-key-", b"young-key-") > 4);
    // More than are kept, so that the oldest are to go.
    let few = DiskOptions { idempotency_keys: 100, ..options(&directory) };
    let (log, _) = open_with(few);
    for number in 0..3 {
        let sent = vec![keyed("b", "old-key-100"), activity("b", &number.to_string())];
        let results = log.append(sent).await.unwrap();
        assert_eq!(results[0].as_ref().unwrap_err().code, Code::Unavailable);
        assert!(results[1].as_ref().unwrap().changed, "whoever comes with it is taken");
    }
    assert_eq!(put(&log, keyed("a", "young-key-100")).await, receipt, "other keys are known");
    let first = put(&log, keyed("c", "zz-new")).await;
    assert_eq!(put(&log, keyed("c", "zz-new")).await, first, "and new ones are kept");
}

#[tokio::test]
async fn where_no_key_can_be_kept_reports_are_taken_all_the_same() {
    let directory = Directory::new();
    let (log, _) = open(&directory);
    log.append((0..400).map(|number| keyed("a", &format!("key-{number:03}"))).collect()).await.unwrap();
    drop(log);
    // The last of the table, to which each new one is added; in the index they are in another order.
    let connection = rusqlite::Connection::open(directory.file("events.db")).unwrap();
    let root: i64 = connection
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'keys'", [], |row| row.get(0))
        .unwrap();
    drop(connection);
    let path = directory.file("events.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let root = (usize::try_from(root).unwrap() - 1) * 4096;
    assert_eq!(bytes[root], 5, "it has leaves");
    let last = u32::from_be_bytes(bytes[root + 8..root + 12].try_into().unwrap());
    let last = (usize::try_from(last).unwrap() - 1) * 4096;
    bytes[last..last + 4096].fill(0);
    std::fs::write(&path, bytes).unwrap();
    let (log, _) = open(&directory);
    assert!(put(&log, keyed("b", "zz-new")).await.changed);
    assert!(put(&log, activity("b", "x")).await.changed);
}

#[tokio::test]
async fn a_damaged_old_event_does_not_keep_the_log_from_new_ones_and_goes_with_its_age() {
    let directory = filled(20).await;
    change(&directory, "UPDATE events SET record = x'' WHERE seq = 1");
    let clock = Arc::new(ManualClock::default());
    let options = DiskOptions { keep: Some(Duration::from_secs(60)), ..options(&directory) };
    let (log, _) = DiskLog::open(options, clock.clone(), Arc::new(Counting)).unwrap();
    put(&log, activity("a1", "x")).await;
    clock.pass(Duration::from_secs(61));
    put(&log, activity("a1", "y")).await;
    assert!(log.shared.tail().held_after.get() > 1);
}

#[tokio::test]
async fn a_fleet_that_was_made_anew_is_kept_anew() {
    let directory = filled(20).await;
    change(&directory, "UPDATE agents SET record = x'0100000000' WHERE agent = 'a1'");
    let (log, _) = open(&directory);
    drop(log);
    // The events that it was made of go …
    let few = || DiskOptions { keep_events: 2, ..options(&directory) };
    let (log, _) = open_with(few());
    put(&log, activity("a2", "x")).await;
    assert!(log.shared.tail().held_after.get() > 0);
    drop(log);
    // … and it is there still.
    let (log, _) = open_with(few());
    assert!(log.load().await.unwrap().fleet.get(&agent("a1")).is_some());
}

#[tokio::test]
async fn what_stands_beside_the_events_is_not_believed_where_it_was_changed() {
    let directory = filled(20).await;
    let connection = rusqlite::Connection::open(directory.file("events.db")).unwrap();
    let record: Vec<u8> = connection.query_row("SELECT record FROM state", [], |row| row.get(0)).unwrap();
    for place in 0..record.len() {
        let mut changed = record.clone();
        changed[place] ^= 1 << (place % 8);
        connection.execute("UPDATE state SET record = ?1", [changed]).unwrap();
        let opened = DiskLog::open(options(&directory), Arc::new(ManualClock::default()), Arc::new(Counting));
        let Err(LogError::Unavailable(why)) = opened else { panic!("byte {place} was believed") };
        let told = why.to_string();
        assert!(told.contains("put back a copy") || told.contains("use a newer one"), "{told}");
    }
    connection.execute("UPDATE state SET record = ?1", [record]).unwrap();
    drop(connection);
    assert_eq!(open(&directory).1, None, "and as it was it goes on");
}

#[tokio::test]
async fn a_damaged_removal_sends_no_screen_a_wrong_one() {
    let directory = Directory::new();
    let (log, _) = open(&directory);
    for id in ["a", "b"] {
        put(&log, activity(id, "x")).await;
        put(&log, Proposal { command: Command::Forget(agent(id)), key: None }).await;
    }
    put(&log, activity("c", "x")).await;
    drop(log);
    change(
        &directory,
        "UPDATE removals SET record = CAST(replace(CAST(record AS TEXT), '\"b\"', '\"c\"') AS BLOB) WHERE seq = 6",
    );
    let (log, _) = open(&directory);
    let fleet = log.load().await.unwrap().fleet;
    let wrong =
        fleet.removals_since(Seq::ZERO).is_some_and(|mut some| some.any(|one| one.agent == agent("c")));
    assert!(!wrong && fleet.get(&agent("c")).is_some());
}
