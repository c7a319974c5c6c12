//! A view is matched outside the lock. Whatever happens between, nobody is left out of an audience:
//! chance interleaves the halves of joins and changes with events, and each step is held against a
//! model that asks every connection about every event.

use std::collections::{BTreeMap, BTreeSet};

use super::super::matching::{Look, Matched, ToMatch};
use super::super::state::Changes;
use super::super::*;
use crate::app::testing::*;
use crate::domain::event::{Event, Recorded};
use crate::domain::id::AgentId;
use crate::domain::lifecycle::Signal;
use crate::domain::registry::Watched;

const AGENTS: [&str; 6] = ["a1", "a2", "a12", "b1", "b2", "b12"];
const ASKED: [&[&str]; 8] =
    [&["*"], &["a*"], &["a1"], &["*1"], &["b*2"], &["a1*", "b1"], &["*2", "a1"], &["c*", "b12"]];

/// splitmix64: the same steps for the same seed, everywhere.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn place(&mut self, places: usize) -> usize {
        usize::try_from(self.below(u64::try_from(places).unwrap())).unwrap()
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.place(from.len())]
    }
}

/// Where somebody stands who joins or changes its view.
enum Half {
    ToMatch(ToMatch),
    Matched(Matched),
}

struct Wish {
    id: ConnectionId,
    view: Arc<View>,
    joins: bool,
    half: Half,
}

struct Game {
    hub: Arc<Hub>,
    clock: Arc<ManualClock>,
    chance: Chance,
    wishes: Vec<Wish>,
    /// Who is in, and what it is shown.
    model: BTreeMap<ConnectionId, Arc<View>>,
    head: u64,
    came: u64,
    matches: usize,
}

impl Game {
    fn new(seed: u64) -> Self {
        let clock = ManualClock::new();
        let hub = hub_at(&clock, loaded(&[online(1, "a1")]), &Arc::default(), ROOMY);
        if seed.is_multiple_of(2) {
            hub.state().changes = Changes::new(Seq::new(1), 3);
        }
        let (wishes, model) = (Vec::new(), BTreeMap::new());
        Self { hub, clock, chance: Chance(seed), wishes, model, head: 1, came: 0, matches: 0 }
    }

    fn step(&mut self) {
        match self.chance.below(20) {
            0..3 => {
                self.came += 1;
                let view = Arc::new(view(self.chance.pick(&ASKED)));
                self.look(ConnectionId::new(self.came), view, true, None);
            }
            3..6 => {
                if let Some(id) = self.somebody() {
                    let view = Arc::new(view(self.chance.pick(&ASKED)));
                    self.look(id, view, false, None);
                }
            }
            6..12 => self.go_on(),
            12..17 => self.take(),
            17 => {
                if let Some(id) = self.somebody() {
                    self.hub.leave(id);
                    self.model.remove(&id);
                }
            }
            18 => self.clock.advance(Duration::from_millis(self.chance.below(1_500))),
            _ => {
                if self.chance.below(8) == 0 {
                    self.hub.dismiss_all(Farewell::Internal);
                    self.model.clear();
                    self.head += self.chance.below(3);
                    self.hub.begin_anew(loaded(&[online(self.head, self.chance.pick(&AGENTS))]));
                }
            }
        }
    }

    fn somebody(&mut self) -> Option<ConnectionId> {
        let ids: Vec<_> = self.model.keys().copied().collect();
        (!ids.is_empty()).then(|| self.chance.pick(&ids))
    }

    /// Asks the hub, and enters where it is ready.
    fn look(&mut self, id: ConnectionId, view: Arc<View>, joins: bool, matched: Option<Matched>) {
        let hub = Arc::clone(&self.hub);
        let ask = |state: &State| {
            (joins || state.registry.get(id).is_some()).then(|| Arc::clone(&view)).ok_or_else(gone)
        };
        match hub.look(matched, &ask) {
            Ok(Look::Ready(Ready { mut state, view, watched })) => {
                if joins {
                    let newcomer = Connection {
                        view: Arc::clone(&view),
                        ..connection(id_number(id), "ada", self::view(&["*"]))
                    };
                    state.registry.connect(newcomer, watched);
                } else {
                    state.registry.change_view(id, Arc::clone(&view), watched);
                }
                self.model.insert(id, view);
            }
            Ok(Look::ToMatch(to_match)) => {
                self.wishes.push(Wish { id, view, joins, half: Half::ToMatch(to_match) });
            }
            Err(_) => assert!(!self.model.contains_key(&id), "only who is gone is refused"),
        }
    }

