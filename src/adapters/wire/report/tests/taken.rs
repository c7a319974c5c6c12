//! What a good report becomes.

use super::*;
use crate::domain::time::Timestamp;

fn body(read: Result<Submission, Vec<Fault>>) -> ReportBody {
    read.unwrap().report.body
}

#[test]
fn each_kind_is_read_with_every_field_it_has() {
    let stamp = r#""timestamp":5,"instanceId":"i-1","instanceStartedAt":3,"reportSeq":9,"ageMs":100"#;
    let status =
        format!(r#"{{"status":"error","message":"m","state":"waiting","labels":{{"team":"x"}},{stamp}}}"#);
    let submission = post(STATUS, status).unwrap();
    assert_eq!(submission.key, None);
    assert_eq!(
        submission.report,
        Report {
            agent: AgentId::parse("a1").unwrap(),
            timestamp: Some(Timestamp::saturating(5)),
            instance: Some(Stamp {
                id: InstanceId::parse("i-1").unwrap(),
                started_at: Some(Timestamp::saturating(3)),
                report_seq: Some(9),
            }),
            terms: Terms { age: Duration::from_millis(100), ..Terms::default() },
            body: ReportBody::Status {
                status: Status::Error,
                message: Some(Message::cut("m", 10)),
                state: StateWord::parse("waiting").ok(),
                labels: Labels::checked([("team".into(), "x".into())].into(), &limits()).ok(),
            },
        }
    );
    let crash = r#"{"event":"crash","message":"m","exitCode":-2147483648,"signal":"SIGRTMIN+3","labels":{}}"#;
    assert_eq!(
        body(post(LIFECYCLE, crash)),
        ReportBody::Lifecycle {
            signal: Signal::Crash,
            message: Some(Message::cut("m", 10)),
            exit: Exit { code: Some(i32::MIN), signal: SignalName::parse("SIGRTMIN+3") },
            labels: Some(Labels::default()),
        }
    );
    assert_eq!(
        body(post(ACTIVITY, r#"{"lastMessage":"","state":"idle"}"#)),
        ReportBody::Activity {
            session: SessionId::parse("s1").unwrap(),
            last_message: Message::cut("", 10),
            state: StateWord::parse("idle").ok(),
        }
    );
}

#[test]
fn every_word_of_the_contract_is_taken() {
    for status in Status::ALL {
        let read = body(post(STATUS, format!(r#"{{"status":"{}"}}"#, status.as_str())));
        assert!(matches!(read, ReportBody::Status { status: read, .. } if read == status));
    }
    for signal in Signal::ALL {
        let read = body(post(LIFECYCLE, format!(r#"{{"event":"{}"}}"#, signal.as_str())));
        assert!(matches!(read, ReportBody::Lifecycle { signal: read, .. } if read == signal));
    }
}

#[test]
fn absent_labels_keep_and_empty_labels_clear() {
    let labels = |body: ReportBody| match body {
        ReportBody::Status { labels, .. } => labels,
        other => panic!("{other:?}"),
    };
    assert_eq!(labels(body(post(STATUS, r#"{"status":"online"}"#))), None);
    assert_eq!(labels(body(post(STATUS, r#"{"status":"online","labels":null}"#))), None);
    let cleared = labels(body(post(STATUS, r#"{"status":"online","labels":{}}"#)));
    assert_eq!(cleared, Some(Labels::default()));
}

#[test]
fn null_is_as_good_as_absent() {
    let nulls = r#"{"status":"online","message":null,"state":null,"labels":null,"timestamp":null,
        "instanceId":null,"instanceStartedAt":null,"reportSeq":null,"leaseMs":null,"busyUntil":null,"ageMs":null}"#;
    assert_eq!(post(STATUS, nulls).unwrap().report, post(STATUS, r#"{"status":"online"}"#).unwrap().report);
}

#[test]
fn numbers_are_taken_up_to_their_limits() {
    for (target, body) in [
        (LIFECYCLE, r#"{"event":"stop","exitCode":2147483647}"#),
        (LIFECYCLE, r#"{"event":"stop","exitCode":0}"#),
        (STATUS, r#"{"status":"online","timestamp":0}"#),
        (STATUS, r#"{"status":"online","timestamp":9007199254740991}"#),
        (STATUS, r#"{"status":"online","instanceId":"i","reportSeq":0}"#),
        (STATUS, r#"{"status":"online","instanceId":"i","reportSeq":9007199254740991}"#),
        (STATUS, r#"{"status":"online","ageMs":0}"#),
    ] {
        assert!(post(target, body).is_ok(), "{body}");
    }
}

#[test]
fn a_long_message_is_cut_on_a_character_boundary_and_says_so() {
    let message = |body: ReportBody| match body {
        ReportBody::Status { message, .. } | ReportBody::Lifecycle { message, .. } => message.unwrap(),
        ReportBody::Activity { last_message, .. } => last_message,
        ReportBody::Heartbeat => panic!("a heartbeat says nothing"),
    };
    // 1 + 2048 × 2 = 4097 bytes: the last character would end one byte past the limit.
    let long = format!("x{}", "é".repeat(2048));
    for (target, body_text) in [
        (STATUS, format!(r#"{{"status":"online","message":"{long}"}}"#)),
        (LIFECYCLE, format!(r#"{{"event":"crash","message":"{long}"}}"#)),
        (ACTIVITY, format!(r#"{{"lastMessage":"{long}"}}"#)),
    ] {
        let kept = message(body(post(target, body_text)));
        assert_eq!(kept.as_str().len(), 4095);
        assert!(kept.truncated() && long.starts_with(kept.as_str()));
    }
    let whole = message(body(post(ACTIVITY, format!(r#"{{"lastMessage":"{}"}}"#, "x".repeat(4096)))));
    assert_eq!((whole.as_str().len(), whole.truncated()), (4096, false));
    let small = Limits { message_bytes: 3, ..limits() };
    let cut = single(ACTIVITY, "{\"lastMessage\":\"ab🦀\"}".as_bytes(), None, &small);
    assert_eq!(message(body(cut)).as_str(), "ab");
}

#[test]
fn a_text_may_hold_every_character_that_json_can_write() {
    let read = body(post(ACTIVITY, r#"{"lastMessage":"\u0000\u001b[31m\u2028\ud83e\udd80\n"}"#));
    let ReportBody::Activity { last_message, .. } = read else { panic!("{read:?}") };
    assert_eq!(last_message.as_str(), "\0\u{1b}[31m\u{2028}🦀\n");
}
