//! Which agents a view shows, found in a copy of the fleet.

use std::collections::BTreeSet;

use crate::domain::fleet::Fleet;
use crate::domain::id::AgentId;
use crate::domain::pattern::Patterns;
use crate::domain::view::View;

/// The agents that a view shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watched {
    /// These and no others.
    Few(BTreeSet<AgentId>),
    /// More than are counted one by one.
    Many,
}

impl Default for Watched {
    fn default() -> Self {
        Self::Few(BTreeSet::new())
    }
}

impl Watched {
    /// Those of this fleet that the view shows, as long as they are at most so many.
    #[must_use]
    pub fn of(view: &View, fleet: &Fleet, few_max: usize) -> Self {
        let mut found = BTreeSet::new();
        let mut add = |agent: &AgentId| {
            found.insert(agent.clone());
            if found.len() > few_max { Err(TooMany) } else { Ok(()) }
        };
        match walk(view, fleet, &mut add) {
            Ok(()) => Self::Few(found),
            Err(TooMany) => Self::Many,
        }
    }

    /// Takes what became of an agent since: whether there is one, and the view shows it.
    pub fn note(&mut self, agent: &AgentId, shown: bool) {
        match self {
            Self::Few(agents) if shown => {
                agents.insert(agent.clone());
            }
            Self::Few(agents) => {
                agents.remove(agent);
            }
            Self::Many => {}
        }
    }
}

/// Says that there are more than were to be found.
struct TooMany;

fn walk(
    view: &View,
    fleet: &Fleet,
    add: &mut impl FnMut(&AgentId) -> Result<(), TooMany>,
) -> Result<(), TooMany> {
    let (granted, asked) = (&view.grant().agents, &view.interest().agents);
    let patterns = if needs_scan(asked) && !needs_scan(granted) { granted } else { asked };
    if needs_scan(patterns) {
        // One pass over all of them finds what any of the patterns fits.
        return fleet.agents().map(|(id, _)| id).filter(|id| view.shows(id)).try_for_each(add);
    }
    for pattern in patterns.iter() {
        if pattern.is_exact() {
            fleet.id(pattern.as_str()).filter(|id| view.shows(id)).map_or(Ok(()), &mut *add)?;
        } else {
            let near = fleet.ids_with_prefix(pattern.prefix());
            near.filter(|id| pattern.matches(id) && view.shows(id)).try_for_each(&mut *add)?;
        }
    }
    Ok(())
}

fn needs_scan(patterns: &Patterns) -> bool {
    patterns.iter().any(|pattern| pattern.prefix().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cursor::Seq;
    use crate::domain::event::{Event, Recorded, StatusEvent};
    use crate::domain::grant::{Grant, Scope, Scopes};
    use crate::domain::interest::{Interest, Kinds};
    use crate::domain::lifecycle::{Reason, Standing, Status};
    use crate::domain::text::Labels;
    use crate::domain::time::Moment;
    use crate::domain::time::Timestamp;

    fn fleet(agents: &[&str]) -> Fleet {
        let mut fleet = Fleet::default();
        for (seq, agent) in (1..).zip(agents) {
            let event = StatusEvent {
                agent: AgentId::parse(agent).unwrap(),
                standing: Standing { status: Status::Online, reason: Reason::Reported },
                since: Timestamp::saturating(0),
                timestamp: Timestamp::saturating(0),
                message: None,
                state: None,
                labels: Labels::default(),
                restarts: 0,
                unleased: false,
                last_seen: None,
                crashes: None,
            };
            fleet.apply(&Recorded { seq: Seq::new(seq), at: Moment::default(), event: Event::Status(event) });
        }
        fleet
    }

    fn view(granted: &[&str], asked: &[&str]) -> View {
        let patterns = |texts: &[&str]| Patterns::parse(texts.iter().copied()).unwrap();
        let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: patterns(granted) };
        View::new(grant, Interest { agents: patterns(asked), kinds: Kinds::ALL })
    }

    #[test]
    fn what_is_found_is_what_the_view_shows_by_whatever_way() {
        let fleet = fleet(&["a", "a1", "a12", "a2", "ab", "b", "b1", "B1", "c-1", "c1"]);
        let lists: [&[&str]; 9] = [
            &["*"],
            &["a"],
            &["a*"],
            &["a*", "a1*", "a1"],
            &["*1"],
            &["*1", "b*"],
            &["a*2", "c*1"],
            &["zz", "b1", "d*"],
            &[],
        ];
        for (granted, asked) in lists.iter().flat_map(|granted| lists.map(|asked| (*granted, asked))) {
            let view = view(granted, asked);
            let shown = fleet.agents().map(|(id, _)| id).filter(|id| view.shows(id)).cloned().collect();
            assert_eq!(Watched::of(&view, &fleet, 99), Watched::Few(shown), "{granted:?} {asked:?}");
        }
    }

    #[test]
    fn more_than_are_counted_are_many() {
        let fleet = fleet(&["a1", "a2", "a3", "b1"]);
        for asked in ["a*", "*a*"] {
            assert!(matches!(Watched::of(&view(&["*"], &[asked]), &fleet, 3), Watched::Few(_)), "{asked}");
            assert_eq!(Watched::of(&view(&["*"], &[asked]), &fleet, 2), Watched::Many, "{asked}");
        }
    }
}
