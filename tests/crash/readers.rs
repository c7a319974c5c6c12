//! Readers that stall, and readers from whom nearly everything is hidden, beside others and through kills.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::timeout;

use super::history::{Frame, assert_right};
use super::load::{Crowd, Kind, Load, RARE, asked, pause};
use super::server::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stalled_readers_and_readers_of_one_event_in_a_hundred_are_right_in_the_end() {
    let seed = asked("MISSION_CONTROL_SEED", 1);
    let mut server = Server::new("readers");
    server.with("MISSION_CONTROL__STREAM__RING_EVENTS", "64".to_owned());
    server.start().await;
    let screens = [[Kind::Stalls; 4], [Kind::Roams(RARE); 4], [Kind::Roams(""); 4]].concat();
    let load = Load::of(&Crowd { reporters: 12, screens, padding: 3_000 }, server.address, seed);
    let conflated = Arc::clone(&load.conflated);
    let too_slow = async {
        while conflated.load(Ordering::SeqCst) == 0 {
            pause(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(60), too_slow).await.expect("nobody reads too slowly");
    for _ in 0..asked("MISSION_CONTROL_FAULTS", 2) {
        pause(Duration::from_secs(1)).await;
        server.kill().await;
        server.start().await;
    }
    let history = load.finish().await;
    let rare = &history.screens[4].frames;
    assert!(rare.iter().any(|frame| matches!(frame, Frame::Heartbeat(_))), "its cursor moves all the same");
    assert_right(&history, seed);
}
