//! How a connection behaves: what clients may send, how tokens end, heartbeats, and goodbyes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[path = "../support/mod.rs"]
mod support;

mod drain;
mod frames;
mod heart;
mod offences;
mod reporting;
mod tokens;
