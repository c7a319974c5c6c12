//! The suites, and a life after another.

use std::sync::Mutex;

use super::*;
use crate::ports::conformance::event_log;

/// Directories that live as long as a test.
#[derive(Default)]
struct Shelf(Mutex<Vec<Directory>>);

impl Shelf {
    fn log(&self, change: impl FnOnce(DiskOptions) -> DiskOptions) -> Arc<dyn EventLog> {
        let directory = Directory::new();
        let (log, _) = open_with(change(options(&directory)));
        self.0.lock().unwrap().push(directory);
        Arc::new(log)
    }
}

#[tokio::test]
async fn it_keeps_every_promise_of_the_port() {
    let shelf = Shelf::default();
    event_log::suite(async || shelf.log(|options| options)).await;
}

#[tokio::test]
async fn it_lets_old_events_go_as_any_log_does() {
    let shelf = Shelf::default();
    event_log::suite_of_small_logs(async |keep| {
        shelf.log(|options| DiskOptions { keep_events: keep.try_into().unwrap(), ..options })
    })
    .await;
}

#[tokio::test]
async fn it_outlives_its_process_as_any_durable_log_does() {
    event_log::suite_of_durable_logs(async || {
        let directory = Arc::new(Directory::new());
        let reopen: Box<dyn Fn() -> Arc<dyn EventLog>> = Box::new(move || Arc::new(open(&directory).0));
        reopen
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reports_of_many_threads_land_each_once() {
    let directory = Directory::new();
    let (log, _) = open(&directory);
    let log: Arc<dyn EventLog> = Arc::new(log);
    let tasks: Vec<_> = event_log::writers(&log).into_iter().map(tokio::spawn).collect();
    let mut receipts = Vec::new();
    for task in tasks {
        receipts.push(task.await.unwrap());
    }
    event_log::assert_all_landed(&*log, &receipts).await;
}

#[tokio::test]
async fn uptime_goes_on_and_the_time_between_does_not_count() {
    let directory = Directory::new();
    let clock = Arc::new(ManualClock::default());
    let open = || DiskLog::open(options(&directory), clock.clone(), Arc::new(Counting)).unwrap().0;
    let log = open();
    clock.pass(Duration::from_secs(5));
    put(&log, beat("a", Duration::from_secs(10))).await;
    drop(log);
    // The process's own clock begins anew.
    clock.0.store(0, Ordering::SeqCst);
    let log = open();
    let vital = log.vitals(0).changed[0].1;
    assert!(vital.stale && !vital.unleased);
    clock.pass(Duration::from_secs(9));
    assert!(!log.vitals(0).due);
    clock.pass(Duration::from_secs(1));
    assert!(log.vitals(0).due, "a whole lease from the start on");
    put(&log, Proposal { command: Command::Sweep, key: None }).await;
    let (_, events) = history(&log).await;
    assert_eq!(events.last().unwrap().at.uptime, Monotonic::new(Duration::from_secs(15)));
}

#[tokio::test]
async fn a_second_server_is_kept_out() {
    let directory = Directory::new();
    let (first, _) = open(&directory);
    let second = std::thread::scope(|scope| {
        let opening = scope.spawn(|| {
            DiskLog::open(options(&directory), Arc::new(ManualClock::default()), Arc::new(Counting)).err()
        });
        opening.join().unwrap()
    });
    let Some(LogError::Unavailable(why)) = second else { panic!("two servers on one directory") };
    assert!(why.to_string().contains("another server uses this data directory"), "{why}");
    drop(first);
    open(&directory);
}

#[tokio::test]
async fn a_second_server_is_kept_out_also_where_the_lock_was_removed() {
    let directory = Directory::new();
    let (first, _) = open(&directory);
    std::fs::remove_file(directory.file("events.lock")).unwrap();
    let refused =
        DiskLog::open(options(&directory), Arc::new(ManualClock::default()), Arc::new(Counting)).err();
    let Some(LogError::Unavailable(why)) = refused else { panic!("two servers on one directory") };
    assert!(why.to_string().contains("another server uses this data directory"), "{why}");
    put(&first, activity("a", "x")).await;
}

#[tokio::test]
async fn of_two_that_write_all_the_same_neither_builds_on_what_it_does_not_know() {
    let directory = Directory::new();
    let clock = Arc::new(ManualClock::default());
    let (log, _) = DiskLog::open(options(&directory), clock.clone(), Arc::new(Counting)).unwrap();
    put(&log, activity("a", "before")).await;
    let mut other = store::Store::open(&directory.file("events.db"), store::Sync::System).unwrap();
    let state = other.state().unwrap().unwrap();
    let write = |other: &mut store::Store, uptime_ms| {
        let mut writing = other.begin().unwrap();
        writing.put_state(&State { uptime_ms, ..state.clone() })?;
        writing.commit()
    };
    write(&mut other, 1_000).unwrap();
    let refused = log.append(vec![activity("a", "decided without that")]).await;
    let Err(LogError::Unavailable(why)) = refused else { panic!("{refused:?}") };
    assert!(why.to_string().contains("another server writes"), "{why}");
    clock.pass(Duration::from_secs(1));
    assert_eq!(put(&log, activity("a", "after")).await.seq.get(), 3, "it goes on with what is there");
    assert!(matches!(write(&mut other, 2_000), Err(StoreError::AnotherWriter)));
}

#[tokio::test]
async fn a_follower_far_behind_reads_whole_proposals_from_the_disk_and_then_goes_on_live() {
    let directory = Directory::new();
    let (log, _) = open(&directory);
    let many = 3 * tail::FOLLOW_EVENTS_MAX / 2;
    for start in (0..many).step_by(500) {
        let some = (start..start + 500).map(|number| activity(&format!("a{number}"), "x")).collect();
        log.append(some).await.unwrap();
    }
    drop(log);
    let (log, _) = open(&directory);
    let mut follower = log.follow(Seq::ZERO).await.unwrap();
    let head = log.load().await.unwrap().fleet.at();
    let (mut at, mut reads) = (Seq::ZERO, 0);
    while at < head {
        let events = follower.next().await.unwrap();
        assert_eq!(events[0].seq, at.next());
        let last = events.last().unwrap();
        assert!(
            matches!(last.event, crate::domain::event::Event::Activity(_)),
            "a pair ends with its activity"
        );
        at = last.seq;
        reads += 1;
    }
    assert!(reads > 1);
    put(&log, activity("new", "x")).await;
    assert_eq!(follower.next().await.unwrap().len(), 2);
}

#[tokio::test]
async fn one_agents_events_are_read_without_the_others() {
    let directory = Directory::new();
    let (log, _) = open(&directory);
    for number in 0..30 {
        put(&log, activity(&format!("a{}", number % 3), &number.to_string())).await;
    }
    let page = log.read(Seq::new(2), 5, Some(agent("a1"))).await.unwrap();
    assert_eq!(page.events.len(), 5);
    assert!(page.events.iter().all(|one| *one.event.agent() == agent("a1") && one.seq > Seq::new(2)));
    let last = page.events.last().unwrap().seq;
    let rest = log.read(last, 100, Some(agent("a1"))).await.unwrap();
    assert_eq!(rest.events.len() + page.events.len(), 11, "one status and ten activities");
}
