//! The drain, with time that a test moves. A transport is a fake that drops the seat when it is told
//! to end a connection, or one that never does.

use std::sync::Mutex;

use tokio::time::Instant;

use super::*;
use crate::app::hub::HubLimits;
use crate::app::testing::*;
use crate::domain::fault::Code;
use crate::ports::event_publisher::MockEventPublisher;
use crate::ports::health::Health;

type Told = Arc<Mutex<Vec<(Duration, Farewell, Option<Duration>)>>>;

/// A hub with so many connections. `obeys`: whether they go when they are told to.
fn crowd(count: u64, obeys: bool) -> (Arc<Hub>, Told) {
    let told = Told::default();
    let hub: Arc<Mutex<Option<Arc<Hub>>>> = Arc::default();
    let (of_transport, writes, start) = (Arc::clone(&hub), Arc::clone(&told), Instant::now());
    let mut publisher = MockEventPublisher::new();
    publisher.expect_dismiss().returning(move |id, farewell, retry_after| {
        writes.lock().unwrap().push((start.elapsed(), farewell, retry_after));
        if obeys {
            of_transport.lock().unwrap().as_ref().unwrap().leave(id);
        }
    });
    let limits = HubLimits { connections_per_user: 100_000, connections: 100_000, ..ROOMY };
    let made = Arc::new(Hub::new(loaded(&[]), vec![Arc::new(publisher)], limits, ManualClock::new().port()));
    for number in 0..count {
        made.join(connection(number, "ada", view(&["*"])), None, None, &Stage::default()).unwrap();
    }
    *hub.lock().unwrap() = Some(Arc::clone(&made));
    (made, told)
}

#[tokio::test(start_paused = true)]
async fn without_connections_it_is_over_at_once_and_the_node_takes_no_more() {
    let (hub, told) = crowd(0, true);
    let (stage, start) = (Stage::default(), Instant::now());
    drain(&hub, &stage, Duration::from_secs(30)).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert!(told.lock().unwrap().is_empty());
    assert_eq!(stage.ready(), Err(NotReady::Draining));
    let late = hub.join(connection(1, "ada", view(&["*"])), None, None, &stage);
    assert_eq!(code(late), Code::Draining);
}

#[tokio::test(start_paused = true)]
async fn a_few_connections_are_over_in_under_a_second() {
    let (hub, told) = crowd(3, true);
    let start = Instant::now();
    drain(&hub, &Stage::default(), Duration::from_secs(30)).await;
    assert!(start.elapsed() < Duration::from_secs(1));
    assert_eq!(told.lock().unwrap().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn connections_go_spread_over_a_second_for_each_500_each_told_once_when_to_come_back() {
    let (hub, told) = crowd(2_000, true);
    let start = Instant::now();
    drain(&hub, &Stage::default(), Duration::from_secs(30)).await;
    let took = start.elapsed();
    assert!((Duration::from_millis(3_900)..=Duration::from_millis(4_100)).contains(&took), "{took:?}");
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 2_000);
    assert!(told.iter().all(|(_, farewell, _)| *farewell == Farewell::Restart));
    let hints: Vec<Duration> = told.iter().map(|(_, _, hint)| hint.unwrap()).collect();
    for second in 0..4_u64 {
        let (from, until) = (Duration::from_secs(second), Duration::from_secs(second + 1));
        let gone = told.iter().filter(|(at, ..)| (from..until).contains(at)).count();
        assert!((480..=520).contains(&gone), "{gone} went in second {second}");
        let back = hints.iter().filter(|hint| (from..until).contains(*hint)).count();
        assert_eq!(back, 500, "come back in second {second}");
    }
    assert!(hints.iter().all(|hint| !hint.is_zero()));
}

#[tokio::test(start_paused = true)]
async fn the_spread_leaves_half_of_the_time_for_those_that_go_slowly() {
    let (hub, told) = crowd(2_000, true);
    let start = Instant::now();
    drain(&hub, &Stage::default(), Duration::from_secs(2)).await;
    let took = start.elapsed();
    assert!((Duration::from_millis(900)..=Duration::from_millis(1_100)).contains(&took), "{took:?}");
    assert_eq!(told.lock().unwrap().len(), 2_000);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_go_is_waited_for_until_the_time_is_up_and_no_longer() {
    let (hub, told) = crowd(2, false);
    let start = Instant::now();
    drain(&hub, &Stage::default(), Duration::from_secs(30)).await;
    let took = start.elapsed();
    assert!((Duration::from_secs(30)..Duration::from_millis(30_100)).contains(&took), "{took:?}");
    assert_eq!(told.lock().unwrap().len(), 2, "each is told once");
}

#[tokio::test(start_paused = true)]
async fn it_is_over_soon_after_the_last_one_went() {
    let (hub, _) = crowd(2, false);
    let (start, stays) = (Instant::now(), Arc::clone(&hub));
    let leaves = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(3)).await;
        stays.leave(ConnectionId::new(0));
        stays.leave(ConnectionId::new(1));
    });
    drain(&hub, &Stage::default(), Duration::from_secs(30)).await;
    leaves.await.unwrap();
    let took = start.elapsed();
    assert!((Duration::from_secs(3)..=Duration::from_millis(3_040)).contains(&took), "{took:?}");
}