    /// Does the next half of somebody's wish.
    fn go_on(&mut self) {
        if self.wishes.is_empty() {
            return;
        }
        let place = self.chance.place(self.wishes.len());
        let Wish { id, view, joins, half } = self.wishes.swap_remove(place);
        match half {
            Half::ToMatch(to_match) => {
                self.matches += 1;
                self.wishes.push(Wish { id, view, joins, half: Half::Matched(to_match.find()) });
            }
            Half::Matched(matched) => self.look(id, view, joins, Some(matched)),
        }
    }

    fn take(&mut self) {
        let mut batch = Vec::new();
        for _ in 0..=self.chance.below(3) {
            self.head += 1;
            let of = self.chance.pick(&AGENTS);
            match self.chance.below(6) {
                0..2 => batch.push(online(self.head, of)),
                2..4 => batch.push(removed(self.head, of)),
                4 => batch.push(activity(self.head, of, "s1")),
                _ => {
                    batch.push(lifecycle(self.head, of, Signal::Start));
                    self.head += 1;
                    batch.push(online(self.head, of));
                }
            }
        }
        self.hub.take(batch);
    }

    /// Every known agent's next event of each kind is handed to exactly those who see it.
    fn check(&self, what: &str) {
        let state = self.hub.state();
        let known: Vec<AgentId> = state.fleet.agents().map(|(id, _)| id.clone()).collect();
        for of in &known {
            let of = of.as_str();
            for Recorded { event, .. } in [online(0, of), activity(0, of, "s"), removed(0, of)] {
                let audience: BTreeSet<_> = state.registry.audience(&event).iter().collect();
                assert_eq!(audience, self.expected(&event), "{what}: {event:?}");
            }
        }
    }

    fn expected(&self, event: &Event) -> BTreeSet<ConnectionId> {
        self.model.iter().filter(|(_, view)| view.covers(event)).map(|(id, _)| *id).collect()
    }
}

fn id_number(id: ConnectionId) -> u64 {
    id.to_string().trim_start_matches('c').parse().unwrap()
}

#[test]
fn nobody_is_missed_however_the_halves_of_joins_and_changes_fall_between_events() {
    let mut matches = 0;
    for seed in 0..300 {
        let mut game = Game::new(seed);
        for place in 0..120 {
            game.step();
            game.check(&format!("seed {seed}, step {place}"));
        }
        matches += game.matches;
        // Nothing is left behind.
        game.model.keys().for_each(|id| game.hub.leave(*id));
        assert!(game.hub.with_registry(|registry| *registry == ConnectionRegistry::default()), "seed {seed}");
    }
    assert!(matches > 1_000, "the halves were interleaved: {matches}");
}

#[test]
fn a_view_is_matched_under_the_lock_when_what_was_matched_outside_is_of_no_use() {
    let hub = hub(loaded(&[]), &Arc::default(), ROOMY);
    hub.state().changes = Changes::new(Seq::ZERO, 1);
    let questions = std::cell::Cell::new(0);
    // The view is another one each time it is asked for: none that was matched is of any use.
    let ready = hub.ready(|_| {
        questions.set(questions.get() + 1);
        Ok(Arc::new(view(&[&format!("a{}*", questions.get())])))
    });
    assert!(ready.is_ok());
    assert_eq!(questions.get(), 7, "asked and matched, asked and matched; at last both at once");
}

#[test]
fn many_agents_that_came_since_a_match_are_looked_at_outside_too() {
    let hub = hub(loaded(&[]), &Arc::default(), ROOMY);
    let asks = Arc::new(view(&["a*"]));
    let ask = |_: &State| Ok(Arc::clone(&asks));
    let mut head = 0;
    let mut come = |count: u64| {
        hub.take((1..=count).map(|more| online(head + more, &format!("a{}", head + more))).collect());
        head += count;
    };
    let mut matched = None;
    for came in [1, 500, 65] {
        come(came);
        let Ok(Look::ToMatch(to_match)) = hub.look(matched.take(), &ask) else { panic!("not yet") };
        matched = Some(to_match.find());
    }
    come(64);
    let Ok(Look::Ready(ready)) = hub.look(matched, &ask) else { panic!("what is left is little") };
    let Watched::Few(agents) = &ready.watched else { panic!("not so many") };
    assert!(agents.iter().eq(ready.state.fleet.agents().map(|(id, _)| id)));
}
