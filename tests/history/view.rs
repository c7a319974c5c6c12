//! What a client asks to see, and what that shows.

use super::Event;

/// Patterns of agents, and types of events; where there are none it is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct View {
    pub(crate) agents: Vec<String>,
    pub(crate) types: Vec<String>,
}

impl View {
    /// Agents that begin so.
    pub(crate) fn beginning(prefix: &str) -> Self {
        let agents = if prefix.is_empty() { Vec::new() } else { vec![format!("{prefix}*")] };
        Self { agents, types: Vec::new() }
    }

    /// Whether nothing is hidden.
    pub(crate) const fn is_whole(&self) -> bool {
        self.agents.is_empty() && self.types.is_empty()
    }

    pub(crate) fn shows(&self, event: &Event) -> bool {
        let (agent, kind) = (event.agent().as_bytes(), event.kind());
        let agents = &self.agents;
        let of_agent = agents.is_empty() || agents.iter().any(|pattern| fits(pattern.as_bytes(), agent));
        // Removals always come.
        let of_type = self.types.is_empty() || kind.is_none_or(|kind| self.types.iter().any(|of| of == kind));
        of_agent && of_type
    }
}

fn fits(pattern: &[u8], agent: &[u8]) -> bool {
    match (pattern, agent) {
        ([b'*', rest @ ..], _) => fits(rest, agent) || (!agent.is_empty() && fits(pattern, &agent[1..])),
        ([first, rest @ ..], [same, left @ ..]) => first == same && fits(rest, left),
        (rest, left) => rest.is_empty() && left.is_empty(),
    }
}
