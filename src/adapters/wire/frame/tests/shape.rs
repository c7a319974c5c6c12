//! What the contract's section 5 and the first three frames promise of the shape of frames.

use serde_json::{Value, json};

use super::*;

fn read(frame: &Bytes) -> Value {
    serde_json::from_slice(frame).unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn of_type(name: &str) -> Vec<Value> {
    frames().iter().map(|(_, frame)| read(frame)).filter(|frame| frame["type"] == name).collect()
}

#[test]
fn a_client_that_knows_the_first_three_frames_alone_finds_them_whole() {
    let table = [
        ("agent:status", vec!["agentId", "status", "timestamp"]),
        ("session:activity", vec!["agentId", "lastMessage", "sessionId", "timestamp"]),
        ("heartbeat", vec!["timestamp"]),
    ];
    for (name, expected) in table {
        let frames = of_type(name);
        assert!(!frames.is_empty(), "{name}");
        for frame in frames {
            let payload = &frame["payload"];
            let mut fields = keys(payload);
            fields.sort_unstable();
            assert_eq!(fields, expected, "nothing is left out of {name} and nothing put into it");
            assert!(payload["timestamp"].is_u64());
            for text in expected.iter().filter(|field| **field != "timestamp") {
                assert!(payload[text].is_string(), "{name} {text}");
            }
            if name == "agent:status" {
                let status = payload["status"].as_str().unwrap();
                assert!(["online", "offline", "error"].contains(&status), "{status}");
            }
        }
    }
}

#[test]
fn every_frame_has_a_type_first_then_a_payload_then_only_what_stands_beside_them() {
    for (name, frame) in frames() {
        let text = std::str::from_utf8(&frame).unwrap();
        assert!(text.starts_with(r#"{"type":""#), "{name}: {text}");
        assert!(text.contains(r#"","payload":{"#), "{name}: {text}");
        assert!(!text.contains('\n'), "{name}: one frame is one line");
        let value = read(&frame);
        for key in keys(&value) {
            let known = ["type", "payload", "sync", "seq", "rev", "detail"];
            assert!(known.contains(&key), "{name}: {key}");
        }
        assert!(value["payload"].is_object(), "{name}");
        assert!(!text.contains("null"), "{name}: what is absent is left out");
    }
}

#[test]
fn only_frames_of_a_copy_have_a_rev_and_only_frames_that_move_a_cursor_have_a_seq() {
    let moving = [
        "agent:status",
        "agent:lifecycle",
        "session:activity",
        "agent:removed",
        "session:removed",
        "sync:end",
        "heartbeat",
        "resync",
    ];
    for (name, frame) in frames() {
        let frame = read(&frame);
        let synced = frame["sync"] == true;
        assert_eq!(frame.get("rev").is_some(), synced, "{name}");
        let moves = moving.contains(&frame["type"].as_str().unwrap()) && !synced;
        assert_eq!(frame.get("seq").is_some(), moves, "{name}");
    }
}

/// The examples of the contract, word for word. A frame may say more beside them, never less.
#[test]
fn the_examples_of_the_contract_are_what_is_sent() {
    let status = StatusEvent {
        labels: labels(&[("team", "x")]),
        restarts: 2,
        ..bare_status(Status::Online, Reason::Start)
    };
    let crash =
        LifecycleEvent { exit: Exit { code: Some(137), signal: None }, ..bare_lifecycle(Signal::Crash) };
    let crashed =
        StatusEvent { timestamp: ms(1_795_460_401_000), ..bare_status(Status::Error, Reason::Crash) };
    let slow = Beginning { head: Seq::new(2100), ..beginning(Plan::Snapshot(Why::SlowReader), &["*"]) };
    let examples = [
        (
            copied_agent(status),
            json!({"type":"agent:status","payload":{"agentId":"a1","status":"online","timestamp":1_795_460_300_000_u64},"sync":true,"rev":988,"detail":{"reason":"start","since":1_795_460_300_000_u64,"labels":{"team":"x"},"restarts":2}}),
        ),
        (
            copied_session(bare_activity()),
            json!({"type":"session:activity","payload":{"agentId":"a1","sessionId":"s1","lastMessage":"npm test","timestamp":1_795_460_390_000_u64},"sync":true,"rev":1040}),
        ),
        (
            sync_end(1, 1, None, Seq::new(1042)),
            json!({"type":"sync:end","payload":{"agents":1,"sessions":1},"seq":1042}),
        ),
        (
            live(1043, Event::Lifecycle(crash)),
            json!({"type":"agent:lifecycle","payload":{"agentId":"a1","event":"crash","timestamp":1_795_460_401_000_u64},"seq":1043,"detail":{"exitCode":137}}),
        ),
        (
            live(1044, Event::Status(crashed)),
            json!({"type":"agent:status","payload":{"agentId":"a1","status":"error","timestamp":1_795_460_401_000_u64},"seq":1044,"detail":{"reason":"crash","since":1_795_460_300_000_u64}}),
        ),
        (
            heartbeat(ms(1_795_460_430_000), Seq::new(1050)),
            json!({"type":"heartbeat","payload":{"timestamp":1_795_460_430_000_u64},"seq":1050}),
        ),
        (
            live(1051, Event::AgentRemoved(agent_id())),
            json!({"type":"agent:removed","payload":{"agentId":"a1"},"seq":1051}),
        ),
        (
            live(1052, Event::SessionRemoved(agent_id(), bare_activity().session)),
            json!({"type":"session:removed","payload":{"agentId":"a1","sessionId":"s1"},"seq":1052}),
        ),
        (
            resync(&slow, Seq::new(1053)),
            json!({"type":"resync","payload":{"mode":"snapshot","reason":"slow_reader","from":1053,"view":slow.view.id().to_string()},"seq":2100}),
        ),
        (
            greeting(Plan::Snapshot(Why::New), &["*"]),
            json!({"type":"hello","payload":{"protocol":1,"epoch":"k3f9","seq":1042,"view":slow.view.id().to_string(),"complete":true,"mode":"snapshot","reason":"new","heartbeatMs":30000,"connectionId":"c7","userId":"u1","serverTime":1_795_460_400_000_u64,"serverStartedAt":1_795_460_000_000_u64}}),
        ),
    ];
    for (frame, example) in examples {
        assert_eq!(read(&frame), example);
    }
}

#[test]
fn a_resync_tells_whether_the_view_is_complete_only_where_the_view_is_new() {
    for (why, told) in [
        (Why::SlowReader, false),
        (Why::Compacted, false),
        (Why::InterestChanged, true),
        (Why::GrantChanged, true),
    ] {
        let frame = read(&resync(&beginning(Plan::Snapshot(why), &["b*"]), Seq::new(1)));
        let complete = frame["payload"].get("complete");
        assert_eq!(complete, told.then_some(&Value::Bool(false)), "{why:?}");
    }
}

#[test]
fn numbers_at_their_limits_are_whole_numbers_that_every_reader_holds() {
    let far = StatusEvent {
        since: Timestamp::MAX,
        timestamp: Timestamp::MAX,
        restarts: u32::MAX,
        ..bare_status(Status::Online, Reason::Restart)
    };
    let frame = live((1 << 53) - 1, Event::Status(far));
    let text = std::str::from_utf8(&frame).unwrap();
    assert_eq!(text.matches("9007199254740991").count(), 3, "{text}");
    let error = error(None, &Fault::new(Code::RateLimited, "x").retry_after(Duration::MAX));
    assert!(read(&error)["payload"]["retryMs"].is_u64());
}
