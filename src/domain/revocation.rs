//! Tokens that are no longer believed, though they have not ended.
//!
//! ```
//! use mission_control::domain::id::UserId;
//! use mission_control::domain::revocation::{Revocation, Revocations};
//! use mission_control::domain::time::Timestamp;
//!
//! let (ann, now) = (UserId::parse("ann").unwrap(), Timestamp::saturating(1_795_460_400_000));
//! let mut revoked = Revocations::default();
//! revoked.add(Revocation::User { user: ann.clone(), issued_until: now });
//! assert!(revoked.cover(&ann, None, Some(now)));
//! assert!(revoked.cover(&ann, None, None), "a token that does not say when it was issued counts as before");
//! let later = now.plus(std::time::Duration::from_secs(1));
//! assert!(!revoked.cover(&ann, None, Some(later)), "a new token is good again");
//! ```

use std::collections::{HashMap, HashSet};

use super::grant::Principal;
use super::id::UserId;
use super::time::Timestamp;

/// Longest token id (`jti`), in characters: of a token that is taken, and of one that is revoked.
pub const TOKEN_ID_CHARS_MAX: usize = 128;

/// What is revoked.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Revocation {
    /// Every token of this user that was issued until then; one that does not say when counts as before.
    User {
        /// The user.
        user: UserId,
        /// Until when.
        issued_until: Timestamp,
    },
    /// The token with this id.
    Token {
        /// Its `jti`.
        id: String,
    },
}

/// What was revoked so far. There is no way back: a new token is one that was issued later.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Revocations {
    users: HashMap<UserId, Timestamp>,
    tokens: HashSet<String>,
}

impl Revocations {
    /// Adds a revocation.
    pub fn add(&mut self, revocation: Revocation) {
        match revocation {
            Revocation::User { user, issued_until } => {
                let until = self.users.entry(user).or_insert(issued_until);
                *until = issued_until.max(*until);
            }
            Revocation::Token { id } => {
                self.tokens.insert(id);
            }
        }
    }

    /// Whether a token of this user, with this id and time of issue, is revoked.
    #[must_use]
    pub fn cover(&self, user: &UserId, token_id: Option<&str>, issued_at: Option<Timestamp>) -> bool {
        let by_user =
            self.users.get(user).is_some_and(|until| issued_at.is_none_or(|issued| issued <= *until));
        by_user || token_id.is_some_and(|id| self.tokens.contains(id))
    }

    /// Whether this principal's token is revoked.
    #[must_use]
    pub fn cover_principal(&self, principal: &Principal) -> bool {
        self.cover(&principal.user, principal.token_id.as_deref(), principal.issued_at)
    }

    /// How many users and tokens are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.users.len().saturating_add(self.tokens.len())
    }

    /// Whether nothing was revoked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> UserId {
        UserId::parse(name).unwrap()
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::saturating(millis)
    }

    #[test]
    fn a_users_tokens_are_revoked_up_to_the_moment_and_newer_ones_are_not() {
        let mut revoked = Revocations::default();
        revoked.add(Revocation::User { user: user("u"), issued_until: at(100) });
        assert!(revoked.cover(&user("u"), None, Some(at(100))));
        assert!(revoked.cover(&user("u"), Some("j"), None), "without iat it counts as before");
        assert!(!revoked.cover(&user("u"), None, Some(at(101))));
        assert!(!revoked.cover(&user("v"), None, Some(at(1))));
    }

    #[test]
    fn a_later_revocation_of_a_user_reaches_further_and_an_earlier_one_takes_nothing_back() {
        let mut revoked = Revocations::default();
        revoked.add(Revocation::User { user: user("u"), issued_until: at(100) });
        revoked.add(Revocation::User { user: user("u"), issued_until: at(50) });
        assert!(revoked.cover(&user("u"), None, Some(at(100))));
        assert_eq!(revoked.len(), 1);
    }

    #[test]
    fn one_token_is_revoked_by_its_id_alone() {
        let mut revoked = Revocations::default();
        revoked.add(Revocation::Token { id: "j".into() });
        assert!(revoked.cover(&user("anybody"), Some("j"), Some(at(1))));
        assert!(!revoked.cover(&user("anybody"), Some("k"), Some(at(1))));
        assert!(!revoked.cover(&user("anybody"), None, None));
    }
}
