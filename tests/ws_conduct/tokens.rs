//! The life of a token is the life of its connection.

use std::time::Duration;

use mission_control::adapters::system::SystemClock;
use mission_control::ports::clock::Clock;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::support::fold::Fold;
use crate::support::raw::Handshake;
use crate::support::reports::{batch, connections, fleet, status, until_connections};
use crate::support::screen::Screen;
use crate::support::{PATIENCE, TestServer, http};

const SOON: Duration = Duration::from_secs(2);
const HOUR: Duration = Duration::from_secs(3600);
const STRICT: (&str, &str) = ("auth.leeway_ms", "200");

fn now() -> u64 {
    SystemClock::start().wall().millis()
}

fn refresh(token: &str) -> Value {
    json!({"type": "auth:refresh", "payload": {"token": token}})
}

#[tokio::test]
async fn the_end_is_announced_half_a_minute_before() {
    let server = TestServer::start().await;
    let token = server.token_for("u1", "watch", &["*"], Duration::from_secs(32));
    let (_, mut screen) = Fold::open(server.address, "/ws", &token).await;
    let announced = screen.next_event().await;
    let exp = announced["payload"]["exp"].as_u64().unwrap();
    assert_eq!(announced, json!({"type": "auth:expiring", "payload": {"exp": exp}}));
    assert_eq!(exp % 1000, 0, "tokens end at whole seconds, told in milliseconds");
    let left = exp - now();
    assert!((29_000..=30_000).contains(&left), "announced {left} ms before");
}

