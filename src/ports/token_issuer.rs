//! Port out: makes tokens, and seals the small notes that sign-in hands to browsers.
//!
//! ```
//! use mission_control::adapters::jwt::{KeyConfig, KeyRing};
//! use mission_control::domain::grant::{Grant, Scope, Scopes};
//! use mission_control::domain::{id::UserId, pattern::Patterns, time::Timestamp};
//! use mission_control::ports::token_issuer::{IssueError, NewToken, Note, Purpose, TokenIssuer};
//! use std::time::Duration;
//!
//! let secret = Some(&b"a secret of at least thirty-two bytes"[..]);
//! let issuer: Box<dyn TokenIssuer> = Box::new(KeyRing::build(KeyConfig { secret, ..KeyConfig::default() }).unwrap());
//! let (user, now) = (UserId::parse("ann").unwrap(), Timestamp::saturating(1_795_460_400_000));
//! let expires_at = now.plus(Duration::from_secs(600));
//! let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() };
//! let token = NewToken { user: user.clone(), grant, issued_at: now, expires_at, token_id: "t1".into() };
//! assert_eq!(issuer.issue(&token).unwrap().reveal().split('.').count(), 3);
//!
//! // A note is good for its purpose alone.
//! let note = Note { user, id: "n1".into(), issued_at: now, expires_at };
//! let sealed = issuer.seal(Purpose::SignInCode, &note).unwrap();
//! assert_eq!(issuer.unseal(Purpose::SignInCode, &sealed, now), Ok(note));
//! assert_eq!(issuer.unseal(Purpose::BrowserSession, &sealed, now), Err(IssueError::Invalid));
//! ```

use crate::domain::grant::Grant;
use crate::domain::id::UserId;
use crate::domain::time::Timestamp;
use crate::ports::token_verifier::SecretText;

/// What a new token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// Whom it speaks for.
    pub user: UserId,
    /// What it allows.
    pub grant: Grant,
    /// When it is issued.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Its own id.
    pub token_id: String,
}

/// What a sealed note is good for. A note sealed for one purpose is no good for another, nor as a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The one-time code of a sign-in link.
    SignInCode,
    /// The cookie of a signed-in browser.
    BrowserSession,
}

/// A note that only this server can have written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Whom it is about.
    pub user: UserId,
    /// Its own id.
    pub id: String,
    /// When it was written.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Why no token can be made or no note read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// There is no secret to sign with.
    #[error("there is no secret to sign with: set auth.secret or auth.secret_file")]
    NoSecret,
    /// The note is not ours, is for another purpose, or has ended.
    #[error("the note is not valid")]
    Invalid,
}

/// Makes tokens and notes with the configured secret.
#[cfg_attr(feature = "test-support", mockall::automock)]
pub trait TokenIssuer: Send + Sync {
    /// Makes a token.
    ///
    /// # Errors
    /// [`IssueError::NoSecret`].
    fn issue(&self, token: &NewToken) -> Result<SecretText, IssueError>;

    /// Seals a note.
    ///
    /// # Errors
    /// [`IssueError::NoSecret`].
    fn seal(&self, purpose: Purpose, note: &Note) -> Result<SecretText, IssueError>;

    /// Reads a sealed note at this time.
    ///
    /// # Errors
    /// [`IssueError::Invalid`] or [`IssueError::NoSecret`].
    fn unseal(&self, purpose: Purpose, sealed: &SecretText, now: Timestamp) -> Result<Note, IssueError>;
}
