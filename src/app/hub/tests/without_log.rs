//! What happens when the log cannot be followed, with time that a test moves.

use std::collections::VecDeque;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::super::*;
use crate::app::testing::*;
use crate::ports::event_log::{Follower, MockEventLog};
use crate::ports::health::Health;

type Script = mpsc::Sender<Result<Vec<Recorded>, LogError>>;

/// A follower that says what the test sends it; its end is that of the log.
struct Scripted(mpsc::Receiver<Result<Vec<Recorded>, LogError>>);

#[async_trait]
impl Follower for Scripted {
    async fn next(&mut self) -> Result<Vec<Recorded>, LogError> {
        self.0.recv().await.unwrap_or(Err(LogError::Closed))
    }
}

fn broken() -> LogError {
    LogError::Unavailable("the disk is gone".into())
}

/// What the log does, call by call; it remembers after what it was followed.
#[derive(Default)]
struct Log {
    follows: Mutex<VecDeque<Result<Scripted, LogError>>>,
    loads: Mutex<VecDeque<Result<Loaded, LogError>>>,
    followed_after: Mutex<Vec<Seq>>,
}

impl Log {
    fn will_follow(&self) -> Script {
        let (script, follower) = mpsc::channel(8);
        self.follows.lock().unwrap().push_back(Ok(Scripted(follower)));
        script
    }

    fn will_refuse_to_follow(&self) {
        self.follows.lock().unwrap().push_back(Err(broken()));
    }

    fn will_load(&self, load: Result<Loaded, LogError>) {
        self.loads.lock().unwrap().push_back(load);
    }

    fn port(self: &Arc<Self>) -> Arc<dyn EventLog> {
        let mut port = MockEventLog::new();
        let log = Arc::clone(self);
        port.expect_follow().returning(move |after| {
            log.followed_after.lock().unwrap().push(after);
            let follow = log.follows.lock().unwrap().pop_front().expect("a follow that was foreseen");
            follow.map(|follower| -> Box<dyn Follower> { Box::new(follower) })
        });
        let log = Arc::clone(self);
        port.expect_load()
            .returning(move || log.loads.lock().unwrap().pop_front().expect("a load that was foreseen"));
        Arc::new(port)
    }
}

struct Running {
    log: Arc<Log>,
    hub: Arc<Hub>,
    stage: Arc<Stage>,
    screens: Arc<Screens>,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    fn start(log: Arc<Log>) -> Self {
        let screens = Arc::default();
        let hub = hub(loaded(&[online(1, "a1")]), &screens, ROOMY);
        let stage = Arc::new(Stage::default());
        let (of_task, port, of_stage) = (Arc::clone(&hub), log.port(), Arc::clone(&stage));
        let task = tokio::spawn(async move { of_task.run(port, of_stage).await });
        Self { log, hub, stage, screens, task }
    }

    fn join(&self, number: u64, view: View) -> Result<Beginning, Fault> {
        self.hub
            .join(connection(number, "ada", view), None, None, &self.stage)
            .map(|(_, beginning)| beginning)
    }

