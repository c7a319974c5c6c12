//! Theme 2: broadcast to all authenticated clients, and to nobody whom it does not concern.

use mockall::predicate::function;

use super::super::*;
use crate::app::testing::*;
use crate::domain::event::EventKind;
use crate::domain::grant::Scope;
use crate::domain::interest::Kinds;
use crate::domain::lifecycle::Signal;
use crate::ports::event_publisher::{Delivery, MockEventPublisher};

fn as_asked(token: &str, interest: Interest) -> Arrival {
    Arrival { interest, ..arrival(token) }
}

#[tokio::test]
async fn one_event_is_published_once_to_exactly_the_connections_of_all_users() {
    let expected: Arc<Mutex<Vec<ConnectionId>>> = Arc::default();
    let mut publisher = MockEventPublisher::new();
    let exactly = {
        let expected = Arc::clone(&expected);
        move |batch: &[Delivery]| {
            let [one] = batch else { return false };
            let audience: Vec<_> = one.audience.iter().collect();
            *one.recorded == online(1, "a1") && audience == *expected.lock().unwrap()
        }
    };
    publisher.expect_publish().with(function(exactly)).times(1).return_const(());
    let hub = Arc::new(Hub::new(loaded(&[]), vec![Arc::new(publisher)], ROOMY, ManualClock::new().port()));
    let tokens = [
        ("ada", watcher("ada")),
        ("bob", watcher("bob")),
        ("hook", principal("hook", &[Scope::Report], &["*"])),
    ];
    let node = Node::with(believes(tokens), hub, Arc::default());

    let ada = [node.open("ada").await, node.open("ada").await];
    let _reporter = node.open("hook").await;
    let bob = node.open("bob").await;
    assert_eq!(node.registered().len(), 4);
    *expected.lock().unwrap() = vec![ada[0].connection, ada[1].connection, bob.connection];

    node.hub.take(vec![online(1, "a1")]);
}

#[tokio::test]
async fn every_transport_is_handed_every_event() {
    let (one, other) = (Arc::<Screens>::default(), Arc::<Screens>::default());
    let hub =
        Hub::new(loaded(&[]), vec![one.publisher(), other.publisher()], ROOMY, ManualClock::new().port());
    hub.take(vec![online(1, "a1")]);
    assert_eq!((one.published(), other.published()), (vec![1], vec![1]));
}

#[tokio::test]
async fn a_narrow_interest_is_handed_its_agents_and_kinds_alone() {
    let node = Node::new(believes([("ada", watcher("ada"))]));
    let narrow = node.feed.open(as_asked("ada", interest(&["build-*"]))).await.unwrap();
    let kinds = Kinds::of([EventKind::Lifecycle]);
    let lives = node.feed.open(as_asked("ada", Interest { kinds, ..Interest::all() })).await.unwrap();
    node.hub.take(vec![
        online(1, "build-1"),
        online(2, "test-1"),
        lifecycle(3, "build-1", Signal::Crash),
        lifecycle(4, "test-1", Signal::Crash),
        activity(5, "build-1", "s1"),
        removed(6, "build-1"),
        removed(7, "test-1"),
    ]);
    assert_eq!(node.screens.handed(narrow.connection), [1, 3, 5, 6]);
    assert_eq!(node.screens.handed(lives.connection), [3, 4, 6, 7], "removals always come");
}

#[tokio::test]
async fn an_interest_never_shows_what_the_grant_hides() {
    let node = Node::new(believes([("ada", principal("ada", &[Scope::Watch], &["build-*"]))]));
    let all = node.open("ada").await;
    let elsewhere = node.feed.open(as_asked("ada", interest(&["test-*"]))).await.unwrap();
    node.hub.take(vec![online(1, "build-1"), online(2, "test-1"), activity(3, "test-1", "s1")]);
    assert_eq!(node.screens.handed(all.connection), [1]);
    assert!(node.screens.handed(elsewhere.connection).is_empty());
}

#[tokio::test]
async fn a_connection_that_only_reports_is_handed_nothing() {
    let node = Node::new(believes([("hook", principal("hook", &[Scope::Report, Scope::Admin], &["*"]))]));
    let hook = node.open("hook").await;
    let history =
        vec![lifecycle(1, "a1", Signal::Start), online(2, "a1"), activity(3, "a1", "s"), removed(4, "a1")];
    node.hub.take(history);
    assert_eq!(node.screens.published(), [1, 2, 3, 4]);
    assert!(node.screens.handed(hook.connection).is_empty());
}
