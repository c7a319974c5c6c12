//! How a stream ends: a goodbye, and then nothing.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::stream::open;
use crate::support::reports::{batch, connections, until_connections};
use crate::support::stream::{Ask, Stream};
use crate::support::{TestServer, http};

#[tokio::test]
async fn a_drain_tells_each_when_to_come_back() {
    let mut server = TestServer::start().await;
    let token = server.token("u1", "watch");
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(open(&server, "", &token).await.1);
    }
    let asked = Instant::now();
    server.begin_stop();
    for stream in &mut streams {
        let goodbye = stream.farewell().await;
        assert_eq!(goodbye["code"], "restart");
        assert!(goodbye["retryMs"].as_u64().unwrap() > 0, "{goodbye}");
    }
    server.stop().await;
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn a_drain_does_not_wait_for_one_that_reads_nothing() {
    let server = TestServer::with(&[("limits.reports_burst", "100000")]).await;
    let _blocked =
        Ask::new("").bearer(&server.token("u1", "watch")).small_window().open(server.address).await;
    flood(&server).await;
    let asked = Instant::now();
    server.stop().await;
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
}

/// More than the sockets between two programs of one machine hold.
async fn flood(server: &TestServer) {
    let text = "x".repeat(4000);
    let item = json!({"kind": "activity", "agentId": "a1", "sessionId": "s1", "lastMessage": text});
    for _ in 0..20 {
        batch(server, &vec![item.clone(); 100]).await;
    }
}

#[tokio::test]
async fn an_admin_closes_it_and_revokes_its_token() {
    let server = TestServer::start().await;
    let (token, admin) = (server.token("u1", "watch"), server.token("root", "admin"));
    let mut stream = open(&server, "", &token).await.1;
    let id = connections(&server).await[0]["connectionId"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/connections/{id}");
    assert_eq!(http::delete(server.address, &path, &admin).await.status, 204);
    assert_eq!(stream.farewell().await, json!({"code": "forbidden"}));
    until_connections(&server, 0).await;
    let mut stream = open(&server, "", &token).await.1;
    let asked = Instant::now();
    let revoked = http::post(server.address, "/api/v1/revocations", &admin, &json!({"userId": "u1"})).await;
    assert_eq!(revoked.status, 204);
    assert_eq!(stream.farewell().await, json!({"code": "token_revoked"}));
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    assert_eq!(Ask::new("").bearer(&token).ask(server.address).await.code(), "token_revoked");
}

#[tokio::test]
async fn it_ends_with_its_token_which_is_announced() {
    let server = TestServer::with(&[("auth.leeway_ms", "200")]).await;
    let token = server.token_for("u1", "watch", &["*"], Duration::from_secs(2));
    let mut stream = open(&server, "", &token).await.1;
    let announced = stream.next().await;
    assert_eq!((announced.event.as_str(), &announced.id), ("auth:expiring", &None));
    assert!(announced.data["payload"]["exp"].as_u64().is_some());
    assert_eq!(stream.farewell().await, json!({"code": "token_expired"}));
    until_connections(&server, 0).await;
}

#[tokio::test]
async fn one_that_reads_nothing_is_ended_at_the_end_of_its_token_too() {
    let server = TestServer::with(&[("limits.reports_burst", "100000"), ("auth.leeway_ms", "200")]).await;
    let token = server.token_for("u1", "watch", &["*"], Duration::from_secs(4));
    let mut blocked = Ask::new("").bearer(&token).small_window().open(server.address).await;
    flood(&server).await;
    assert_eq!(connections(&server).await.len(), 1);
    until_connections(&server, 0).await;
    // What was on its way is whole, and so is the goodbye behind it.
    assert_eq!(blocked.farewell().await, json!({"code": "token_expired"}));
}

#[tokio::test]
async fn one_that_goes_is_forgotten() {
    let server = TestServer::start().await;
    let stream = Stream::at(server.address, "", &server.token("u1", "watch")).await;
    until_connections(&server, 1).await;
    drop(stream);
    until_connections(&server, 0).await;
}
