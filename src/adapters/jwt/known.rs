//! Tokens that were verified before. Whoever reports sends the same one with each report, and what it says does not change:
//! neither does a ring. Of a token only a hash is kept, and only of one that was good, twice: one that comes once, as with
//! a WebSocket, takes no memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use sha2::{Digest, Sha256};

use crate::domain::grant::Principal;
use crate::domain::time::Timestamp;

/// Most tokens that are known at a time. With more they are all verified again now and then.
const KNOWN_MAX: usize = 16_384;

/// Places in which it is noted who was good once. A token that finds another in its place only waits for its next time.
const ONCE: usize = 8_192;

/// A token's SHA-256, all of its bytes: who does not have it can neither make it nor learn it from how long a look takes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Print([u8; 32]);

impl Print {
    pub(super) fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// The beginning, which is enough where a mistake costs nothing but memory. Never zero.
    fn beginning(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        u64::from_be_bytes([a, b, c, d, e, f, g, h]) | 1
    }
}

/// The tokens of one ring that were good.
pub(super) struct Known {
    tokens: RwLock<HashMap<Print, Verified>>,
    /// The beginnings of prints that were good once.
    once: Box<[AtomicU64]>,
}

impl Default for Known {
    fn default() -> Self {
        Self { tokens: RwLock::default(), once: (0..ONCE).map(|_| AtomicU64::new(0)).collect() }
    }
}

struct Verified {
    principal: Principal,
    /// It held at this time: its `nbf` and `iat` do from here on.
    from: Timestamp,
}

impl Known {
    /// Whom a token speaks for, where nothing can have changed since it was verified. In the time that is forgiven after
    /// its end, and where the clock was set back, it is verified anew.
    pub(super) fn at(&self, print: Print, now: Timestamp) -> Option<Principal> {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        let verified = tokens.get(&print)?;
        (verified.from <= now && now < verified.principal.expires_at).then(|| verified.principal.clone())
    }

    /// Keeps what a token says that is good now, unless this is the first time.
    pub(super) fn keep(&self, print: Print, principal: &Principal, now: Timestamp) {
        if !self.was_good_once(&print) {
            return;
        }
        let mut tokens = self.tokens.write().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= KNOWN_MAX {
            tokens.retain(|_, verified| now < verified.principal.expires_at);
            if tokens.len() >= KNOWN_MAX {
                tokens.clear();
            }
        }
        tokens.insert(print, Verified { principal: principal.clone(), from: now });
    }

    /// Whether this token was noted before; now it is.
    fn was_good_once(&self, print: &Print) -> bool {
        let beginning = print.beginning();
        let place = usize::try_from(beginning >> 1).unwrap_or_default() % ONCE;
        self.once.get(place).is_some_and(|once| once.swap(beginning, Ordering::Relaxed) == beginning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::grant::{Grant, Scopes};
    use crate::domain::id::UserId;
    use crate::domain::pattern::Patterns;

    fn until(expires_at: u64) -> Principal {
        let grant = Grant { scopes: Scopes::default(), agents: Patterns::all() };
        let (user, expires_at) = (UserId::parse("ann").unwrap(), Timestamp::saturating(expires_at));
        Principal { user, grant, expires_at, issued_at: None, token_id: None }
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::saturating(millis)
    }

    #[test]
    fn a_token_is_known_from_when_it_was_good_until_it_ends() {
        let (known, print) = (Known::default(), Print::of("a.b.c"));
        known.keep(print, &until(200), at(100));
        assert_eq!(known.at(print, at(100)), None, "it came once");
        known.keep(print, &until(200), at(100));
        for (now, is_known) in [(99, false), (100, true), (199, true), (200, false)] {
            assert_eq!(known.at(print, at(now)), is_known.then(|| until(200)), "{now}");
        }
        for other in ["", "a.b", "a.b.d", "a.b.c ", "A.b.c"] {
            assert_eq!(known.at(Print::of(other), at(100)), None, "{other}");
        }
    }

    #[test]
    fn only_so_many_are_known_and_those_that_ended_make_room() {
        let known = Known::default();
        let print = |number: usize| Print::of(&number.to_string());
        let count = || known.tokens.read().unwrap().len();
        let keep = |number: usize, ends: u64, now: u64| {
            (0..2).for_each(|_| known.keep(print(number), &until(ends), at(now)));
        };
        for number in 0..KNOWN_MAX {
            keep(number, if number < 10 { 200 } else { 300 }, 100);
        }
        assert_eq!(count(), KNOWN_MAX);
        keep(KNOWN_MAX, 300, 200);
        assert_eq!(count(), KNOWN_MAX - 9, "the ten that ended went");
        for number in 0..10 {
            keep(number, 300, 200);
        }
        assert_eq!(count(), 1, "none had ended: it begins anew");
        assert!(known.at(print(9), at(200)).is_some());
    }
}