    fn followed_after(&self) -> Vec<u64> {
        self.log.followed_after.lock().unwrap().iter().map(|seq| seq.get()).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Lets every task come to its next wait. Time stands still: no timer fires by it.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_hub_follows_the_log_from_where_its_fleet_stands_and_is_ready_then() {
    let log = Arc::<Log>::default();
    let script = log.will_follow();
    let node = Running::start(log);
    assert_eq!(node.stage.ready(), Err(NotReady::Starting));
    settle().await;
    assert_eq!(node.stage.ready(), Ok(()));
    assert_eq!(node.followed_after(), [1]);
    script.send(Ok(vec![online(2, "a2")])).await.unwrap();
    script.send(Ok(vec![online(3, "a3")])).await.unwrap();
    settle().await;
    assert_eq!(node.screens.published(), [2, 3]);
}

#[tokio::test(start_paused = true)]
async fn others_get_their_turn_within_a_large_batch_and_its_order_stays() {
    let log = Arc::<Log>::default();
    let script = log.will_follow();
    let node = Running::start(log);
    settle().await;
    let last = u64::try_from(2 * TAKEN_AT_ONCE + 90).unwrap();
    script.send(Ok((2..=last).map(|seq| online(seq, "a1")).collect())).await.unwrap();
    let mut seen = vec![];
    while seen.last() != Some(&last) {
        tokio::task::yield_now().await;
        seen.push(node.hub.copy().1.at().get());
    }
    seen.dedup();
    let at = |parts: usize| u64::try_from(parts * TAKEN_AT_ONCE + 1).unwrap();
    assert!([at(1), at(2), last].iter().all(|part| seen.contains(part)), "{seen:?}");
    assert_eq!(node.screens.published(), (2..=last).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_log_that_fails_ends_every_connection_as_our_fault_and_the_node_is_not_ready() {
    let log = Arc::<Log>::default();
    let script = log.will_follow();
    let node = Running::start(log);
    settle().await;
    node.join(1, view(&["*"])).unwrap();
    node.join(2, view(&["a*"])).unwrap();
    script.send(Err(broken())).await.unwrap();
    settle().await;
    assert_eq!(node.stage.ready(), Err(NotReady::LogFailed));
    let internal = |number| (ConnectionId::new(number), Farewell::Internal, None);
    assert_eq!(node.screens.farewells(), [internal(1), internal(2)]);
    assert!(registered(&node.hub).is_empty());
    assert_eq!(code(node.join(3, view(&["*"]))), Code::Unavailable, "until the log is followed again");
}

#[tokio::test(start_paused = true)]
async fn the_node_recovers_a_second_later_from_what_the_log_loads() {
    let log = Arc::<Log>::default();
    let first = log.will_follow();
    let again = log.will_follow();
    log.will_load(Ok(loaded(&[online(1, "a1"), online(7, "b1")])));
    let node = Running::start(log);
    settle().await;
    node.join(1, view(&["*"])).unwrap();
    first.send(Err(broken())).await.unwrap();
    settle().await;
    tokio::time::advance(RETRY_LOG_AFTER - Duration::from_millis(1)).await;
    settle().await;
    assert_eq!(node.stage.ready(), Err(NotReady::LogFailed));
    tokio::time::advance(Duration::from_millis(1)).await;
    settle().await;
    assert_eq!(node.stage.ready(), Ok(()));
    assert_eq!(node.followed_after(), [1, 7]);

    let narrow = node.join(2, view(&["b*"])).unwrap();
    assert_eq!((narrow.from, agents_of(&narrow)), (Seq::new(7), vec!["b1".to_owned()]));
    again.send(Ok(vec![activity(8, "b1", "s1")])).await.unwrap();
    settle().await;
    assert_eq!(node.screens.audience(8), [ConnectionId::new(2)], "and nobody from before the gap");
}

#[tokio::test(start_paused = true)]
async fn what_the_load_skipped_is_never_replayed() {
    let log = Arc::<Log>::default();
    let (first, _again) = (log.will_follow(), log.will_follow());
    log.will_load(Ok(loaded(&[online(7, "b1")])));
    let node = Running::start(log);
    settle().await;
    first.send(Ok(vec![online(2, "a1")])).await.unwrap();
    first.send(Err(LogError::Compacted { held_after: Seq::new(6) })).await.unwrap();
    settle().await;
    tokio::time::advance(RETRY_LOG_AFTER).await;
    settle().await;
    let came_back = |text| {
        let cursor = Cursor::parse(text).unwrap();
        let newcomer = connection(9, "ada", view(&["*"]));
        node.hub.join(newcomer, Some(&cursor), None, &node.stage).unwrap().1.plan
    };
    assert_eq!(came_back("now:2"), Plan::Delta { after: Seq::new(2), why: Why::Resumed });
    assert_eq!(came_back("now:7"), Plan::Live);
}

#[tokio::test(start_paused = true)]
async fn another_history_is_told_to_whoever_comes_back() {
    let log = Arc::<Log>::default();
    let (first, _again) = (log.will_follow(), log.will_follow());
    let other = Loaded { epoch: Epoch::parse("later").unwrap(), ..loaded(&[online(1, "z1")]) };
    log.will_load(Ok(other));
    let node = Running::start(log);
    settle().await;
    drop(first);
    settle().await;
    tokio::time::advance(RETRY_LOG_AFTER).await;
    settle().await;
    let cursor = Cursor::parse("now:1").unwrap();
    let newcomer = connection(1, "ada", view(&["*"]));
    let (epoch, beginning) = node.hub.join(newcomer, Some(&cursor), None, &node.stage).unwrap();
    assert_eq!(epoch.as_str(), "later");
    assert_eq!(beginning.plan, Plan::Snapshot(Why::EpochChanged));
    assert_eq!(agents_of(&beginning), ["z1"]);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_does_not_load_is_tried_again_each_second_and_not_followed_before() {
    let log = Arc::<Log>::default();
    log.will_refuse_to_follow();
    log.will_load(Err(broken()));
    log.will_load(Err(broken()));
    let other = Loaded { epoch: Epoch::parse("later").unwrap(), ..loaded(&[]) };
    log.will_load(Ok(other));
    let script = log.will_follow();
    let node = Running::start(log);
    for _ in 1..=3 {
        settle().await;
        assert_eq!(node.stage.ready(), Err(NotReady::LogFailed));
        assert_eq!(node.followed_after(), [1]);
        tokio::time::advance(RETRY_LOG_AFTER).await;
    }
    settle().await;
    assert_eq!(node.stage.ready(), Ok(()));
    assert_eq!(node.followed_after(), [1, 0], "it may be another history");
    assert_eq!(node.hub.copy().0.as_str(), "later");
    script.send(Ok(vec![online(1, "a2")])).await.unwrap();
    settle().await;
    assert_eq!(node.screens.published(), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_drains_does_not_become_ready_by_a_log_that_recovers() {
    let log = Arc::<Log>::default();
    let (first, _again) = (log.will_follow(), log.will_follow());
    log.will_load(Ok(loaded(&[])));
    let node = Running::start(log);
    settle().await;
    node.stage.set(Err(NotReady::Draining));
    drop(first);
    settle().await;
    tokio::time::advance(RETRY_LOG_AFTER).await;
    settle().await;
    assert_eq!(node.followed_after().len(), 2);
    assert_eq!(node.stage.ready(), Err(NotReady::Draining));
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_is_dropped_says_that_nothing_is_live_any_more() {
    let log = Arc::<Log>::default();
    let _script = log.will_follow();
    let running = Running::start(log);
    settle().await;
    assert_eq!(running.stage.ready(), Ok(()));
    running.join(1, view(&["*"])).unwrap();
    running.task.abort();
    settle().await;
    assert_eq!(running.stage.ready(), Err(NotReady::LogFailed));
    assert_eq!(running.screens.farewells(), [(ConnectionId::new(1), Farewell::Internal, None)]);
    assert_eq!(running.join(2, view(&["*"])).unwrap_err().code, Code::Unavailable);
}
