//! What a crash may do to a history: nothing. Reporters and screens write down what they were told, the
//! server is killed under them again and again, and a checker that knows neither server nor clock holds what
//! they wrote against what a history is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[path = "../support/mod.rs"]
mod support;

#[path = "../history/mod.rs"]
mod history;

mod clocks;
mod disks;
mod kills;
mod load;
mod made;
mod moments;
mod planted;
mod readers;
mod server;
mod soak;
