//! The keys of this server and what they demand of a token.

use std::fmt;

use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use jsonwebtoken::{DecodingKey, EncodingKey};

use super::claims::Terms;
use super::config::{Algorithm, KeyConfig, KeyError, SECRET_BYTES_MIN};
use super::key::Key;
use super::known::Known;
use super::public_key;

/// Our keys, at most one for each algorithm. Never changes; a new configuration is a new ring.
pub struct KeyRing {
    pub(super) keys: Vec<Key>,
    pub(super) terms: Terms,
    /// The secret once more, in the form that signs; only while HS256 is good.
    pub(super) signing: Option<EncodingKey>,
    /// The tokens that were good under these keys and terms.
    pub(super) known: Known,
}

impl KeyRing {
    /// Builds the ring.
    ///
    /// # Errors
    /// [`KeyError`] names what is wrong with the keys.
    pub fn build(config: KeyConfig<'_>) -> Result<Self, KeyError> {
        // The first one stays for the whole process; the answer only says whether it was this one. The
        // crate finds it by itself as long as one backend is compiled in: this holds if features change.
        let _already_there = DEFAULT_PROVIDER.install_default();

        let mut keys = Vec::new();
        if let Some(secret) = config.secret {
            keys.push(secret_key(secret)?);
        }
        if let Some(pem) = config.public_key_pem {
            keys.push(public_key::read(pem)?);
        }
        if keys.is_empty() {
            return Err(KeyError::NoKey);
        }
        for wanted in config.algorithms {
            if !keys.iter().any(|key| key.algorithm() == *wanted) {
                return Err(KeyError::NoKeyFor(*wanted));
            }
        }
        if !config.algorithms.is_empty() {
            keys.retain(|key| {
                let listed = config.algorithms.contains(&key.algorithm());
                if !listed {
                    tracing::warn!(
                        algorithm = key.algorithm().as_str(),
                        "key not used: algorithm not listed"
                    );
                }
                listed
            });
        }
        // Without HS256 among the algorithms a token of ours would be refused by ourselves.
        let signs = keys.iter().any(|key| key.algorithm() == Algorithm::Hs256);
        let signing = config.secret.filter(|_| signs).map(EncodingKey::from_secret);
        let terms = Terms {
            issuer: config.issuer,
            audience: config.audience,
            leeway: config.leeway,
            default_scope: config.default_scope,
        };
        Ok(Self { keys, terms, signing, known: Known::default() })
    }

    /// The algorithms that are good, each by its own key.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.keys.iter().map(Key::algorithm)
    }

    /// Our key for what a header names, if we have one.
    pub(super) fn key_for(&self, algorithm: jsonwebtoken::Algorithm) -> Option<&Key> {
        self.keys.iter().find(|key| jsonwebtoken::Algorithm::from(key.algorithm()) == algorithm)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing")
            .field("algorithms", &self.algorithms().collect::<Vec<_>>())
            .field("issuer", &self.terms.issuer)
            .field("audience", &self.terms.audience)
            .finish_non_exhaustive()
    }
}

fn secret_key(secret: &[u8]) -> Result<Key, KeyError> {
    if secret.len() < SECRET_BYTES_MIN {
        return Err(KeyError::ShortSecret);
    }
    if secret.trim_ascii_start().starts_with(b"-----BEGIN ") {
        return Err(KeyError::SecretIsPem);
    }
    Ok(Key::new(Algorithm::Hs256, DecodingKey::from_secret(secret)))
}
