//! The wall clock jumps under the real server, by libfaketime: only tokens may notice.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::history::assert_right;
use super::load::{Load, ask, events, fleet, insist, pause, token};
use super::server::Server;

/// The library that pretends, wherever the system keeps it.
fn library() -> PathBuf {
    let kept = std::fs::read_dir("/usr/lib").unwrap().flatten().map(|entry| entry.path());
    let kept = kept.map(|path| path.join("faketime/libfaketimeMT.so.1")).find(|path| path.exists());
    kept.expect("libfaketime is needed")
}

async fn agent(server: &Server, id: &str) -> Value {
    let head = format!("GET /api/v1/agents/{id} HTTP/1.1\r\nAuthorization: Bearer {}", token("w", "watch"));
    insist(server.address, &head, "").await.1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_ends_no_lease_no_session_and_no_order() {
    let mut server = Server::new("clocks");
    let clock = server.data_dir.with_extension("clock");
    std::fs::write(&clock, "+0").unwrap();
    server.with("LD_PRELOAD", library().display().to_string());
    server.with("FAKETIME_TIMESTAMP_FILE", clock.display().to_string());
    server.with("FAKETIME_NO_CACHE", "1".to_owned());
    server.with("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned());
    server.with("NO_FAKE_STAT", "1".to_owned());
    server.start().await;
    let head = format!(
        "POST /api/v1/agents/leased/status HTTP/1.1\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nIdempotency-Key: first",
        token("reporter", "report")
    );
    let body = json!({ "status": "online", "leaseMs": 60_000 }).to_string();
    let (status, first) = ask(server.address, &head, &body).await.unwrap();
    assert_eq!(status, 200, "{first}");
    let load = Load::start(server.address, 3, 3, 6);
    let before = agent(&server, "leased").await;
    for step in ["+50m", "-50m", "+3650d", "-30d", "+0"] {
        std::fs::write(&clock, step).unwrap();
        // Only within their hour are tokens good; longer than the second within which a lease that ended is told.
        pause(Duration::from_millis(1_500)).await;
    }
    let after = agent(&server, "leased").await;
    assert_eq!((&after["status"], &after["reason"]), (&before["status"], &before["reason"]), "{after}");
    let (status, again) = ask(server.address, &head, &body).await.unwrap();
    assert_eq!((status, &again["seq"]), (200, &first["seq"]), "its key is still known");
    let (epoch, _) = fleet(server.address).await;
    let kept = events(server.address, &epoch).await;
    assert_eq!(kept[0].0.1, 1, "nothing became too old");
    // And through a restart at another time.
    std::fs::write(&clock, "+40m").unwrap();
    server.kill().await;
    server.start().await;
    assert_eq!(agent(&server, "leased").await["status"], before["status"]);
    std::fs::write(&clock, "+0").unwrap();
    let history = load.finish().await;
    std::fs::remove_file(&clock).unwrap();
    assert_right(&history, 3);
}
