//! Which agents a socket stands for, and what is to be said of them when it is gone (contract 5.6).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::domain::desk::Command;
use crate::domain::id::AgentId;
use crate::domain::time::Monotonic;
use crate::ports::clock::Clock;
use crate::ports::intake::{Parting, Socket};

/// Agents that one socket may stand for; those past it live by their leases alone.
const AGENTS_PER_SOCKET: usize = 1_000;
/// How long an agent has to come back over another socket after it closed its last one.
const COME_BACK_WITHIN: Duration = Duration::from_secs(2);

/// The agents that live by sockets.
pub(crate) struct Presence {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Told when what became of gone agents is decided.
    decided: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    /// How many sockets stand for whom.
    sockets: HashMap<AgentId, usize>,
    /// Who lost its last socket, until that is decided or it loses the next: each agent once, however often it came and
    /// went.
    gone: BTreeMap<AgentId, Gone>,
    /// Of whom that is being decided.
    deciding: BTreeSet<AgentId>,
}

impl State {
    /// Counts a socket less. Whether it was the last one.
    fn has_lost_its_last(&mut self, agent: &AgentId) -> bool {
        let Some(left) = self.sockets.get_mut(agent) else { return false };
        *left = left.saturating_sub(1);
        let last = *left == 0;
        if last {
            self.sockets.remove(agent);
        }
        last
    }
}

/// How an agent lost its last socket.
#[derive(Clone, Copy)]
struct Gone {
    parting: Parting,
    /// When that is to be decided.
    due: Monotonic,
}

/// Some agents whose sockets are gone, of whom that is decided now. Their reports wait until this is dropped:
/// a sign of life that came later must not be undone by what is said of the sockets before.
pub(crate) struct Partings {
    presence: Arc<Presence>,
    gone: Vec<(AgentId, Gone)>,
}

impl Partings {
    /// Whether there are none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.gone.is_empty()
    }

    /// What is to be decided.
    pub(crate) fn commands(&self) -> Vec<Command> {
        let command = |(agent, gone): &(AgentId, Gone)| match gone.parting {
            Parting::ByPeer => Command::Left(agent.clone()),
            Parting::ByServer => Command::Release(agent.clone()),
        };
        self.gone.iter().map(command).collect()
    }

    /// Takes back what could not be decided now. Who came back meanwhile lives.
    pub(crate) fn again(self) {
        let due = self.presence.clock.monotonic();
        let mut state = self.presence.state();
        for (agent, gone) in &self.gone {
            if !state.sockets.contains_key(agent) {
                state.gone.entry(agent.clone()).or_insert(Gone { due, ..*gone });
            }
        }
    }
}

impl Drop for Partings {
    fn drop(&mut self) {
        let mut state = self.presence.state();
        for (agent, _) in &self.gone {
            state.deciding.remove(agent);
        }
        drop(state);
        self.presence.decided.send_replace(());
    }
}

impl Presence {
    /// Nobody yet.
    #[must_use]
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default(), decided: watch::Sender::new(()) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a socket stand for an agent. Whether it begins to; nothing when it stands for too many.
    pub(crate) fn hold(self: &Arc<Self>, socket: &Socket, agent: &AgentId) -> Option<bool> {
        let farewell = || -> Box<dyn FnOnce(Parting, BTreeSet<AgentId>) + Send + Sync> {
            let presence = Arc::clone(self);
            Box::new(move |parting, agents| presence.part(parting, agents))
        };
        let stands = socket.stand_for(agent.clone(), AGENTS_PER_SOCKET, farewell);
        if stands == Some(true) {
            *self.state().sockets.entry(agent.clone()).or_default() += 1;
        }
        stands
    }

    /// Lets a socket stand for an agent no more, by which the agent never lived: what was to be said of another before it,
    /// is said.
    pub(crate) fn let_go(&self, socket: &Socket, agent: &AgentId) {
        if socket.stand_down(agent) {
            self.state().has_lost_its_last(agent);
        }
    }

