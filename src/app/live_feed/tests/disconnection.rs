//! Theme 3: disconnection is handled gracefully.

use super::super::*;
use crate::app::testing::*;
use crate::ports::event_publisher::MockEventPublisher;

#[tokio::test]
async fn dropping_what_was_opened_forgets_the_connection_and_touches_nobody_else() {
    let node = Node::new(believes([("ada", watcher("ada")), ("bob", watcher("bob"))]));
    let gone = node.open("ada").await;
    let (of_ada, of_bob) = (node.open("ada").await, node.open("bob").await);
    node.hub.take(vec![online(1, "a1")]);
    let gone_id = gone.connection;
    drop(gone);
    assert_eq!(node.registered(), [of_ada.connection, of_bob.connection]);

    node.hub.take(vec![online(2, "a2")]);
    assert_eq!(node.screens.handed(gone_id), [1], "no event after it names it");
    assert_eq!(node.screens.handed(of_ada.connection), [1, 2]);
    assert_eq!(node.screens.handed(of_bob.connection), [1, 2]);
    assert_eq!(node.screens.farewells(), [], "who went is not dismissed");
}

#[tokio::test]
async fn a_narrow_connection_that_went_is_out_of_the_index_too() {
    let node = Node::new(believes([("ada", watcher("ada"))]));
    let narrow = |token| Arrival { interest: interest(&["a*"]), ..arrival(token) };
    let gone = node.feed.open(narrow("ada")).await.unwrap();
    let stays = node.feed.open(narrow("ada")).await.unwrap();
    node.hub.take(vec![online(1, "a1")]);
    drop(gone);
    node.hub.take(vec![online(2, "a1"), online(3, "a2")]);
    assert_eq!(node.screens.audience(2), [stays.connection]);
    assert_eq!(node.screens.audience(3), [stays.connection]);
}

#[tokio::test]
async fn the_seat_alone_keeps_the_connection() {
    let node = Node::new(believes([("ada", watcher("ada"))]));
    let Opened { connection, seat, .. } = node.open("ada").await;
    assert_eq!(node.registered(), [connection]);
    drop(seat);
    assert_eq!(node.registered(), []);
}

#[tokio::test]
async fn leaving_twice_is_as_leaving_once() {
    let node = Node::new(believes([("ada", watcher("ada"))]));
    let (gone, stays) = (node.open("ada").await, node.open("ada").await);
    node.hub.leave(gone.connection);
    drop(gone);
    assert_eq!(node.registered(), [stays.connection]);
}

#[tokio::test]
async fn a_place_that_was_given_up_is_free_for_the_next() {
    let screens = Arc::default();
    let limits = crate::app::hub::HubLimits { connections_per_user: 1, ..ROOMY };
    let node = Node::with(believes([("ada", watcher("ada"))]), hub(loaded(&[]), &screens, limits), screens);
    let first = node.open("ada").await;
    assert_eq!(code(node.feed.open(arrival("ada")).await), Code::TooManyConnections);
    drop(first);
    let second = node.open("ada").await;
    assert_eq!(node.registered(), [second.connection]);
}

#[tokio::test]
async fn a_thousand_comings_and_goings_leave_nothing_behind() {
    let node = Node::new(believes([("ada", watcher("ada"))]));
    let untouched = node.hub.with_registry(|registry| registry.clone());
    for round in 0..1_000_u64 {
        let agents: &[&str] = if round.is_multiple_of(2) { &["*"] } else { &["a*"] };
        let opened = node.feed.open(Arrival { interest: interest(agents), ..arrival("ada") }).await.unwrap();
        node.hub.take(vec![online(round + 1, "a1")]);
        assert_eq!(node.screens.audience(round + 1), [opened.connection]);
    }
    assert_eq!(node.hub.with_registry(|registry| registry.clone()), untouched);
}

#[tokio::test]
async fn a_transport_may_drop_a_connection_while_it_is_handed_an_event_for_it() {
    // What a transport does that finds a dead socket: it drops the connection on the spot, on the thread
    // that publishes.
    let sockets: Arc<Mutex<Vec<Opened>>> = Arc::default();
    let mut publisher = MockEventPublisher::new();
    let of_transport = Arc::clone(&sockets);
    let audiences: Arc<Mutex<Vec<Vec<ConnectionId>>>> = Arc::default();
    let seen = Arc::clone(&audiences);
    publisher.expect_publish().times(2).returning(move |batch| {
        seen.lock().unwrap().extend(batch.iter().map(|one| one.audience.iter().collect()));
        of_transport.lock().unwrap().clear();
    });
    let hub = Arc::new(Hub::new(loaded(&[]), vec![Arc::new(publisher)], ROOMY, ManualClock::new().port()));
    let node = Node::with(believes([("ada", watcher("ada"))]), hub, Arc::default());
    let dead = node.open("ada").await;
    let (dead_id, stays) = (dead.connection, node.open("ada").await);
    sockets.lock().unwrap().push(dead);

    // On a thread of its own, so that a hub that waits for itself fails the test and does not hang it.
    let (done, wait) = std::sync::mpsc::channel();
    let hub = Arc::clone(&node.hub);
    std::thread::spawn(move || {
        hub.take(vec![online(1, "a1")]);
        hub.take(vec![online(2, "a1")]);
        done.send(())
    });
    wait.recv_timeout(Duration::from_secs(10)).expect("the hub waits for itself");
    assert_eq!(*audiences.lock().unwrap(), [vec![dead_id, stays.connection], vec![stays.connection]]);
    assert_eq!(node.registered(), [stays.connection]);
}
