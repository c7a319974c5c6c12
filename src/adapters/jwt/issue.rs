//! Makes tokens and notes with the secret.
//!
//! A note is no token for three reasons, each enough: its `typ`, its `aud`, and that it has no `exp`. And
//! a token is no note: only the secret seals notes, whichever other keys are trusted for tokens.

use jsonwebtoken::{EncodingKey, Header};
use serde::{Deserialize, Serialize};

use super::config::Algorithm;
use super::ring::KeyRing;
use super::verify::header_of;
use crate::domain::grant::{Scope, Scopes};
use crate::domain::id::UserId;
use crate::domain::pattern::Pattern;
use crate::domain::revocation::TOKEN_ID_CHARS_MAX;
use crate::domain::time::Timestamp;
use crate::ports::token_issuer::{IssueError, NewToken, Note, Purpose, TokenIssuer};
use crate::ports::token_verifier::{SecretText, TOKEN_BYTES_MAX};

/// The `typ` of a note.
const NOTE_TYPE: &str = "mission-control-note+jwt";

const fn audience_of(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::SignInCode => "mission-control:sign-in-code",
        Purpose::BrowserSession => "mission-control:browser-session",
    }
}

#[derive(Serialize)]
struct TokenClaims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    sub: &'a str,
    scope: String,
    agents: Vec<&'a str>,
    iat: u64,
    exp: u64,
    jti: &'a str,
}

/// Times keep their milliseconds: a note is read by nobody but us.
#[derive(Serialize, Deserialize)]
struct NoteClaims {
    aud: String,
    sub: String,
    jti: String,
    #[serde(rename = "iatMs")]
    iat_ms: u64,
    #[serde(rename = "expMs")]
    exp_ms: u64,
}

impl TokenIssuer for KeyRing {
    fn issue(&self, token: &NewToken) -> Result<SecretText, IssueError> {
        let key = self.signing.as_ref().ok_or(IssueError::NoSecret)?;
        if token.token_id.chars().count() > TOKEN_ID_CHARS_MAX {
            return Err(IssueError::Invalid);
        }
        let claims = TokenClaims {
            iss: self.terms.issuer.as_deref(),
            aud: self.terms.audience.as_deref(),
            sub: token.user.as_str(),
            scope: words(token.grant.scopes),
            agents: token.grant.agents.iter().map(Pattern::as_str).collect(),
            iat: seconds(token.issued_at),
            exp: seconds(token.expires_at),
            jti: &token.token_id,
        };
        sign(&header("JWT"), &claims, key)
    }

    fn seal(&self, purpose: Purpose, note: &Note) -> Result<SecretText, IssueError> {
        let key = self.signing.as_ref().ok_or(IssueError::NoSecret)?;
        let claims = NoteClaims {
            aud: audience_of(purpose).to_owned(),
            sub: note.user.as_str().to_owned(),
            jti: note.id.clone(),
            iat_ms: note.issued_at.millis(),
            exp_ms: note.expires_at.millis(),
        };
        sign(&header(NOTE_TYPE), &claims, key)
    }

    fn unseal(&self, purpose: Purpose, sealed: &SecretText, now: Timestamp) -> Result<Note, IssueError> {
        let key = self.key_for(Algorithm::Hs256.into()).ok_or(IssueError::NoSecret)?;
        let text = sealed.reveal();
        let header = header_of(text).map_err(|_| IssueError::Invalid)?;
        if header.typ.as_deref() != Some(NOTE_TYPE) {
            return Err(IssueError::Invalid);
        }
        let claims: NoteClaims = key.open(text).map_err(|_| IssueError::Invalid)?;
        let note = note_of(claims, purpose).ok_or(IssueError::Invalid)?;
        // No leeway: the clock that sealed it is the one that reads it.
        if note.expires_at <= now { Err(IssueError::Invalid) } else { Ok(note) }
    }
}

fn note_of(claims: NoteClaims, purpose: Purpose) -> Option<Note> {
    if claims.aud != audience_of(purpose) {
        return None;
    }
    Some(Note {
        user: UserId::parse(&claims.sub).ok()?,
        id: claims.jti,
        issued_at: Timestamp::from_millis(claims.iat_ms)?,
        expires_at: Timestamp::from_millis(claims.exp_ms)?,
    })
}

fn header(typ: &str) -> Header {
    Header { typ: Some(typ.to_owned()), ..Header::new(Algorithm::Hs256.into()) }
}

/// Signs. What would be longer than [`TOKEN_BYTES_MAX`] is not handed out: we would refuse it ourselves
/// (64 patterns of full length do not fit a token).
fn sign(header: &Header, claims: &impl Serialize, key: &EncodingKey) -> Result<SecretText, IssueError> {
    let text = jsonwebtoken::encode(header, claims, key).map_err(|_| {
        tracing::error!("token could not be signed");
        IssueError::Invalid
    })?;
    if text.len() > TOKEN_BYTES_MAX { Err(IssueError::Invalid) } else { Ok(SecretText::new(text)) }
}

fn words(scopes: Scopes) -> String {
    let words: Vec<&str> =
        Scope::ALL.into_iter().filter(|scope| scopes.has(*scope)).map(Scope::as_str).collect();
    words.join(" ")
}

/// Whole seconds, rounded down: no token begins in the future or lives longer than was asked.
const fn seconds(at: Timestamp) -> u64 {
    at.millis() / 1000
}
