//! A reader that takes nothing, among a hundred that read: nobody feels it, and nothing is kept for it.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use crate::binary::Binary;
use crate::support::raw::{Handshake, RawSocket, TEXT};
use crate::support::{PATIENCE, TestServer, http};

const READERS: usize = 100;
const BATCH: u64 = 100;
const BEFORE: usize = 6;
const WITH: usize = 30;

/// The seq of an event; nothing for a heartbeat.
fn seq(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).unwrap();
    if text.starts_with(r#"{"type":"heartbeat""#) {
        return None;
    }
    let digits = text.rsplit(r#""seq":"#).next().unwrap();
    Some(digits[..digits.find(|c: char| !c.is_ascii_digit()).unwrap()].parse().unwrap())
}

/// Reads all events in order, and tells of each batch that is whole.
async fn read(mut socket: RawSocket, whole: mpsc::Sender<u64>) {
    let mut expected = 1;
    while expected <= BATCH * u64::try_from(BEFORE + WITH).unwrap() {
        let frame = socket.until(TEXT).await;
        if let Some(seq) = seq(&frame.payload) {
            assert_eq!(seq, expected, "out of order, twice, or missing");
            if seq % BATCH == 0 {
                whole.send(seq).await.unwrap();
            }
            expected += 1;
        }
    }
}

/// Reports a batch of events of 1 KiB and waits until every reader has all of it; how long that took.
async fn round(binary: &Binary, reporter: &str, whole: &mut mpsc::Receiver<u64>) -> Duration {
    let item = |number: u64| {
        json!({"kind": "activity", "agentId": format!("a{}", number % 20), "sessionId": "s1",
            "lastMessage": "x".repeat(1024)})
    };
    let items: Vec<Value> = (0..BATCH).map(item).collect();
    let asked = Instant::now();
    let answer = http::post(binary.address, "/api/v1/reports", reporter, &json!(items)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    for _ in 0..READERS {
        timeout(PATIENCE, whole.recv()).await.expect("a reader waits").expect("a reader ended");
    }
    asked.elapsed()
}

/// The worst but one.
fn bad(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() - 2]
}

#[tokio::test]
async fn a_reader_that_takes_nothing_holds_up_none_of_a_hundred() {
    let rates = [("limits.reports_burst", "1000000"), ("limits.reports_per_second", "1000000")];
    let (binary, signer) = (Binary::serve(&rates).await, TestServer::start().await);
    let (token, reporter) = (signer.token("u1", "watch"), signer.token("reporter", "report"));
    let (tell, mut whole) = mpsc::channel(READERS);
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..READERS {
        let mut socket = Box::pin(RawSocket::open(binary.address, &token)).await;
        socket.until_type("sync:end").await;
        readers.spawn(read(socket, tell.clone()));
    }
    drop(tell);
    let mut without = Vec::new();
    for _ in 0..BEFORE {
        without.push(Box::pin(round(&binary, &reporter, &mut whole)).await);
    }
    let _stalled = Handshake::new("/ws").bearer(&token).small_window().open(binary.address).await;
    let before = binary.resident_kib();
    let mut with = Vec::new();
    for _ in 0..WITH {
        with.push(Box::pin(round(&binary, &reporter, &mut whole)).await);
    }
    let grown = binary.resident_kib().saturating_sub(before);
    while let Some(ended) = readers.join_next().await {
        ended.unwrap();
    }
    let (without, with) = (bad(without), bad(with));
    println!("a batch took {without:?} without the stalled reader, {with:?} with it; {grown} KiB more");
    assert!(with < without * 3 + Duration::from_millis(50), "{without:?} without, {with:?} with");
    // The ring and the log in memory keep these 3 MiB of events anyway, in several forms.
    assert!(grown < 32 * 1024, "the memory grew by {grown} KiB");
}
