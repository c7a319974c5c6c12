//! The live stream of `/ws`: in order, never twice, no silent gap (contract, section 5).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[path = "../support/mod.rs"]
mod support;

mod copies;
mod deltas;
mod interests;
mod random;
mod resuming;
mod slow;
