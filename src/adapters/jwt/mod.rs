//! Adapter: JSON Web Tokens by `jsonwebtoken`. One [`KeyRing`] checks tokens ([`TokenVerifier`]), makes
//! them, and seals the notes of sign-in ([`TokenIssuer`]).
//!
//! What is trusted comes from [`KeyConfig`] and never from a token: a token's header only says which of
//! our own keys to try. Deliberately absent: key sets fetched from the network, revocation, the clock.
//!
//! ```
//! use mission_control::adapters::jwt::{Algorithm, KeyConfig, KeyError, KeyRing};
//! use mission_control::domain::{grant::Grant, grant::Scopes, id::UserId, pattern::Patterns, time::Timestamp};
//! use mission_control::ports::token_issuer::{NewToken, TokenIssuer};
//! use mission_control::ports::token_verifier::{TokenError, TokenVerifier};
//! use std::time::Duration;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let short = KeyRing::build(KeyConfig { secret: Some(b"too short"), ..KeyConfig::default() });
//! assert!(matches!(short.unwrap_err(), KeyError::ShortSecret { .. }));
//!
//! let secret = Some(&b"a secret of at least thirty-two bytes"[..]);
//! let keys = KeyRing::build(KeyConfig { secret, ..KeyConfig::default() })?;
//! assert!(keys.algorithms().eq([Algorithm::Hs256]));
//! let issued_at = Timestamp::saturating(1_795_460_400_000);
//! let expires_at = issued_at.plus(Duration::from_secs(60));
//! let grant = Grant { scopes: Scopes::of([]), agents: Patterns::all() };
//! let user = UserId::parse("ann")?;
//! let token = keys.issue(&NewToken { user, grant, issued_at, expires_at, token_id: "t1".into() })?;
//! assert_eq!(keys.verify(&token, issued_at).await?.user.as_str(), "ann");
//! // The clocks of two machines differ: five seconds are forgiven.
//! assert!(keys.verify(&token, expires_at.plus(Duration::from_secs(4))).await.is_ok());
//! let late = keys.verify(&token, expires_at.plus(Duration::from_secs(6))).await;
//! assert_eq!(late.unwrap_err(), TokenError::Expired);
//! # Ok(())
//! # }
//! ```
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
mod known;
mod public_key;
mod refusal;

#[cfg(test)]
mod tests;

pub use config::{Algorithm, KeyConfig, KeyError, SECRET_BYTES_MIN};
pub use ring::KeyRing;
