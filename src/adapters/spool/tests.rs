//! The spool in a directory of the test, as several processes use it: several openings of one directory.

mod damage;

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::timeout;

use super::*;
use crate::domain::id::{AgentId, SessionId};
use crate::domain::lifecycle::Status;
use crate::domain::text::Message;

/// Now, in milliseconds.
const NOW: u64 = 1_795_460_400_000;
const SOON: Duration = Duration::from_millis(50);
const LATE: Duration = Duration::from_secs(20);

/// A directory that goes with the test.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mission-control-spool-{name}-{}", std::process::id()));
        let _left_by_another = std::fs::remove_dir_all(&path);
        Self(path)
    }

    fn open(&self) -> SqliteSpool {
        SqliteSpool::new(self.0.clone(), BYTES_MAX)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

fn report(body: ReportBody) -> Outgoing {
    Outgoing {
        agent: AgentId::parse("a1").unwrap(),
        timestamp: None,
        instance: None,
        lease: None,
        busy_until: None,
        age: Duration::ZERO,
        key: Some("k".to_owned()),
        body,
    }
}

fn activity(text: &str) -> Outgoing {
    let session = SessionId::parse("s1").unwrap();
    report(ReportBody::Activity { session, last_message: Message::cut(text, usize::MAX), state: None })
}

fn status(message: &str) -> Outgoing {
    let message = Some(Message::cut(message, usize::MAX));
    report(ReportBody::Status { status: Status::Online, message, state: None, labels: None })
}

fn at(millis: u64) -> Timestamp {
    Timestamp::saturating(millis)
}

async fn texts(spool: &SqliteSpool) -> Vec<String> {
    let text = |waiting: Waiting| match waiting.report.body {
        ReportBody::Activity { last_message, .. } => last_message.as_str().to_owned(),
        ReportBody::Status { message, .. } => message.unwrap().as_str().to_owned(),
        other => panic!("{other:?}"),
    };
    spool.after(0, 10_000).await.unwrap().into_iter().map(text).collect()
}

#[tokio::test]
async fn reports_come_out_in_their_order_whoever_put_them_in() {
    let directory = Directory::new("order");
    let (one, other) = (directory.open(), directory.open());
    for index in 0..10_u64 {
        let spool = if index % 2 == 0 { &one } else { &other };
        spool.put(&activity(&index.to_string()), at(index)).await.unwrap();
    }
    let waiting = one.after(0, 4).await.unwrap();
    assert_eq!(waiting.iter().map(|waiting| waiting.since).collect::<Vec<_>>(), [0, 1, 2, 3].map(at));
    assert_eq!(waiting[0].report, activity("0"));
    let rest = other.after(waiting[3].number, 100).await.unwrap();
    assert_eq!(rest.len(), 6);
    one.remove(&[waiting[0].number, waiting[2].number]).await.unwrap();
    assert_eq!(texts(&other).await, ["1", "3", "4", "5", "6", "7", "8", "9"]);
}

#[tokio::test]
async fn what_was_put_is_there_after_the_process_and_numbers_are_never_used_again() {
    let directory = Directory::new("kept");
    let first = directory.open().put(&status("m"), at(7)).await.unwrap();
    let spool = directory.open();
    assert_eq!(texts(&spool).await, ["m"]);
    spool.remove(&[first.number]).await.unwrap();
    assert_eq!(texts(&spool).await, [""; 0]);
    drop(spool);
    let second = directory.open().put(&status("n"), at(8)).await.unwrap();
    assert!(second.number > first.number, "{first:?} {second:?}");
}

#[tokio::test]
async fn a_full_spool_drops_the_oldest_activities_and_nothing_else() {
    let directory = Directory::new("full");
    let spool = SqliteSpool::new(directory.0.clone(), 10_000);
    let long = |name: &str| format!("{name}{}", "x".repeat(1_000));
    let mut dropped = 0;
    for index in 0..5 {
        dropped += spool.put(&status(&long(&format!("status{index}"))), at(0)).await.unwrap().dropped;
    }
    for index in 0..10 {
        dropped += spool.put(&activity(&long(&format!("activity{index}"))), at(0)).await.unwrap().dropped;
    }
    let left = texts(&spool).await;
    assert_eq!(u64::try_from(left.len()).unwrap() + dropped, 15);
    assert!(dropped >= 6, "{dropped}");
    assert!(left[..5].iter().all(|text| text.starts_with("status")));
    let first_left = left[5].trim_end_matches('x').to_owned();
    assert_eq!(first_left, format!("activity{dropped}"), "the oldest went");
    assert!(left.last().unwrap().starts_with("activity9"));
    // What would never fit takes itself away; only it and the activities before it go.
    let put = spool.put(&activity(&"x".repeat(20_000)), at(0)).await.unwrap();
    assert_eq!(put.dropped, 10 - dropped + 1);
    assert_eq!(texts(&spool).await.len(), 5);
}

#[tokio::test]
async fn a_full_spool_without_activities_takes_no_more_and_loses_nothing() {
    let directory = Directory::new("statuses");
    let spool = SqliteSpool::new(directory.0.clone(), 5_000);
    let mut kept = 0;
    let error = loop {
        match spool.put(&status(&"x".repeat(500)), at(0)).await {
            Ok(put) => {
                assert_eq!(put.dropped, 0);
                kept += 1;
            }
            Err(error) => break error,
        }
    };
    assert!(matches!(error, SpoolError::Full { bytes: 5_000 }), "{error}");
    assert_eq!(texts(&spool).await.len(), kept);
    assert!(kept >= 5, "{kept}");
    // An activity is the oldest of its kind there, and goes.
    assert_eq!(spool.put(&activity(&"x".repeat(500)), at(0)).await.unwrap().dropped, 1);
    assert_eq!(texts(&spool).await.len(), kept);
}

#[tokio::test]
async fn one_at_a_time_has_the_turn_and_who_gave_up_waiting_keeps_nobody_out() {
    let directory = Directory::new("turn");
    let (one, other) = (directory.open(), directory.open());
    let turn = one.turn(SOON, at(NOW)).await.unwrap();
    let mut waiting = Box::pin(other.turn(LATE, at(NOW)));
    assert!(timeout(SOON, &mut waiting).await.is_err());
    assert!(directory.open().turn(SOON, at(NOW)).await.unwrap().is_none(), "given up");
    drop(turn);
    let second = waiting.await.unwrap().unwrap();
    drop(second);
    assert!(one.turn(SOON, at(NOW)).await.unwrap().is_some());
}

#[tokio::test]
async fn who_stands_still_loses_the_turn_and_learns_of_it() {
    let directory = Directory::new("stopped");
    let turn = directory.open().turn(SOON, at(NOW)).await.unwrap().unwrap();
    assert!(turn.renew(at(NOW)).await);
    assert!(directory.open().turn(SOON, at(NOW + 4_000)).await.unwrap().is_none(), "it is still his");
    let second = directory.open().turn(LATE, at(NOW + 6_000)).await.unwrap().unwrap();
    assert!(second.renew(at(NOW + 6_000)).await);
    assert!(!turn.renew(at(NOW + 6_000)).await, "it is another's");
    drop(turn);
    assert!(directory.open().turn(SOON, at(NOW + 6_000)).await.unwrap().is_none(), "the second is still his");
}

#[tokio::test]
async fn many_at_once_lose_nothing() {
    let directory = Directory::new("many");
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let spool = directory.open();
            tokio::spawn(async move {
                for _ in 0..25 {
                    spool.put(&activity("x"), at(0)).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(texts(&directory.open()).await.len(), 200);
}

#[test]
fn many_that_begin_a_spool_at_once_all_put_into_it() {
    for _ in 0..20 {
        let directory = Directory::new("begun");
        let path = directory.0.join(super::file::DATABASE);
        super::file::make(&directory.0).unwrap();
        let begin = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    begin.wait();
                    let mut database = super::database::Database::open(&path, super::BYTES_MAX).unwrap();
                    database.put(true, 0, "x").unwrap();
                });
            }
        });
    }
}

#[tokio::test]
async fn only_the_owner_may_look() {
    use std::os::unix::fs::PermissionsExt;
    let directory = Directory::new("rights");
    drop(directory.open().turn(SOON, at(NOW)).await.unwrap());
    assert_eq!(std::fs::metadata(&directory.0).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn where_nothing_can_be_kept_it_says_so_and_goes_on_when_it_can() {
    let directory = Directory::new("nowhere");
    std::fs::write(&directory.0, "a file in the place of the directory").unwrap();
    let spool = directory.open();
    assert!(matches!(spool.put(&status("m"), at(0)).await, Err(SpoolError::Broken(_))));
    assert!(matches!(spool.turn(SOON, at(NOW)).await, Err(SpoolError::Broken(_))));
    std::fs::remove_file(&directory.0).unwrap();
    spool.put(&status("m"), at(0)).await.unwrap();
    assert_eq!(texts(&spool).await, ["m"]);
}
