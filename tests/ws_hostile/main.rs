//! Attacks on the live stream as raw bytes, at the real route with its real limits, each named for its
//! threat. Tested elsewhere and not again here: a frame at the limit (`ws_conduct`,
//! `a_frame_of_8_kib_is_taken_…`), pongs at line rate (`ws_conduct`, `pings_and_pongs_at_line_rate_…`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[path = "../support/binary.rs"]
#[allow(dead_code, reason = "each target uses a part of it")]
mod binary;
#[path = "../support/mod.rs"]
mod support;

mod closes;
mod commands;
mod farewells;
mod frames;
mod weight;
