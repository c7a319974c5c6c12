//! A token's way in: size, header, our key, signature, claims. In this order, each before the next.

use async_trait::async_trait;
use jsonwebtoken::Header;

use super::claims::Claims;
use super::known::Print;
use super::refusal::Refusal;
use super::ring::KeyRing;
use crate::domain::grant::Principal;
use crate::domain::time::Timestamp;
use crate::ports::token_verifier::{SecretText, TOKEN_BYTES_MAX, TokenError, TokenVerifier};

#[async_trait]
impl TokenVerifier for KeyRing {
    async fn verify(&self, token: &SecretText, now: Timestamp) -> Result<Principal, TokenError> {
        let token = token.reveal();
        // Nothing is made of one that is too long.
        let print = (token.len() <= TOKEN_BYTES_MAX).then(|| Print::of(token));
        if let Some(principal) = print.and_then(|print| self.known.at(print, now)) {
            return Ok(principal);
        }
        let principal = self.check(token, now).map_err(|refusal| {
            tracing::debug!(reason = refusal.as_str(), "token refused");
            TokenError::from(refusal)
        })?;
        if let Some(print) = print {
            self.known.keep(print, &principal, now);
        }
        Ok(principal)
    }
}

impl KeyRing {
    fn check(&self, token: &str, now: Timestamp) -> Result<Principal, Refusal> {
        let header = match header_of(token) {
            Ok(header) => header,
            Err(refusal) => return Err(self.refuse_slowly(token, refusal)),
        };
        let Some(key) = self.key_for(header.alg) else {
            return Err(self.refuse_slowly(token, Refusal::Algorithm));
        };
        if !is_access_token(header.typ.as_deref()) {
            return Err(self.refuse_slowly(token, Refusal::Header));
        }
        key.open::<Claims>(token)?.principal(&self.terms, now)
    }

    /// Spends on a hopeless token what a wrong signature costs, so that the time to refuse does not say
    /// which algorithms are good. Nothing too long is worth it, and its length is known to its sender.
    fn refuse_slowly(&self, token: &str, refusal: Refusal) -> Refusal {
        if refusal != Refusal::TooLong
            && let Some(key) = self.keys.first()
        {
            key.work_in_vain(token);
        }
        refusal
    }
}

/// The header, which nobody has signed for yet: it chooses among our keys and can only make us refuse.
/// Keys and addresses of keys in it (`jwk`, `jku`, `x5u`, `x5c`) and `kid` are not used for anything.
pub(super) fn header_of(token: &str) -> Result<Header, Refusal> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Refusal::TooLong);
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| Refusal::Form)?;
    // `crit` lists what must be understood to judge the token (RFC 7515, section 4.1.11). We know none.
    if header.crit.is_some() { Err(Refusal::Header) } else { Ok(header) }
}

/// Whether a `typ` may stand on an access token. Absent is common; `at+jwt` is RFC 9068, and media types
/// may be written in full (RFC 7515, section 4.1.9). Anything else is a token for another use.
fn is_access_token(typ: Option<&str>) -> bool {
    let Some(typ) = typ else {
        return true;
    };
    let typ = typ.to_ascii_lowercase();
    matches!(typ.strip_prefix("application/").unwrap_or(&typ), "jwt" | "at+jwt")
}
