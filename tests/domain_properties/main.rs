//! What holds in the domain whatever comes in, by its public API alone.
//!
//! Values are drawn from small alphabets, so that agents, sessions and instances meet often, and
//! written so that a failing case shrinks to a few readable steps.

#![expect(clippy::unwrap_used, reason = "a value that cannot be made is a mistake in the test itself")]

mod desk;
mod registry;
mod resume;
mod view;

use std::fmt;

use mission_control::domain::cursor::Seq;
use mission_control::domain::desk::{Command, Desk};
use mission_control::domain::event::{Event, EventKind, Recorded};
use mission_control::domain::fleet::Fleet;
use mission_control::domain::grant::{Grant, Scope, Scopes};
use mission_control::domain::id::{AgentId, SessionId};
use mission_control::domain::interest::{Interest, Kinds};
use mission_control::domain::lifecycle::{Signal, Status};
use mission_control::domain::limits::Limits;
use mission_control::domain::pattern::Patterns;
use mission_control::domain::report::{Exit, Report, ReportBody};
use mission_control::domain::text::Message;
use mission_control::domain::time::Timestamp;
use mission_control::domain::view::View;
use proptest::prelude::*;
use proptest::test_runner::Config;

/// Few enough cases for a run of seconds; a failing case prints itself, so nothing is written down.
fn cases(count: u32) -> Config {
    Config { cases: count, failure_persistence: None, ..Config::default() }
}

fn agent(id: &str) -> AgentId {
    AgentId::parse(id).unwrap()
}

/// What a token and a query ask for, in words that shrink well.
#[derive(Clone)]
struct Asked {
    watch: bool,
    granted: Vec<&'static str>,
    wanted: Vec<&'static str>,
    kinds: Vec<EventKind>,
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let watch = if self.watch { "watch" } else { "no watch" };
        write!(f, "{watch}, granted {:?}, wanted {:?} of {:?}", self.granted, self.wanted, self.kinds)
    }
}

impl Asked {
    fn view(&self) -> View {
        let scope = if self.watch { Scope::Watch } else { Scope::Report };
        let agents = |texts: &[&'static str]| Patterns::parse(texts.iter().copied()).unwrap();
        View::new(
            Grant { scopes: Scopes::of([scope]), agents: agents(&self.granted) },
            Interest { agents: agents(&self.wanted), kinds: Kinds::of(self.kinds.iter().copied()) },
        )
    }
}

/// Ids that the patterns of [`asked`] tell apart.
const AGENTS: [&str; 5] = ["a", "b", "ab", "ba", "aba"];

fn asked() -> impl Strategy<Value = Asked> {
    let patterns = || {
        let pattern = prop::sample::select(vec!["*", "a", "b", "a*", "*b", "*a*", "a*a", "**"]);
        prop_oneof![2 => Just(vec!["*"]), 3 => prop::collection::vec(pattern, 0..3)]
    };
    let kinds = prop_oneof![
        Just(EventKind::CHOOSABLE.to_vec()),
        prop::sample::subsequence(EventKind::CHOOSABLE.to_vec(), 0..=3),
    ];
    (prop::bool::weighted(0.8), patterns(), patterns(), kinds)
        .prop_map(|(watch, granted, wanted, kinds)| Asked { watch, granted, wanted, kinds })
}

/// One event of each kind about an agent; a removal stands for both of its forms.
fn one_of_each_kind(about: &str) -> Vec<Event> {
    let report = |body| Command::Report(Report::new(agent(about), body));
    let session = SessionId::parse("s").unwrap();
    let said = Message::cut("x", 10);
    let crash =
        ReportBody::Lifecycle { signal: Signal::Crash, message: None, exit: Exit::default(), labels: None };
    let status = ReportBody::Status { status: Status::Online, message: None, state: None, labels: None };
    let activity = ReportBody::Activity { session: session.clone(), last_message: said, state: None };
    let mut desk = Desk::new(Fleet::default(), Limits::default());
    let mut events = vec![Event::AgentRemoved(agent(about)), Event::SessionRemoved(agent(about), session)];
    for command in [report(status), report(activity), report(crash)] {
        let decision = desk.decide(&command, Timestamp::saturating(1)).unwrap();
        let kept = desk.keep(decision);
        events.extend(kept.into_iter().map(|recorded| recorded.event));
    }
    events
}

/// The positions of some events as plain numbers.
fn seqs(events: &[Recorded]) -> Vec<u64> {
    events.iter().map(|recorded| Seq::get(recorded.seq)).collect()
}
