//! Use case: a browser signs in by a one-time link and gets short tokens from then on.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::app::revocations::RevocationList;
use crate::domain::fault::{Code, Fault};
use crate::domain::grant::{Grant, Scope, Scopes};
use crate::domain::id::UserId;
use crate::domain::pattern::Patterns;
use crate::domain::revocation::Revocation;
use crate::domain::time::Timestamp;
use crate::ports::clock::Clock;
use crate::ports::entropy::{Entropy, random_id};
use crate::ports::sign_in::{BrowserSession, SessionToken, SignIn};
use crate::ports::token_issuer::{IssueError, NewToken, Note, Purpose, TokenIssuer};
use crate::ports::token_verifier::SecretText;

/// How long a sign-in code is good for.
pub(crate) const CODE_GOOD_FOR: Duration = Duration::from_secs(10 * 60);
/// How long a browser stays signed in.
const SESSION_GOOD_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long a page's token is good for.
const TOKEN_GOOD_FOR: Duration = Duration::from_secs(15 * 60);
/// Most used codes and ended sessions that are remembered.
const SPENT_MAX: usize = 100_000;

/// Signs browsers in.
pub(crate) struct AppSignIn {
    issuer: Arc<dyn TokenIssuer>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    revocations: Arc<RevocationList>,
    started_at: Timestamp,
    /// Used codes, and ended sessions that could not be kept, until they would have ended by themselves.
    spent: Mutex<HashMap<(Purpose, String), Timestamp>>,
}

/// Writes the code of a sign-in link for this user. The command line does so without the server.
///
/// # Errors
/// [`IssueError::NoSecret`].
pub(crate) fn sign_in_code(
    issuer: &dyn TokenIssuer,
    user: UserId,
    id: String,
    now: Timestamp,
) -> Result<SecretText, IssueError> {
    let note = Note { user, id, issued_at: now, expires_at: now.plus(CODE_GOOD_FOR) };
    issuer.seal(Purpose::SignInCode, &note)
}

impl AppSignIn {
    /// Signs in with what this issuer sealed.
    #[must_use]
    pub(crate) fn new(
        issuer: Arc<dyn TokenIssuer>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        revocations: Arc<RevocationList>,
    ) -> Self {
        Self { issuer, started_at: clock.wall(), clock, entropy, revocations, spent: Mutex::default() }
    }

    fn new_id(&self) -> Result<String, Fault> {
        random_id(self.entropy.as_ref()).map_err(|_| Fault::new(Code::Internal, "try again"))
    }

    /// Spends a note; false when it was spent before, or when too many are remembered to be sure.
    fn spend(&self, purpose: Purpose, note: &Note) -> bool {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.len() >= SPENT_MAX {
            let now = self.clock.wall();
            spent.retain(|_, until| *until > now);
        }
        spent.len() < SPENT_MAX && spent.insert((purpose, note.id.clone()), note.expires_at).is_none()
    }

    /// A user whose tokens are revoked is signed out too, or the next token would be a click away.
    fn is_revoked(&self, note: &Note) -> bool {
        self.revocations.cover(&note.user, Some(&note.id), Some(note.issued_at))
    }

    fn is_spent(&self, purpose: Purpose, note: &Note) -> bool {
        let spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.contains_key(&(purpose, note.id.clone()))
    }

    fn session(&self, cookie: &SecretText) -> Result<Note, Fault> {
        let note = self.issuer.unseal(Purpose::BrowserSession, cookie, self.clock.wall());
        let good =
            note.ok().filter(|note| !self.is_spent(Purpose::BrowserSession, note) && !self.is_revoked(note));
        good.ok_or_else(|| Fault::new(Code::NotSignedIn, "run mission-control link and open what it prints"))
    }
}

fn issue_fault(error: IssueError) -> Fault {
    Fault::new(Code::Internal, error.to_string())
}

#[async_trait]
impl SignIn for AppSignIn {
    async fn redeem(&self, code: &SecretText) -> Result<BrowserSession, Fault> {
        let refused = || Fault::new(Code::InvalidCode, "run mission-control link and open what it prints");
        let now = self.clock.wall();
        let note = self.issuer.unseal(Purpose::SignInCode, code, now).map_err(|_| refused())?;
        // Which codes were used is forgotten at a restart, so codes from before it are no longer good.
        if note.issued_at < self.started_at
            || self.is_revoked(&note)
            || !self.spend(Purpose::SignInCode, &note)
        {
            return Err(refused());
        }
        let session = Note {
            user: note.user,
            id: self.new_id()?,
            issued_at: now,
            expires_at: now.plus(SESSION_GOOD_FOR),
        };
        let cookie = self.issuer.seal(Purpose::BrowserSession, &session).map_err(issue_fault)?;
        Ok(BrowserSession { cookie, expires_in: SESSION_GOOD_FOR })
    }

    async fn session_token(&self, cookie: &SecretText) -> Result<SessionToken, Fault> {
        let session = self.session(cookie)?;
        let now = self.clock.wall();
        let token = NewToken {
            user: session.user,
            grant: Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() },
            issued_at: now,
            expires_at: now.plus(TOKEN_GOOD_FOR),
            token_id: self.new_id()?,
        };
        let token = self.issuer.issue(&token).map_err(issue_fault)?;
        Ok(SessionToken { token, expires_in: TOKEN_GOOD_FOR })
    }

    async fn sign_out(&self, cookie: &SecretText) {
        let Ok(session) = self.session(cookie) else { return };
        // Kept as a revocation is: a restart must not bring the session back.
        if self.revocations.add(Revocation::Token { id: session.id.clone() }).await.is_err() {
            self.spend(Purpose::BrowserSession, &session);
        }
    }
}
