//! What is wrong with a handshake, said before the upgrade.

use std::time::Duration;

use crate::support::TestServer;
use crate::support::raw::Handshake;
use crate::{open_connections, refused, ticket};

#[tokio::test]
async fn without_a_good_credential_it_is_401_before_the_upgrade() {
    let server = TestServer::with(&[("limits.refused_handshakes_per_second", "1000")]).await;
    let stranger = TestServer::with(&[("auth.secret", "another secret, which is also long enough")]).await;
    let ended = server.token_for("alice", "watch", &["*"], Duration::ZERO);
    let early = TestServer::with(&[("auth.leeway_ms", "0")]).await;
    let cases = [
        (Handshake::new("/ws"), "missing_token"),
        (Handshake::new("/ws").with("Authorization", "Bearer "), "missing_token"),
        (Handshake::new("/ws").with("Authorization", "Basic YWxpY2U6cGFzcw=="), "missing_token"),
        (Handshake::new("/ws").with("Cookie", "session=abc; mission_control=abc"), "missing_token"),
        (Handshake::new("/ws").bearer("nonsense"), "invalid_token"),
        (Handshake::new("/ws").bearer(&stranger.token("alice", "watch")), "invalid_token"),
        (Handshake::new("/ws?token="), "invalid_token"),
        (Handshake::new("/ws?ticket=00000000000000000000000000000000"), "invalid_ticket"),
    ];
    for (asked, code) in cases {
        assert_eq!(refused(&asked.ask(server.address).await), (401, code.to_owned()));
    }
    let asked = Handshake::new("/ws").bearer(&ended);
    assert_eq!(refused(&asked.ask(early.address).await), (401, "token_expired".to_owned()));
    assert_eq!(open_connections(&server).await, 0);
}

#[tokio::test]
async fn two_credentials_are_ambiguous_even_the_same_twice() {
    let server = TestServer::start().await;
    let (a, b) = (server.token("alice", "watch"), server.token("bob", "watch"));
    let ticket = ticket(&server, &a).await;
    let pair = format!("mission-control.v1, bearer.{a}");
    let cases = [
        Handshake::new(format!("/ws?token={b}")).bearer(&a),
        Handshake::new(format!("/ws?token={a}")).bearer(&a),
        Handshake::new("/ws").bearer(&a).bearer(&b),
        Handshake::new("/ws").bearer(&a).bearer(&a),
        Handshake::new(format!("/ws?token={a}&token={b}")),
        Handshake::new(format!("/ws?token={a}&token={a}")),
        Handshake::new(format!("/ws?token={a}&ticket={ticket}")),
        Handshake::new(format!("/ws?ticket={ticket}&ticket={ticket}")),
        Handshake::new(format!("/ws?ticket={ticket}")).bearer(&a),
        Handshake::new("/ws").bearer(&a).with("Sec-WebSocket-Protocol", &*pair),
        Handshake::new("/ws").with("Sec-WebSocket-Protocol", format!("{pair}, bearer.{a}")),
        Handshake::new(format!("/ws?token={a}")).with("Sec-WebSocket-Protocol", &*pair),
    ];
    for asked in cases {
        assert_eq!(refused(&asked.ask(server.address).await), (400, "ambiguous_credentials".to_owned()));
    }
    let unused = Handshake::new(format!("/ws?ticket={ticket}"));
    assert_eq!(unused.ask(server.address).await.status, 101, "a refusal did not use the ticket up");
}

