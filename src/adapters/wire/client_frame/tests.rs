//! What clients may send, and what is told about what they may not.

use proptest::prelude::*;

use super::*;
use crate::domain::id::AgentId;
use crate::domain::interest::Kinds;
use crate::domain::report::ReportBody;

fn read(text: &str) -> Result<ClientFrame, Fault> {
    parse(text, &Limits::default())
}

#[track_caller]
fn refused(text: &str) -> (Code, Option<String>) {
    let fault = read(text).expect_err(text);
    assert!(!fault.detail.contains("hush"), "{fault}");
    (fault.code, fault.pointer.map(std::borrow::Cow::into_owned))
}

fn at(code: Code, pointer: &str) -> (Code, Option<String>) {
    (code, Some(pointer.to_owned()))
}

#[test]
fn a_subscription_replaces_the_interest_and_what_is_absent_is_all() {
    let interest = |text: &str| match read(text) {
        Ok(ClientFrame::Subscribe(interest)) => interest,
        other => panic!("{text}: {other:?}"),
    };
    for all in [
        r#"{"type":"subscribe"}"#,
        r#"{"type":"subscribe","payload":null}"#,
        r#"{"type":"subscribe","payload":{}}"#,
        r#"{"payload":{"agents":null,"types":null},"type":"subscribe"}"#,
        r#"{"type":"subscribe","payload":{"agents":["*"],"types":["agent:status","agent:lifecycle","session:activity"]}}"#,
    ] {
        assert_eq!(interest(all), Interest::all(), "{all}");
    }
    let some = interest(r#"{"type":"subscribe","payload":{"agents":["build-*"],"types":["agent:status"]}}"#);
    assert!(some.agents.contains(&AgentId::parse("build-1").unwrap()));
    assert!(!some.agents.contains(&AgentId::parse("a1").unwrap()));
    assert_eq!(some.kinds, Kinds { status: true, lifecycle: false, activity: false });
}

#[test]
fn a_wrong_subscription_is_refused_where_it_is_wrong() {
    let many: Vec<_> = (0..65).map(|n| format!("\"a{n}\"")).collect();
    for (payload, expected) in [
        (r#"{"agents":["a b"]}"#.to_owned(), at(Code::InvalidPattern, "/payload/agents")),
        (r#"{"agents":[""]}"#.into(), at(Code::InvalidPattern, "/payload/agents")),
        (r#"{"agents":["*****"]}"#.into(), at(Code::InvalidPattern, "/payload/agents")),
        (format!(r#"{{"agents":[{}]}}"#, many.join(",")), at(Code::InvalidPattern, "/payload/agents")),
        (r#"{"agents":"a"}"#.into(), at(Code::InvalidValue, "/payload/agents")),
        (r#"{"agents":[1]}"#.into(), at(Code::InvalidValue, "/payload/agents")),
        (r#"{"types":["heartbeat"]}"#.into(), at(Code::UnknownType, "/payload/types")),
        (r#"{"types":["agent:removed"]}"#.into(), at(Code::UnknownType, "/payload/types")),
        (r#"{"types":{}}"#.into(), at(Code::InvalidValue, "/payload/types")),
        (r#"{"after":"k:1"}"#.into(), at(Code::InvalidValue, "/payload/after")),
        (r#"["a"]"#.into(), at(Code::InvalidValue, "/payload")),
    ] {
        assert_eq!(refused(&format!(r#"{{"type":"subscribe","payload":{payload}}}"#)), expected, "{payload}");
    }
}

#[test]
fn a_refresh_carries_a_token_that_is_never_shown() {
    let frame = read(r#"{"type":"auth:refresh","payload":{"token":"hush"}}"#).unwrap();
    assert!(!format!("{frame:?}").contains("hush"));
    assert!(matches!(frame, ClientFrame::Refresh(token) if token.reveal() == "hush"));
    for (text, expected) in [
        (r#"{"type":"auth:refresh"}"#, at(Code::InvalidValue, "/payload/token")),
        (r#"{"type":"auth:refresh","payload":{"token":null}}"#, at(Code::InvalidValue, "/payload/token")),
        (r#"{"type":"auth:refresh","payload":{"token":["hush"]}}"#, at(Code::InvalidValue, "/payload/token")),
        (r#"{"type":"auth:refresh","payload":"hush"}"#, at(Code::InvalidValue, "/payload")),
        (r#"{"type":"auth:refresh","token":"hush"}"#, at(Code::InvalidValue, "/token")),
        (
            r#"{"type":"auth:refresh","payload":{"token":"hush","scope":"admin"}}"#,
            at(Code::InvalidValue, "/payload/scope"),
        ),
        (r#"{"type":"auth:refresh","payload":{"token":"hush"}"#, (Code::InvalidJson, None)),
    ] {
        assert_eq!(refused(text), expected, "{text}");
    }
}

#[test]
fn a_ping_may_have_an_id_that_comes_back() {
    let long = "é".repeat(64);
    for (text, expected) in [
        (r#"{"type":"ping"}"#.to_owned(), None),
        (r#"{"type":"ping","payload":{"id":null}}"#.into(), None),
        (r#"{"type":"ping","payload":{"id":""}}"#.into(), Some(String::new())),
        (format!(r#"{{"type":"ping","payload":{{"id":"{long}"}}}}"#), Some(long.clone())),
    ] {
        assert!(matches!(read(&text), Ok(ClientFrame::Ping { id }) if id == expected), "{text}");
    }
    for bad in ["7".to_owned(), "{}".into(), format!("\"{long}x\"")] {
        let text = format!(r#"{{"type":"ping","payload":{{"id":{bad}}}}}"#);
        assert_eq!(refused(&text), at(Code::InvalidValue, "/payload/id"), "{text}");
    }
}

#[test]
fn a_report_over_the_socket_is_the_same_report_as_over_http() {
    let text = r#"{"type":"report","payload":{"id":"7","kind":"status","agentId":"a1","status":"online","idempotencyKey":"k"}}"#;
    let Ok(ClientFrame::Report { id, submission: Ok(submission) }) = read(text) else { panic!() };
    assert_eq!(id.as_deref(), Some("7"));
    assert_eq!(submission.key.as_deref(), Some("k"));
    assert!(matches!(submission.report.body, ReportBody::Status { .. }));
    let by_path = report::Target { kind: report::Kind::Status, agent: "a1", session: None };
    let by_path = report::single(by_path, br#"{"status":"online"}"#, None, &Limits::default()).unwrap();
    assert_eq!(submission.fingerprint, by_path.fingerprint, "the id of a frame is no part of its report");
}

#[test]
fn a_refused_report_is_a_report_frame_and_not_one_that_was_not_understood() {
    let long = format!("\"{}\"", "x".repeat(129));
    for (payload, expected) in [
        (r#"{"id":"7","kind":"status","agentId":"a1"}"#.to_owned(), (Some("7"), "/payload/status")),
        (r#"{"id":"7"}"#.into(), (Some("7"), "/payload/kind")),
        (r#"{}"#.into(), (None, "/payload/kind")),
        ("[]".into(), (None, "/payload")),
        (r#"{"id":7,"kind":"status","agentId":"a1","status":"online"}"#.into(), (None, "/payload/id")),
        (
            format!(r#"{{"id":{long},"kind":"status","agentId":"a1","status":"online"}}"#),
            (None, "/payload/id"),
        ),
    ] {
        let text = format!(r#"{{"type":"report","payload":{payload}}}"#);
        let Ok(ClientFrame::Report { id, submission: Err(faults) }) = read(&text) else { panic!("{text}") };
        assert_eq!((id.as_deref(), faults[0].pointer.as_deref().unwrap()), expected, "{text}");
    }
}

#[test]
fn what_is_no_frame_is_refused() {
    let deep = format!(r#"{{"type":"ping","payload":{}{}}}"#, "[".repeat(500), "]".repeat(500));
    for bad in ["", " ", "{", "ping", "42[\"x\"]", "{\"type\":\"ping\",\"type\":\"ping\"}", deep.as_str()] {
        assert_eq!(refused(bad), (Code::InvalidJson, None), "{bad}");
    }
    for bad in ["null", "[]", "1", "\"ping\"", "[{\"type\":\"ping\"}]"] {
        assert_eq!(refused(bad), at(Code::InvalidValue, ""), "{bad}");
    }
    for bad in ["{}", r#"{"type":null}"#, r#"{"type":7}"#, r#"{"type":{}}"#] {
        assert_eq!(refused(bad), at(Code::InvalidValue, "/type"), "{bad}");
    }
    for bad in ["", "Ping", "hello", "agent:status", "unsubscribe", "__proto__", "constructor"] {
        let text = format!(r#"{{"type":"{bad}","payload":{{}}}}"#);
        assert_eq!(refused(&text), at(Code::InvalidFrame, "/type"), "{text}");
    }
    for (bad, pointer) in [
        (r#"{"type":"ping","id":"1"}"#, "/id"),
        (r#"{"type":"ping","__proto__":{}}"#, "/__proto__"),
        (r#"{"type":"ping","attachments":0}"#, "/attachments"),
    ] {
        assert_eq!(refused(bad), at(Code::InvalidValue, pointer), "{bad}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_frame_or_refused(
        text: String,
        name in prop::sample::select(&["subscribe", "auth:refresh", "ping", "report", "x"][..]),
        field in prop::sample::select(&["id", "agents", "types", "token", "kind", "agentId"][..]),
    ) {
        let _ = read(&text);
        let quoted = Value::from(text.as_str());
        for value in [quoted.to_string(), format!("[{quoted}]"), format!("{{{quoted}:{quoted}}}"), text.clone()] {
            let _ = read(&format!(r#"{{"type":"{name}","payload":{{"{field}":{value}}}}}"#));
            let _ = read(&format!(r#"{{"type":"{name}","payload":{value}}}"#));
        }
    }
}
