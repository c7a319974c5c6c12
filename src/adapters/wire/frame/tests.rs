//! Golden files: every kind of frame, byte for byte, in `tests/golden/frames`.
//!
//! A frame that changes on purpose is written anew with `UPDATE_GOLDEN=1`, and its change is reviewed
//! in the golden file.

mod shape;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::domain::beside::Vital;
use crate::domain::cursor::Epoch;
use crate::domain::farewell::Farewell;
use crate::domain::fault::{Code, Fault};
use crate::domain::grant::{Grant, Principal, Scope, Scopes};
use crate::domain::id::{ConnectionId, SessionId, UserId};
use crate::domain::interest::{Interest, Kinds};
use crate::domain::lifecycle::{Reason, Signal, Standing, Status};
use crate::domain::limits::Limits;
use crate::domain::pattern::Patterns;
use crate::domain::report::{Exit, SignalName};
use crate::domain::resume::Why;
use crate::domain::text::{Labels, Message, StateWord};
use crate::domain::time::{Moment, Monotonic, Timestamp};
use crate::domain::view::View;
use crate::ports::event_log::Receipt;
use crate::ports::live_feed::{Beginning, Opened, Seat};

fn ms(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

fn agent_id() -> AgentId {
    AgentId::parse("a1").unwrap()
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Labels::checked(pairs.collect(), &Limits::default()).unwrap()
}

/// A status without anything that can be left out.
fn bare_status(status: Status, reason: Reason) -> StatusEvent {
    StatusEvent {
        agent: agent_id(),
        standing: Standing { status, reason },
        since: ms(1_795_460_300_000),
        timestamp: ms(1_795_460_300_000),
        message: None,
        state: None,
        labels: Labels::default(),
        restarts: 0,
        unleased: false,
        last_seen: None,
        crashes: None,
    }
}

fn whole_status() -> StatusEvent {
    StatusEvent {
        timestamp: ms(1_795_460_401_000),
        message: Some(Message::cut("quote \" backslash \\ newline \n é 🦀 and what is cut", 43)),
        state: StateWord::parse("waiting").ok(),
        labels: labels(&[("team", "x"), ("host", "h-7")]),
        restarts: 2,
        ..bare_status(Status::Online, Reason::Restart)
    }
}

fn bare_lifecycle(signal: Signal) -> LifecycleEvent {
    LifecycleEvent {
        agent: agent_id(),
        signal,
        timestamp: ms(1_795_460_401_000),
        message: None,
        exit: Exit::default(),
        labels: None,
        restarts: 0,
    }
}

fn whole_lifecycle() -> LifecycleEvent {
    LifecycleEvent {
        message: Some(Message::cut("out of memory", 3)),
        exit: Exit { code: Some(-1), signal: SignalName::parse("SIGKILL") },
        labels: Some(labels(&[("team", "x")])),
        restarts: 3,
        ..bare_lifecycle(Signal::Restart)
    }
}

fn bare_activity() -> ActivityEvent {
    ActivityEvent {
        agent: agent_id(),
        session: SessionId::parse("s1").unwrap(),
        last_message: Message::cut("npm test", 4096),
        state: None,
        timestamp: ms(1_795_460_390_000),
    }
}

fn whole_activity() -> ActivityEvent {
    let state = StateWord::parse("working").ok();
    ActivityEvent { last_message: Message::cut("npm test", 3), state, ..bare_activity() }
}

fn live(seq: u64, event: Event) -> Bytes {
    super::event(&Recorded { seq: Seq::new(seq), at: Moment::default(), event })
}

fn copied_agent(status: StatusEvent) -> Bytes {
    agent(&Agent {
        status,
        rev: Seq::new(988),
        sessions: std::collections::BTreeMap::new(),
        vital: Vital::default(),
    })
}

fn copied_session(activity: ActivityEvent) -> Bytes {
    session(&Session { activity, rev: Seq::new(1040), heard: Monotonic::default() })
}

fn view(agents: &[&str], kinds: Kinds) -> View {
    let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() };
    View::new(grant, Interest { agents: Patterns::parse(agents.iter().copied()).unwrap(), kinds })
}

fn beginning(plan: Plan, agents: &[&str]) -> Beginning {
    let view = std::sync::Arc::new(view(agents, Kinds::ALL));
    Beginning { plan, material: None, head: Seq::new(1042), from: Seq::new(1042), view }
}

fn greeting(plan: Plan, agents: &[&str]) -> Bytes {
    let opened = Opened {
        connection: ConnectionId::new(7),
        principal: Principal {
            user: UserId::parse("u1").unwrap(),
            grant: Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() },
            expires_at: ms(1_795_464_000_000),
            issued_at: None,
            token_id: None,
        },
        epoch: Epoch::parse("k3f9").unwrap(),
        beginning: beginning(plan, agents),
        server_started_at: ms(1_795_460_000_000),
        server_time: ms(1_795_460_400_000),
        ends_at: ms(1_795_464_005_000),
        seat: Seat::new(|| {}),
    };
    hello(&Hello::of(&opened, Duration::from_secs(30)))
}

fn anew(why: Why, agents: &[&str], from: u64) -> Bytes {
    resync(&beginning(Plan::Snapshot(why), agents), Seq::new(from))
}

