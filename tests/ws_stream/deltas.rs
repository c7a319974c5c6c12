//! Screens that come back to what no ring holds: out of the log, also after a restart, or by what changed.

use crate::support::TestServer;
use crate::support::fold::Fold;
use crate::support::http;
use crate::support::reports::{activity, fleet, forget, lifecycle, status};

const DISK: (&str, &str) = ("log.kind", "disk");

fn pair(mode: &str, reason: &str) -> (String, String) {
    (mode.to_owned(), reason.to_owned())
}

/// Comes back, and holds how, and that it ends with what is read; then that it is live.
async fn come_back(server: &TestServer, fold: &mut Fold, query: &str, token: &str, expected: (&str, &str)) {
    let mut screen = fold.resume(server.address, query, token).await;
    assert_eq!(fold.beginnings.last(), Some(&pair(expected.0, expected.1)), "{query}");
    let head = status(server, "a-live", "error", &format!("{:?}", fold.beginnings.len())).await;
    fold.follow(&mut screen, |fold| fold.seq >= head).await;
    let shown = |agent: &str| !query.contains("agents=a") || agent.starts_with('a');
    let mut expected = fleet(server, &server.token("u1", "watch"), shown).await.0;
    if query.contains("types=agent:status") {
        expected.sessions.clear();
    }
    assert_eq!(fold.fleet, expected, "{query}");
    fold.disconnected();
}

#[tokio::test]
async fn after_a_restart_of_the_server_a_screen_goes_on_where_it_was() {
    let server = TestServer::with(&[DISK]).await;
    let token = server.token("u1", "watch");
    let (mut fold, mut screen) = Fold::open(server.address, "/ws", &token).await;
    lifecycle(&server, "a1", "start").await;
    let seen = activity(&server, "a1", "s1", "seen").await;
    fold.follow(&mut screen, |fold| fold.seq == seen).await;
    drop(screen);
    activity(&server, "b1", "s1", "missed").await;
    status(&server, "a1", "error", "missed").await;
    let server = server.restart().await;
    let token = server.token("u1", "watch");
    come_back(&server, &mut fold, "", &token, ("replay", "resumed")).await;
    let server = server.restart().await;
    let token = server.token("u1", "watch");
    come_back(&server, &mut fold, "", &token, ("live", "resumed")).await;
    let read = http::get(server.address, "/api/v1/agents/b1", &token).await.json();
    assert_eq!(read["agent"]["detail"]["stale"], true, "nobody heard it since");
    let read = http::get(server.address, "/api/v1/agents/a-live", &token).await.json();
    assert_eq!(read["agent"]["detail"].get("stale"), None);
    server.stop().await;
}

#[tokio::test]
async fn beyond_what_is_replayed_a_screen_gets_what_changed_through_any_view_also_after_a_restart() {
    let server = TestServer::with(&[DISK, ("stream.replay_events", "3")]).await;
    let token = server.token("u1", "watch");
    for agent in ["a1", "a2", "b1", "b2"] {
        lifecycle(&server, agent, "start").await;
        activity(&server, agent, "s1", "before").await;
    }
    let queries = ["", "agents=a*", "types=agent:status", "agents=a*&types=agent:status", "agents=nobody"];
    let mut folds = Vec::new();
    for query in queries {
        folds.push(Fold::open(server.address, &format!("/ws?{query}"), &token).await.0);
    }
    forget(&server, "a2").await;
    forget(&server, "b2").await;
    activity(&server, "a2", "again", "another one").await;
    activity(&server, "b1", "s2", "new").await;
    status(&server, "a3", "online", "new").await;
    let server = server.restart().await;
    let token = server.token("u1", "watch");
    for (query, fold) in queries.into_iter().zip(&mut folds).take(4) {
        come_back(&server, fold, query, &token, ("delta", "resumed")).await;
    }
    let nobody = &mut folds[4];
    let screen = nobody.resume(server.address, queries[4], &token).await;
    drop(screen);
    assert!(nobody.fleet.agents.is_empty());
    server.stop().await;
}

#[tokio::test]
async fn a_delta_tells_removals_in_their_place_and_counts_them() {
    // So small a ring that no copy is shared that lies five events back.
    let settings =
        [("stream.replay_events", "1"), ("stream.ring_events", "8"), ("limits.sessions_per_agent", "2")];
    let server = TestServer::with(&settings).await;
    let token = server.token("u1", "watch");
    for session in ["s1", "s2"] {
        activity(&server, "a1", session, "x").await;
    }
    activity(&server, "a2", "s1", "x").await;
    let (fold, screen) = Fold::open(server.address, "/ws", &token).await;
    drop(screen);
    forget(&server, "a2").await;
    activity(&server, "a2", "s9", "anew").await;
    activity(&server, "a1", "s3", "the third").await;
    let path = format!("/ws?after={}", fold.cursor().unwrap());
    let mut screen = crate::support::screen::Screen::open_at(server.address, &path, &token).await;
    let frames = screen.until("sync:end").await;
    let told: Vec<String> = frames
        .iter()
        .filter(|frame| frame["sync"] == true)
        .map(|frame| {
            let payload = &frame["payload"];
            let session = payload["sessionId"].as_str().map(|id| format!("/{id}")).unwrap_or_default();
            format!("{} {}{session}", frame["type"].as_str().unwrap(), payload["agentId"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        told,
        [
            "agent:removed a2",
            "agent:status a2",
            "session:activity a2/s9",
            "session:removed a1/s1",
            "session:activity a1/s3"
        ]
    );
    let end = frames.last().unwrap();
    assert_eq!(end["payload"], serde_json::json!({"agents": 1, "sessions": 2, "removed": 2}));
}
