//! What a connection is shown: the grant and the interest together.
//!
//! ```
//! use mission_control::domain::grant::{Grant, Scope, Scopes};
//! use mission_control::domain::id::AgentId;
//! use mission_control::domain::interest::{Interest, Kinds};
//! use mission_control::domain::{pattern::Patterns, view::View};
//!
//! let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::parse(["team-a-*"]).unwrap() };
//! let all = View::new(grant.clone(), Interest::all());
//! assert!(all.shows(&AgentId::parse("team-a-1").unwrap()) && !all.shows(&AgentId::parse("team-b-1").unwrap()));
//! assert!(!all.complete(), "something is hidden, so its seqs may have holes");
//!
//! // A cursor made under one view is no good under another, and the id tells which half changed.
//! let some = View::new(grant, Interest { agents: Patterns::all(), kinds: Kinds::of([]) });
//! assert_eq!(all.id().grant, some.id().grant);
//! assert_ne!(all.id().interest, some.id().interest);
//! ```

use super::cursor::ViewId;
use super::event::{Event, EventKind};
use super::grant::{Grant, Scope};
use super::id::AgentId;
use super::interest::{Interest, Kinds};

/// What a connection is shown. An interest never shows what the grant hides.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct View {
    grant: Grant,
    interest: Interest,
}

impl View {
    /// The interest within the grant.
    #[must_use]
    pub const fn new(grant: Grant, interest: Interest) -> Self {
        Self { grant, interest }
    }

    /// The grant.
    #[must_use]
    pub const fn grant(&self) -> &Grant {
        &self.grant
    }

    /// The interest.
    #[must_use]
    pub const fn interest(&self) -> &Interest {
        &self.interest
    }

    /// Whether this agent is shown.
    #[must_use]
    pub fn shows(&self, agent: &AgentId) -> bool {
        self.grant.allows(Scope::Watch, agent) && self.interest.agents.contains(agent)
    }

    /// The kinds of event that are shown.
    #[must_use]
    pub const fn kinds(&self) -> Kinds {
        self.interest.kinds
    }

    /// Whether this event is shown.
    #[must_use]
    pub fn covers(&self, event: &Event) -> bool {
        self.interest.kinds.has(event.kind()) && self.shows(event.agent())
    }

    /// Whether every agent is shown, though perhaps not every kind of event.
    #[must_use]
    pub fn shows_every_agent(&self) -> bool {
        self.grant.scopes.watch && self.grant.agents.is_all() && self.interest.agents.is_all()
    }

    /// Whether no agent can be shown, since the token does not allow watching.
    #[must_use]
    pub const fn shows_nothing(&self) -> bool {
        !self.grant.scopes.watch
    }

    /// Whether nothing is hidden, so that a client can prove that seqs have no holes.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.shows_every_agent() && EventKind::CHOOSABLE.into_iter().all(|kind| self.interest.kinds.has(kind))
    }

    /// Its short id: equal views have equal ids on every node and in every version.
    #[must_use]
    pub fn id(&self) -> ViewId {
        let mut grant = Fnv::default();
        grant.add(if self.grant.scopes.watch { "watch" } else { "" });
        self.grant.agents.iter().for_each(|pattern| grant.add(pattern.as_str()));
        let mut interest = Fnv::default();
        for kind in EventKind::CHOOSABLE {
            interest.add(if self.interest.kinds.has(kind) { "1" } else { "0" });
        }
        self.interest.agents.iter().for_each(|pattern| interest.add(pattern.as_str()));
        ViewId { grant: grant.folded(), interest: interest.folded() }
    }
}

/// FNV-1a, 64 bit: a hash that std promises to keep does not exist, and view ids outlive a build.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    /// Adds a text and a separator that no pattern has.
    fn add(&mut self, text: &str) {
        for byte in text.bytes().chain([b'\n']) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn folded(&self) -> u32 {
        let [a, b, c, d, e, f, g, h] = self.0.to_be_bytes();
        u32::from_be_bytes([a ^ e, b ^ f, c ^ g, d ^ h])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::grant::Scopes;
    use crate::domain::pattern::Patterns;

    fn view(scopes: &[Scope], granted: &[&str], asked: &[&str], kinds: Kinds) -> View {
        View::new(
            Grant {
                scopes: Scopes::of(scopes.iter().copied()),
                agents: Patterns::parse(granted.iter().copied()).unwrap(),
            },
            Interest { agents: Patterns::parse(asked.iter().copied()).unwrap(), kinds },
        )
    }

    #[test]
    fn an_agent_is_shown_only_where_grant_and_interest_meet() {
        let agent = |text| AgentId::parse(text).unwrap();
        let both = view(&[Scope::Watch], &["build-*"], &["*-7"], Kinds::ALL);
        assert!(both.shows(&agent("build-7")));
        assert!(!both.shows(&agent("build-8")));
        assert!(!both.shows(&agent("test-7")));
        let blind = view(&[Scope::Report, Scope::Admin], &["*"], &["*"], Kinds::ALL);
        assert!(!blind.shows(&agent("build-7")));
        assert!(blind.shows_nothing());
    }

    #[test]
    fn a_view_is_complete_only_when_nothing_is_hidden() {
        assert!(view(&[Scope::Watch], &["*"], &["*"], Kinds::ALL).complete());
        assert!(!view(&[Scope::Watch], &["a*"], &["*"], Kinds::ALL).complete());
        assert!(!view(&[Scope::Watch], &["*"], &["a*"], Kinds::ALL).complete());
        assert!(!view(&[Scope::Watch], &["*"], &["*"], Kinds::of([EventKind::Status])).complete());
        assert!(!view(&[Scope::Report], &["*"], &["*"], Kinds::ALL).complete());
    }

    #[test]
    fn an_id_changes_in_the_part_that_changed() {
        let base = view(&[Scope::Watch], &["*"], &["*"], Kinds::ALL).id();
        assert_eq!(base, view(&[Scope::Watch, Scope::Report], &["*"], &["*"], Kinds::ALL).id());
        let granted = view(&[Scope::Watch], &["a*"], &["*"], Kinds::ALL).id();
        assert_eq!(base.interest, granted.interest);
        assert_ne!(base.grant, granted.grant);
        let asked = view(&[Scope::Watch], &["*"], &["*"], Kinds::of([EventKind::Status])).id();
        assert_eq!(base.grant, asked.grant);
        assert_ne!(base.interest, asked.interest);
        assert_ne!(
            view(&[Scope::Watch], &["ab", "c"], &["*"], Kinds::ALL).id(),
            view(&[Scope::Watch], &["a", "bc"], &["*"], Kinds::ALL).id()
        );
        assert_eq!(
            base.to_string(),
            "b4ccd58d95319cd8".to_string(),
            "pinned: clients keep ids across versions"
        );
    }
}
