//! The suite of the port, and what readers add to it.

use futures_util::FutureExt;

use super::*;
use crate::adapters::live::early::EARLY_MAX;
use crate::adapters::wire::frame;
use crate::domain::event::{Event, Recorded};
use crate::domain::grant::{Grant, Scope, Scopes};
use crate::domain::id::AgentId;
use crate::domain::interest::Interest;
use crate::domain::pattern::Patterns;
use crate::domain::registry::Audience;
use crate::domain::time::Moment;
use crate::ports::conformance::event_publisher::{self as conformance, Bench, suite};

fn view(asked: &str) -> Arc<View> {
    let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() };
    Arc::new(View::new(grant, Interest { agents: Patterns::parse([asked]).unwrap(), ..Interest::all() }))
}

fn readers(ring_events: usize) -> Arc<Readers> {
    Arc::new(Readers::new(ring_events, frame::event))
}

fn delivery(seq: u64, agent: &str) -> Delivery {
    let event = Event::AgentRemoved(AgentId::parse(agent).unwrap());
    Delivery {
        recorded: Arc::new(Recorded { seq: Seq::new(seq), at: Moment::default(), event }),
        audience: Audience::default(),
    }
}

fn seqs(entries: &[Arc<Entry>]) -> Vec<u64> {
    entries.iter().map(|entry| entry.recorded.seq.get()).collect()
}

struct Node(Arc<Readers>);

impl Bench for Node {
    fn publisher(&self) -> &dyn EventPublisher {
        &*self.0
    }

    fn join(&self, id: ConnectionId, broad: bool) -> Box<dyn conformance::Reader> {
        let position = *self.0.head.borrow();
        Box::new(self.0.join(id, position, view(if broad { "*" } else { "a" })))
    }
}

impl conformance::Reader for Reader {
    fn take(&mut self) -> Vec<Seq> {
        let mut got = Vec::new();
        while let Some(Step::Events(entries)) = self.next().now_or_never() {
            got.extend(entries.iter().map(|entry| entry.recorded.seq));
        }
        got
    }

    fn ended(&mut self) -> Option<(Farewell, Option<Duration>)> {
        let dismissal = self.dismissed().now_or_never()?;
        Some((dismissal.farewell, dismissal.retry_after))
    }
}

#[test]
fn readers_are_a_publisher() {
    suite(|| Box::new(Node(readers(64))));
}

#[tokio::test]
async fn a_connection_that_was_dismissed_before_it_joined_still_goes() {
    let readers = readers(4);
    let (coming, other) = (ConnectionId::new(1), ConnectionId::new(2));
    readers.dismiss(coming, Farewell::Restart, None);
    let mut spared = readers.join(other, Seq::ZERO, view("*"));
    assert!(spared.next().now_or_never().is_none());
    let mut gone = readers.join(coming, Seq::ZERO, view("*"));
    let Step::Dismissed(dismissal) = gone.next().await else { panic!("it was dismissed") };
    assert_eq!(dismissal, Farewell::Restart.into());
    assert_eq!(readers.reach().early.len(), 0);
    (3..3000).for_each(|id| readers.dismiss(ConnectionId::new(id), Farewell::Restart, None));
    assert_eq!(readers.reach().early.len(), EARLY_MAX);
}

#[tokio::test]
async fn a_narrow_reader_is_given_what_its_view_covers_and_its_position_moves_over_the_rest() {
    let readers = readers(1000);
    let mut reader = readers.join(ConnectionId::new(1), Seq::ZERO, view("rare"));
    let batch: Vec<_> =
        (1..=300).map(|seq| delivery(seq, if seq % 100 == 0 { "rare" } else { "other" })).collect();
    readers.publish(&batch);
    for seq in [100, 200, 300] {
        let Step::Events(entries) = reader.next().await else { panic!("there are events") };
        assert_eq!(seqs(&entries), [seq]);
    }
    assert!(reader.look().is_none());
    assert_eq!(reader.position(), Seq::new(300));
}

#[tokio::test]
async fn one_that_is_shown_little_does_not_fall_out_by_what_is_hidden() {
    let readers = readers(64);
    let mut reader = readers.join(ConnectionId::new(1), Seq::ZERO, view("nobody"));
    for seq in 1..=640 {
        readers.publish(&[delivery(seq, "other")]);
        if seq % 16 == 0 {
            // The reader has its turn.
            let quiet = tokio::time::timeout(Duration::from_millis(1), reader.next()).await;
            assert!(quiet.is_err(), "neither an event nor a fall: {quiet:?}");
        }
    }
    assert!(reader.position() > Seq::new(600));
}

#[tokio::test]
async fn one_behind_the_ring_is_told_so_until_it_begins_anew() {
    let readers = readers(4);
    let mut reader = readers.join(ConnectionId::new(1), Seq::ZERO, view("*"));
    (1..=9).for_each(|seq| readers.publish(&[delivery(seq, "a")]));
    assert!(matches!(reader.next().await, Step::FellOut));
    assert!(matches!(reader.look(), Some(Step::FellOut)));
    let from = Seq::new(8);
    let plan = crate::domain::resume::Plan::Live;
    reader.begin(&Beginning { plan, material: None, head: Seq::new(9), from, view: view("*") });
    let Step::Events(entries) = reader.next().await else { panic!("it goes on") };
    assert_eq!(seqs(&entries), [9]);
}

#[test]
fn one_that_is_to_end_looks_at_nothing_of_another_history() {
    let readers = readers(4);
    let mut reader = readers.join(ConnectionId::new(1), Seq::ZERO, view("*"));
    readers.publish(&[delivery(1, "a")]);
    assert!(matches!(reader.look(), Some(Step::Events(_))));
    readers.dismiss(ConnectionId::new(1), Farewell::Internal, None);
    readers.begin_anew();
    readers.publish(&[delivery(1, "b"), delivery(2, "b")]);
    assert!(matches!(reader.look(), Some(Step::Dismissed(_))));
    assert_eq!(reader.position(), Seq::new(1));
}
