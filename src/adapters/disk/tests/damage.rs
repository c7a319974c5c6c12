//! What is damaged is never given out, and never passed over.

use super::*;

async fn filled() -> Directory {
    let directory = Directory::new();
    let (log, _) = open(&directory);
    for number in 0..40 {
        put(&log, activity(&format!("a{}", number % 4), &format!("message {number}"))).await;
    }
    drop(log);
    directory
}

fn change(directory: &Directory, text: &str) {
    let connection = rusqlite::Connection::open(directory.file("events.db")).unwrap();
    assert!(connection.execute(text, []).unwrap() > 0, "{text}");
}

#[tokio::test]
async fn a_changed_event_is_refused_and_the_others_are_not() {
    for damage in [
        "UPDATE events SET record = CAST(replace(CAST(record AS TEXT), 'message 5', 'message 6') AS BLOB) WHERE seq = 10",
        "UPDATE events SET record = substr(record, 1, 9) WHERE seq = 10",
        "UPDATE events SET record = x'' WHERE seq = 10",
        "UPDATE events SET record = (SELECT record FROM events WHERE seq = 11) WHERE seq = 10",
        "DELETE FROM events WHERE seq = 10",
    ] {
        let directory = filled().await;
        change(&directory, damage);
        let (log, why) = open(&directory);
        assert_eq!(why, None);
        assert!(damage_of(&log).await.is_some(), "{damage}");
        let after = log.read(Seq::new(10), usize::MAX, None).await.unwrap();
        assert_eq!(after.events[0].seq.get(), 11);
        let before = log.read(Seq::ZERO, 9, None).await.unwrap();
        assert_eq!(before.events.len(), 9);
        assert!(log.follow(Seq::ZERO).await.unwrap().next().await.is_err(), "{damage}");
    }
}

#[tokio::test]
async fn a_damaged_record_of_the_fleet_is_made_anew_from_the_events() {
    let directory = filled().await;
    let (log, _) = open(&directory);
    let whole = log.load().await.unwrap().fleet;
    drop(log);
    change(&directory, "UPDATE agents SET record = x'0100000000' WHERE agent = 'a1'");
    change(&directory, "UPDATE sessions SET record = x'0100000000' WHERE agent = 'a2'");
    let (log, _) = open(&directory);
    let made = log.load().await.unwrap().fleet;
    for (id, agent) in whole.agents() {
        let other = made.get(id).unwrap();
        assert_eq!((&agent.status, agent.rev, &agent.sessions), (&other.status, other.rev, &other.sessions));
    }
}

#[tokio::test]
async fn a_damaged_fleet_without_all_events_refuses_to_open_and_says_what_to_do() {
    let directory = Directory::new();
    let few = || DiskOptions { keep_events: 5, ..options(&directory) };
    let (log, _) = open_with(few());
    for number in 0..40 {
        put(&log, activity("a", &number.to_string())).await;
    }
    drop(log);
    change(&directory, "UPDATE agents SET record = x'0100000000'");
    let refused = DiskLog::open(few(), Arc::new(ManualClock::default()), Arc::new(Counting)).err();
    let Some(LogError::Unavailable(why)) = refused else { panic!("it opened") };
    assert!(why.to_string().contains("put back a copy"), "{why}");
}

#[tokio::test]
async fn a_record_of_a_newer_version_is_told_apart_from_a_damaged_one() {
    let directory = filled().await;
    change(&directory, "UPDATE events SET record = CAST(x'02' || substr(record, 2) AS BLOB) WHERE seq = 3");
    let (log, _) = open(&directory);
    assert!(damage_of(&log).await.unwrap().contains("version 2"));
    drop(log);
    let connection = rusqlite::Connection::open(directory.file("events.db")).unwrap();
    connection.pragma_update(None, "user_version", 9).unwrap();
    drop(connection);
    let refused =
        DiskLog::open(options(&directory), Arc::new(ManualClock::default()), Arc::new(Counting)).err();
    let Some(LogError::Unavailable(why)) = refused else { panic!("it opened") };
    assert!(why.to_string().contains("version 9"), "{why}");
}

/// The files of a log that was killed, its last events in the write-ahead log alone.
async fn killed() -> (Directory, Files, Vec<crate::domain::event::Recorded>, Epoch) {
    let directory = Directory::new();
    let (log, _) = open(&directory);
    for number in 0..12 {
        put(&log, activity("a", &format!("message {number}"))).await;
    }
    let (epoch, events) = history(&log).await;
    let files = Files::of(&directory.0);
    drop(log);
    (directory, files, events, epoch)
}

/// What a damaged store may do: refuse to open, refuse to read, or give a beginning of the history. Anything
/// less than the whole has another epoch.
async fn assert_no_lie(
    directory: &Directory,
    events: &[crate::domain::event::Recorded],
    epoch: &Epoch,
    what: &str,
) {
    let opened = DiskLog::open(options(directory), Arc::new(ManualClock::default()), Arc::new(Counting));
    let Ok((log, why)) = opened else { return };
    let Ok(page) = log.read(Seq::ZERO, usize::MAX, None).await else { return };
    assert!(events.starts_with(&page.events), "{what}: a wrong event was given out");
    let now = log.load().await.unwrap().epoch;
    if page.events.len() < events.len() {
        assert!(
            why.is_some() && now != *epoch,
            "{what}: {} events are lost in silence",
            events.len() - page.events.len()
        );
    }
}

#[tokio::test]
async fn a_write_ahead_log_that_is_cut_loses_nothing_in_silence() {
    let (directory, files, events, epoch) = killed().await;
    let path = directory.file("events.db-wal");
    for cut in 1..=64 {
        files.put_back(&directory.0);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - cut]).unwrap();
        assert_no_lie(&directory, &events, &epoch, &format!("{cut} bytes cut")).await;
    }
}

#[tokio::test]
async fn a_bit_that_flips_anywhere_makes_no_lie() {
    let (directory, files, events, epoch) = killed().await;
    for name in ["events.db", "events.db-wal", "events.head"] {
        files.put_back(&directory.0);
        let whole = std::fs::read(directory.file(name)).unwrap();
        // A few hundred places, at no even distance from each other.
        for flip in (0..whole.len()).step_by((whole.len() / 60).max(1) | 1) {
            files.put_back(&directory.0);
            let mut bytes = whole.clone();
            bytes[flip] ^= 1 << (flip % 8);
            std::fs::write(directory.file(name), bytes).unwrap();
            assert_no_lie(&directory, &events, &epoch, &format!("{name}, byte {flip}")).await;
        }
    }
}

#[tokio::test]
async fn as_it_was_when_it_was_killed_it_goes_on() {
    let (directory, files, events, epoch) = killed().await;
    files.put_back(&directory.0);
    let (log, why) = open(&directory);
    assert_eq!((history(&log).await, why), ((epoch, events), None));
}
