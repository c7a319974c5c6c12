//! Why a token was refused, in more detail than callers are told: for the log, in fixed words.

use crate::ports::token_verifier::TokenError;

/// Why a token was refused. Holds nothing of the token, so that it can be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Longer than any good token.
    TooLong,
    /// Not three parts of base64url, or the first one no header.
    Form,
    /// None of our keys is for its algorithm.
    Algorithm,
    /// Its header asks for something we do not do, or says that it is not a token.
    Header,
    /// Not signed by our key.
    Signature,
    /// Signed, but what it says is not a set of claims, or this claim is not as it must be.
    Claim(&'static str),
    /// Signed and well said, but its time has not come.
    Early,
    /// It was good, and has ended.
    Expired,
}

impl Refusal {
    /// The words for the log.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::TooLong => "too long",
            Self::Form => "form",
            Self::Algorithm => "algorithm",
            Self::Header => "header",
            Self::Signature => "signature",
            Self::Claim(name) => name,
            Self::Early => "not yet valid",
            Self::Expired => "expired",
        }
    }
}

impl From<Refusal> for TokenError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Expired => Self::Expired,
            Refusal::TooLong
            | Refusal::Form
            | Refusal::Algorithm
            | Refusal::Header
            | Refusal::Signature
            | Refusal::Claim(_)
            | Refusal::Early => Self::Invalid,
        }
    }
}
