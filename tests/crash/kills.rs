//! The server is killed at random under load. `MISSION_CONTROL_KILLS` says how often; a plain run does it 20
//! times, `./test --long` 200 times.

use std::time::Duration;

use super::history::{Dice, assert_right};
use super::load::{Load, asked, begun, pause};
use super::server::Server;

const REPORTERS: u64 = 4;
const SCREENS: u64 = 24;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_random_under_load_lose_nothing_and_double_nothing() {
    let (rounds, seed) = (asked("MISSION_CONTROL_KILLS", 20), asked("MISSION_CONTROL_SEED", 1));
    let (mut dice, mut server) = (Dice::new(seed), Server::new("kills"));
    server.start().await;
    let load = Load::start(server.address, seed, REPORTERS, SCREENS);
    for _ in 0..rounds {
        pause(Duration::from_millis(50 + dice.below(1950))).await;
        server.kill().await;
        server.start().await;
    }
    let history = load.finish().await;
    eprintln!(
        "{rounds} kills, {} reports, {} events; begun: {} snapshots, {} deltas, {} replays, {} live",
        history.reports.len(),
        history.events.len(),
        begun(&history, "snapshot"),
        begun(&history, "delta"),
        begun(&history, "replay"),
        begun(&history, "live")
    );
    assert!(
        history.reports.iter().all(|report| !report.answers.is_empty()),
        "each was sent until it was answered"
    );
    assert!(begun(&history, "replay") > 0 && begun(&history, "delta") > 0, "screens came back in every way");
    assert_right(&history, seed);
}
