//! When a history goes on, and when it is another one.

use super::*;

async fn with_history() -> (Directory, Epoch) {
    let directory = Directory::new();
    let (log, why) = open(&directory);
    assert_eq!(why, None);
    for number in 0..20 {
        put(&log, activity("a", &number.to_string())).await;
    }
    let epoch = log.load().await.unwrap().epoch;
    (directory, epoch)
}

/// Opens it and holds that events and fleet are there under another epoch, and that seqs go on.
async fn assert_anew(directory: &Directory, before: &Epoch, expected: NewEpoch, events: usize) {
    let (log, why) = open(directory);
    assert_eq!(why, Some(expected));
    let (epoch, kept) = history(&log).await;
    assert_ne!(epoch, *before);
    assert_eq!(kept.len(), events);
    let next = put(&log, activity("a", "next")).await;
    assert_eq!((next.epoch, next.seq.get()), (epoch.clone(), u64::try_from(events).unwrap() + 1));
    drop(log);
    let (log, why) = open(directory);
    assert_eq!((log.load().await.unwrap().epoch, why), (epoch, None), "and then it goes on");
}

#[tokio::test]
async fn a_restart_and_a_kill_keep_the_epoch() {
    let (directory, epoch) = with_history().await;
    let (log, why) = open(&directory);
    assert_eq!((log.load().await.unwrap().epoch, why), (epoch.clone(), None));
    put(&log, activity("a", "killed")).await;
    // What a kill leaves: the files as they are, in place. Without its shared memory, as after a reboot.
    let killed = Directory::new();
    directory.copy_to(&killed.0);
    drop(log);
    for name in ["events.db", "events.db-wal"] {
        let bytes = std::fs::read(killed.file(name)).unwrap();
        // Written over, so that it is the same file.
        std::fs::write(directory.file(name), bytes).unwrap();
    }
    std::fs::copy(killed.file("events.head"), directory.file("events.head")).unwrap();
    let _gone = std::fs::remove_file(directory.file("events.db-shm"));
    let (log, why) = open(&directory);
    let (same, events) = history(&log).await;
    assert_eq!((same, why, events.len()), (epoch, None, 22));
}

#[tokio::test]
async fn files_that_were_copied_or_put_back_begin_a_new_epoch() {
    let (directory, epoch) = with_history().await;
    let copy = Directory::new();
    directory.copy_to(&copy.0);
    assert_anew(&copy, &epoch, NewEpoch::Copied, 21).await;
}

#[tokio::test]
async fn a_backup_that_is_put_back_begins_a_new_epoch_however_it_is_done() {
    for over_what_is_there in [true, false] {
        let (directory, epoch) = with_history().await;
        let yesterday = Files::of(&directory.0);
        let (log, _) = open(&directory);
        put(&log, activity("a", "today")).await;
        drop(log);
        if !over_what_is_there {
            // The file system may give the new files the numbers of the old ones.
            std::fs::remove_dir_all(&directory.0).unwrap();
            std::fs::create_dir_all(&directory.0).unwrap();
        }
        yesterday.copy_over(&directory.0);
        assert_anew(&directory, &epoch, NewEpoch::Copied, 21).await;
    }
}

#[tokio::test]
async fn a_start_that_ended_between_its_witness_and_its_mark_goes_on() {
    let (directory, epoch) = with_history().await;
    let mark =
        || Files::of(&directory.0).0.into_iter().find(|(name, _)| name.to_string_lossy().contains(".start-"));
    let before = mark().unwrap().0;
    drop(open(&directory));
    let after = mark().unwrap().0;
    assert_ne!(before, after);
    std::fs::rename(directory.0.join(after), directory.0.join(before)).unwrap();
    let (log, why) = open(&directory);
    assert_eq!((log.load().await.unwrap().epoch, why), (epoch, None));
}

#[tokio::test]
async fn yesterdays_data_in_the_same_file_begin_a_new_epoch() {
    let (directory, epoch) = with_history().await;
    let yesterday = std::fs::read(directory.file("events.db")).unwrap();
    let (log, _) = open(&directory);
    put(&log, activity("a", "today")).await;
    drop(log);
    std::fs::write(directory.file("events.db"), yesterday).unwrap();
    assert_anew(&directory, &epoch, NewEpoch::Behind, 21).await;
}

