//! What a key ring is built from, and why that can be refused.

use std::fmt;
use std::time::Duration;

use crate::domain::grant::{Scope, Scopes};

/// The shortest HS256 secret, in bytes: as long as the hash it feeds (RFC 7518, section 3.2).
pub const SECRET_BYTES_MIN: usize = 32;

/// The shortest RSA modulus, in bits.
pub(super) const RSA_BITS_MIN: usize = 2048;

/// How tokens may be signed. One of each family, so that a key can only ever be used in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// HMAC with SHA-256 and a secret that both sides hold.
    Hs256,
    /// RSA (PKCS #1 v1.5) with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 4] = [Self::Hs256, Self::Rs256, Self::Es256, Self::EdDsa];

    /// Its name in a token's header and in settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm with this name; case matters, as in RFC 7518.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a key ring is built from. It has no `Debug`, because it holds the secret.
#[derive(Clone)]
pub struct KeyConfig<'a> {
    /// The HS256 secret: these bytes as they are, at least [`SECRET_BYTES_MIN`] of them.
    pub secret: Option<&'a [u8]>,
    /// One public key as PEM: RSA of at least 2048 bits, P-256 or Ed25519.
    pub public_key_pem: Option<&'a [u8]>,
    /// The algorithms that are good. Empty: those of the keys that are given. Otherwise each needs its
    /// key, and a key whose algorithm is not listed is not used, neither to check nor to sign.
    pub algorithms: &'a [Algorithm],
    /// The only good `iss`; none: any and none are good.
    pub issuer: Option<String>,
    /// The `aud` that must be among a token's; none: a token that has any `aud` is refused.
    pub audience: Option<String>,
    /// How far the clocks of issuers may be from ours.
    pub leeway: Duration,
    /// What a token without `scope` allows.
    pub default_scope: Scopes,
}

impl Default for KeyConfig<'_> {
    /// No key yet; the leeway and scope of the contract.
    fn default() -> Self {
        Self {
            secret: None,
            public_key_pem: None,
            algorithms: &[],
            issuer: None,
            audience: None,
            leeway: Duration::from_secs(5),
            default_scope: Scopes::of([Scope::Watch]),
        }
    }
}

/// Why no key ring can be built. Says nothing of a key's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is neither a secret nor a public key.
    #[error("there is no key to check tokens with: a secret or a public key is needed")]
    NoKey,
    /// The secret can be guessed.
    #[error("the secret is too short: HS256 needs at least {SECRET_BYTES_MIN} bytes")]
    ShortSecret,
    /// The secret is a key file's text. A public key as a secret lets everybody who has it sign tokens.
    #[error("the secret is the text of a PEM file: give a public key as the public key, not as the secret")]
    SecretIsPem,
    /// The file has a private key in it, which this server has no use for and should not hold.
    #[error("the public key file holds a private key: give only the public half")]
    PrivateKey,
    /// The file has a certificate in it; who signed it and until when would go unchecked.
    #[error("the public key file holds a certificate: give the bare public key (PEM, `PUBLIC KEY`)")]
    Certificate,
    /// The file is not one PEM public key of a kind we know.
    #[error("the public key is not one PEM public key of RSA, P-256 or Ed25519")]
    NotPublicKey,
    /// An elliptic curve that ES256 is not made for, or a point that is not written in full.
    #[error("the public key is on another curve than P-256, or its point is compressed")]
    WrongCurve,
    /// The RSA key can be broken.
    #[error("the RSA key has {bits} bits: at least {RSA_BITS_MIN} are needed")]
    WeakRsa {
        /// How many it has.
        bits: usize,
    },
    /// An algorithm was asked for whose key was not given.
    #[error("{0} is among the algorithms, but there is no key for it")]
    NoKeyFor(Algorithm),
}
