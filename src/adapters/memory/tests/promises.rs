//! What every event log promises, by the port's own suite.

use super::*;
use crate::ports::conformance::event_log as suite;

/// A suite that waits for ever is a broken promise too.
const PATIENCE: Duration = Duration::from_secs(60);

fn fresh(keep_events: usize) -> Arc<dyn EventLog> {
    Arc::new(rig_with(keep_events, 1_000_000).log)
}

#[tokio::test]
async fn it_keeps_every_promise_of_the_port() {
    tokio::time::timeout(PATIENCE, suite::suite(async || fresh(1_000_000))).await.unwrap();
}

#[tokio::test]
async fn a_small_one_keeps_them_too() {
    tokio::time::timeout(PATIENCE, suite::suite_of_small_logs(async |keep| fresh(keep))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reports_of_many_threads_to_one_agent_all_land() {
    let log = fresh(1_000_000);
    let work: Vec<_> = suite::writers(&log).into_iter().map(tokio::spawn).collect();
    let mut receipts = Vec::new();
    for writer in work {
        receipts.push(tokio::time::timeout(PATIENCE, writer).await.unwrap().unwrap());
    }
    suite::assert_all_landed(log.as_ref(), &receipts).await;
}