#[tokio::test]
async fn at_its_end_and_the_leeway_a_connection_is_ended_and_sees_nothing_more() {
    let server = TestServer::with(&[STRICT, ("limits.reports_per_second", "1000000")]).await;
    let token = server.token_for("u1", "watch", &["*"], SOON);
    let mut screen = Screen::open(server.address, &token).await;
    let storm = async {
        for number in 0.. {
            status(&server, "a1", "online", &number.to_string()).await;
        }
    };
    let watching = async {
        let (mut exp, mut last) = (0, 0);
        loop {
            match screen.next_or_close().await {
                Ok(frame) if frame["type"] == "auth:expiring" => {
                    exp = frame["payload"]["exp"].as_u64().unwrap();
                }
                Ok(frame) => last = frame["payload"]["timestamp"].as_u64().unwrap_or(last),
                Err(close) => return (close, exp, last, now()),
            }
        }
    };
    let (close, exp, last, closed_at) = tokio::select! {
        seen = watching => seen,
        () = storm => panic!("the storm ended"),
    };
    assert_eq!(close, (4401, r#"{"code":"token_expired"}"#.to_owned()));
    assert!(last <= exp + 200, "an event of {} ms past the end", last - exp);
    assert!(last + 1000 > exp, "events came until the end");
    assert!((exp + 200..exp + 1200).contains(&closed_at), "ended {closed_at}, exp {exp}");
    until_connections(&server, 0).await;
}

#[tokio::test]
async fn one_that_reads_nothing_is_ended_at_the_end_of_its_token_too() {
    let rates = [("limits.reports_burst", "100000"), STRICT];
    let server = TestServer::with(&rates).await;
    let token = server.token_for("u1", "watch", &["*"], Duration::from_secs(4));
    let _blocked = Handshake::new("/ws").bearer(&token).small_window().open(server.address).await;
    let text = "x".repeat(4000);
    let item = json!({"kind": "activity", "agentId": "a1", "sessionId": "s1", "lastMessage": text});
    for _ in 0..20 {
        batch(&server, &vec![item.clone(); 100]).await;
    }
    assert_eq!(connections(&server).await.len(), 1);
    let asked = Instant::now();
    until_connections(&server, 0).await;
    assert!(asked.elapsed() < Duration::from_secs(6), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn a_refreshed_connection_lives_on() {
    let server = TestServer::with(&[STRICT, ("stream.heartbeat_ms", "1000")]).await;
    let token = server.token_for("u1", "watch", &["*"], SOON);
    let (mut fold, mut screen) = Fold::open(server.address, "/ws", &token).await;
    let exp = screen.until("auth:expiring").await.last().unwrap()["payload"]["exp"].as_u64().unwrap();
    screen.send(&refresh(&server.token_for("u1", "watch", &["*"], HOUR))).await;
    let refreshed = screen.next_event().await;
    let new_exp = refreshed["payload"]["exp"].as_u64().unwrap();
    assert_eq!(refreshed, json!({"type": "auth:refreshed", "payload": {"exp": new_exp}}));
    assert!(new_exp > exp + 3_000_000);
    let outlived = async {
        loop {
            let frame = screen.next().await;
            assert_eq!(frame["type"], "heartbeat", "no copy without a change of the grant: {frame}");
            if frame["payload"]["timestamp"].as_u64().unwrap() > exp + 700 {
                break;
            }
        }
    };
    timeout(PATIENCE, outlived).await.expect("no heartbeat past the old end");
    let head = status(&server, "a1", "online", "").await;
    fold.follow(&mut screen, |fold| fold.seq == head).await;
}

#[tokio::test]
async fn a_refused_refresh_changes_nothing() {
    let server = TestServer::with(&[STRICT]).await;
    let stranger = TestServer::with(&[("auth.secret", "another secret, which is also long enough")]).await;
    let token = server.token_for("u1", "watch", &["a*"], Duration::from_secs(3));
    let (_, mut screen) = Fold::open(server.address, "/ws", &token).await;
    let before = connections(&server).await;
    let exp = screen.until("auth:expiring").await.last().unwrap()["payload"]["exp"].as_u64().unwrap();
    let other_user = server.token("u2", "watch report admin");
    let forged = stranger.token("u1", "watch");
    let ended = server.token_for("u1", "watch", &["*"], Duration::ZERO);
    status(&server, "b1", "online", "hidden").await;
    for token in [&*other_user, &*forged, "nonsense", ""] {
        screen.send(&refresh(token)).await;
        let answer = screen.next_event().await;
        assert_eq!((&answer["type"], &answer["payload"]["code"]), (&json!("error"), &json!("invalid_token")));
        assert!(!answer.to_string().contains("u2"), "{answer}");
    }
    let over = async { while http::get(server.address, "/api/v1/fleet", &ended).await.status != 401 {} };
    timeout(PATIENCE, over).await.expect("a token of no time at all is good for ever");
    screen.send(&refresh(&ended)).await;
    assert_eq!(screen.next_event().await["payload"]["code"], "token_expired");
    assert_eq!(connections(&server).await, before);
    assert_eq!(screen.closed().await.0, 4401, "the first token's end still stands");
    assert!((exp + 200..exp + 1500).contains(&now()));
}

#[tokio::test]
async fn a_changed_grant_begins_anew_before_any_further_event() {
    let server = TestServer::with(&[("stream.heartbeat_ms", "1000")]).await;
    for agent in ["a1", "b1"] {
        status(&server, agent, "online", "before").await;
    }
    let grants: [(&[&str], bool, usize); 3] =
        [(&["a*"], false, 1), (&["*"], true, 2), (&["b*", "c"], false, 1)];
    let token = server.token("u1", "watch");
    let (mut fold, mut screen) = Fold::open(server.address, "/ws", &token).await;
    for (round, (agents, complete, shown)) in grants.into_iter().enumerate() {
        let token = server.token_for("u1", "watch", agents, HOUR);
        screen.send(&refresh(&token)).await;
        assert_eq!(screen.next_event().await["type"], "auth:refreshed");
        let resync = screen.next().await;
        assert_eq!(resync["type"], "resync");
        let payload = &resync["payload"];
        assert_eq!((&payload["mode"], &payload["reason"]), (&json!("snapshot"), &json!("grant_changed")));
        assert_eq!(payload["complete"], complete);
        fold.take(&resync);
        let head = status(&server, "b1", "online", &round.to_string()).await;
        fold.follow(&mut screen, |fold| fold.seq >= head).await;
        assert_eq!(fold.fleet.agents.len(), shown);
        assert_eq!(fold.fleet, fleet(&server, &token, |_| true).await.0);
    }
}

#[tokio::test]
async fn a_token_that_no_longer_watches_shows_nothing_more() {
    let server = TestServer::with(&[("stream.heartbeat_ms", "1000")]).await;
    status(&server, "a1", "online", "").await;
    let (mut fold, mut screen) = Fold::open(server.address, "/ws", &server.token("u1", "watch report")).await;
    screen.send(&refresh(&server.token("u1", "report"))).await;
    assert_eq!(screen.next_event().await["type"], "auth:refreshed");
    fold.follow(&mut screen, |fold| fold.beginnings.len() == 2 && fold.fleet.agents.is_empty()).await;
    let head = status(&server, "a1", "error", "hidden").await;
    while fold.seq < head {
        let frame = screen.next().await;
        assert_eq!(frame["type"], "heartbeat", "{frame}");
        fold.take(&frame);
    }
}

#[tokio::test]
async fn a_token_without_watch_or_report_ends_the_connection() {
    let server = TestServer::start().await;
    let (_, mut screen) = Fold::open(server.address, "/ws", &server.token("u1", "watch")).await;
    screen.send(&refresh(&server.token("u1", "admin"))).await;
    assert_eq!(screen.closed().await, (4503, r#"{"code":"forbidden"}"#.to_owned()));
}
