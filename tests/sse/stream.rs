//! What comes, in which order, and with which id.

use serde_json::{Value, json};

use crate::support::fold::Fold;
use crate::support::reports::{activity, batch, connections, fleet, forget, lifecycle, status};
use crate::support::screen::Screen;
use crate::support::stream::{Ask, Stream};
use crate::support::{TestServer, http};

/// Takes frames until this holds.
pub(crate) async fn follow(fold: &mut Fold, stream: &mut Stream, until: impl Fn(&Fold) -> bool) {
    while !until(fold) {
        let sent = stream.next().await;
        fold.take(&sent.data);
        let moves = sent.data.get("seq").is_some() && sent.event != "resync";
        assert_eq!(sent.id.is_some(), moves, "an id stands where a client may come back to: {sent:?}");
        if let Some(id) = sent.id {
            assert_eq!(Some(id), fold.cursor());
        }
    }
}

/// A new client, up to date.
pub(crate) async fn open(server: &TestServer, query: &str, token: &str) -> (Fold, Stream) {
    let mut stream = Stream::at(server.address, query, token).await;
    let mut fold = Fold::default();
    follow(&mut fold, &mut stream, |fold| fold.synced).await;
    (fold, stream)
}

fn beginning(mode: &str, reason: &str) -> Option<(String, String)> {
    Some((mode.to_owned(), reason.to_owned()))
}

#[tokio::test]
async fn hello_the_copy_and_then_what_happens() {
    let server = TestServer::with(&[("stream.heartbeat_ms", "1000")]).await;
    let token = server.token("u1", "watch");
    status(&server, "a1", "online", "one").await;
    activity(&server, "a1", "s1", "two\nlines").await;
    let mut stream = Stream::at(server.address, "", &token).await;
    for (name, value) in
        [("content-type", "text/event-stream"), ("cache-control", "no-store"), ("x-accel-buffering", "no")]
    {
        assert_eq!(stream.answer.header(name), Some(value));
    }
    let mut types = Vec::new();
    for _ in 0..4 {
        let sent = stream.next().await;
        types.push((sent.event, sent.id.is_some()));
    }
    let expected =
        [("hello", false), ("agent:status", false), ("session:activity", false), ("sync:end", true)];
    assert_eq!(types, expected.map(|(name, id)| (name.to_owned(), id)));
    let listed = connections(&server).await;
    assert_eq!((listed.len(), &listed[0]["transport"]), (1, &json!("sse")));
    lifecycle(&server, "a1", "crash").await;
    forget(&server, "a1").await;
    for expected in ["agent:lifecycle", "agent:status", "agent:removed"] {
        let event = stream.next_event().await;
        assert_eq!(event["type"], expected);
    }
    loop {
        let sent = stream.next().await;
        assert_eq!(sent.event, "heartbeat", "{sent:?}");
        if sent.data["seq"] == 5 {
            assert_eq!(sent.id.unwrap().split(':').nth(1), Some("5"));
            break;
        }
    }
}

#[tokio::test]
async fn one_report_is_seen_by_a_websocket_and_by_a_stream() {
    let server = TestServer::start().await;
    let token = server.token("u1", "watch");
    let (mut fold, mut stream) = open(&server, "", &token).await;
    let mut screen = Screen::open(server.address, &token).await;
    screen.until("sync:end").await;
    status(&server, "a1", "online", "both").await;
    let on_screen = screen.next_event().await;
    assert_eq!(on_screen["type"], "agent:status");
    assert_eq!(on_screen, stream.next_event().await, "the same JSON");
    fold.take(&on_screen);
    assert_eq!(fold.fleet, fleet(&server, &token, |_| true).await.0);
}

#[tokio::test]
async fn one_that_comes_back_goes_on_from_its_last_event_id() {
    let server = TestServer::with(&[("stream.replay_events", "20")]).await;
    let token = server.token("u1", "watch");
    status(&server, "a1", "online", "one").await;
    let (mut fold, stream) = open(&server, "", &token).await;
    drop(stream);
    let back = |fold: &Fold| {
        // A browser asks for the address that it asked for first.
        let ask = Ask::new("after=other:1").bearer(&token);
        ask.with("Last-Event-ID", fold.cursor().unwrap())
    };
    let mut stream = back(&fold).open(server.address).await;
    fold.take(&stream.next().await.data);
    assert_eq!(fold.beginnings.last().cloned(), beginning("live", "resumed"));
    let head = status(&server, "a1", "online", "two").await;
    follow(&mut fold, &mut stream, |fold| fold.seq == head).await;
    drop(stream);
    let head = status(&server, "a2", "online", "missed").await;
    let mut stream = back(&fold).open(server.address).await;
    follow(&mut fold, &mut stream, |fold| fold.seq == head).await;
    assert_eq!(fold.beginnings.last().cloned(), beginning("replay", "resumed"));
    drop(stream);
    let mut head = 0;
    for number in 0..30 {
        head = status(&server, "a3", "online", &number.to_string()).await;
    }
    let mut stream = back(&fold).open(server.address).await;
    follow(&mut fold, &mut stream, |fold| fold.seq == head).await;
    assert_eq!(fold.beginnings.last().cloned(), beginning("delta", "resumed"));
    assert_eq!(fold.fleet, fleet(&server, &token, |_| true).await.0);
    // And `after` does the same where there is no header.
    let mut stream = Stream::at(server.address, &format!("after={}", fold.cursor().unwrap()), &token).await;
    assert_eq!(stream.next().await.data["payload"]["mode"], "live");
}