#[tokio::test]
async fn without_a_witness_that_can_be_read_a_new_epoch_begins() {
    for damage in [None, Some(0), Some(60), Some(200)] {
        let (directory, epoch) = with_history().await;
        let path = directory.file("events.head");
        match damage {
            None => std::fs::remove_file(&path).unwrap(),
            Some(place) => {
                let mut bytes = std::fs::read(&path).unwrap();
                bytes[place] ^= 0x10;
                std::fs::write(&path, bytes).unwrap();
            }
        }
        assert_anew(&directory, &epoch, NewEpoch::Unwitnessed, 21).await;
    }
}

#[tokio::test]
async fn an_operator_can_ask_for_one() {
    let (directory, epoch) = with_history().await;
    let (log, why) = open_with(DiskOptions { new_epoch: true, ..options(&directory) });
    assert_eq!(why, Some(NewEpoch::Asked));
    assert_ne!(log.load().await.unwrap().epoch, epoch);
}

/// The witness is of another start of the system.
fn boot_anew(directory: &Directory) {
    let path = directory.file("events.head");
    let text = std::fs::read_to_string(&path).unwrap();
    let json = text.split_once(' ').unwrap().1.trim();
    let mut said: serde_json::Value = serde_json::from_str(json).unwrap();
    said["boot"] = "another".into();
    let json = serde_json::to_string(&said).unwrap();
    let text = format!("{:08x} {json}", crc32fast::hash(json.as_bytes()));
    std::fs::write(&path, format!("{text:<399}\n")).unwrap();
}

#[tokio::test]
async fn a_stop_that_could_not_bring_everything_to_the_disk_is_not_in_order() {
    let (directory, epoch) = with_history().await;
    let (log, _) = open(&directory);
    // Who reads what came before keeps the write-ahead log from being emptied.
    let reader = rusqlite::Connection::open(directory.file("events.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM events").unwrap();
    put(&log, activity("a", "while somebody reads")).await;
    drop(log);
    drop(reader);
    boot_anew(&directory);
    assert_anew(&directory, &epoch, NewEpoch::PowerCut, 22).await;
}

#[test]
fn a_system_that_gives_its_starts_no_names_may_have_gone_down() {
    assert!(witness::is_another_boot("", "") && witness::is_another_boot("a", "b"));
    assert!(!witness::is_another_boot("a", "a"));
}

#[tokio::test]
async fn a_power_cut_without_sync_begins_a_new_epoch_and_a_clean_stop_does_not() {
    let (directory, epoch) = with_history().await;
    boot_anew(&directory);
    let (log, why) = open(&directory);
    assert_eq!((why, log.load().await.unwrap().epoch), (None, epoch.clone()), "it was stopped in order");
    drop(log);
    let mut store = store::Store::open(&directory.file("events.db"), store::Sync::System).unwrap();
    let state = State { clean: false, ..store.state().unwrap().unwrap() };
    let mut writing = store.begin().unwrap();
    writing.put_state(&state).unwrap();
    writing.commit().unwrap();
    store.close().unwrap();
    boot_anew(&directory);
    assert_anew(&directory, &epoch, NewEpoch::PowerCut, 21).await;
}

#[tokio::test]
async fn a_start_that_ended_before_it_took_the_mark_of_the_one_before_away_goes_on() {
    let (directory, epoch) = with_history().await;
    let before = marks(&directory);
    drop(open(&directory));
    for mark in before {
        std::fs::write(directory.file(&mark), "").unwrap();
    }
    assert_eq!(marks(&directory).len(), 2);
    let (log, why) = open(&directory);
    assert_eq!((log.load().await.unwrap().epoch, why), (epoch, None));
    assert_eq!(marks(&directory).len(), 1);
}

fn marks(directory: &Directory) -> Vec<String> {
    let names = std::fs::read_dir(&directory.0).unwrap().map(|entry| entry.unwrap().file_name());
    names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.starts_with("events.start-"))
        .collect()
}
