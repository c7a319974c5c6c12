//! A delta brings whoever knows the fleet as it was to the fleet as it is, through any view.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::adapters::wire::snapshot::Walk;
use crate::domain::desk::{Command, Desk};
use crate::domain::event::EventKind;
use crate::domain::grant::{Grant, Scope, Scopes};
use crate::domain::interest::{Interest, Kinds};
use crate::domain::lifecycle::{Signal, Status};
use crate::domain::limits::Limits;
use crate::domain::pattern::Patterns;
use crate::domain::report::{Exit, Report, ReportBody};
use crate::domain::text::Message;
use crate::domain::time::Timestamp;

/// What a screen shows, by agent and session.
type Screen = BTreeMap<(String, Option<String>), Value>;

fn apply(screen: &mut Screen, frame: &[u8]) {
    let frame: Value = serde_json::from_slice(frame).unwrap();
    assert_eq!(frame["sync"], true);
    let text = |name: &str| frame["payload"][name].as_str().map(str::to_owned);
    let agent = text("agentId").unwrap();
    match frame["type"].as_str().unwrap() {
        "agent:removed" => screen.retain(|(of, _), _| *of != agent),
        "session:removed" => {
            screen.remove(&(agent, text("sessionId")));
        }
        _ => {
            screen.insert((agent, text("sessionId")), frame);
        }
    }
}

fn snapshot(fleet: &Fleet, view: &View) -> Screen {
    let (mut screen, mut walk) = (Screen::new(), Walk::default());
    while walk.step(fleet, view, 3, |frame| apply(&mut screen, &frame)).is_none() {}
    screen
}

/// The delta's frames and counts, walked so many at a time.
fn delta(fleet: &Fleet, view: &View, after: Seq, count: usize) -> (Vec<Bytes>, Counted) {
    // Changes that are known after a position before serve as well.
    let mut changes = Changes::after(Seq::new(after.get().saturating_sub(3)).max(fleet.removals_after()));
    while !changes.look(fleet, count) {}
    let (mut frames, mut walk) = (Vec::new(), DeltaWalk::after(after));
    loop {
        if let Some(counted) = walk.step(&changes, fleet, view, count, |frame| frames.push(frame)) {
            return (frames, counted);
        }
    }
}

fn view(granted: &str, asked: &str, kinds: Kinds) -> View {
    let agents = |text| Patterns::parse([text]).unwrap();
    let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: agents(granted) };
    View::new(grant, Interest { agents: agents(asked), kinds })
}

fn views() -> Vec<View> {
    let only = |kind| Kinds::of([kind]);
    vec![
        view("*", "*", Kinds::ALL),
        view("a1*", "*", Kinds::ALL),
        view("*", "*2", Kinds::ALL),
        view("*", "*", only(EventKind::Status)),
        view("*", "*", only(EventKind::Activity)),
        view("*", "a*", only(EventKind::Lifecycle)),
        view("nobody", "*", Kinds::ALL),
    ]
}

fn command(agent: u8, session: u8, what: u8) -> Command {
    let id = AgentId::parse(&format!("a{agent}")).unwrap();
    let body = match what {
        0 => return Command::Forget(id),
        1 => ReportBody::Status { status: Status::Error, message: None, state: None, labels: None },
        2 => ReportBody::Lifecycle {
            signal: Signal::Restart,
            message: None,
            exit: Exit::default(),
            labels: None,
        },
        _ => ReportBody::Activity {
            session: SessionId::parse(&format!("s{session}")).unwrap(),
            last_message: Message::cut(&what.to_string(), 10),
            state: None,
        },
    };
    Command::Report(Report::new(id, body))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn from_any_position_a_delta_makes_the_screen_that_a_snapshot_makes(
        steps in prop::collection::vec((0..4_u8, 0..5_u8, 0..9_u8), 1..60),
        count in 1..7_usize,
    ) {
        // Three sessions an agent, so that some are removed.
        let limits = Limits { sessions_per_agent: 3, ..Limits::default() };
        let mut desk = Desk::new(Fleet::default(), limits);
        let mut fleets = vec![desk.fleet().clone()];
        for (place, (agent, session, what)) in steps.into_iter().enumerate() {
            let now = Timestamp::saturating(u64::try_from(place).unwrap());
            if let Ok(decision) = desk.decide(&command(agent, session, what), now) {
                desk.keep(decision);
                fleets.push(desk.fleet().clone());
            }
        }
        let now = desk.fleet();
        for view in views() {
            let expected = snapshot(now, &view);
            for before in &fleets {
                let mut screen = snapshot(before, &view);
                let (frames, counted) = delta(now, &view, before.at(), count);
                frames.iter().for_each(|frame| apply(&mut screen, frame));
                prop_assert_eq!(&screen, &expected, "after {}", before.at());
                let all = counted.agents + counted.sessions + counted.removed.unwrap();
                prop_assert_eq!(all, frames.len());
                let revs: Vec<u64> = frames
                    .iter()
                    .map(|frame| serde_json::from_slice::<Value>(frame).unwrap()["rev"].as_u64().unwrap())
                    .collect();
                prop_assert!(revs.is_sorted() && revs.first().is_none_or(|rev| *rev > before.at().get()));
            }
        }
    }
}

#[test]
fn whoever_may_not_watch_is_shown_nothing() {
    let mut desk = Desk::new(Fleet::default(), Limits::default());
    for what in [1, 0, 1] {
        let decision = desk.decide(&command(1, 1, what), Timestamp::saturating(1)).unwrap();
        desk.keep(decision);
    }
    let grant = Grant { scopes: Scopes::of([Scope::Report]), agents: Patterns::all() };
    let blind = View::new(grant, Interest::all());
    let (frames, counted) = delta(desk.fleet(), &blind, Seq::ZERO, 10);
    assert!(frames.is_empty());
    assert_eq!(counted, Counted { removed: Some(0), ..Counted::default() });
}