#[tokio::test]
async fn it_shows_what_was_asked_for_and_no_more() {
    let server = TestServer::with(&[("stream.heartbeat_ms", "1000")]).await;
    let token = server.token("u1", "watch");
    for number in 0..300 {
        status(
            &server,
            &format!("{}-{number}", if number % 3 == 0 { "build" } else { "test" }),
            "online",
            "",
        )
        .await;
    }
    let (mut fold, mut stream) = open(&server, "agents=build-*&types=agent:status", &token).await;
    let build = |agent: &str| agent.starts_with("build-");
    assert_eq!(fold.fleet, fleet(&server, &token, build).await.0);
    activity(&server, "build-0", "s1", "of another type").await;
    status(&server, "test-1", "error", "hidden").await;
    let head = status(&server, "build-0", "error", "shown").await;
    let event = stream.next_event().await;
    assert_eq!((&event["seq"], &event["payload"]["status"]), (&json!(head), &json!("error")));
    fold.take(&event);
    let hidden = status(&server, "test-2", "error", "hidden").await;
    follow(&mut fold, &mut stream, |fold| fold.seq == hidden).await;
}

#[tokio::test]
async fn a_token_that_only_reports_is_shown_nothing() {
    let server = TestServer::with(&[("stream.heartbeat_ms", "1000")]).await;
    status(&server, "a1", "online", "").await;
    let mut stream = Stream::at(server.address, "", &server.token("u1", "report")).await;
    assert_eq!(stream.next().await.event, "hello");
    let end: Value = stream.next().await.data;
    assert_eq!(end, json!({"type": "sync:end", "payload": {"agents": 0, "sessions": 0}, "seq": 1}));
    let head = status(&server, "a1", "error", "").await;
    loop {
        let sent = stream.next().await;
        assert_eq!(sent.event, "heartbeat");
        if sent.data["seq"] == head {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn those_who_come_while_a_large_fleet_moves_are_all_right_in_the_end() {
    let rates = [
        ("limits.reports_per_second", "1000000"),
        ("limits.reports_burst", "1000000"),
        ("stream.heartbeat_ms", "1000"),
    ];
    let server = TestServer::with(&rates).await;
    let token = server.token("u1", "watch");
    let report = |number: usize, message: &str| {
        let (agent, session) = (format!("a{}", number % 2000), format!("s{}", number % 2));
        json!({"kind": "activity", "agentId": agent, "sessionId": session, "lastMessage": message})
    };
    let items: Vec<Value> = (0..2000).map(|number| report(number, "before")).collect();
    for part in items.chunks(1000) {
        batch(&server, part).await;
    }
    let moving = async {
        for round in 0..60 {
            let items: Vec<Value> =
                (0..50).map(|number| report(number * 37 + round, &round.to_string())).collect();
            batch(&server, &items).await;
        }
        status(&server, "a1", "error", "the end").await
    };
    let coming = async {
        let mut open_ones = Vec::new();
        for query in ["", "agents=a1*", "", "types=agent:status", "agents=a1*", ""] {
            open_ones.push((query, open(&server, query, &token).await));
        }
        open_ones
    };
    let (head, open_ones) = tokio::join!(moving, coming);
    for (query, (mut fold, mut stream)) in open_ones {
        follow(&mut fold, &mut stream, |fold| fold.seq == head).await;
        let wanted = |agent: &str| !query.starts_with("agents") || agent.starts_with("a1");
        let mut expected = fleet(&server, &token, wanted).await.0;
        if query.starts_with("types") {
            expected.sessions.clear();
        }
        assert!(fold.fleet == expected, "{query:?} ends with another fleet");
        assert_eq!(fold.beginnings.len(), 1);
    }
}

#[tokio::test]
async fn a_client_of_http_1_0_reads_it_until_it_is_closed() {
    let server = TestServer::start().await;
    let token = server.token("u1", "watch");
    let mut connection = http::Connection::open(server.address).await;
    let request = format!("GET /api/v1/stream HTTP/1.0\r\nAuthorization: Bearer {token}\r\n\r\n");
    connection.write(request.as_bytes()).await;
    assert_eq!(connection.answer().await.unwrap().header("transfer-encoding"), None);
    server.stop().await;
    let rest = String::from_utf8(connection.rest().await).unwrap();
    assert!(rest.contains("event: sync:end\n") && rest.contains("event: goodbye\n"), "{rest}");
}
