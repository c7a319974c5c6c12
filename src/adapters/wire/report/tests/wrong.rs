//! Every wrong report of contract section 3, with the exact code and pointer.

use super::*;
use Code::{InvalidId, InvalidJson, InvalidValue};

#[test]
fn a_body_that_is_no_json_object_is_refused() {
    let deep = format!(r#"{{"status":{}1{}}}"#, "[".repeat(200), "]".repeat(200));
    let bad_json: [&[u8]; 14] = [
        b"",
        b" ",
        b"{",
        b"nul",
        b"{'status':'online'}",
        b"{\"status\":\"online\",}",
        b"{\"status\":\"online\"} {}",
        b"{\"status\":\"online\",\"status\":\"online\"}",
        b"{\"status\":\"online\",\"labels\":{\"a\":\"1\",\"a\":\"2\"}}",
        b"{\"status\":\"\xff\"}",
        b"{\"status\":\"online\",\"message\":\"\xed\xa0\x80\"}",
        b"{\"status\":\"online\",\"message\":\"\\ud800\"}",
        b"{\"status\":\"online\",\"timestamp\":1e999}",
        deep.as_bytes(),
    ];
    for body in bad_json {
        let faults = post(STATUS, body).unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].code, InvalidJson, "{:?}", String::from_utf8_lossy(body));
        assert!(faults[0].detail.starts_with("reading stopped at line "), "{faults:?}");
    }
    for body in ["null", "[]", "1", "\"online\"", "true", "[{\"status\":\"online\"}]"] {
        refused(post(STATUS, body), &[(InvalidValue, "")], body);
    }
}

