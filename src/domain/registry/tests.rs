//! The registry's plain cases; its laws are properties in `tests/domain_properties`.

use super::*;
use crate::domain::cursor::Seq;
use crate::domain::event::Recorded;
use crate::domain::grant::{Grant, Scope, Scopes};
use crate::domain::interest::{Interest, Kinds};
use crate::domain::pattern::Patterns;
use crate::domain::time::Moment;

fn connection(number: u64, user: &str, agents: &str, kinds: Kinds) -> Connection {
    let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() };
    Connection {
        id: ConnectionId::new(number),
        user: UserId::parse(user).unwrap(),
        token_id: None,
        token_issued_at: None,
        transport: "test",
        since: Timestamp::saturating(0),
        view: Arc::new(View::new(grant, Interest { agents: Patterns::parse([agents]).unwrap(), kinds })),
    }
}

fn removal(agent: &str) -> Recorded {
    Recorded {
        seq: Seq::new(1),
        at: Moment::default(),
        event: Event::AgentRemoved(AgentId::parse(agent).unwrap()),
    }
}

fn few(agents: &[&str]) -> Watched {
    Watched::Few(agents.iter().map(|id| AgentId::parse(id).unwrap()).collect())
}

fn seen_by(registry: &ConnectionRegistry, event: &Event) -> Vec<String> {
    registry.audience(event).iter().map(|id| id.to_string()).collect()
}

#[test]
fn a_user_has_all_its_connections_and_no_other() {
    let mut registry = ConnectionRegistry::default();
    for (number, user) in [(1, "alice"), (2, "bob"), (3, "alice")] {
        registry.connect(connection(number, user, "*", Kinds::ALL), Watched::default());
    }
    let of = |registry: &ConnectionRegistry, user: &str| {
        registry.of_user(&UserId::parse(user).unwrap()).map(|id| id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(
        (of(&registry, "alice"), of(&registry, "bob")),
        (vec!["c1".into(), "c3".into()], vec!["c2".into()])
    );
    assert_eq!(registry.disconnect(ConnectionId::new(1)).unwrap().user.as_str(), "alice");
    assert_eq!(registry.disconnect(ConnectionId::new(1)), None);
    assert_eq!(of(&registry, "alice"), ["c3"]);
}

#[test]
fn a_narrow_connection_sees_its_agents_known_before_and_after_it_came() {
    let mut registry = ConnectionRegistry::default();
    let (early, late, other) = ("build-1", "build-2", "test-1");
    registry.connect(connection(1, "alice", "build-*", Kinds::ALL), few(&[early]));
    registry.agent_known(&AgentId::parse(late).unwrap());
    assert_eq!(seen_by(&registry, &removal(early).event), ["c1"]);
    assert_eq!(seen_by(&registry, &removal(late).event), ["c1"]);
    assert_eq!(seen_by(&registry, &removal(other).event), Vec::<String>::new());
}

#[test]
fn removals_reach_also_those_who_chose_other_kinds() {
    let mut registry = ConnectionRegistry::default();
    let none = Kinds::of([]);
    registry.connect(connection(1, "alice", "*", none), Watched::default());
    registry.connect(connection(2, "bob", "build-*", none), few(&["build-1"]));
    assert_eq!(seen_by(&registry, &removal("build-1").event), ["c1", "c2"]);
}

#[test]
fn who_comes_with_a_view_that_another_has_brings_no_agents_and_shares_it() {
    let mut registry = ConnectionRegistry::default();
    let (first, second) =
        (connection(1, "alice", "build-*", Kinds::ALL), connection(2, "bob", "build-*", Kinds::ALL));
    assert!(registry.must_be_told(&first.view));
    registry.connect(first, few(&["build-1"]));
    assert!(!registry.must_be_told(&second.view));
    registry.connect(second, Watched::default());
    assert_eq!(seen_by(&registry, &removal("build-1").event), ["c1", "c2"]);
    let view = |number| &registry.get(ConnectionId::new(number)).unwrap().view;
    assert!(Arc::ptr_eq(view(1), view(2)));
    registry.disconnect(ConnectionId::new(1));
    assert_eq!(seen_by(&registry, &removal("build-1").event), ["c2"]);
}

#[test]
fn nobody_is_told_agents_for_a_view_of_all_or_of_none() {
    let registry = ConnectionRegistry::default();
    assert!(!registry.must_be_told(&connection(1, "alice", "*", Kinds::of([])).view));
    let blind = Grant { scopes: Scopes::of([Scope::Report]), agents: Patterns::all() };
    assert!(!registry.must_be_told(&View::new(blind, Interest::all())));
}

#[test]
fn a_group_that_outgrows_the_index_is_still_found_and_leaves_it_empty() {
    let mut registry = ConnectionRegistry::indexing(2);
    registry.connect(connection(1, "alice", "build-*", Kinds::ALL), few(&["build-1", "build-2"]));
    assert_eq!(seen_by(&registry, &removal("build-2").event), ["c1"]);
    registry.agent_known(&AgentId::parse("build-3").unwrap());
    let mut wide = ConnectionRegistry::indexing(2);
    wide.connect(connection(1, "alice", "build-*", Kinds::ALL), Watched::Many);
    assert_eq!(registry, wide);
    for agent in ["build-1", "build-2", "build-3"] {
        assert_eq!(seen_by(&registry, &removal(agent).event), ["c1"]);
    }
    assert_eq!(seen_by(&registry, &removal("test-1").event), Vec::<String>::new());
}
