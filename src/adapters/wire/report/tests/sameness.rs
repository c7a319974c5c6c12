//! Idempotency: which reports count as the same one, and which keys there are.

use super::*;

fn print(read: Result<Submission, Vec<Fault>>) -> [u8; 32] {
    read.unwrap().fingerprint
}

const SAID: &str = r#"{"kind":"lifecycle","agentId":"a1","event":"crash","exitCode":3,"message":"m",
    "labels":{"a":"1","b":"2"}}"#;

#[test]
fn a_report_is_the_same_by_its_path_and_as_an_item() {
    let posted = r#"{"event":"crash","exitCode":3,"message":"m","labels":{"a":"1","b":"2"}}"#;
    assert_eq!(print(post(LIFECYCLE, posted)), print(said(SAID)));
    let activity = r#"{"kind":"activity","agentId":"a1","sessionId":"s1","lastMessage":"x"}"#;
    assert_eq!(print(post(ACTIVITY, r#"{"lastMessage":"x"}"#)), print(said(activity)));
}

#[test]
fn neither_key_nor_age_nor_spelling_nor_the_order_of_fields_makes_another_report() {
    for same in [
        r#"{"ageMs":7,"kind":"lifecycle","agentId":"a1","event":"crash","exitCode":3,"message":"m","labels":{"a":"1","b":"2"}}"#,
        r#"{"idempotencyKey":"k","kind":"lifecycle","agentId":"a1","event":"crash","exitCode":3,"message":"m","labels":{"a":"1","b":"2"}}"#,
        r#"{"labels":{"b":"2","a":"1"},"message":"m","exitCode":3,"event":"crash","agentId":"a1","kind":"lifecycle"}"#,
        r#"{"labels":{"\u0062":"2","a":"1"},"message":"\u006d","exitCode":3,"event":"crash","agentId":"a1","kind":"lifecycle"}"#,
    ] {
        assert_eq!(print(said(same)), print(said(SAID)), "{same}");
    }
    let body = r#"{"status":"online"}"#;
    let with_key = single(STATUS, body.as_bytes(), Some("k"), &limits());
    assert_eq!(print(with_key), print(post(STATUS, body)));
}

#[test]
fn anything_else_makes_another_report() {
    let base = r#"{"kind":"status","agentId":"a1","status":"online","message":"m","labels":{"a":"1"}}"#;
    let others = [
        r#"{"kind":"status","agentId":"a2","status":"online","message":"m","labels":{"a":"1"}}"#,
        r#"{"kind":"status","agentId":"a1","status":"error","message":"m","labels":{"a":"1"}}"#,
        r#"{"kind":"status","agentId":"a1","status":"online","message":"M","labels":{"a":"1"}}"#,
        r#"{"kind":"status","agentId":"a1","status":"online","labels":{"a":"1"}}"#,
        r#"{"kind":"status","agentId":"a1","status":"online","message":"m","labels":{"a":"2"}}"#,
        r#"{"kind":"status","agentId":"a1","status":"online","message":"m","labels":{"b":"1"}}"#,
        r#"{"kind":"status","agentId":"a1","status":"online","message":"m","labels":{}}"#,
        r#"{"kind":"status","agentId":"a1","status":"online","message":"m"}"#,
        r#"{"kind":"status","agentId":"a1","status":"online","message":"m","labels":{"a":"1"},"timestamp":1}"#,
        r#"{"kind":"status","agentId":"a1","status":"online","message":"m","labels":{"a":"1"},"instanceId":"i"}"#,
        r#"{"kind":"status","agentId":"a1","status":"online","message":"m\",\"labels\":{\"a\":\"1"}"#,
    ];
    let mut prints: Vec<_> = others.iter().map(|other| print(said(other))).collect();
    prints.push(print(said(base)));
    // Of two messages that are cut to the same text each is still its own.
    let long = |last: &str| format!(r#"{{"lastMessage":"{}{last}"}}"#, "x".repeat(4096));
    prints.extend([print(post(ACTIVITY, long("a"))), print(post(ACTIVITY, long("b")))]);
    let count = prints.len();
    prints.sort_unstable();
    prints.dedup();
    assert_eq!(prints.len(), count);
}

#[test]
fn a_key_has_1_to_128_characters_and_no_control_characters() {
    let body = br#"{"status":"online"}"#;
    let long = "k".repeat(128);
    let umlauts = "ü".repeat(128);
    for good in ["k", "a b#1", long.as_str(), umlauts.as_str()] {
        let by_header = single(STATUS, body, Some(good), &limits()).unwrap();
        assert_eq!(by_header.key.as_deref(), Some(good));
        let own = serde_json::json!({"kind":"status","agentId":"a1","status":"online","idempotencyKey":good});
        assert_eq!(item(own, &limits()).unwrap().key.as_deref(), Some(good));
    }
    let over = "k".repeat(129);
    for bad in ["", "a\nb", "a\0", "\u{85}", over.as_str()] {
        refused(single(STATUS, body, Some(bad), &limits()), &[(Code::InvalidValue, "-")], bad);
        let own = serde_json::json!({"kind":"status","agentId":"a1","status":"online","idempotencyKey":bad});
        refused(item(own, &limits()), &[(Code::InvalidValue, "/idempotencyKey")], bad);
    }
    for bad in ["7", "{}", "[\"k\"]", "false"] {
        let own = format!(r#"{{"kind":"status","agentId":"a1","status":"online","idempotencyKey":{bad}}}"#);
        refused(said(&own), &[(Code::InvalidValue, "/idempotencyKey")], bad);
    }
}