fn receipt(changed: bool) -> Receipt {
    Receipt { applied: true, changed, epoch: Epoch::parse("k3f9").unwrap(), seq: Seq::new(1043) }
}

/// Every golden file and the frame that belongs in it.
fn frames() -> Vec<(&'static str, Bytes)> {
    let snapshot = Plan::Snapshot;
    let slow = Fault::new(Code::RateLimited, "slow down").retry_after(Duration::from_millis(250));
    let wrong = Fault::new(Code::InvalidValue, "this field is needed").at("/payload/status");
    vec![
        ("hello_snapshot", greeting(snapshot(Why::New), &["*"])),
        ("hello_snapshot_filtered", greeting(snapshot(Why::InterestChanged), &["build-*"])),
        ("hello_replay", greeting(Plan::Replay { after: Seq::new(1000) }, &["*"])),
        ("hello_live", greeting(Plan::Live, &["*"])),
        ("agent_status_live", live(1044, Event::Status(bare_status(Status::Error, Reason::Crash)))),
        ("agent_status_live_whole", live(1044, Event::Status(whole_status()))),
        ("agent_status_sync", copied_agent(bare_status(Status::Offline, Reason::Stop))),
        ("agent_status_sync_whole", copied_agent(whole_status())),
        ("agent_lifecycle", live(1043, Event::Lifecycle(bare_lifecycle(Signal::Start)))),
        ("agent_lifecycle_whole", live(1043, Event::Lifecycle(whole_lifecycle()))),
        ("session_activity_live", live(1045, Event::Activity(bare_activity()))),
        ("session_activity_live_whole", live(1045, Event::Activity(whole_activity()))),
        ("session_activity_sync", copied_session(bare_activity())),
        ("session_activity_sync_whole", copied_session(whole_activity())),
        ("agent_removed", live(1051, Event::AgentRemoved(agent_id()))),
        ("session_removed", live(1052, Event::SessionRemoved(agent_id(), bare_activity().session))),
        ("sync_end", sync_end(1, 1, None, Seq::new(1042))),
        ("heartbeat", heartbeat(ms(1_795_460_430_000), Seq::new(1050))),
        ("resync_slow_reader", anew(Why::SlowReader, &["*"], 53)),
        ("resync_interest_changed", anew(Why::InterestChanged, &["b*"], 1043)),
        ("resync_grant_changed", anew(Why::GrantChanged, &["*"], 1043)),
        ("goodbye", goodbye(Farewell::Revoked, None)),
        ("goodbye_restart", goodbye(Farewell::Restart, Some(1500))),
        ("error", error(None, &Fault::new(Code::InvalidFrame, "the frame was not understood"))),
        ("error_of_report", error(Some("7"), &wrong)),
        ("error_with_wait", error(Some("7"), &slow)),
        ("reported", reported(Some("7"), &receipt(true))),
        ("reported_without_id", reported(None, &receipt(false))),
        ("pong", pong(Some("p1"))),
        ("pong_without_id", pong(None)),
        ("auth_expiring", auth_expiring(ms(1_795_464_000_000))),
        ("auth_refreshed", auth_refreshed(ms(1_795_467_600_000))),
    ]
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/frames")
}

#[expect(clippy::disallowed_methods, reason = "rewriting golden files is asked for by the environment")]
fn update() -> bool {
    std::env::var("UPDATE_GOLDEN").is_ok_and(|value| value == "1")
}

/// Both texts with a mark where they part.
fn difference(name: &str, golden: &[u8], now: &[u8]) -> String {
    let same = golden.iter().zip(now).take_while(|(golden, now)| golden == now).count();
    let mut text = format!("\n{name}.json differs at byte {same}\n");
    for (label, bytes) in [("golden", golden), ("now   ", now)] {
        let (before, after) = bytes.split_at(same);
        let (before, after) = (String::from_utf8_lossy(before), String::from_utf8_lossy(after));
        writeln!(text, "  {label}: {before}⟪{after}⟫").unwrap();
    }
    text
}

#[test]
fn every_frame_is_its_golden_file_byte_for_byte() {
    let mut differences = String::new();
    for (name, frame) in frames() {
        let file = folder().join(format!("{name}.json"));
        let mut line = frame.to_vec();
        line.push(b'\n');
        if update() {
            std::fs::write(&file, &line).unwrap();
        }
        let golden = std::fs::read(&file).unwrap_or_default();
        if golden != line {
            differences.push_str(&difference(name, &golden, &line));
        }
    }
    assert!(differences.is_empty(), "{differences}\nwrite them anew with UPDATE_GOLDEN=1 if this is meant");
}

#[test]
fn every_golden_file_is_a_frame_that_is_still_made() {
    let made: BTreeSet<_> = frames().into_iter().map(|(name, _)| format!("{name}.json")).collect();
    let kept = std::fs::read_dir(folder()).unwrap();
    let kept: BTreeSet<_> = kept.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(kept, made);
}

#[test]
fn the_difference_of_two_frames_shows_where_they_part() {
    let text = difference("x", b"{\"a\":1}", b"{\"a\":2}");
    assert_eq!(text, "\nx.json differs at byte 5\n  golden: {\"a\":⟪1}⟫\n  now   : {\"a\":⟪2}⟫\n".to_owned());
}
