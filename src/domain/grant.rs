//! What a verified token allows.
//!
//! ```
//! use mission_control::domain::grant::{Grant, Principal, Scope, Scopes};
//! use mission_control::domain::id::{AgentId, UserId};
//! use mission_control::domain::{pattern::Patterns, time::Timestamp};
//!
//! let grant = Grant { scopes: Scopes::of([Scope::Report]), agents: Patterns::parse(["web1-*"]).unwrap() };
//! let agent = AgentId::parse("web1-nginx").unwrap();
//! assert!(grant.allows(Scope::Report, &agent));
//! assert!(!grant.allows(Scope::Watch, &agent), "no scope implies another");
//! assert!(!grant.allows(Scope::Report, &AgentId::parse("db1").unwrap()));
//!
//! let expires_at = Timestamp::saturating(1_795_460_400_000);
//! let user = UserId::parse("web1").unwrap();
//! let holder = Principal { user, grant, expires_at, issued_at: None, token_id: None };
//! assert!(holder.grant.scopes.report);
//! ```

use super::id::{AgentId, UserId};
use super::pattern::Patterns;
use super::time::Timestamp;

/// One thing a token may allow. None implies another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// See agents, sessions and events.
    Watch,
    /// Report for agents.
    Report,
    /// See and close connections, forget agents, revoke tokens.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::Watch, Self::Report, Self::Admin];

    /// The word of the protocol.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Watch => "watch",
            Self::Report => "report",
            Self::Admin => "admin",
        }
    }

    /// The scope with this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Scopes {
    /// See [`Scope::Watch`].
    pub watch: bool,
    /// See [`Scope::Report`].
    pub report: bool,
    /// See [`Scope::Admin`].
    pub admin: bool,
}

impl Scopes {
    /// The set with these scopes.
    pub fn of(scopes: impl IntoIterator<Item = Scope>) -> Self {
        scopes.into_iter().fold(Self::default(), |mut set, scope| {
            match scope {
                Scope::Watch => set.watch = true,
                Scope::Report => set.report = true,
                Scope::Admin => set.admin = true,
            }
            set
        })
    }

    /// Whether the scope is in the set.
    #[must_use]
    pub const fn has(self, scope: Scope) -> bool {
        match scope {
            Scope::Watch => self.watch,
            Scope::Report => self.report,
            Scope::Admin => self.admin,
        }
    }
}

/// What a token allows, and for which agents.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Grant {
    /// What.
    pub scopes: Scopes,
    /// For which agents.
    pub agents: Patterns,
}

impl Grant {
    /// Whether the grant allows this for this agent.
    #[must_use]
    pub fn allows(&self, scope: Scope, agent: &AgentId) -> bool {
        self.scopes.has(scope) && self.agents.contains(agent)
    }
}

/// Whoever a verified token speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The user (`sub`).
    pub user: UserId,
    /// What the token allows.
    pub grant: Grant,
    /// When the token ends (`exp`).
    pub expires_at: Timestamp,
    /// When it was issued (`iat`), where it says so.
    pub issued_at: Option<Timestamp>,
    /// Its own id (`jti`), where it has one.
    pub token_id: Option<String>,
}
