//! What every [`EventPublisher`] promises. It panics with a sentence that says which promise was broken.
//!
//! The suite knows nothing of sockets: the caller's [`Bench`] brings readers to the publisher and says
//! what they have got.

#![expect(clippy::panic, reason = "a suite tells of a broken promise by panicking with a sentence")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::cursor::Seq;
use crate::domain::event::{Event, Recorded};
use crate::domain::farewell::Farewell;
use crate::domain::id::{AgentId, ConnectionId};
use crate::domain::registry::Audience;
use crate::domain::time::Moment;
use crate::ports::event_publisher::{Delivery, EventPublisher};

/// A publisher that has published nothing, and a way to its connections.
pub trait Bench {
    /// The publisher.
    fn publisher(&self) -> &dyn EventPublisher;

    /// A connection with this id, from the head on. It is shown every agent, or what audiences name.
    fn join(&self, id: ConnectionId, broad: bool) -> Box<dyn Reader>;
}

/// One connection, until it is dropped.
pub trait Reader {
    /// The events that came for it since it was asked last; it does not wait for any.
    fn take(&mut self) -> Vec<Seq>;

    /// Why it is to end, and after how long it should come back, once it was told.
    fn ended(&mut self) -> Option<(Farewell, Option<Duration>)>;
}

/// More events than any reader is given room for.
const MANY: u64 = 50_000;
const BROAD: ConnectionId = ConnectionId::new(1);
const NAMED: ConnectionId = ConnectionId::new(2);
const STRANGER: ConnectionId = ConnectionId::new(99);

/// Runs the suite. Each check gets a bench of its own.
///
/// # Panics
/// With a sentence that says which promise was broken.
pub fn suite(fresh: impl Fn() -> Box<dyn Bench>) {
    events_come_in_order_and_once(&*fresh());
    one_who_joins_later_gets_what_comes_later(&*fresh());
    whom_an_audience_names_is_reached(&*fresh());
    strangers_in_an_audience_are_left_out(&*fresh());
    nothing_to_publish_is_nothing(&*fresh());
    one_who_reads_nothing_holds_up_nobody(&*fresh());
    one_who_left_is_forgotten(&*fresh());
    a_dismissal_reaches_one_and_the_first_stands(&*fresh());
    a_dismissal_of_a_stranger_does_nothing(&*fresh());
}

fn delivery(seq: u64, named: &[ConnectionId]) -> Delivery {
    let Ok(agent) = AgentId::parse("a") else { panic!("the suite's own agent id is valid") };
    let recorded =
        Arc::new(Recorded { seq: Seq::new(seq), at: Moment::default(), event: Event::AgentRemoved(agent) });
    let broad = vec![Arc::new(BTreeSet::from([BROAD]))];
    Delivery { recorded, audience: Audience { broad, named: named.to_vec() } }
}

fn seqs(numbers: impl IntoIterator<Item = u64>) -> Vec<Seq> {
    numbers.into_iter().map(Seq::new).collect()
}

fn events_come_in_order_and_once(bench: &dyn Bench) {
    let mut reader = bench.join(BROAD, true);
    assert!(reader.take().is_empty(), "nothing comes before something is published");
    bench.publisher().publish(&[delivery(1, &[]), delivery(2, &[])]);
    bench.publisher().publish(&[delivery(3, &[])]);
    assert!(reader.take() == seqs([1, 2, 3]), "events come in the order they were published");
    assert!(reader.take().is_empty(), "no event comes twice");
    bench.publisher().publish(&[delivery(4, &[])]);
    assert!(reader.take() == seqs([4]), "and what comes later comes later");
}

fn one_who_joins_later_gets_what_comes_later(bench: &dyn Bench) {
    bench.publisher().publish(&[delivery(1, &[]), delivery(2, &[])]);
    let mut reader = bench.join(BROAD, true);
    bench.publisher().publish(&[delivery(3, &[])]);
    assert!(reader.take() == seqs([3]), "one who joins is given what comes after it joined");
}

fn whom_an_audience_names_is_reached(bench: &dyn Bench) {
    let mut reader = bench.join(NAMED, false);
    let _nothing_yet = reader.take();
    bench.publisher().publish(&[delivery(1, &[]), delivery(2, &[NAMED])]);
    let got = reader.take();
    assert!(got.contains(&Seq::new(2)), "whom an audience names is reached at once");
}

fn strangers_in_an_audience_are_left_out(bench: &dyn Bench) {
    let mut reader = bench.join(NAMED, false);
    bench.publisher().publish(&[delivery(1, &[STRANGER, NAMED])]);
    assert!(reader.take() == seqs([1]), "somebody unknown in an audience is left out, the others are not");
}

fn nothing_to_publish_is_nothing(bench: &dyn Bench) {
    let mut reader = bench.join(BROAD, true);
    bench.publisher().publish(&[]);
    assert!(reader.take().is_empty(), "nothing to publish is nothing");
    bench.publisher().publish(&[delivery(1, &[])]);
    assert!(reader.take() == seqs([1]), "and changes nothing for what follows");
}

fn one_who_reads_nothing_holds_up_nobody(bench: &dyn Bench) {
    let _slow = bench.join(NAMED, false);
    let mut quick = bench.join(BROAD, true);
    for seq in 1..=MANY {
        bench.publisher().publish(&[delivery(seq, &[NAMED])]);
        assert!(quick.take() == seqs([seq]), "one that reads nothing holds up nobody");
    }
}

fn one_who_left_is_forgotten(bench: &dyn Bench) {
    drop(bench.join(NAMED, false));
    let mut left = bench.join(BROAD, true);
    bench.publisher().publish(&[delivery(1, &[NAMED])]);
    bench.publisher().dismiss(NAMED, Farewell::Restart, None);
    assert!(left.take() == seqs([1]), "one that left disturbs nobody");
    assert!(left.ended().is_none(), "and a dismissal of it ends nobody else");
}

fn a_dismissal_reaches_one_and_the_first_stands(bench: &dyn Bench) {
    let (mut one, mut other) = (bench.join(BROAD, true), bench.join(NAMED, false));
    assert!(one.ended().is_none(), "nobody ends by itself");
    let hint = Some(Duration::from_millis(1730));
    bench.publisher().dismiss(BROAD, Farewell::Restart, hint);
    bench.publisher().dismiss(BROAD, Farewell::Forbidden, None);
    assert!(one.ended() == Some((Farewell::Restart, hint)), "the first dismissal stands, with its hint");
    assert!(other.ended().is_none(), "a dismissal ends one connection");
    bench.publisher().publish(&[delivery(1, &[NAMED])]);
    assert!(other.take() == seqs([1]), "the others go on");
}

fn a_dismissal_of_a_stranger_does_nothing(bench: &dyn Bench) {
    let mut reader = bench.join(BROAD, true);
    bench.publisher().dismiss(STRANGER, Farewell::Restart, None);
    assert!(reader.ended().is_none(), "a dismissal of somebody unknown does nothing");
}
