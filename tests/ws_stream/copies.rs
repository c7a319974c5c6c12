//! `hello`, the copy, and the live events behind it.

use serde_json::{Value, json};

use crate::support::fold::Fold;
use crate::support::reports::{activity, fleet, forget, lifecycle, status};
use crate::support::screen::Screen;
use crate::support::{TestServer, http};

#[tokio::test]
async fn hello_says_what_the_contract_names_and_nothing_else() {
    let server = TestServer::start().await;
    let token = server.token("u1", "watch");
    status(&server, "a1", "online", "").await;
    let mut screen = Screen::open(server.address, &token).await;
    let hello = screen.next().await;
    let read = http::get(server.address, "/api/v1/fleet", &token).await.json();
    let payload = &hello["payload"];
    let (now, started) = (&payload["serverTime"], &payload["serverStartedAt"]);
    assert!(started.as_u64().unwrap() > 1_700_000_000_000 && now.as_u64() >= started.as_u64());
    let expected = json!({"type": "hello", "payload": {
        "protocol": 1, "epoch": read["epoch"], "seq": 1, "view": read["view"], "complete": true,
        "mode": "snapshot", "reason": "new", "heartbeatMs": 30000, "connectionId": "c1", "userId": "u1",
        "serverTime": now, "serverStartedAt": started,
    }});
    assert_eq!(hello, expected);
}

#[tokio::test]
async fn a_copy_has_each_agent_and_session_once_then_its_counts() {
    let server = TestServer::start().await;
    status(&server, "a1", "online", "one").await;
    activity(&server, "a1", "s1", "first").await;
    activity(&server, "a1", "s1", "second").await;
    activity(&server, "a1", "s2", "third").await;
    lifecycle(&server, "a2", "crash").await;
    let mut screen = Screen::open(server.address, &server.token("u1", "watch")).await;
    screen.next().await;
    let frames = screen.until("sync:end").await;
    let kinds: Vec<_> = frames.iter().map(|frame| frame["type"].as_str().unwrap()).collect();
    let (agent, session) = ("agent:status", "session:activity");
    assert_eq!(kinds, [agent, agent, session, session, "sync:end"]);
    assert!(frames[..4].iter().all(|frame| frame["sync"] == true && frame.get("seq").is_none()));
    let revs: Vec<_> = frames[..4].iter().map(|frame| frame["rev"].as_u64().unwrap()).collect();
    assert_eq!(revs, [1, 6, 3, 4]);
    assert_eq!(frames[4], json!({"type": "sync:end", "payload": {"agents": 2, "sessions": 2}, "seq": 6}));
    let second = json!({"agentId": "a1", "sessionId": "s1", "lastMessage": "second",
        "timestamp": frames[2]["payload"]["timestamp"]});
    assert_eq!(frames[2]["payload"], second);
}

#[tokio::test]
async fn an_empty_fleet_is_a_copy_too() {
    let server = TestServer::start().await;
    let mut screen = Screen::open(server.address, &server.token("u1", "watch")).await;
    assert_eq!(screen.next().await["payload"]["seq"], 0);
    let end = json!({"type": "sync:end", "payload": {"agents": 0, "sessions": 0}, "seq": 0});
    assert_eq!(screen.next().await, end);
}

#[tokio::test]
async fn events_come_live_in_order_and_make_the_fleet_that_is_read() {
    let server = TestServer::start().await;
    let token = server.token("u1", "watch");
    let (mut fold, mut screen) = Fold::open(server.address, "/ws", &token).await;
    assert!(fold.complete);
    lifecycle(&server, "a1", "start").await;
    activity(&server, "a2", "s1", "heard").await;
    lifecycle(&server, "a1", "restart").await;
    lifecycle(&server, "a1", "restart").await;
    status(&server, "a1", "error", "x").await;
    forget(&server, "a2").await;
    let last = activity(&server, "a1", "s9", "last").await;
    let mut live = Vec::new();
    while fold.seq < last {
        let frame = screen.next().await;
        fold.take(&frame);
        live.push((frame["type"].as_str().unwrap().to_owned(), frame["seq"].as_u64().unwrap()));
    }
    let kinds: Vec<_> = live.iter().map(|(kind, _)| kind.as_str()).collect();
    let expected = [
        "agent:lifecycle",
        "agent:status",
        "agent:status",
        "session:activity",
        "agent:lifecycle",
        "agent:status",
        "agent:lifecycle",
        "agent:status",
        "agent:removed",
        "session:activity",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(live.iter().map(|(_, seq)| *seq).collect::<Vec<_>>(), (1..=10).collect::<Vec<u64>>());
    assert_eq!((fold.fleet, last), fleet(&server, &token, |_| true).await);
}

#[tokio::test]
async fn a_crash_is_told_as_the_contract_shows() {
    let server = TestServer::start().await;
    let (_, mut screen) = Fold::open(server.address, "/ws", &server.token("u1", "watch")).await;
    let body =
        json!({"event": "crash", "exitCode": 137, "signal": "SIGKILL", "timestamp": 1_795_460_401_000_u64});
    crate::support::reports::post(&server, "/api/v1/agents/a1/lifecycle", &body).await;
    let payload = |rest: Value| {
        let mut payload = json!({"agentId": "a1", "timestamp": 1_795_460_401_000_u64});
        payload.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        payload
    };
    let lifecycle = screen.next().await;
    let detail = json!({"exitCode": 137, "signal": "SIGKILL"});
    let expected = json!({"type": "agent:lifecycle", "payload": payload(json!({"event": "crash"})), "seq": 1, "detail": detail});
    assert_eq!(lifecycle, expected);
    let status = screen.next().await;
    assert_eq!((&status["type"], &status["seq"]), (&json!("agent:status"), &json!(2)));
    assert_eq!(status["payload"], payload(json!({"status": "error"})));
    assert_eq!(status["detail"]["reason"], "crash");
}

#[tokio::test]
async fn one_who_joins_in_the_middle_of_a_storm_misses_nothing() {
    let server = TestServer::with(&[("limits.reports_burst", "100000")]).await;
    let token = server.token("u1", "watch");
    let storm = async {
        for number in 0..150 {
            status(&server, &format!("a{}", number % 7), "online", &number.to_string()).await;
        }
    };
    let joining = async {
        let mut screens = Vec::new();
        for _ in 0..20 {
            screens.push(Fold::open(server.address, "/ws", &token).await);
        }
        screens
    };
    let ((), screens) = tokio::join!(storm, joining);
    let (expected, head) = fleet(&server, &token, |_| true).await;
    assert_eq!(head, 150);
    for (mut fold, mut screen) in screens {
        fold.follow(&mut screen, |fold| fold.seq == head).await;
        assert_eq!(fold.fleet, expected);
    }
}
