//! Which agents a socket stands for, and what is to be said of them when it is gone (contract 5.6).

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

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
}

#[derive(Default)]
struct State {
    /// How many sockets stand for whom.
    sockets: HashMap<AgentId, usize>,
    /// Who hung up, and until when it may come back; in the order of time. Bounded by the sockets that were
    /// open within that time, as the others.
    leaving: VecDeque<(Monotonic, AgentId)>,
    /// Whose socket we closed.
    released: Vec<AgentId>,
}

impl Presence {
    /// Nobody yet.
    #[must_use]
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// Lets a socket stand for an agent. Whether it does.
    pub(crate) fn hold(self: &Arc<Self>, socket: &Socket, agent: &AgentId) -> bool {
        let farewell = || -> Box<dyn FnOnce(Parting, BTreeSet<AgentId>) + Send + Sync> {
            let presence = Arc::clone(self);
            Box::new(move |parting, agents| presence.part(parting, agents))
        };
        let stands = socket.stand_for(agent.clone(), AGENTS_PER_SOCKET, farewell);
        if stands == Some(true) {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            *state.sockets.entry(agent.clone()).or_default() += 1;
        }
        stands.is_some()
    }

    fn part(&self, parting: Parting, agents: BTreeSet<AgentId>) {
        let until = self.clock.monotonic().plus(COME_BACK_WITHIN);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for agent in agents {
            let Some(left) = state.sockets.get_mut(&agent) else { continue };
            *left = left.saturating_sub(1);
            if *left == 0 {
                state.sockets.remove(&agent);
                match parting {
                    Parting::ByPeer => state.leaving.push_back((until, agent)),
                    Parting::ByServer => state.released.push(agent),
                }
            }
        }
    }

    /// What is to be decided by now of agents whose sockets are gone.
    pub(crate) fn due(&self) -> Vec<Command> {
        let now = self.clock.monotonic();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut commands: Vec<_> =
            std::mem::take(&mut state.released).into_iter().map(Command::Release).collect();
        while let Some((_, agent)) = state.leaving.pop_front_if(|(until, _)| *until <= now) {
            commands.push(Command::Left(agent));
        }
        // Whoever came back meanwhile lives.
        commands.retain(|command| command.agent().is_none_or(|agent| !state.sockets.contains_key(agent)));
        commands
    }

    /// Takes back what could not be decided now.
    pub(crate) fn again(&self, commands: Vec<Command>) {
        let now = self.clock.monotonic();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for command in commands.into_iter().rev() {
            match command {
                Command::Release(agent) => state.released.push(agent),
                Command::Left(agent) => state.leaving.push_front((now, agent)),
                Command::Report(_) | Command::Forget(_) | Command::Sweep => {}
            }
        }
    }
}
