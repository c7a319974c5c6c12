//! Reads the frames that a server sends (contract section 5), as far as a watcher has to understand them.
//!
//! Types and fields that are not known are left alone: a newer server is no stranger.

use std::time::Duration;

use serde_json::Value;

use crate::domain::cursor::Seq;
use crate::domain::time::Timestamp;
use crate::ports::live_source::{Frame, Happening, Start, What};

/// Longest epoch or view that is kept and given back, in bytes.
const ID_BYTES_MAX: usize = 128;
/// Bounds of the time between two heartbeats (contract 5.4); no server can make us wait for ever.
const HEARTBEAT_MS: std::ops::RangeInclusive<u64> = 1_000..=60_000;

/// The frame is not one of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotAFrame;

/// A frame.
pub(super) fn read(text: &str) -> Result<Frame, NotAFrame> {
    let value: Value = serde_json::from_str(text).map_err(|_| NotAFrame)?;
    let kind = value.get("type").and_then(Value::as_str).ok_or(NotAFrame)?;
    let payload = value.get("payload").unwrap_or(&Value::Null);
    let seq = value.get("seq").and_then(Value::as_u64).map(Seq::new);
    Ok(match kind {
        "hello" => hello(payload)?,
        "resync" => Frame::Resync(start(payload)?),
        "sync:end" => Frame::CopyEnd {
            seq: seq.ok_or(NotAFrame)?,
            agents: payload.get("agents").and_then(Value::as_u64).unwrap_or(0),
            sessions: payload.get("sessions").and_then(Value::as_u64).unwrap_or(0),
        },
        "heartbeat" => seq
            .map_or(Frame::Other, |seq| Frame::Heartbeat { seq, server_time: time_of(payload, "timestamp") }),
        "auth:expiring" => Frame::TokenEnding,
        "goodbye" => Frame::Goodbye { retry_after: retry_after(payload) },
        "error" => Frame::Error {
            code: text_of(payload, "code").unwrap_or_default(),
            message: text_of(payload, "message").unwrap_or_default(),
        },
        _ => match what(kind, payload)? {
            None => Frame::Other,
            Some(what) => {
                let happening = happening(what, payload, value.get("detail").unwrap_or(&Value::Null))?;
                let copied = value.get("sync") == Some(&Value::Bool(true));
                match seq.filter(|_| !copied) {
                    Some(seq) => Frame::Event(seq, happening),
                    None => Frame::Copied(happening),
                }
            }
        },
    })
}

/// The word and the hint of a close reason, where it is the JSON of contract section 6.
pub(super) fn close_reason(text: &str) -> (String, Option<Duration>) {
    match serde_json::from_str::<Value>(text) {
        Ok(reason) if reason.is_object() => {
            (text_of(&reason, "code").unwrap_or_default(), retry_after(&reason))
        }
        _ => (text.to_owned(), None),
    }
}

fn retry_after(object: &Value) -> Option<Duration> {
    object.get("retryMs").and_then(Value::as_u64).map(Duration::from_millis)
}

fn hello(payload: &Value) -> Result<Frame, NotAFrame> {
    let start = start(payload)?;
    let epoch = id(payload, "epoch")?.ok_or(NotAFrame)?;
    if start.view.is_none() {
        return Err(NotAFrame);
    }
    let heartbeat = payload.get("heartbeatMs").and_then(Value::as_u64).unwrap_or(*HEARTBEAT_MS.end());
    let heartbeat = Duration::from_millis(heartbeat.clamp(*HEARTBEAT_MS.start(), *HEARTBEAT_MS.end()));
    let user = text_of(payload, "userId").unwrap_or_default();
    Ok(Frame::Hello { epoch, user, start, server_time: time_of(payload, "serverTime"), heartbeat })
}

fn start(payload: &Value) -> Result<Start, NotAFrame> {
    let mode = text_of(payload, "mode").ok_or(NotAFrame)?;
    Ok(Start {
        copy: match mode.as_str() {
            "snapshot" | "delta" => true,
            "replay" | "live" => false,
            // Whether a copy follows decides where the cursor stands: no guess will do.
            _ => return Err(NotAFrame),
        },
        mode,
        reason: text_of(payload, "reason").unwrap_or_default(),
        view: id(payload, "view")?,
        complete: payload.get("complete").and_then(Value::as_bool),
    })
}

fn what(kind: &str, payload: &Value) -> Result<Option<What>, NotAFrame> {
    let needed = |name| text_of(payload, name).ok_or(NotAFrame);
    Ok(Some(match kind {
        "agent:status" => What::Status(needed("status")?),
        "agent:lifecycle" => What::Lifecycle(needed("event")?),
        "session:activity" => {
            What::Activity { session: needed("sessionId")?, message: needed("lastMessage")? }
        }
        "agent:removed" => What::AgentRemoved,
        "session:removed" => What::SessionRemoved { session: needed("sessionId")? },
        _ => return Ok(None),
    }))
}

fn happening(what: What, payload: &Value, detail: &Value) -> Result<Happening, NotAFrame> {
    Ok(Happening {
        agent: text_of(payload, "agentId").ok_or(NotAFrame)?,
        what,
        at: time_of(payload, "timestamp"),
        reason: text_of(detail, "reason"),
        state: text_of(detail, "state"),
        message: text_of(detail, "message"),
        exit_code: detail.get("exitCode").and_then(Value::as_i64),
        signal: text_of(detail, "signal"),
        since: time_of(detail, "since"),
        restarts: detail.get("restarts").and_then(Value::as_u64),
        last_seen: time_of(detail, "lastSeenAt"),
        stale: detail.get("stale") == Some(&Value::Bool(true)),
    })
}

