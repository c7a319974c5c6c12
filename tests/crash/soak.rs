//! A long time under load, without any fault: what the server holds does not grow.
//! `MISSION_CONTROL_SOAK_SECONDS` says how long; a plain run takes a few seconds, `./test soak` 15 minutes.

use std::time::Duration;

use super::history::assert_right;
use super::load::{Load, asked, pause};
use super::server::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_time_under_load_grows_neither_memory_nor_descriptors() {
    let time = Duration::from_secs(asked("MISSION_CONTROL_SOAK_SECONDS", 6));
    let mut server = Server::new("soak");
    server.start().await;
    let load = Load::start(server.address, 5, 4, 24);
    // The ring, the pages of the database and the pools of threads fill first.
    pause(time / 2).await;
    let (memory, descriptors) = (server.resident_bytes(), server.descriptors());
    pause(time / 2).await;
    let (memory_after, descriptors_after) = (server.resident_bytes(), server.descriptors());
    let history = load.finish().await;
    eprintln!(
        "{time:?}: {} events; resident {memory} then {memory_after} bytes, descriptors {descriptors} then {descriptors_after}",
        history.events.len()
    );
    assert!(memory_after < memory + (48 << 20), "{memory} bytes grew to {memory_after}");
    // Each screen and each reporter has one connection, and perhaps another that just ends.
    assert!(descriptors_after < descriptors + 60, "{descriptors} descriptors grew to {descriptors_after}");
    assert_right(&history, 5);
}
