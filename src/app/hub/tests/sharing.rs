//! Screens that come within a second share one copy, and nobody is taken back by it.

use super::super::*;
use crate::app::testing::*;
use crate::domain::fleet::Fleet;

const SECOND: Duration = Duration::from_secs(1);

/// A hub with one agent, whose rings hold 40 events.
struct Sharing {
    clock: Arc<ManualClock>,
    hub: Arc<Hub>,
    head: u64,
    came: u64,
}

impl Sharing {
    fn new() -> Self {
        let clock = ManualClock::new();
        let limits = HubLimits { ring_events: 40, ..ROOMY };
        let hub = hub_at(&clock, loaded(&[online(1, "a1")]), &Arc::default(), limits);
        Self { clock, hub, head: 1, came: 0 }
    }

    fn events(&mut self, count: u64) {
        self.hub.take((1..=count).map(|more| online(self.head + more, "a1")).collect());
        self.head += count;
    }

    fn join(&mut self) -> Beginning {
        self.came += 1;
        self.hub.join(connection(self.came, "ada", view(&["*"])), None, None, &Stage::default()).unwrap().1
    }

    /// The copy of somebody who comes now.
    fn copy(&mut self) -> Arc<Fleet> {
        let beginning = self.join();
        let copy = Arc::clone(beginning.material.as_ref().and_then(Material::fleet).unwrap());
        assert_eq!(
            (beginning.from, beginning.head),
            (copy.at(), copy.at()),
            "what follows the copy follows it"
        );
        copy
    }

    /// How many hold the fleet of now, this question not counted.
    fn holders(&self) -> usize {
        Arc::strong_count(&self.hub.state().fleet)
    }
}

#[test]
fn all_who_come_within_a_second_share_one_copy_and_who_comes_later_gets_another() {
    let mut node = Sharing::new();
    let first = node.copy();
    node.events(1);
    node.clock.advance(SECOND);
    let second = node.copy();
    assert!(Arc::ptr_eq(&first, &second));
    node.clock.advance(Duration::from_millis(1));
    let third = node.copy();
    assert_eq!((first.at(), third.at()), (Seq::new(1), Seq::new(2)));
    node.events(1);
    assert!(Arc::ptr_eq(&third, &node.copy()));
}

#[test]
fn one_copy_serves_however_long_nothing_comes_and_a_second_from_then() {
    let mut node = Sharing::new();
    let first = node.copy();
    node.clock.advance(60 * SECOND);
    assert!(Arc::ptr_eq(&first, &node.copy()));
    node.events(1);
    node.clock.advance(SECOND);
    assert!(Arc::ptr_eq(&first, &node.copy()), "it was of that moment when it was last given out");
}

#[test]
fn a_copy_is_not_given_out_when_the_rings_may_lose_what_came_since() {
    let mut node = Sharing::new();
    let first = node.copy();
    node.events(10);
    assert!(Arc::ptr_eq(&first, &node.copy()));
    node.events(1);
    assert_eq!(node.copy().at(), Seq::new(12));
}

#[test]
fn a_copy_that_nobody_may_begin_with_is_given_up_with_the_next_event() {
    let mut node = Sharing::new();
    drop(node.join());
    assert_eq!(node.holders(), 2);
    node.events(1);
    assert_eq!(node.holders(), 1, "the fleet went on, the copy stayed");
    drop(node.join());
    assert!(node.hub.state().copy.is_some());
    node.clock.advance(SECOND + Duration::from_millis(1));
    node.events(1);
    assert!(node.hub.state().copy.is_none());
    let before = Arc::as_ptr(&node.hub.state().fleet);
    node.events(1);
    assert_eq!(Arc::as_ptr(&node.hub.state().fleet), before, "without a copy nothing is cloned");
}

#[test]
fn who_begins_anew_is_not_taken_back_before_what_it_was_sent() {
    let mut node = Sharing::new();
    node.join();
    node.events(3);
    let id = ConnectionId::new(1);
    let again = |delivered| {
        node.hub.begin_again(id, Why::SlowReader, Seq::new(delivered), None, Arc::clone).unwrap().from.get()
    };
    assert_eq!(again(1), 1, "the shared copy is good enough");
    assert_eq!(again(2), 4);
    assert_eq!(again(4), 4);
    let narrowed = principal("ada", &[crate::domain::grant::Scope::Watch], &["a*"]);
    node.hub.take(vec![online(5, "a1")]);
    let resync = node.hub.change_token(id, &narrowed, Seq::new(5), |_| Ok(())).unwrap();
    assert_eq!(resync.map(|beginning| beginning.from), Some(Seq::new(5)));
}

#[test]
fn who_comes_back_with_another_view_is_not_taken_back_before_what_it_knew() {
    let mut node = Sharing::new();
    node.join();
    node.events(3);
    let from = |number, cursor: &str| {
        let cursor = Cursor::parse(cursor).unwrap();
        let narrowed = connection(number, "ada", view(&["a*"]));
        let (_, beginning) = node.hub.join(narrowed, Some(&cursor), None, &Stage::default()).unwrap();
        assert!(matches!(beginning.plan, Plan::Snapshot(_)), "{:?}", beginning.plan);
        beginning.from.get()
    };
    let whole = view(&["*"]).id();
    assert_eq!(from(11, "old:3"), 1, "of another history it knows nothing of this one");
    assert_eq!(from(12, &format!("now:1:{whole}")), 1, "the shared copy is good enough");
    assert_eq!(from(13, &format!("now:3:{whole}")), 4);
}

#[test]
fn a_copy_is_not_shared_across_a_load_of_the_log() {
    let mut node = Sharing::new();
    node.join();
    node.hub.begin_anew(loaded(&[online(1, "b1")]));
    assert_eq!(agents_of(&node.join()), ["b1"]);
}

#[test]
fn what_is_read_is_the_fleet_of_now_whatever_is_shared() {
    let mut node = Sharing::new();
    node.join();
    node.events(1);
    assert_eq!(node.hub.copy().1.at(), Seq::new(2));
}

#[test]
fn equal_views_are_one_for_the_registry_and_all_who_have_them() {
    let mut node = Sharing::new();
    let (one, other) = (node.join(), node.join());
    assert!(Arc::ptr_eq(&one.view, &other.view));
}
