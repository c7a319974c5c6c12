//! The live stream of `/api/v1/stream`, Server-Sent Events (contract, section 5.9).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[path = "../support/mod.rs"]
mod support;

mod begin;
mod ends;
mod slow;
mod stream;
