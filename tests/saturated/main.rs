//! The checker of histories judges the real server while it has more to do than it can: reports come as fast as they
//! are answered, and some hundred sockets watch, of which some read slowly, some stall, and some come and go.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, also in its helpers, and says what its run was"
)]

#[path = "../support/binary.rs"]
#[allow(dead_code, reason = "each test uses a part of it")]
mod binary;
#[path = "../history/mod.rs"]
mod history;
#[path = "../crash/load.rs"]
#[allow(dead_code, reason = "it uses a part of what the crashes use")]
mod load;
#[path = "../support/mod.rs"]
mod support;

mod bursts;
mod frames;
mod planted;
mod progress;
mod run;
mod screens;

use history::assert_right;
use load::{asked, begun};
use run::{Run, run};

/// A plain run takes a few seconds; `./test soak` takes more rounds with more screens.
async fn rounds_of(log: &str, heartbeat_ms: &str) {
    let (rounds, seed) = (asked("MISSION_CONTROL_SATURATED_ROUNDS", 1), asked("MISSION_CONTROL_SEED", 1));
    let screens = asked("MISSION_CONTROL_SATURATED_SCREENS", 96);
    for seed in seed..seed + rounds {
        let recorded = run(&Run { log, heartbeat_ms, seed, screens, bursts: 24 }).await;
        assert_right(&recorded.history, seed);
        recorded.told.assert_alive(seed);
        let begun = begun(&recorded.history, "delta") + begun(&recorded.history, "replay");
        assert!(recorded.told.resyncs > 0 && begun > 0, "seed {seed}: nobody was too slow, or came back");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saturated_server_with_its_log_in_memory_tells_everybody_everything_once_and_in_order() {
    rounds_of("memory", "60000").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saturated_server_with_its_log_on_disk_tells_everybody_everything_once_and_in_order() {
    rounds_of("disk", "2000").await;
}
