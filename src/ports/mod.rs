//! The ports: traits and their requests, replies and errors. No technology is named here.
//!
//! Outward, what the product needs: [`event_log`], [`event_publisher`], [`token_verifier`],
//! [`token_issuer`], [`revocation_store`], [`clock`], [`entropy`]; for those outside of a server `live_source`,
//! which watches it, [`report_sender`], which reports to it, `spool`, where reports wait for it, and
//! `programs`, which runs what is reported about. Inward, what it offers: [`gate`], [`intake`], `reads`,
//! [`live_feed`], `admin`, `sign_in`, `health`; and [`transport`] for what carries it.

pub mod clock;
pub mod entropy;
pub mod event_log;
pub mod event_publisher;
#[allow(unreachable_pub, dead_code, reason = "the command line's")]
pub(crate) mod live_source;
#[allow(unreachable_pub, dead_code, reason = "the command line's")]
pub(crate) mod programs;
pub mod report_sender;
pub mod revocation_store;
#[allow(unreachable_pub, dead_code, reason = "the command line's")]
pub(crate) mod spool;
pub mod token_issuer;
pub mod token_verifier;

#[allow(unreachable_pub, dead_code, reason = "of the parts that are joined here alone")]
pub(crate) mod admin;
pub mod gate;
#[allow(unreachable_pub, dead_code, reason = "of the parts that are joined here alone")]
pub(crate) mod health;
pub mod intake;
pub mod live_feed;
#[allow(unreachable_pub, dead_code, reason = "of the parts that are joined here alone")]
pub(crate) mod reads;
#[allow(unreachable_pub, dead_code, reason = "of the parts that are joined here alone")]
pub(crate) mod sign_in;

pub mod transport;

#[cfg(feature = "test-support")]
pub mod conformance;
