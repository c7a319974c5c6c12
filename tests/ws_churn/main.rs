//! Connections that die, and many that come and go: nobody is disturbed and nothing is left behind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[path = "../support/binary.rs"]
#[allow(dead_code, reason = "each test uses a part of it")]
mod binary;
#[path = "../support/mod.rs"]
mod support;

mod deaths;
mod thousand;
