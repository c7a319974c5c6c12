//! The handshake of `/ws`: every way in, and every refusal before the upgrade.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[path = "../support/mod.rs"]
mod support;

mod node;
mod refusals;
mod ways;

use serde_json::json;
use support::TestServer;
use support::http::{self, Answer};

/// A refusal: its status and code, and what every refusal has.
fn refused(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("content-type"), Some("application/problem+json; charset=utf-8"), "{answer:?}");
    assert_eq!(answer.json()["status"], answer.status);
    assert!(answer.header("sec-websocket-accept").is_none());
    match answer.status {
        401 => assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer"), "{answer:?}"),
        429 | 503 => assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1),
        426 => {
            assert_eq!(answer.header("sec-websocket-version"), Some("13"));
            assert_eq!(answer.header("upgrade"), Some("websocket"));
        }
        _ => {}
    }
    (answer.status, answer.code())
}

async fn open_connections(server: &TestServer) -> usize {
    let list = http::get(server.address, "/api/v1/connections", &server.token("root", "admin")).await;
    list.json()["connections"].as_array().unwrap().len()
}

async fn ticket(server: &TestServer, token: &str) -> String {
    let answer = http::post(server.address, "/api/v1/tickets", token, &json!({})).await;
    answer.json()["ticket"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}
