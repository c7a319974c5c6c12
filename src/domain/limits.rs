//! The bounds that decisions keep. Defaults are those of the contract, section 9.
//!
//! ```
//! use mission_control::domain::limits::Limits;
//!
//! let small = Limits { agents: 10, ..Limits::default() };
//! assert_eq!((small.agents, small.message_bytes), (10, 4096));
//! ```

use std::time::Duration;

/// What one report, one agent and the fleet may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest `message` or `lastMessage`, in bytes; longer ones are cut on a character boundary.
    pub message_bytes: usize,
    /// Most labels of an agent.
    pub labels: usize,
    /// Longest label key or value, in bytes.
    pub label_bytes: usize,
    /// Most agents of the fleet; one more is `fleet_full`.
    pub agents: usize,
    /// Most sessions of an agent; one more removes the one that was quiet for longest.
    pub sessions_per_agent: usize,
    /// Most instances of an agent that the fence remembers.
    pub instances_per_agent: usize,
    /// The lease of every agent that asks for none.
    pub default_lease: Option<Duration>,
    /// A session that was quiet for so long is removed.
    pub session_quiet: Duration,
    /// Most removals that are remembered for screens that come back.
    pub removals: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 4096,
            labels: 16,
            label_bytes: 64,
            agents: 50_000,
            sessions_per_agent: 100,
            instances_per_agent: 64,
            default_lease: None,
            session_quiet: Duration::from_hours(7 * 24),
            removals: 10_000,
        }
    }
}