#[test]
fn what_was_sent_is_never_told_back() {
    let secret = "eyJhbGciOiJIUzI1NiJ9.secret.signature";
    for body in [
        format!(r#"{{"status":"{secret}","message":"{secret}"}}"#),
        format!(r#"{{"status":"online","message":"{secret}"#),
        format!(r#"{{"status":"online","state":"{secret}","labels":{{"{secret}":1}}}}"#),
        format!(r#"{{"status":"online","timestamp":"{secret}","instanceId":"/{secret}"}}"#),
        format!("\"{secret}\""),
        secret.to_owned(),
    ] {
        let faults = post(STATUS, &body).unwrap_err();
        assert!(!format!("{faults:?}").contains("secret"), "{faults:?}");
    }
}

#[test]
fn a_wrong_id_is_invalid_id_wherever_it_stands() {
    let long = "x".repeat(129);
    for bad in ["", "a b", "a/b", "a*", "a>", "é", "a\r\nb", "a\0", "$SYS", "..\\", "a,b", long.as_str()] {
        let by_path = Target { agent: bad, ..STATUS };
        refused(post(by_path, r#"{"status":"online"}"#), &[(InvalidId, "/agentId")], bad);
        let session = Target { session: Some(bad), ..ACTIVITY };
        refused(post(session, r#"{"lastMessage":"x"}"#), &[(InvalidId, "/sessionId")], bad);
        let quoted = Value::from(bad).to_string();
        let stamped = format!(r#"{{"status":"online","instanceId":{quoted},"reportSeq":1}}"#);
        refused(post(STATUS, &stamped), &[(InvalidId, "/instanceId")], &stamped);
        let whole = format!(r#"{{"kind":"status","agentId":{quoted},"status":"online"}}"#);
        refused(said(&whole), &[(InvalidId, "/agentId")], &whole);
    }
}

/// A way to be wrong: where it is sent, the body, and every fault that is told.
type Wrong<'a> = (Target<'a>, &'a str, &'a [(Code, &'a str)]);

#[track_caller]
fn all_refused(table: &[Wrong<'_>]) {
    for (target, body, expected) in table {
        refused(post(*target, body), expected, &format!("{:?} {body}", target.kind));
    }
}

#[test]
fn a_wrong_field_is_named_with_its_pointer() {
    all_refused(&[
        // Missing, null and of another type.
        (STATUS, r#"{}"#, &[(InvalidValue, "/status")]),
        (STATUS, r#"{"status":null}"#, &[(InvalidValue, "/status")]),
        (STATUS, r#"{"status":1}"#, &[(InvalidValue, "/status")]),
        (LIFECYCLE, r#"{}"#, &[(InvalidValue, "/event")]),
        (LIFECYCLE, r#"{"event":["start"]}"#, &[(InvalidValue, "/event")]),
        (ACTIVITY, r#"{}"#, &[(InvalidValue, "/lastMessage")]),
        (ACTIVITY, r#"{"lastMessage":7}"#, &[(InvalidValue, "/lastMessage")]),
        (ACTIVITY, r#"{"lastMessage":null}"#, &[(InvalidValue, "/lastMessage")]),
        (STATUS, r#"{"status":"online","message":{}}"#, &[(InvalidValue, "/message")]),
        // Words that are none of the contract's.
        (STATUS, r#"{"status":"Online"}"#, &[(InvalidValue, "/status")]),
        (STATUS, r#"{"status":"online "}"#, &[(InvalidValue, "/status")]),
        (STATUS, r#"{"status":"crashed"}"#, &[(InvalidValue, "/status")]),
        (STATUS, r#"{"status":""}"#, &[(InvalidValue, "/status")]),
        (LIFECYCLE, r#"{"event":"started"}"#, &[(InvalidValue, "/event")]),
        (LIFECYCLE, r#"{"event":"CRASH"}"#, &[(InvalidValue, "/event")]),
        (STATUS, r#"{"status":"online","state":"Working"}"#, &[(InvalidValue, "/state")]),
        (STATUS, r#"{"status":"online","state":""}"#, &[(InvalidValue, "/state")]),
        (ACTIVITY, r#"{"lastMessage":"x","state":"a b"}"#, &[(InvalidValue, "/state")]),
        // Fields that this kind has not, or that nobody knows.
        (STATUS, r#"{"status":"online","exitCode":1}"#, &[(InvalidValue, "/exitCode")]),
        (STATUS, r#"{"status":"online","lastMessage":"x"}"#, &[(InvalidValue, "/lastMessage")]),
        (LIFECYCLE, r#"{"event":"start","state":"working"}"#, &[(InvalidValue, "/state")]),
        (ACTIVITY, r#"{"lastMessage":"x","labels":{}}"#, &[(InvalidValue, "/labels")]),
        (STATUS, r#"{"status":"online","__proto__":{}}"#, &[(InvalidValue, "/__proto__")]),
        (STATUS, r#"{"status":"online","a/b~c":1}"#, &[(InvalidValue, "/a~1b~0c")]),
        (STATUS, r#"{"status":"online","seq":9,"rev":1}"#, &[(InvalidValue, "/rev"), (InvalidValue, "/seq")]),
        // What the path or a header says is not said again.
        (STATUS, r#"{"status":"online","agentId":"a1"}"#, &[(InvalidValue, "/agentId")]),
        (STATUS, r#"{"status":"online","kind":"status"}"#, &[(InvalidValue, "/kind")]),
        (ACTIVITY, r#"{"lastMessage":"x","sessionId":"s1"}"#, &[(InvalidValue, "/sessionId")]),
        (STATUS, r#"{"status":"online","idempotencyKey":"k"}"#, &[(InvalidValue, "/idempotencyKey")]),
    ]);
}

#[test]
fn a_number_out_of_its_range_is_named_with_its_pointer() {
    all_refused(&[
        // How a process ended.
        (LIFECYCLE, r#"{"event":"crash","exitCode":2147483648}"#, &[(InvalidValue, "/exitCode")]),
        (LIFECYCLE, r#"{"event":"crash","exitCode":-2147483649}"#, &[(InvalidValue, "/exitCode")]),
        (LIFECYCLE, r#"{"event":"crash","exitCode":18446744073709551615}"#, &[(InvalidValue, "/exitCode")]),
        (LIFECYCLE, r#"{"event":"crash","exitCode":1.5}"#, &[(InvalidValue, "/exitCode")]),
        (LIFECYCLE, r#"{"event":"crash","exitCode":"1"}"#, &[(InvalidValue, "/exitCode")]),
        (LIFECYCLE, r#"{"event":"crash","signal":9}"#, &[(InvalidValue, "/signal")]),
        (LIFECYCLE, r#"{"event":"crash","signal":""}"#, &[(InvalidValue, "/signal")]),
        (LIFECYCLE, r#"{"event":"crash","signal":"SIG KILL"}"#, &[(InvalidValue, "/signal")]),
        // Times.
        (STATUS, r#"{"status":"online","timestamp":-1}"#, &[(InvalidValue, "/timestamp")]),
        (STATUS, r#"{"status":"online","timestamp":9007199254740992}"#, &[(InvalidValue, "/timestamp")]),
        (STATUS, r#"{"status":"online","timestamp":"2026-01-01"}"#, &[(InvalidValue, "/timestamp")]),
        (STATUS, r#"{"status":"online","ageMs":-1}"#, &[(InvalidValue, "/ageMs")]),
        // Instances.
        (STATUS, r#"{"status":"online","reportSeq":1}"#, &[(InvalidValue, "/reportSeq")]),
        (STATUS, r#"{"status":"online","reportSeq":1,"instanceId":null}"#, &[(InvalidValue, "/reportSeq")]),
        (STATUS, r#"{"status":"online","instanceStartedAt":1}"#, &[(InvalidValue, "/instanceStartedAt")]),
        (STATUS, r#"{"status":"online","instanceId":"i","reportSeq":-1}"#, &[(InvalidValue, "/reportSeq")]),
        (STATUS, r#"{"status":"online","instanceId":"i","reportSeq":"1"}"#, &[(InvalidValue, "/reportSeq")]),
        (STATUS, r#"{"status":"online","instanceId":7,"reportSeq":1}"#, &[(InvalidValue, "/instanceId")]),
    ]);
}

#[test]
fn every_fault_of_a_report_is_told() {
    all_refused(&[
        (STATUS, r#"{"status":"online","leaseMs":999}"#, &[(InvalidValue, "/leaseMs")]),
        (STATUS, r#"{"status":"online","leaseMs":3600001}"#, &[(InvalidValue, "/leaseMs")]),
        (STATUS, r#"{"status":"online","leaseMs":"1s"}"#, &[(InvalidValue, "/leaseMs")]),
        (STATUS, r#"{"status":"online","busyUntil":-5}"#, &[(InvalidValue, "/busyUntil")]),
        (STATUS, r#"{"status":"on","leaseMs":1}"#, &[(InvalidValue, "/status"), (InvalidValue, "/leaseMs")]),
        (HEARTBEAT, r#"{"status":"online"}"#, &[(InvalidValue, "/status")]),
        // More than one at once, all of them told.
        (
            LIFECYCLE,
            r#"{"event":"x","message":1,"exitCode":"y","signal":2,"labels":3,"zz":4}"#,
            &[
                (InvalidValue, "/event"),
                (InvalidValue, "/message"),
                (InvalidValue, "/exitCode"),
                (InvalidValue, "/signal"),
                (InvalidValue, "/labels"),
                (InvalidValue, "/zz"),
            ],
        ),
    ]);
}

#[test]
fn labels_past_a_limit_are_refused_and_not_cut() {
    let object = |pairs: Vec<(String, String)>| {
        let labels: serde_json::Map<_, _> =
            pairs.into_iter().map(|(key, value)| (key, Value::from(value))).collect();
        serde_json::json!({"status": "online", "labels": labels}).to_string()
    };
    let many = |count: usize| object((0..count).map(|n| (format!("k{n}"), "v".into())).collect());
    assert!(post(STATUS, many(16)).is_ok());
    assert!(post(STATUS, object(vec![("k".repeat(64), "v".repeat(64))])).is_ok());
    for bad in [
        many(17),
        many(2000),
        object(vec![("k".repeat(65), "v".into())]),
        object(vec![("k".into(), "v".repeat(65))]),
        object(vec![("é".repeat(33), "v".into())]),
        object(vec![(String::new(), "v".into())]),
        r#"{"status":"online","labels":[]}"#.into(),
        r#"{"status":"online","labels":"a=b"}"#.into(),
        r#"{"status":"online","labels":{"a":1}}"#.into(),
        r#"{"status":"online","labels":{"a":null}}"#.into(),
        r#"{"status":"online","labels":{"a":{"b":"c"}}}"#.into(),
    ] {
        refused(post(STATUS, &bad), &[(InvalidValue, "/labels")], &bad);
    }
}

#[test]
fn an_answer_does_not_outgrow_a_request_full_of_unknown_fields() {
    let unknown: Vec<_> = (0..5000).map(|n| format!(r#""f{n}":1"#)).collect();
    let faults = post(STATUS, format!(r#"{{"status":"online",{}}}"#, unknown.join(","))).unwrap_err();
    assert_eq!(faults.len(), 16);
    let long = "é".repeat(5000);
    let faults = post(STATUS, format!(r#"{{"status":"online","{long}":1}}"#)).unwrap_err();
    assert_eq!(faults[0].pointer.as_deref(), Some(format!("/{}", "é".repeat(64)).as_str()));
}

#[test]
fn a_report_whose_kind_is_wrong_is_not_blamed_for_its_other_fields() {
    for report in [
        r#"{"agentId":"a1","status":"online"}"#,
        r#"{"kind":"gone","agentId":"a1","status":"online"}"#,
        r#"{"kind":null,"agentId":"a1","lastMessage":"x"}"#,
        r#"{"kind":3,"agentId":"a1"}"#,
    ] {
        refused(said(report), &[(InvalidValue, "/kind")], report);
    }
}

#[test]
fn a_report_that_says_everything_itself_says_no_more_than_its_kind_has() {
    let table: &[(&str, &[(Code, &str)])] = &[
        (r#"{"kind":"status","status":"online"}"#, &[(InvalidValue, "/agentId")]),
        (r#"{"kind":"status","agentId":1,"status":"online"}"#, &[(InvalidValue, "/agentId")]),
        (r#"{"kind":"activity","agentId":"a","lastMessage":"x"}"#, &[(InvalidValue, "/sessionId")]),
        (
            r#"{"kind":"status","agentId":"a","sessionId":"s","status":"online"}"#,
            &[(InvalidValue, "/sessionId")],
        ),
        (r#"{"kind":"heartbeat","agentId":""}"#, &[(InvalidId, "/agentId")]),
        (r#"[]"#, &[(InvalidValue, "")]),
        (r#"null"#, &[(InvalidValue, "")]),
    ];
    for (report, expected) in table {
        refused(said(report), expected, report);
    }
}
