//! Worlds from seeds: the product's own use cases, and around them a simulated disk, clock, network, agents and
//! screens, all in one thread of virtual time. What everybody was told is held against what a history is, by the
//! checker that also judges real servers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, also in its helpers, and says where"
)]

#[path = "../history/mod.rs"]
mod history;

mod clock;
mod disk;
mod fault;
mod log;
mod network;
mod node;
mod planted;
mod reads;
mod reporter;
mod screen;
mod seeds;
mod session;
mod transport;
mod weather;
mod world;
