//! Records of version 1, as they lie on the disks of users. They are read for as long as version 1 is.

use super::*;
use crate::adapters::disk::codec;
use crate::domain::beside::{Beside, Fall, Risen};
use crate::domain::event::{Event, LifecycleEvent, StatusEvent};
use crate::domain::fence::Life;
use crate::domain::fleet::Agent;
use crate::domain::id::InstanceId;
use crate::domain::lifecycle::{Reason, Standing};
use crate::domain::report::SignalName;
use crate::domain::text::{Labels, StateWord};
use crate::domain::time::Moment;

fn status() -> StatusEvent {
    let labels = [("team".to_owned(), "x".to_owned())].into_iter().collect();
    StatusEvent {
        agent: agent("a1"),
        standing: Standing { status: Status::Error, reason: Reason::CrashLoop },
        since: Timestamp::saturating(1),
        timestamp: Timestamp::saturating(2),
        message: Some(Message::cut("oom!", 3)),
        state: StateWord::parse("working").ok(),
        labels: Labels::checked(labels, &crate::domain::limits::Limits::default()).unwrap(),
        restarts: 3,
        unleased: true,
        last_seen: Some(Timestamp::saturating(4)),
        crashes: Some(5),
    }
}

fn moment() -> Moment {
    Moment { wall: Timestamp::saturating(7), uptime: Monotonic::new(Duration::from_millis(8)) }
}

/// The JSON of a record, and that it reads back as it was.
fn assert_event(event: Event, json: &str) {
    let record = codec::seal_event(Seq::new(9), moment(), &event, true);
    assert_eq!(std::str::from_utf8(&record[5..]).unwrap(), json);
    assert_eq!(codec::open_event(Seq::new(9), &record).unwrap(), (moment(), event, true));
    assert!(codec::open_event(Seq::new(10), &record).is_err(), "it lies elsewhere");
}

#[test]
fn events_are_kept_as_they_always_were() {
    assert_event(
        Event::Status(status()),
        r#"{"at":7,"up":8,"last":true,"event":{"status":{"agent":"a1","status":"error","reason":"crash_loop","since":1,"timestamp":2,"message":["oom",true],"state":"working","labels":{"team":"x"},"restarts":3,"unleased":true,"lastSeen":4,"crashes":5}}}"#,
    );
    let crash = LifecycleEvent {
        agent: agent("a1"),
        signal: Signal::Crash,
        timestamp: Timestamp::saturating(2),
        message: None,
        exit: Exit { code: Some(-1), signal: SignalName::parse("SIGKILL") },
        labels: Some(Labels::default()),
        restarts: 0,
    };
    assert_event(
        Event::Lifecycle(crash),
        r#"{"at":7,"up":8,"last":true,"event":{"lifecycle":{"agent":"a1","event":"crash","timestamp":2,"exitCode":-1,"signal":"SIGKILL","labels":{},"restarts":0}}}"#,
    );
    let said = crate::domain::event::ActivityEvent {
        agent: agent("a1"),
        session: SessionId::parse("s1").unwrap(),
        last_message: Message::cut("npm test", 100),
        state: None,
        timestamp: Timestamp::saturating(2),
    };
    assert_event(
        Event::Activity(said),
        r#"{"at":7,"up":8,"last":true,"event":{"activity":{"agent":"a1","session":"s1","lastMessage":["npm test",false],"timestamp":2}}}"#,
    );
    assert_event(
        Event::AgentRemoved(agent("a1")),
        r#"{"at":7,"up":8,"last":true,"event":{"agentRemoved":{"agent":"a1"}}}"#,
    );
    assert_event(
        Event::SessionRemoved(agent("a1"), SessionId::parse("s1").unwrap()),
        r#"{"at":7,"up":8,"last":true,"event":{"sessionRemoved":{"agent":"a1","session":"s1"}}}"#,
    );
}

#[test]
fn agents_are_kept_with_what_is_known_beside_their_events() {
    let point = |seconds| Monotonic::new(Duration::from_secs(seconds));
    let life = Life { id: InstanceId::parse("i1").unwrap(), started_at: None, last_seq: Some(6) };
    let beside = Beside {
        fence: [life].into_iter().collect(),
        last_seen: Timestamp::saturating(4),
        lease: Some(Duration::from_secs(90)),
        until: point(1),
        busy_until: Some(Moment { wall: Timestamp::saturating(5), uptime: point(2) }),
        falls: [Fall { at: point(3), counts: true }].into(),
        risen: Some(Risen { at: point(4), restart: false }),
        began: Some(Timestamp::saturating(6)),
        ..Beside::default()
    };
    let shown = Agent::restored(status(), Seq::new(12));
    let record = codec::seal_agent(&shown, &beside);
    let json = std::str::from_utf8(&record[5..]).unwrap();
    assert!(json.starts_with(r#"{"rev":12,"status":{"agent":"a1","#), "{json}");
    assert!(
        json.ends_with(
            r#""beside":{"lives":[{"id":"i1","lastSeq":6}],"lastSeen":4,"leaseMs":90000,"until":1000,"busyUntil":[5,2000],"falls":[[3000,true]],"risen":[4000,false],"began":6}}"#
        ),
        "{json}"
    );
    assert_eq!(codec::open_agent("a1", &record).unwrap(), (shown, beside));
    assert!(codec::open_agent("a2", &record).is_err());
}

#[test]
fn what_stands_beside_the_events_is_kept_as_it_always_was() {
    let state = store::State {
        epoch: Epoch::parse("k3f9").unwrap(),
        head: Seq::new(9),
        held_after: Seq::new(2),
        removals_after: Seq::new(1),
        uptime_ms: 77,
        clean: true,
    };
    let record = codec::seal_state(&state);
    let json = r#"{"epoch":"k3f9","head":9,"heldAfter":2,"removalsAfter":1,"uptimeMs":77,"clean":true}"#;
    assert_eq!(std::str::from_utf8(&record[5..]).unwrap(), json);
    assert_eq!(codec::open_state(&record).unwrap(), state);

    let session = SessionId::parse("s1").ok();
    for (session, json) in [(None, r#"{"agent":"a1"}"#), (session, r#"{"agent":"a1","session":"s1"}"#)] {
        let removal = crate::domain::fleet::Removal { seq: Seq::new(9), agent: agent("a1"), session };
        let record = codec::seal_removal(&removal);
        assert_eq!(std::str::from_utf8(&record[5..]).unwrap(), json);
        assert_eq!(codec::open_removal(Seq::new(9), &record).unwrap(), removal);
        assert!(codec::open_removal(Seq::new(8), &record).is_err(), "it lies elsewhere");
    }
}
