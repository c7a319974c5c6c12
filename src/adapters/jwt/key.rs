//! One key, the one algorithm it is for, and the opening of what was signed with it.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{DecodingKey, Validation};
use serde::de::DeserializeOwned;

use super::config::Algorithm;
use super::json::Object;
use super::refusal::Refusal;

impl From<Algorithm> for jsonwebtoken::Algorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Hs256 => Self::HS256,
            Algorithm::Rs256 => Self::RS256,
            Algorithm::Es256 => Self::ES256,
            Algorithm::EdDsa => Self::EdDSA,
        }
    }
}

/// A key that tokens are checked with. It has no `Debug`.
pub(super) struct Key {
    algorithm: Algorithm,
    decoding: DecodingKey,
    validation: Validation,
}

impl Key {
    /// Binds a key to its one algorithm.
    pub(super) fn new(algorithm: Algorithm, decoding: DecodingKey) -> Self {
        // One algorithm in the list: the crate refuses even good tokens when it spans families, and a
        // public key must never be tried as a secret. All claims are checked in `claims`, in one place:
        // the crate asks the system clock, rounds to seconds, and lets an `aud` of a wrong type pass.
        let mut validation = Validation::new(algorithm.into());
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        Self { algorithm, decoding, validation }
    }

    /// What it is for.
    pub(super) const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// What the text says, if this key signed it. The signature is checked before the claims are read.
    ///
    /// # Errors
    /// [`Refusal`]; the crate's own words are dropped, because they can quote the token.
    pub(super) fn open<T: DeserializeOwned>(&self, text: &str) -> Result<T, Refusal> {
        match jsonwebtoken::decode::<Object<T>>(text, &self.decoding, &self.validation) {
            Ok(opened) => Ok(opened.claims.0),
            Err(error) => Err(match error.kind() {
                ErrorKind::InvalidSignature => Refusal::Signature,
                ErrorKind::InvalidAlgorithm => Refusal::Algorithm,
                // Before the signature only base64 can be wrong, after it only JSON.
                ErrorKind::Json(_) => Refusal::Claim("claims"),
                _ => Refusal::Form,
            }),
        }
    }

    /// Does the work of [`Key::open`] and forgets the outcome.
    pub(super) fn work_in_vain(&self, text: &str) {
        if let Some((message, signature)) = text.rsplit_once('.') {
            let outcome = jsonwebtoken::crypto::verify(
                signature,
                message.as_bytes(),
                &self.decoding,
                self.algorithm.into(),
            );
            // Keeps the optimiser from leaving the work out.
            std::hint::black_box(outcome.is_ok());
        }
    }
}
