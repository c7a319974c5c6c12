//! A reader that is slower than the fleet.

use crate::stream::{follow, open};
use crate::support::TestServer;
use crate::support::fold::Fold;
use crate::support::reports::{SMALL_RING, fleet, flood, status};
use crate::support::stream::Ask;

#[tokio::test]
async fn one_that_falls_out_of_the_ring_is_told_and_is_right_in_the_end() {
    let server = TestServer::with(&SMALL_RING).await;
    let token = server.token("u1", "watch");
    let mut slow = Ask::new("").bearer(&token).small_window().open(server.address).await;
    let (mut quick, mut stream) = open(&server, "", &token).await;
    let flooding = flood(&server, 4000);
    let watching = follow(&mut quick, &mut stream, |fold| fold.seq >= 4000);
    tokio::join!(flooding, watching);
    let head = status(&server, "a1", "error", "the end").await;
    follow(&mut quick, &mut stream, |fold| fold.seq == head).await;
    let mut fold = Fold::default();
    follow(&mut fold, &mut slow, |fold| fold.seq == head).await;
    let slow_reader = ("delta".to_owned(), "slow_reader".to_owned());
    assert!(fold.beginnings.contains(&slow_reader), "{:?}", fold.beginnings);
    let (expected, at) = fleet(&server, &token, |_| true).await;
    assert_eq!(at, head);
    assert!(fold.fleet == expected, "the slow reader ends with another fleet");
    assert!(quick.fleet == expected, "the quick reader ends with another fleet");
}

#[tokio::test]
async fn one_that_reads_nothing_holds_up_nobody() {
    let server = TestServer::with(&SMALL_RING).await;
    let token = server.token("u1", "watch");
    let mut blocked = Vec::new();
    for _ in 0..5 {
        blocked.push(Ask::new("").bearer(&token).small_window().open(server.address).await);
    }
    flood(&server, 2000).await;
    let (mut fold, mut stream) = open(&server, "", &token).await;
    for number in 0..20 {
        let asked = tokio::time::Instant::now();
        let head = status(&server, "a1", "online", &number.to_string()).await;
        follow(&mut fold, &mut stream, |fold| fold.seq == head).await;
        assert!(asked.elapsed().as_millis() < 500, "{:?}", asked.elapsed());
    }
}
