//! Heartbeats, the pings that go with them, and peers that answer none.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::TestServer;
use crate::support::fold::Fold;
use crate::support::raw::{PING, RawSocket};
use crate::support::reports::{status, until_connections};
use crate::support::screen::Screen;

const EVERY_SECOND: (&str, &str) = ("stream.heartbeat_ms", "1000");

async fn beat(screen: &mut Screen) -> u64 {
    screen.until("heartbeat").await.last().unwrap()["payload"]["timestamp"].as_u64().unwrap()
}

#[tokio::test]
async fn heartbeats_come_each_interval_with_a_ping_and_the_head() {
    let server = TestServer::with(&[EVERY_SECOND]).await;
    let token = server.token("u1", "watch");
    let (_, mut screen) = Fold::open(server.address, "/ws", &token).await;
    let mut raw = RawSocket::open(server.address, &token).await;
    assert_eq!(raw.until_type("hello").await["payload"]["heartbeatMs"], 1000);
    let head = status(&server, "a1", "online", "").await;
    let heartbeat = raw.until_type("heartbeat").await;
    let timestamp = &heartbeat["payload"]["timestamp"];
    assert_eq!(heartbeat, json!({"type": "heartbeat", "payload": {"timestamp": timestamp}, "seq": head}));
    assert_eq!(raw.next().await.map(|frame| frame.opcode), Some(PING), "a ping goes out with it");
    // A machine with much to do is late with one, and then not with the next: three together say more than each.
    let first = beat(&mut screen).await;
    let mut last = first;
    for _ in 0..3 {
        last = beat(&mut screen).await;
    }
    assert!((2000..9000).contains(&(last - first)), "three heartbeats within {} ms", last - first);
}

#[tokio::test]
async fn heartbeats_of_many_connections_are_spread_over_the_interval() {
    let server = TestServer::with(&[EVERY_SECOND]).await;
    let token = server.token("u1", "watch");
    let mut screens = Vec::new();
    for _ in 0..20 {
        let mut screen = Screen::open(server.address, &token).await;
        let opened = screen.next().await["payload"]["serverTime"].as_u64().unwrap();
        screens.push((opened, screen));
    }
    let mut tenths = BTreeSet::new();
    for (opened, mut screen) in screens {
        let first = beat(&mut screen).await - opened;
        assert!(first < 1300, "the first heartbeat came after {first} ms");
        tenths.insert(first / 100);
    }
    assert!(tenths.len() >= 4, "all in the same moment: {tenths:?}");
}

#[tokio::test]
async fn a_peer_that_answers_no_ping_for_two_intervals_is_ended() {
    let server = TestServer::with(&[EVERY_SECOND]).await;
    let token = server.token("u1", "watch");
    let mut silent = RawSocket::open(server.address, &token).await;
    let opened = silent.until_type("hello").await["payload"]["serverTime"].as_u64().unwrap();
    let (_, mut answering) = Fold::open(server.address, "/ws", &token).await;
    let answered = async {
        let mut last = 0;
        while last < opened + 4500 {
            last = beat(&mut answering).await;
        }
    };
    let ended = async {
        let mut last = opened;
        loop {
            let frame = silent.next().await.expect("ended without a close");
            match frame.opcode {
                8 => return (frame.payload, last),
                1 => {
                    let text: serde_json::Value = serde_json::from_slice(&frame.payload).unwrap();
                    last = text["payload"]["timestamp"].as_u64().unwrap_or(last);
                }
                _ => {}
            }
        }
    };
    let ((payload, last_beat), ()) = tokio::join!(ended, answered);
    assert_eq!(payload[..2], 4408_u16.to_be_bytes());
    assert_eq!(payload[2..], *br#"{"code":"silent"}"#);
    assert!((1000..3000).contains(&(last_beat - opened)), "{}", last_beat - opened);
    until_connections(&server, 1).await;
}
