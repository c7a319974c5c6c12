//! The registry's plain cases; its laws are properties in `tests/domain_properties`.

use super::*;
use crate::domain::cursor::Seq;
use crate::domain::event::Recorded;
use crate::domain::grant::{Grant, Scope, Scopes};
use crate::domain::interest::{Interest, Kinds};
use crate::domain::pattern::Patterns;

fn connection(number: u64, user: &str, agents: &str, kinds: Kinds) -> Connection {
    let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() };
    Connection {
        id: ConnectionId::new(number),
        user: UserId::parse(user).unwrap(),
        token_id: None,
        token_issued_at: None,
        transport: "test",
        since: Timestamp::saturating(0),
        view: View::new(grant, Interest { agents: Patterns::parse([agents]).unwrap(), kinds }),
    }
}

fn removal(agent: &str) -> Recorded {
    Recorded { seq: Seq::new(1), event: Event::AgentRemoved(AgentId::parse(agent).unwrap()) }
}

fn seen_by(registry: &ConnectionRegistry, event: &Event) -> Vec<String> {
    registry.audience(event).iter().map(|id| id.to_string()).collect()
}

#[test]
fn a_user_has_all_its_connections_and_no_other() {
    let mut registry = ConnectionRegistry::default();
    for (number, user) in [(1, "alice"), (2, "bob"), (3, "alice")] {
        registry.connect(connection(number, user, "*", Kinds::ALL), []);
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
    let known = [AgentId::parse(early).unwrap(), AgentId::parse(other).unwrap()];
    registry.connect(connection(1, "alice", "build-*", Kinds::ALL), &known);
    registry.agent_known(&AgentId::parse(late).unwrap());
    assert_eq!(seen_by(&registry, &removal(early).event), ["c1"]);
    assert_eq!(seen_by(&registry, &removal(late).event), ["c1"]);
    assert_eq!(seen_by(&registry, &removal(other).event), Vec::<String>::new());
}

#[test]
fn removals_reach_also_those_who_chose_other_kinds() {
    let mut registry = ConnectionRegistry::default();
    let none = Kinds::of([]);
    registry.connect(connection(1, "alice", "*", none), []);
    registry.connect(connection(2, "bob", "build-*", none), &[AgentId::parse("build-1").unwrap()]);
    assert_eq!(seen_by(&registry, &removal("build-1").event), ["c1", "c2"]);
}