fn time_of(object: &Value, name: &str) -> Option<Timestamp> {
    object.get(name).and_then(Value::as_u64).and_then(Timestamp::from_millis)
}

fn text_of(object: &Value, name: &str) -> Option<String> {
    object.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn id(object: &Value, name: &str) -> Result<Option<String>, NotAFrame> {
    match text_of(object, name) {
        Some(text) if text.len() > ID_BYTES_MAX => Err(NotAFrame),
        text => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn frame(value: &Value) -> Frame {
        read(&value.to_string()).unwrap()
    }

    #[test]
    fn hello_tells_how_it_begins_and_how_often_the_heart_beats() {
        let hello = |heartbeat: u64| {
            json!({"type": "hello", "payload": {"protocol": 1, "epoch": "k3f9", "seq": 1042, "view": "5d0c",
                "complete": true, "mode": "snapshot", "reason": "new", "heartbeatMs": heartbeat, "userId": "u1", "serverTime": 5}})
        };
        let start = Start {
            mode: "snapshot".to_owned(),
            reason: "new".to_owned(),
            copy: true,
            view: Some("5d0c".to_owned()),
            complete: Some(true),
        };
        for (told, kept) in [(30_000, 30), (0, 1), (u64::MAX, 60)] {
            let expected = Frame::Hello {
                epoch: "k3f9".to_owned(),
                user: "u1".to_owned(),
                start: start.clone(),
                server_time: Timestamp::from_millis(5),
                heartbeat: Duration::from_secs(kept),
            };
            assert_eq!(frame(&hello(told)), expected);
        }
        let heartbeat = json!({"type": "heartbeat", "payload": {"timestamp": 7}, "seq": 9});
        let expected = Frame::Heartbeat { seq: Seq::new(9), server_time: Timestamp::from_millis(7) };
        assert_eq!(frame(&heartbeat), expected);
    }

    #[test]
    fn events_have_a_position_and_items_of_a_copy_do_not() {
        let crash = json!({"type": "agent:lifecycle", "payload": {"agentId": "a1", "event": "crash", "timestamp": 5},
            "seq": 1043, "detail": {"exitCode": 137, "signal": "SIGKILL", "message": "m", "new": 1}});
        let Frame::Event(seq, happening) = frame(&crash) else { panic!() };
        assert_eq!((seq, happening.exit_code), (Seq::new(1043), Some(137)));
        assert_eq!((happening.signal.as_deref(), happening.message.as_deref()), (Some("SIGKILL"), Some("m")));
        let item = json!({"type": "session:activity", "sync": true, "rev": 9, "payload":
            {"agentId": "a1", "sessionId": "s1", "lastMessage": "npm test", "timestamp": 5}});
        let Frame::Copied(happening) = frame(&item) else { panic!() };
        let says = What::Activity { session: "s1".to_owned(), message: "npm test".to_owned() };
        assert_eq!(happening.what, says);
    }

    #[test]
    fn a_status_tells_since_when_and_when_it_was_last_heard_where_the_server_says_so() {
        let status = |detail: Value| {
            let payload = json!({"agentId": "a1", "status": "online", "timestamp": 5});
            let whole = json!({"type": "agent:status", "payload": payload, "seq": 1, "detail": detail});
            let Frame::Event(_, happening) = frame(&whole) else { panic!() };
            (happening.since, happening.restarts, happening.last_seen, happening.stale)
        };
        let whole = json!({"since": 3, "restarts": 2, "lastSeenAt": 4, "stale": true});
        let time = Timestamp::from_millis;
        assert_eq!(status(whole), (time(3), Some(2), time(4), true));
        assert_eq!(status(json!({"since": "x", "stale": 1})), (None, None, None, false));
    }

    #[test]
    fn what_is_not_known_is_left_alone() {
        for value in [
            json!({"type": "pong", "payload": {}}),
            json!({"type": "agent:mood", "payload": 7, "seq": "x"}),
            json!({"type": "heartbeat"}),
        ] {
            assert_eq!(frame(&value), Frame::Other);
        }
    }

    #[test]
    fn what_is_no_frame_of_the_contract_is_refused() {
        let deep = format!("{}1{}", "[".repeat(2000), "]".repeat(2000));
        let long =
            json!({"type": "hello", "payload": {"epoch": "e".repeat(129), "view": "v", "mode": "live"}});
        for bad in [
            "",
            "{",
            "7",
            "null",
            r#"{"payload":{}}"#,
            r#"{"type":7}"#,
            r#"{"type":"hello"}"#,
            r#"{"type":"hello","payload":{"epoch":"e","view":"v","mode":"guess"}}"#,
            r#"{"type":"hello","payload":{"epoch":"e","mode":"live"}}"#,
            r#"{"type":"sync:end","payload":{}}"#,
            r#"{"type":"agent:status","payload":{"agentId":"a"}}"#,
            r#"{"type":"agent:status","payload":{"status":"online"}}"#,
            &deep,
            &long.to_string(),
        ] {
            assert_eq!(read(bad), Err(NotAFrame), "{bad}");
        }
    }

    #[test]
    fn a_close_reason_is_json_or_just_words() {
        let hint = Some(Duration::from_millis(250));
        assert_eq!(close_reason(r#"{"code":"restart","retryMs":250}"#), ("restart".to_owned(), hint));
        assert_eq!(close_reason("bye"), ("bye".to_owned(), None));
        assert_eq!(close_reason(r#"{"retryMs":-1}"#), (String::new(), None));
    }
}
