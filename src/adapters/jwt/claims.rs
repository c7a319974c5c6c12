//! What a token says, what it must say, and from when to when. Read only after the signature held.

use std::time::Duration;

use serde::Deserialize;

use super::json::{NumericDate, Texts, stated};
use super::refusal::Refusal;
use crate::domain::grant::{Grant, Principal, Scope, Scopes};
use crate::domain::id::UserId;
use crate::domain::pattern::Patterns;
use crate::domain::revocation::TOKEN_ID_CHARS_MAX;
use crate::domain::time::Timestamp;

/// What settings demand of every token.
pub(super) struct Terms {
    pub(super) issuer: Option<String>,
    pub(super) audience: Option<String>,
    pub(super) leeway: Duration,
    pub(super) default_scope: Scopes,
}

/// The claims of a token. Derived readers refuse one that stands there twice; others are not read.
#[derive(Deserialize)]
pub(super) struct Claims {
    sub: String,
    exp: NumericDate,
    #[serde(default, deserialize_with = "stated")]
    nbf: Option<NumericDate>,
    #[serde(default, deserialize_with = "stated")]
    iat: Option<NumericDate>,
    #[serde(default, deserialize_with = "stated")]
    iss: Option<String>,
    #[serde(default, deserialize_with = "stated")]
    aud: Option<Texts>,
    #[serde(default, deserialize_with = "stated")]
    jti: Option<String>,
    #[serde(default, deserialize_with = "stated")]
    scope: Option<Texts>,
    #[serde(default, deserialize_with = "stated")]
    agents: Option<Vec<String>>,
}

impl Claims {
    /// Whom the token speaks for now.
    ///
    /// # Errors
    /// The first claim that is not as it must be; [`Refusal::Expired`] only when all others are.
    pub(super) fn principal(self, terms: &Terms, now: Timestamp) -> Result<Principal, Refusal> {
        self.is_for_us(terms)?;
        let user = UserId::parse(&self.sub).map_err(|_| Refusal::Claim("sub"))?;
        let agents = match &self.agents {
            None => Patterns::all(),
            Some(texts) => {
                Patterns::parse(texts.iter().map(String::as_str)).map_err(|_| Refusal::Claim("agents"))?
            }
        };
        if self.jti.as_ref().is_some_and(|jti| jti.chars().count() > TOKEN_ID_CHARS_MAX) {
            return Err(Refusal::Claim("jti"));
        }
        let scopes = self.scope.as_ref().map_or(terms.default_scope, scopes);
        self.holds_at(terms.leeway, now)?;
        Ok(Principal {
            user,
            grant: Grant { scopes, agents },
            expires_at: self.exp.0,
            issued_at: self.iat.map(|iat| iat.0),
            token_id: self.jti,
        })
    }

    fn is_for_us(&self, terms: &Terms) -> Result<(), Refusal> {
        if terms.issuer.is_some() && terms.issuer != self.iss {
            return Err(Refusal::Claim("iss"));
        }
        let audience_fits = match (&terms.audience, &self.aud) {
            (None, None) => true,
            (Some(ours), Some(theirs)) => theirs.as_slice().contains(ours),
            // A token made for somebody is not for us unless we are named (RFC 7519, section 4.1.3).
            (None, Some(_)) | (Some(_), None) => false,
        };
        if audience_fits { Ok(()) } else { Err(Refusal::Claim("aud")) }
    }

    fn holds_at(&self, leeway: Duration, now: Timestamp) -> Result<(), Refusal> {
        let latest_start = now.plus(leeway);
        // A token from the future was made by a clock that is wrong, or to outlive a revocation.
        if [self.nbf, self.iat].into_iter().flatten().any(|start| start.0 > latest_start) {
            return Err(Refusal::Early);
        }
        if self.exp.0.plus(leeway) <= now { Err(Refusal::Expired) } else { Ok(()) }
    }
}

/// The scopes among the words. Unknown words are passed over and grant nothing: issuers that serve
/// several systems put the words of all of them into one claim (`openid profile watch`).
fn scopes(words: &Texts) -> Scopes {
    match words {
        Texts::One(text) => Scopes::of(text.split(' ').filter_map(Scope::parse)),
        Texts::Many(words) => Scopes::of(words.iter().filter_map(|word| Scope::parse(word))),
    }
}
