//! Batches: their bounds, their order, and the header's key.

use super::*;

const GOOD: &str = r#"{"kind":"status","agentId":"a1","status":"online"}"#;

type Items = Vec<Result<Submission, Vec<Fault>>>;

fn send(body: impl AsRef<[u8]>, key: Option<&str>) -> Result<Items, Fault> {
    batch(body.as_ref(), key, 1000, &limits())
}

fn list(count: usize) -> String {
    format!("[{}]", vec![GOOD; count].join(","))
}

#[test]
fn a_batch_has_1_to_1000_items() {
    assert_eq!(send(list(1), None).unwrap().len(), 1);
    assert_eq!(send(list(1000), None).unwrap().len(), 1000);
    for wrong in [
        list(0),
        list(1001),
        "[ ]".into(),
        format!("[{}1]", "1,".repeat(100_000)),
        format!("[{}1]", r#"{"a":1},"#.repeat(60_000)),
        format!("[{}]", "[".repeat(100) + &"[],".repeat(100_000)),
    ] {
        let fault = send(wrong, None).unwrap_err();
        assert_eq!((fault.code, fault.pointer.as_deref()), (Code::InvalidBatch, Some("")));
        assert!(fault.detail.contains("1000"), "{fault}");
    }
}

#[test]
fn the_largest_batch_that_is_right_is_read() {
    let labels: Vec<_> = (0..16).map(|n| format!(r#""k{n}":"v""#)).collect();
    let labels = labels.join(",");
    let whole = format!(
        r#"{{"kind":"status","agentId":"a1","status":"online","labels":{{{labels}}},"timestamp":1}}"#
    );
    let items = send(format!("[{}]", vec![whole; 1000].join(",")), None).unwrap();
    assert!(items.iter().all(Result::is_ok));
}

#[test]
fn what_is_no_list_is_refused_as_a_whole() {
    for body in [GOOD, "null", "\"x\"", "7"] {
        let fault = send(body, None).unwrap_err();
        assert_eq!((fault.code, fault.pointer.as_deref()), (Code::InvalidValue, Some("")), "{body}");
    }
    for body in ["", "[", "[1,]", "[{\"a\":1,\"a\":2}]", "[1] [2]"] {
        assert_eq!(send(body, None).unwrap_err().code, Code::InvalidJson, "{body}");
    }
    assert_eq!(send(b"[\"\xff\"]", None).unwrap_err().code, Code::InvalidJson);
}

#[test]
fn one_bad_item_never_fails_the_rest_and_order_holds() {
    let body = r#"[
        {"kind":"status","agentId":"a1","status":"online"},
        null,
        {"kind":"activity","agentId":"a2","sessionId":"s","lastMessage":"x"},
        {"kind":"status","agentId":"","status":"online"},
        {"kind":"heartbeat","agentId":"a3"},
        [],
        {"kind":"lifecycle","agentId":"a4","event":"stop"}
    ]"#;
    let items = send(body, None).unwrap();
    let told: Vec<_> = items
        .iter()
        .map(|item| match item {
            Ok(submission) => submission.report.agent.to_string(),
            Err(faults) => format!("{:?}", spots(faults)),
        })
        .collect();
    assert_eq!(
        told,
        [
            "a1",
            r#"[(InvalidValue, "")]"#,
            "a2",
            r#"[(InvalidId, "/agentId")]"#,
            "a3",
            r#"[(InvalidValue, "")]"#,
            "a4"
        ]
    );
}

#[test]
fn a_header_key_stands_for_itself_and_the_index_on_items_without_their_own() {
    let body = format!(
        r#"[{GOOD},{{"kind":"status","agentId":"a2","status":"online","idempotencyKey":"own"}},7,{GOOD}]"#
    );
    let keys = |items: Items| {
        let key = |item: Result<Submission, _>| item.ok().and_then(|submission| submission.key);
        items.into_iter().map(key).collect::<Vec<_>>()
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(keys(send(&body, Some("k")).unwrap()), [some("k#0"), some("own"), None, some("k#3")]);
    assert_eq!(keys(send(&body, None).unwrap()), [None, some("own"), None, None]);
}

#[test]
fn the_longest_header_key_is_good_for_the_longest_batch() {
    let key = "k".repeat(128);
    let items = send(list(1000), Some(&key)).unwrap();
    assert!(items.iter().all(Result::is_ok));
    let last = items.last().unwrap().as_ref().unwrap().key.clone();
    assert_eq!(last, Some(format!("{key}#999")));
}

#[test]
fn a_header_key_that_is_none_refuses_the_whole_batch() {
    let long = "k".repeat(129);
    for bad in ["", long.as_str(), "a\tb"] {
        let fault = send(list(2), Some(bad)).unwrap_err();
        assert_eq!((fault.code, fault.pointer), (Code::InvalidValue, None), "{bad}");
    }
}
