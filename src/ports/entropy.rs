//! Port out: randomness that nobody can guess.
//!
//! ```
//! use mission_control::ports::entropy::{Entropy, EntropyError, random_id};
//!
//! /// For tests: what everybody can guess.
//! struct Sevens;
//!
//! impl Entropy for Sevens {
//!     fn bytes(&self) -> Result<[u8; 16], EntropyError> {
//!         Ok([7; 16])
//!     }
//! }
//!
//! assert_eq!(random_id(&Sevens).unwrap(), "07".repeat(16));
//! ```

/// The source of random bytes failed; nothing that needs them may go on.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct EntropyError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Gives unguessable bytes for ids, tickets and codes.
#[cfg_attr(feature = "test-support", mockall::automock)]
pub trait Entropy: Send + Sync {
    /// Sixteen random bytes.
    ///
    /// # Errors
    /// [`EntropyError`] when the source fails.
    fn bytes(&self) -> Result<[u8; 16], EntropyError>;
}

/// Sixteen random bytes as 32 hexadecimal digits: an id that nobody can guess.
///
/// # Errors
/// [`EntropyError`] when the source fails.
pub fn random_id(entropy: &dyn Entropy) -> Result<String, EntropyError> {
    Ok(format!("{:032x}", u128::from_be_bytes(entropy.bytes()?)))
}
