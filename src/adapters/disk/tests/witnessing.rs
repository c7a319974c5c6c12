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