    fn part(&self, parting: Parting, agents: BTreeSet<AgentId>) {
        let now = self.clock.monotonic();
        let due = match parting {
            Parting::ByPeer => now.plus(COME_BACK_WITHIN),
            Parting::ByServer => now,
        };
        let mut state = self.state();
        for agent in agents {
            if state.has_lost_its_last(&agent) {
                state.gone.insert(agent, Gone { parting, due });
            }
        }
    }

    /// What is to be decided by now of agents whose sockets are gone, of so many of them at most.
    pub(crate) fn due(self: &Arc<Self>, count: usize) -> Partings {
        let now = self.clock.monotonic();
        let mut state = self.state();
        let State { sockets, gone, deciding } = &mut *state;
        // Who came back has a socket, unless what it sent over that turns out to count for nothing.
        let due = |agent: &AgentId, gone: &mut Gone| gone.due <= now && !sockets.contains_key(agent);
        let gone: Vec<_> = gone.extract_if(.., due).take(count).collect();
        deciding.extend(gone.iter().map(|(agent, _)| agent.clone()));
        drop(state);
        Partings { presence: Arc::clone(self), gone }
    }

    /// Waits until of none of these agents it is being decided that its sockets are gone.
    pub(crate) async fn settled<'a>(&self, agents: impl Iterator<Item = &'a AgentId> + Clone) {
        let mut decided = self.decided.subscribe();
        while self.is_deciding(agents.clone()) {
            // The sender lives as long as this does.
            let _told = decided.changed().await;
        }
    }

    fn is_deciding<'a>(&self, mut agents: impl Iterator<Item = &'a AgentId>) -> bool {
        let state = self.state();
        !state.deciding.is_empty() && agents.any(|agent| state.deciding.contains(agent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::testing::{ManualClock, agent};

    const MANY: usize = 1_000;

    fn presence() -> (Arc<ManualClock>, Arc<Presence>) {
        let clock = ManualClock::new();
        (Arc::clone(&clock), Arc::new(Presence::new(clock.port())))
    }

    fn held(presence: &Arc<Presence>, names: &[&str]) -> Socket {
        let socket = Socket::default();
        assert!(names.iter().all(|name| presence.hold(&socket, &agent(name)).is_some()));
        socket
    }

    fn due(presence: &Arc<Presence>) -> Vec<Command> {
        presence.due(MANY).commands()
    }

    fn hang_up(socket: Socket) {
        socket.parted_by_peer();
        drop(socket);
    }

    #[test]
    fn who_hangs_up_again_has_all_of_the_time_again() {
        let (clock, presence) = presence();
        hang_up(held(&presence, &["a"]));
        clock.advance(Duration::from_millis(1_500));
        hang_up(held(&presence, &["a"]));
        clock.advance(Duration::from_millis(1_500));
        assert_eq!(due(&presence), []);
        clock.advance(Duration::from_millis(500));
        assert_eq!(due(&presence), [Command::Left(agent("a"))]);
        assert_eq!(due(&presence), []);
    }

    #[test]
    fn whose_socket_was_closed_is_released_at_once_and_who_came_back_is_not() {
        let (_clock, presence) = presence();
        drop(held(&presence, &["a", "b"]));
        let _back = held(&presence, &["b"]);
        assert_eq!(due(&presence), [Command::Release(agent("a"))]);
    }

    #[test]
    fn one_of_two_sockets_says_nothing_of_the_agent() {
        let (_clock, presence) = presence();
        let _other = held(&presence, &["a"]);
        drop(held(&presence, &["a"]));
        assert_eq!(due(&presence), []);
    }

    #[test]
    fn a_herd_is_decided_in_slices_and_each_agent_once_however_often_it_could_not_be() {
        let (clock, presence) = presence();
        for _ in 0..3 {
            hang_up(held(&presence, &["a", "b", "c"]));
            clock.advance(COME_BACK_WITHIN);
            let slice = presence.due(2);
            assert_eq!(slice.commands(), [Command::Left(agent("a")), Command::Left(agent("b"))]);
            slice.again();
        }
        let all = presence.due(MANY);
        assert_eq!(all.commands(), ["a", "b", "c"].map(|name| Command::Left(agent(name))));
        let _back = held(&presence, &["b"]);
        all.again();
        assert_eq!(due(&presence).len(), 2, "who came back meanwhile lives");
    }
}
