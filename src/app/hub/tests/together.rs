//! Copy and registration are one step: with real threads, whoever joins while events come has in
//! its copy all of them up to a position, and finds all of them after it in the rings or is handed them.

use super::super::*;
use crate::app::testing::*;

const JOINERS: u64 = 4;
const JOINS: u64 = 150;
/// Each joiner keeps so many of its connections; older ones go.
const KEPT: u64 = 2;

/// One that joined: how it began, and where the head was before and while it was certainly still in.
struct Joined {
    id: ConnectionId,
    beginning: Beginning,
    was_out_at: Seq,
    was_in_at: Seq,
}

/// Joins again and again, each time after another event at least, and lets the older connections go.
fn join_and_leave(hub: &Hub, joiner: u64) -> Vec<Joined> {
    let stage = Stage::default();
    let mut joined: Vec<Joined> = Vec::new();
    for nth in 0..JOINS {
        let before = joined.last().map_or(Seq::ZERO, |last| last.beginning.from);
        while hub.copy().1.at() <= before {
            std::thread::yield_now();
        }
        let number = joiner * JOINS + nth;
        // Every other newcomer is found through the index.
        let asks = if number.is_multiple_of(2) { view(&["*"]) } else { view(&["a1", "a5"]) };
        let was_out_at = hub.copy().1.at();
        let (_, beginning) = hub.join(connection(number, "ada", asks), None, None, &stage).unwrap();
        let was_in_at = hub.copy().1.at();
        joined.push(Joined { id: ConnectionId::new(number), beginning, was_out_at, was_in_at });
        if nth >= KEPT {
            hub.leave(ConnectionId::new(number - KEPT));
        }
    }
    joined
}

/// Agents `a0` to `a9` in turn, so that a narrow view sees some events and not others.
fn event(seq: u64) -> Recorded {
    online(seq, &format!("a{}", seq % 10))
}

#[test]
fn nobody_who_joins_while_events_come_misses_one_or_gets_one_twice() {
    let screens: Arc<Screens> = Arc::default();
    let clock = ManualClock::new();
    let hub = hub_at(&clock, loaded(&[]), &screens, ROOMY);
    let mut head = 0;
    let joined: Vec<Joined> = std::thread::scope(|scope| {
        let hub = &hub;
        let joiners: Vec<_> =
            (0..JOINERS).map(|joiner| scope.spawn(move || join_and_leave(hub, joiner))).collect();
        while joiners.iter().any(|joiner| !joiner.is_finished()) {
            let size = head % 4 + 1;
            hub.take((head + 1..=head + size).map(event).collect());
            head += size;
            clock.advance(Duration::from_millis(50));
            std::thread::yield_now();
        }
        joiners.into_iter().flat_map(|joiner| joiner.join().unwrap()).collect()
    });
    hub.take(vec![event(head + 1)]);
    head += 1;

    assert_eq!(screens.published(), (1..=head).collect::<Vec<_>>());
    let stay = registered(&hub);
    assert_eq!(stay.len(), usize::try_from(JOINERS * KEPT).unwrap());
    let handed = screens.handed_to_each();
    for Joined { id, beginning, was_out_at, was_in_at } in joined {
        let copy = Arc::clone(beginning.material.as_ref().and_then(Material::fleet).expect("a snapshot"));
        assert_eq!(copy.at(), beginning.from, "{id}: the copy is the one it goes on from");
        let ring = u64::try_from(ROOMY.ring_events).unwrap();
        assert!(beginning.from.get() + ring / 4 >= was_out_at.get(), "{id}: the rings hold what came since");
        let got = handed.get(&id).cloned().unwrap_or_default();
        let last = got.last().copied().unwrap_or_default().max(was_in_at.get());
        let last = if stay.contains(&id) { head } else { last };
        let first = beginning.from.get() + 1;
        let covered = (first..=last).filter(|seq| beginning.view.covers(&event(*seq).event));
        // What it was not handed was published before it joined, and is in the rings.
        let (in_rings, after): (Vec<_>, Vec<_>) =
            covered.partition(|seq| *seq <= was_in_at.get() && !got.contains(seq));
        assert_eq!(got, after, "{id} from {first} to {last}");
        let joined_after = in_rings.last().copied().unwrap_or_default().max(was_out_at.get());
        assert!(got.first().is_none_or(|seq| *seq > joined_after), "{id}: nothing is left out between");
    }
}