#[tokio::test]
async fn a_page_from_elsewhere_is_refused() {
    let allowed = "https://good.example.com";
    let server = TestServer::with(&[("server.allowed_origins", allowed)]).await;
    let token = server.token("alice", "watch");
    let from = |origin: &str| Handshake::new("/ws").bearer(&token).with("Origin", origin);
    let own = format!("http://{}", server.address);
    for origin in [allowed, &own] {
        assert_eq!(from(origin).ask(server.address).await.status, 101, "{origin}");
    }
    let next_port = format!("http://127.0.0.1:{}", server.address.port() ^ 1);
    let secure = format!("https://{}", server.address);
    for origin in [
        "https://evil.example",
        "null",
        "http://good.example.com",
        "https://good.example.com.evil.com",
        "https://goodXexample.com",
        "https://good.example.com:444",
        "https://good.example.com/",
        "https://GOOD.example.com@evil.com",
        "",
        &next_port,
        &secure,
    ] {
        let answer = from(origin).ask(server.address).await;
        assert_eq!(refused(&answer), (403, "forbidden_origin".to_owned()), "{origin}");
    }
    let twice = from(allowed).with("Origin", allowed).ask(server.address).await;
    assert_eq!(refused(&twice), (403, "forbidden_origin".to_owned()));
    let proxied = TestServer::with(&[("server.behind_tls_proxy", "true")]).await;
    let token = proxied.token("alice", "watch");
    let from = |scheme| {
        Handshake::new("/ws").bearer(&token).with("Origin", format!("{scheme}://{}", proxied.address))
    };
    assert_eq!(from("https").ask(proxied.address).await.status, 101);
    assert_eq!(refused(&from("http").ask(proxied.address).await).0, 403);
}

#[tokio::test]
async fn what_is_no_handshake_of_version_13_is_refused() {
    let server = TestServer::with(&[("limits.refused_handshakes_per_second", "1000")]).await;
    let token = server.token("alice", "watch");
    let good = || Handshake::new("/ws").bearer(&token);
    let versioned =
        |version: &str| good().without("Sec-WebSocket-Version").with("Sec-WebSocket-Version", version);
    let keyed = |key: &str| good().without("Sec-WebSocket-Key").with("Sec-WebSocket-Key", key);
    let upgrading = |to: &str| good().without("Upgrade").with("Upgrade", to);
    let cases = [
        (versioned("7"), 426),
        (versioned("14"), 426),
        (versioned(""), 426),
        (versioned("13, 8"), 426),
        (good().without("Sec-WebSocket-Version"), 426),
        (upgrading("h2c"), 426),
        (good().without("Upgrade"), 426),
        (good().without("Connection").with("Connection", "keep-alive"), 426),
        (good().version("HTTP/1.0"), 426),
        (good().without("Sec-WebSocket-Key"), 400),
        (keyed(""), 400),
        (keyed("dGhlIHNhbXBsZSBub25jZ"), 400),
        (keyed("dGhlIHNhbXBsZSBub25jZSE="), 400),
        (keyed("!!hlIHNhbXBsZSBub25jZQ=="), 400),
        (good().with("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), 400),
        (good().method("POST"), 405),
        (good().method("DELETE"), 405),
        (Handshake::new("/ws/more").bearer(&token), 404),
        (Handshake::new("/WS").bearer(&token), 404),
    ];
    for (asked, status) in cases {
        let code = match status {
            426 => "upgrade_required",
            400 => "invalid_request",
            405 => "method_not_allowed",
            _ => "not_found",
        };
        assert_eq!(refused(&asked.ask(server.address).await), (status, code.to_owned()));
    }
    assert_eq!(open_connections(&server).await, 0);
}

#[tokio::test]
async fn a_query_that_cannot_be_meant_is_refused() {
    let server = TestServer::with(&[("limits.refused_handshakes_per_second", "1000")]).await;
    let token = server.token("alice", "watch");
    let many = (0..65).map(|number| format!("a{number}")).collect::<Vec<_>>().join(",");
    let cases = [
        ("after=text", 422, "invalid_cursor"),
        ("after=e:-1", 422, "invalid_cursor"),
        ("after=e:18446744073709551616", 422, "invalid_cursor"),
        ("after=e:1:short", 422, "invalid_cursor"),
        ("agents=a%20b", 422, "invalid_pattern"),
        ("agents=*a*b*c*d*", 422, "invalid_pattern"),
        (&*format!("agents={many}"), 422, "invalid_pattern"),
        ("types=agent:gone", 422, "unknown_type"),
        ("types=agent:status,heartbeat", 422, "unknown_type"),
        ("after=e:1&after=e:1", 400, "invalid_request"),
        ("types=%zz", 400, "invalid_request"),
    ];
    for (query, status, code) in cases {
        let asked = Handshake::new(format!("/ws?{query}")).bearer(&token);
        assert_eq!(refused(&asked.ask(server.address).await), (status, code.to_owned()), "{query}");
    }
}
