//! A reader that is slower than the fleet.

use crate::support::fold::Fold;
use crate::support::raw::{Handshake, RawSocket, TEXT};
use crate::support::reports::{SMALL_RING, fleet, flood, status};
use crate::support::{TestServer, http};

async fn follow(fold: &mut Fold, socket: &mut RawSocket, head: u64) {
    while fold.seq < head {
        let frame = socket.until(TEXT).await;
        fold.take(&serde_json::from_slice(&frame.payload).unwrap());
    }
}

#[tokio::test]
async fn one_that_falls_out_of_the_ring_is_told_and_is_right_in_the_end() {
    let server = TestServer::with(&SMALL_RING).await;
    let token = server.token("u1", "watch");
    let mut slow = Handshake::new("/ws").bearer(&token).small_window().open(server.address).await;
    let mut narrow =
        Handshake::new("/ws?agents=a1*").bearer(&token).small_window().open(server.address).await;
    let (mut quick, mut screen) = Fold::open(server.address, "/ws", &token).await;
    let flooding = flood(&server, 4000);
    let watching = quick.follow(&mut screen, |fold| fold.seq >= 4000);
    tokio::join!(flooding, watching);
    let head = status(&server, "a1", "error", "the end").await;
    quick.follow(&mut screen, |fold| fold.seq == head).await;
    let mut fold = Fold::default();
    follow(&mut fold, &mut slow, head).await;
    let slow_reader = ("delta".to_owned(), "slow_reader".to_owned());
    assert!(fold.beginnings.contains(&slow_reader), "{:?}", fold.beginnings);
    let (expected, at) = fleet(&server, &token, |_| true).await;
    assert_eq!(at, head);
    assert!(fold.fleet == expected, "the slow reader ends with another fleet");
    assert!(quick.fleet == expected, "the quick reader ends with another fleet");
    let mut fold = Fold::default();
    follow(&mut fold, &mut narrow, head).await;
    assert!(fold.beginnings.contains(&slow_reader), "{:?}", fold.beginnings);
    let expected = fleet(&server, &token, |agent| agent.starts_with("a1")).await.0;
    assert!(fold.fleet == expected, "the narrow reader ends with another fleet");
}

#[tokio::test]
async fn one_that_is_shown_little_does_not_fall_out_by_what_is_hidden() {
    let server = TestServer::with(&SMALL_RING).await;
    let token = server.token("u1", "watch");
    let (mut fold, mut screen) = Fold::open(server.address, "/ws?agents=nobody,rare", &token).await;
    for _ in 0..40 {
        // Less than a ring at a time, and an answer between: the server had its turn.
        flood(&server, 16).await;
        http::get(server.address, "/healthz", "").await;
    }
    let head = status(&server, "rare", "online", "").await;
    fold.follow(&mut screen, |fold| fold.seq == head).await;
    assert_eq!(fold.beginnings.len(), 1, "{:?}", fold.beginnings);
}

#[tokio::test]
async fn one_that_reads_nothing_holds_up_nobody() {
    let server = TestServer::with(&SMALL_RING).await;
    let token = server.token("u1", "watch");
    let mut blocked = Vec::new();
    for _ in 0..5 {
        let handshake = Handshake::new("/ws").bearer(&token).small_window();
        blocked.push(handshake.open(server.address).await);
    }
    flood(&server, 2000).await;
    let (mut fold, mut screen) = Fold::open(server.address, "/ws", &token).await;
    for number in 0..20 {
        let asked = tokio::time::Instant::now();
        let head = status(&server, "a1", "online", &number.to_string()).await;
        fold.follow(&mut screen, |fold| fold.seq == head).await;
        assert!(asked.elapsed().as_millis() < 500, "{:?}", asked.elapsed());
    }
}
