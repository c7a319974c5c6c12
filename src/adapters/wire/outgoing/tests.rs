//! What is written is what the server reads, and what is kept comes back whole.

use serde_json::json;

use super::*;
use crate::adapters::wire::report;

fn plain(body: ReportBody) -> Outgoing {
    Outgoing {
        agent: AgentId::parse("a1").unwrap(),
        timestamp: None,
        instance: None,
        lease: None,
        busy_until: None,
        age: Duration::ZERO,
        key: None,
        body,
    }
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Labels::checked(pairs, &Limits::default()).unwrap()
}

/// One of each kind, with everything and with nothing that may be left out.
fn every_body() -> Vec<ReportBody> {
    let message = || Message::cut("it \"failed\"\n\u{1f6a8}", 100);
    let state = || StateWord::parse("waiting").unwrap();
    let mut bodies = Vec::new();
    for status in Status::ALL {
        bodies.push(ReportBody::Status { status, message: None, state: None, labels: None });
    }
    bodies.push(ReportBody::Status {
        status: Status::Error,
        message: Some(message()),
        state: Some(state()),
        labels: Some(labels(&[("team", "x"), ("a b", "\u{e9}")])),
    });
    for signal in Signal::ALL {
        bodies.push(ReportBody::Lifecycle { signal, message: None, exit: Exit::default(), labels: None });
    }
    bodies.push(ReportBody::Lifecycle {
        signal: Signal::Crash,
        message: Some(message()),
        exit: Exit { code: Some(-1), signal: SignalName::parse("SIGKILL") },
        labels: Some(labels(&[])),
    });
    let session = || SessionId::parse("s1").unwrap();
    bodies.push(ReportBody::Activity { session: session(), last_message: message(), state: None });
    bodies.push(ReportBody::Activity { session: session(), last_message: message(), state: Some(state()) });
    bodies
}

fn stamp(report_seq: Option<u64>) -> Stamp {
    let started_at = Timestamp::from_millis(1_795_460_400_000);
    Stamp { id: InstanceId::parse("i1").unwrap(), started_at, report_seq }
}

#[test]
fn the_server_reads_what_was_meant() {
    for body in every_body() {
        let mut sent = plain(body.clone());
        sent.timestamp = Timestamp::from_millis(5);
        sent.instance = Some(stamp(Some(7)));
        sent.age = Duration::from_millis(61_234);
        sent.key = Some("k1".to_owned());
        let written = serde_json::to_value(Item::of(&sent)).unwrap();
        assert_eq!(written["ageMs"], 61_234);
        let read = report::item(written, &Limits::default()).unwrap();
        assert_eq!(read.report.body, body);
        assert_eq!((read.report.agent, read.report.timestamp), (sent.agent, sent.timestamp));
        assert_eq!((read.report.instance, read.key), (sent.instance, sent.key));
    }
}

#[test]
fn what_was_kept_comes_back_as_it_was() {
    let mut sayings: Vec<ReportBody> = every_body().into_iter().collect();
    sayings.push(ReportBody::Heartbeat);
    for body in sayings {
        let bare = plain(body.clone());
        assert_eq!(restored(&kept(&bare)).unwrap(), bare);
        let mut full = plain(body.clone());
        full.timestamp = Some(Timestamp::MAX);
        full.instance = Some(stamp(None));
        full.lease = Some(Duration::from_millis(90_001));
        full.busy_until = Timestamp::from_millis(9);
        full.age = Duration::from_millis(7);
        full.key = Some("\u{fc}#1".to_owned());
        assert_eq!(restored(&kept(&full)).unwrap(), full);
    }
}

#[test]
fn a_lease_and_a_long_delay_are_told_and_a_short_delay_is_not() {
    let mut beat = plain(ReportBody::Heartbeat);
    beat.lease = Some(Duration::from_secs(90));
    beat.busy_until = Timestamp::from_millis(9);
    beat.age = Duration::from_millis(999);
    let expected = json!({"kind": "heartbeat", "agentId": "a1", "leaseMs": 90_000, "busyUntil": 9});
    assert_eq!(serde_json::to_value(Item::of(&beat)).unwrap(), expected);
}

#[test]
fn what_nobody_kept_is_not_restored() {
    let whole = kept(&plain(ReportBody::Heartbeat));
    assert!(restored(&whole).is_ok());
    for (from, to) in [
        ("heartbeat", "nonsense"),
        ("heartbeat", "status"),
        ("heartbeat", "activity"),
        ("a1", ""),
        ("\"kind\"", "\"instanceId\":\"\u{20}\",\"kind\""),
        ("\"kind\"", "\"timestamp\":-1,\"kind\""),
        ("\"kind\"", "\"new\":1,\"kind\""),
        ("}", ""),
    ] {
        assert_eq!(restored(&whole.replace(from, to)), Err(NotAReport), "{from} -> {to}");
    }
}
