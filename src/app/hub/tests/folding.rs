//! The hub folds every event, and hands it on in order to those who see it.

use super::super::*;
use crate::app::testing::*;
use crate::domain::grant::Scope;
use crate::domain::interest::Interest;
use crate::domain::lifecycle::{Signal, Status};

fn join(hub: &Hub, number: u64, view: View) -> ConnectionId {
    let stage = Stage::default();
    hub.join(connection(number, "ada", view), None, None, &stage).unwrap();
    ConnectionId::new(number)
}

#[test]
fn events_are_folded_and_published_in_order_also_those_that_nobody_sees() {
    let screens = Arc::default();
    let hub = hub(loaded(&[]), &screens, ROOMY);
    hub.take(vec![online(1, "a1"), status(2, "a1", Status::Error)]);
    hub.take(vec![activity(3, "a1", "s1"), removed(4, "a1"), online(5, "b1")]);
    assert_eq!(screens.published(), [1, 2, 3, 4, 5]);
    assert!((1..=5).all(|seq| screens.audience(seq).is_empty()));
    let (_, fleet) = hub.copy();
    let fold = loaded(&[removed(4, "a1"), online(5, "b1")]).fleet;
    assert_eq!(*fleet, fold);
}

#[test]
fn a_batch_is_published_as_one() {
    let mut publisher = crate::ports::event_publisher::MockEventPublisher::new();
    publisher.expect_publish().withf(|batch| batch.len() == 3).times(1).return_const(());
    let hub = Hub::new(loaded(&[]), vec![Arc::new(publisher)], ROOMY, ManualClock::new().port());
    hub.take(vec![online(1, "a1"), online(2, "a2"), online(3, "a3")]);
}

#[test]
fn what_was_seen_already_is_neither_folded_nor_published_again() {
    let screens = Arc::default();
    let hub = hub(loaded(&[online(1, "a1"), online(2, "a2")]), &screens, ROOMY);
    hub.take(vec![removed(1, "a2"), removed(2, "a2"), status(3, "a1", Status::Error)]);
    hub.take(vec![removed(3, "a1")]);
    hub.take(Vec::new());
    assert_eq!(screens.published(), [3]);
    let (_, fleet) = hub.copy();
    assert_eq!(fleet.at(), Seq::new(3));
    assert_eq!(fleet.len(), 2);
}

#[test]
fn a_copy_stays_as_it_was_while_the_fleet_goes_on() {
    let hub = hub(loaded(&[online(1, "a1")]), &Arc::default(), ROOMY);
    let (_, before) = hub.copy();
    hub.take(vec![removed(2, "a1")]);
    assert_eq!((before.at(), before.len()), (Seq::new(1), 1));
    assert_eq!(hub.copy().1.len(), 0);
}

#[test]
fn a_narrow_watcher_sees_the_lifecycle_and_the_status_of_an_agent_that_was_never_heard_of() {
    let screens = Arc::default();
    let hub = hub(loaded(&[]), &screens, ROOMY);
    let narrow = join(&hub, 1, view(&["build-*"]));
    let exact = join(&hub, 2, view(&["build-1"]));
    let elsewhere = join(&hub, 3, view(&["test-*"]));
    hub.take(vec![lifecycle(1, "build-1", Signal::Start), online(2, "build-1")]);
    hub.take(vec![online(3, "build-2"), activity(4, "build-2", "s1")]);
    assert_eq!(screens.handed(narrow), [1, 2, 3, 4]);
    assert_eq!(screens.handed(exact), [1, 2]);
    assert!(screens.handed(elsewhere).is_empty());
}

#[test]
fn the_index_knows_agents_that_the_log_loaded() {
    let screens = Arc::default();
    let hub = hub(loaded(&[online(1, "build-1")]), &screens, ROOMY);
    let narrow = join(&hub, 1, view(&["build-*"]));
    hub.take(vec![activity(2, "build-1", "s1")]);
    assert_eq!(screens.handed(narrow), [2]);
}

#[test]
fn a_forgotten_agent_leaves_the_index_and_comes_back_when_it_does() {
    let screens = Arc::default();
    let hub = hub(loaded(&[]), &screens, ROOMY);
    let narrow = join(&hub, 1, view(&["build-*"]));
    let untouched = hub.with_registry(|registry| registry.clone());
    hub.take(vec![online(1, "build-1"), removed(2, "build-1")]);
    assert_eq!(hub.with_registry(|registry| registry.clone()), untouched, "nothing of it is left behind");
    hub.take(vec![lifecycle(3, "build-1", Signal::Start), online(4, "build-1")]);
    assert_eq!(screens.handed(narrow), [1, 2, 3, 4]);
}

#[test]
fn agents_that_come_and_go_in_one_batch_are_seen_by_their_watchers_alone() {
    let screens = Arc::default();
    let hub = hub(loaded(&[]), &screens, ROOMY);
    let narrow = join(&hub, 1, view(&["a*"]));
    let all = join(&hub, 2, View::new(grant(&[Scope::Watch], &["*"]), Interest::all()));
    hub.take(vec![online(1, "a"), online(2, "b"), removed(3, "a"), removed(4, "b"), online(5, "a")]);
    assert_eq!(screens.handed(narrow), [1, 3, 5]);
    assert_eq!(screens.handed(all), [1, 2, 3, 4, 5]);
}
