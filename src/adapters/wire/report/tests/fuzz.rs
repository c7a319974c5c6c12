//! Nothing that arrives makes the reader panic, and what it lets in is within its bounds.

use proptest::prelude::*;

use super::*;

const FIELDS: [&str; 18] = [
    "kind",
    "agentId",
    "sessionId",
    "idempotencyKey",
    "status",
    "event",
    "message",
    "lastMessage",
    "state",
    "labels",
    "exitCode",
    "signal",
    "timestamp",
    "leaseMs",
    "busyUntil",
    "instanceId",
    "reportSeq",
    "",
];
const WORDS: [&str; 13] = [
    "status",
    "lifecycle",
    "activity",
    "heartbeat",
    "online",
    "offline",
    "start",
    "crash",
    "working",
    "a1",
    "SIGKILL",
    "",
    "é\0",
];

/// JSON that looks much like reports: known names in any place, edge numbers, some nesting.
fn near_reports() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        prop::sample::select(&WORDS[..]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 40, 12, |inner| {
        let name = prop_oneof![
            8 => prop::sample::select(&FIELDS[..]).prop_map(str::to_owned),
            1 => any::<String>(),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..12).prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

fn within_bounds(submission: &Submission) {
    let message = match &submission.report.body {
        ReportBody::Status { message, .. } | ReportBody::Lifecycle { message, .. } => message.as_ref(),
        ReportBody::Activity { last_message, .. } => Some(last_message),
        ReportBody::Heartbeat => None,
    };
    assert!(message.is_none_or(|message| message.as_str().len() <= 4096));
    assert!(submission.key.as_deref().is_none_or(|key| check_key(key).is_ok()));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_read_or_refused(body: Vec<u8>, agent: String, key: Option<String>) {
        for kind in Kind::ALL {
            let target = Target { kind, agent: &agent, session: Some(&agent) };
            if let Ok(submission) = single(target, &body, key.as_deref(), &limits()) {
                within_bounds(&submission);
            }
        }
        let _ = batch(&body, key.as_deref(), 1000, &limits());
    }

    #[test]
    fn json_that_is_near_a_report_is_read_or_refused_with_at_least_one_fault(value in near_reports()) {
        match item(value.clone(), &limits()) {
            Ok(submission) => within_bounds(&submission),
            Err(faults) => prop_assert!(!faults.is_empty() && faults.len() <= 40),
        }
        let text = value.to_string();
        for target in [STATUS, LIFECYCLE, ACTIVITY, HEARTBEAT] {
            let _ = post(target, &text);
        }
        let _ = batch(format!("[{text}]").as_bytes(), Some("k"), 1000, &limits());
    }

    #[test]
    fn every_good_report_is_the_same_report_when_it_comes_again(
        status in prop::sample::select(&["online", "offline", "error"][..]),
        message: Option<String>,
        exit in any::<i32>(),
    ) {
        let text = serde_json::json!({"status": status, "message": message}).to_string();
        prop_assert_eq!(post(STATUS, &text).unwrap(), post(STATUS, &text).unwrap());
        let crash = serde_json::json!({"event": "crash", "exitCode": exit}).to_string();
        prop_assert!(post(LIFECYCLE, crash).is_ok());
    }
}
