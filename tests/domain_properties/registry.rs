//! The registry against a model that asks every connection about every event.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::*;
use mission_control::domain::id::{ConnectionId, UserId};
use mission_control::domain::registry::{Connection, ConnectionRegistry, Watched};

#[derive(Clone)]
enum Step {
    Connect { id: u64, user: u8, asked: Asked },
    ChangeView { id: u64, asked: Asked },
    Disconnect { id: u64 },
    Known(&'static str),
    Gone(&'static str),
}

/// One line for each step of a failing case.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect { id, user, asked } => write!(f, "connect c{id} of u{user}: {asked:?}"),
            Self::ChangeView { id, asked } => write!(f, "change_view c{id}: {asked:?}"),
            Self::Disconnect { id } => write!(f, "disconnect c{id}"),
            Self::Known(agent) => write!(f, "agent_known {agent}"),
            Self::Gone(agent) => write!(f, "agent_gone {agent}"),
        }
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let agent = || prop::sample::select(AGENTS.to_vec());
    let step = prop_oneof![
        3 => (0..5_u64, 0..2_u8, asked()).prop_map(|(id, user, asked)| Step::Connect { id, user, asked }),
        3 => (0..5_u64, asked()).prop_map(|(id, asked)| Step::ChangeView { id, asked }),
        2 => (0..5_u64).prop_map(|id| Step::Disconnect { id }),
        3 => agent().prop_map(Step::Known),
        2 => agent().prop_map(Step::Gone),
    ];
    prop::collection::vec(step, 0..25)
}

/// What the registry is told, kept in the plainest way.
#[derive(Default)]
struct Model {
    connections: BTreeMap<ConnectionId, (UserId, View)>,
    known: BTreeSet<AgentId>,
}

impl Model {
    fn take(&mut self, registry: &mut ConnectionRegistry, step: &Step) {
        match step {
            Step::Connect { id, user, asked } => {
                let (id, user) = (ConnectionId::new(*id), UserId::parse(&format!("u{user}")).unwrap());
                self.connections.insert(id, (user.clone(), asked.view()));
                let connection = Connection {
                    id,
                    user,
                    token_id: None,
                    token_issued_at: None,
                    transport: "test",
                    since: Timestamp::saturating(1),
                    view: Arc::new(asked.view()),
                };
                let watched = self.watched(registry, &connection.view);
                registry.connect(connection, watched);
            }
            Step::ChangeView { id, asked } => {
                if let Some((_, view)) = self.connections.get_mut(&ConnectionId::new(*id)) {
                    *view = asked.view();
                }
                let view = Arc::new(asked.view());
                let watched = self.watched(registry, &view);
                registry.change_view(ConnectionId::new(*id), view, watched);
            }
            Step::Disconnect { id } => {
                let expected = self.connections.remove(&ConnectionId::new(*id)).map(|(user, _)| user);
                let given = registry.disconnect(ConnectionId::new(*id)).map(|connection| connection.user);
                assert_eq!(given, expected, "what was known of a connection is given back");
            }
            Step::Known(id) => {
                self.known.insert(agent(id));
                registry.agent_known(&agent(id));
            }
            Step::Gone(id) => {
                self.known.remove(&agent(id));
                registry.agent_gone(&agent(id));
            }
        }
    }

    /// What the registry is told with a view: nothing where it says that it need not be.
    fn watched(&self, registry: &ConnectionRegistry, view: &View) -> Watched {
        let shown = self.known.iter().filter(|agent| view.shows(agent)).cloned();
        if registry.must_be_told(view) { Watched::Few(shown.collect()) } else { Watched::default() }
    }

    fn audience(&self, event: &Event) -> Vec<ConnectionId> {
        self.connections.iter().filter(|(_, (_, view))| view.covers(event)).map(|(id, _)| *id).collect()
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn an_audience_is_everybody_whose_view_covers_the_event_each_once(steps in steps(), few_max in 0..6_usize) {
        // With a small index some groups outgrow it.
        let mut registry = ConnectionRegistry::indexing(few_max);
        let mut model = Model::default();
        for (place, step) in steps.iter().enumerate() {
            model.take(&mut registry, step);
            for event in model.known.iter().flat_map(|agent| one_of_each_kind(agent.as_str())) {
                let audience = registry.audience(&event);
                let mut seen: Vec<_> = audience.iter().collect();
                seen.sort_unstable();
                prop_assert_eq!(audience.is_empty(), seen.is_empty());
                prop_assert_eq!(seen, model.audience(&event), "after step {}: {:?}", place, event);
            }
        }
    }

    #[test]
    fn users_have_exactly_their_connections(steps in steps()) {
        let mut registry = ConnectionRegistry::default();
        let mut model = Model::default();
        for step in &steps {
            model.take(&mut registry, step);
            prop_assert_eq!(registry.len(), model.connections.len());
            for user in ["u0", "u1"].map(|user| UserId::parse(user).unwrap()) {
                let own = model.connections.iter().filter(|(_, (of, _))| *of == user).map(|(id, _)| *id);
                prop_assert!(registry.of_user(&user).eq(own));
            }
        }
    }

    #[test]
    fn nothing_is_left_behind_when_all_are_disconnected(steps in steps(), few_max in 0..6_usize) {
        let mut registry = ConnectionRegistry::indexing(few_max);
        let mut model = Model::default();
        steps.iter().for_each(|step| model.take(&mut registry, step));
        for id in model.connections.keys() {
            registry.disconnect(*id);
        }
        prop_assert_eq!(registry, ConnectionRegistry::indexing(few_max));
    }

    #[test]
    fn the_way_to_a_registry_leaves_no_trace_in_it(steps in steps()) {
        let mut registry = ConnectionRegistry::default();
        let mut model = Model::default();
        steps.iter().for_each(|step| model.take(&mut registry, step));
        let mut straight = ConnectionRegistry::default();
        for connection in registry.iter() {
            let watched = model.watched(&straight, &connection.view);
            straight.connect(connection.clone(), watched);
        }
        prop_assert_eq!(registry, straight);
    }
}
