//! Adapter: JSON Web Tokens by `jsonwebtoken`. One [`KeyRing`] checks tokens ([`TokenVerifier`]), makes
//! them, and seals the notes of sign-in ([`TokenIssuer`]).
//!
//! What is trusted comes from [`KeyConfig`] and never from a token: a token's header only says which of
//! our own keys to try. Deliberately absent: key sets fetched from the network, revocation, the clock.
//!
//! [`TokenVerifier`]: crate::ports::token_verifier::TokenVerifier
//! [`TokenIssuer`]: crate::ports::token_issuer::TokenIssuer

mod config;
mod ring;

mod verify;

mod issue;

mod claims;
mod json;
mod key;
mod public_key;
mod refusal;

#[cfg(test)]
mod tests;

pub use config::{Algorithm, KeyConfig, KeyError, SECRET_BYTES_MIN};
pub use ring::KeyRing;
