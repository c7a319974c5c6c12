//! A copy shows what the view shows, counts what it shows, and leaks nothing else.

use serde_json::{Value, json};

use super::*;
use crate::domain::cursor::Seq;
use crate::domain::desk::{Command, Desk};
use crate::domain::event::EventKind;
use crate::domain::grant::{Grant, Scope, Scopes};
use crate::domain::id::SessionId;
use crate::domain::interest::{Interest, Kinds};
use crate::domain::limits::Limits;
use crate::domain::pattern::Patterns;
use crate::domain::report::{Report, ReportBody};
use crate::domain::text::Message;
use crate::domain::time::Timestamp;

/// Two agents with two sessions, and one with one.
fn fleet() -> Fleet {
    let mut desk = Desk::new(Fleet::default(), Limits::default());
    for (agent, session) in [("b1", "s2"), ("a1", "s1"), ("b1", "s1"), ("a1", "s9"), ("b2", "only")] {
        let agent = AgentId::parse(agent).unwrap();
        let body = ReportBody::Activity {
            session: SessionId::parse(session).unwrap(),
            last_message: Message::cut("hi", 10),
            state: None,
        };
        let report = Report::new(agent.clone(), body);
        let decision = desk.decide(&Command::Report(report), Timestamp::saturating(7)).unwrap();
        desk.keep(decision);
    }
    desk.fleet().clone()
}

fn view(scope: Scope, granted: &str, asked: &[&str], kinds: Kinds) -> View {
    View::new(
        Grant { scopes: Scopes::of([scope]), agents: Patterns::parse([granted]).unwrap() },
        Interest { agents: Patterns::parse(asked.iter().copied()).unwrap(), kinds },
    )
}

fn told(frames: &[Bytes]) -> Vec<String> {
    let tell = |frame: &Bytes| {
        let frame: Value = serde_json::from_slice(frame).unwrap();
        assert_eq!(frame["sync"], true);
        let payload = &frame["payload"];
        let session = payload["sessionId"].as_str().map(|id| format!("/{id}")).unwrap_or_default();
        format!("{}{session}", payload["agentId"].as_str().unwrap())
    };
    frames.iter().map(tell).collect()
}

/// A copy walked one agent at a time, which must be the copy taken whole.
struct Whole {
    agents: Vec<Bytes>,
    sessions: Vec<Bytes>,
    end: Bytes,
}

impl Whole {
    fn of(fleet: &Fleet, view: &View) -> Self {
        let Snapshot { agents, sessions } = Snapshot::of(fleet, view);
        for look_at in [1, 2, 100] {
            let (mut walk, mut walked) = (Walk::default(), Vec::new());
            let counted = loop {
                if let Some(counted) = walk.step(fleet, view, look_at, |frame| walked.push(frame)) {
                    break counted;
                }
            };
            assert_eq!(walked, [agents.clone(), sessions.clone()].concat());
            assert_eq!(counted, Counted { agents: agents.len(), sessions: sessions.len(), removed: None });
        }
        let end = frame::sync_end(agents.len(), sessions.len(), None, fleet.at());
        Self { agents, sessions, end }
    }
}

fn end(snapshot: &Whole) -> Value {
    serde_json::from_slice(&snapshot.end).unwrap()
}

#[test]
fn a_whole_copy_has_every_agent_and_session_in_order_and_ends_at_its_position() {
    let fleet = fleet();
    let snapshot = Whole::of(&fleet, &view(Scope::Watch, "*", &["*"], Kinds::ALL));
    assert_eq!(told(&snapshot.agents), ["a1", "b1", "b2"]);
    assert_eq!(told(&snapshot.sessions), ["a1/s1", "a1/s9", "b1/s1", "b1/s2", "b2/only"]);
    assert_eq!(fleet.at(), Seq::new(8), "three agents became known, five sessions spoke");
    assert_eq!(
        end(&snapshot),
        json!({"type": "sync:end", "payload": {"agents": 3, "sessions": 5}, "seq": 8})
    );
}

#[test]
fn a_copy_shows_only_where_grant_and_interest_meet() {
    let snapshot = Whole::of(&fleet(), &view(Scope::Watch, "b*", &["a*", "*1"], Kinds::ALL));
    assert_eq!(told(&snapshot.agents), ["b1"]);
    assert_eq!(told(&snapshot.sessions), ["b1/s1", "b1/s2"]);
    assert_eq!(end(&snapshot)["payload"], json!({"agents": 1, "sessions": 2}));
}

#[test]
fn kinds_that_were_not_asked_for_are_neither_sent_nor_counted() {
    let of = |kinds: &[EventKind]| {
        let kinds = Kinds::of(kinds.iter().copied());
        Whole::of(&fleet(), &view(Scope::Watch, "*", &["*"], kinds))
    };
    let status = of(&[EventKind::Status]);
    assert_eq!((status.agents.len(), status.sessions.len()), (3, 0));
    assert_eq!(end(&status)["payload"], json!({"agents": 3, "sessions": 0}));
    let activity = of(&[EventKind::Activity]);
    assert_eq!((activity.agents.len(), activity.sessions.len()), (0, 5));
    assert_eq!(end(&activity)["payload"], json!({"agents": 0, "sessions": 5}));
    let lifecycle = of(&[EventKind::Lifecycle]);
    assert_eq!((lifecycle.agents.len(), lifecycle.sessions.len()), (0, 0));
}

#[test]
fn a_token_that_may_not_watch_is_shown_an_empty_copy_at_the_same_position() {
    let snapshot = Whole::of(&fleet(), &view(Scope::Report, "*", &["*"], Kinds::ALL));
    assert!(snapshot.agents.is_empty() && snapshot.sessions.is_empty());
    assert_eq!(
        end(&snapshot),
        json!({"type": "sync:end", "payload": {"agents": 0, "sessions": 0}, "seq": 8})
    );
}

#[test]
fn an_empty_fleet_is_a_copy_at_zero() {
    let snapshot = Whole::of(&Fleet::default(), &view(Scope::Watch, "*", &["*"], Kinds::ALL));
    assert_eq!(
        end(&snapshot),
        json!({"type": "sync:end", "payload": {"agents": 0, "sessions": 0}, "seq": 0})
    );
}
