//! Reports in, events out: the fold, the numbering and the fence.

use std::collections::BTreeMap;
use std::fmt;

use super::*;
use mission_control::domain::desk::Decision;
use mission_control::domain::event::{ActivityEvent, StatusEvent};
use mission_control::domain::fault::{Code, Fault};
use mission_control::domain::id::InstanceId;
use mission_control::domain::report::Stamp;
use mission_control::domain::text::{Labels, StateWord};
use mission_control::domain::time::Moment;

/// One command in a few small numbers.
#[derive(Clone)]
struct Step {
    agent: u8,
    stamp: Option<Life>,
    what: What,
}

#[derive(Debug, Clone, Copy)]
struct Life {
    id: u8,
    started_at: Option<u64>,
    report_seq: Option<u64>,
}

#[derive(Debug, Clone)]
enum What {
    Status { status: Status, message: Option<u8>, state: Option<u8>, labels: Option<u8> },
    Lifecycle { signal: Signal, labels: Option<u8> },
    Activity { session: u8, text: u8 },
    Forget,
}

/// One line for each step of a failing case.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a{} {:?}", self.agent, self.what)?;
        let Some(life) = self.stamp else { return Ok(()) };
        write!(f, " from i{} started_at {:?} report_seq {:?}", life.id, life.started_at, life.report_seq)
    }
}

impl Step {
    fn command(&self) -> Command {
        let labels = |given: &Option<u8>| given.map(|n| if n == 0 { Labels::default() } else { label(n) });
        let body = match &self.what {
            What::Forget => return Command::Forget(agent(&format!("a{}", self.agent))),
            What::Status { status, message, state, labels: given } => ReportBody::Status {
                status: *status,
                message: message.map(|n| Message::cut(&format!("m{n}"), 100)),
                state: state.map(|n| StateWord::parse(&format!("s{n}")).unwrap()),
                labels: labels(given),
            },
            What::Lifecycle { signal, labels: given } => ReportBody::Lifecycle {
                signal: *signal,
                message: None,
                exit: Exit::default(),
                labels: labels(given),
            },
            What::Activity { session, text } => ReportBody::Activity {
                session: SessionId::parse(&format!("s{session}")).unwrap(),
                last_message: Message::cut(&format!("m{text}"), 100),
                state: None,
            },
        };
        let instance = self.stamp.map(|life| Stamp {
            id: InstanceId::parse(&format!("i{}", life.id)).unwrap(),
            started_at: life.started_at.map(Timestamp::saturating),
            report_seq: life.report_seq,
        });
        Command::Report(Report { instance, ..Report::new(agent(&format!("a{}", self.agent)), body) })
    }
}

fn label(n: u8) -> Labels {
    let pair = ("team".to_string(), n.to_string());
    Labels::checked([pair].into_iter().collect(), &Limits::default()).unwrap()
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let few = || prop::option::of(0..2_u8);
    let what = prop_oneof![
        4 => (prop::sample::select(Status::ALL.to_vec()), few(), few(), few())
            .prop_map(|(status, message, state, labels)| What::Status { status, message, state, labels }),
        4 => (prop::sample::select(Signal::ALL.to_vec()), few())
            .prop_map(|(signal, labels)| What::Lifecycle { signal, labels }),
        6 => (0..5_u8, 0..2_u8).prop_map(|(session, text)| What::Activity { session, text }),
        1 => Just(What::Forget),
    ];
    let life = (0..3_u8, prop::option::of(0..3_u64), prop::option::of(0..6_u64))
        .prop_map(|(id, started_at, report_seq)| Life { id, started_at, report_seq });
    let step =
        (0..4_u8, prop::option::of(life), what).prop_map(|(agent, stamp, what)| Step { agent, stamp, what });
    prop::collection::vec(step, 0..40)
}

fn limits() -> impl Strategy<Value = Limits> {
    (1..5_usize, 1..5_usize, 1..5_usize).prop_map(|(agents, sessions_per_agent, instances_per_agent)| {
        Limits { agents, sessions_per_agent, instances_per_agent, ..Limits::default() }
    })
}

/// What became of one step.
#[derive(Debug, Clone, PartialEq)]
struct Outcome {
    applied: Result<bool, Fault>,
    events: Vec<Recorded>,
}

/// Takes one step at its own time, whatever was left out before it.
fn take(desk: &mut Desk, place: usize, step: &Step) -> Outcome {
    let command = step.command();
    let now = Timestamp::saturating(1_000 + u64::try_from(place).unwrap());
    match desk.decide(&command, now) {
        Err(fault) => Outcome { applied: Err(fault), events: Vec::new() },
        Ok(decision) => {
            let applied = decision.applied;
            Outcome { applied: Ok(applied), events: desk.keep(decision) }
        }
    }
}

/// A screen that knows nothing but the events: written apart from the fleet, to compare with it.
#[derive(Debug, Default, PartialEq)]
struct Screen {
    agents: BTreeMap<AgentId, (StatusEvent, Seq)>,
    sessions: BTreeMap<(AgentId, SessionId), (ActivityEvent, Seq)>,
}

impl Screen {
    fn of(events: &[Recorded]) -> Self {
        let mut screen = Self::default();
        events.iter().for_each(|recorded| screen.show(recorded));
        screen
    }

    fn show(&mut self, recorded: &Recorded) {
        let rev = recorded.seq;
        match &recorded.event {
            Event::Status(event) => {
                self.agents.insert(event.agent.clone(), (event.clone(), rev));
            }
            Event::Lifecycle(event) => {
                if let Some((status, of_agent)) = self.agents.get_mut(&event.agent) {
                    status.restarts = event.restarts;
                    status.labels = event.labels.clone().unwrap_or_else(|| status.labels.clone());
                    *of_agent = rev;
                }
            }
            Event::Activity(event) => {
                let place = (event.agent.clone(), event.session.clone());
                self.sessions.insert(place, (event.clone(), rev));
            }
            Event::SessionRemoved(agent, session) => {
                self.sessions.remove(&(agent.clone(), session.clone()));
            }
            Event::AgentRemoved(agent) => {
                self.agents.remove(agent);
                self.sessions.retain(|(of, _), _| of != agent);
            }
        }
    }

    /// What the fleet shows, in the same form.
    fn showing(fleet: &Fleet) -> Self {
        let mut screen = Self::default();
        for (id, agent) in fleet.agents() {
            screen.agents.insert(id.clone(), (agent.status.clone(), agent.rev));
            for (session, kept) in &agent.sessions {
                let place = (id.clone(), session.clone());
                screen.sessions.insert(place, (kept.activity.clone(), kept.rev));
            }
        }
        screen
    }
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn a_screen_that_folds_the_events_shows_the_desks_fleet(limits in limits(), steps in steps()) {
        let mut desk = Desk::new(Fleet::default(), limits);
        let mut events = Vec::new();
        for (place, step) in steps.iter().enumerate() {
            events.extend(take(&mut desk, place, step).events);
            prop_assert_eq!(Screen::of(&events), Screen::showing(desk.fleet()), "after step {}", place);
        }
        let mut fold = Fleet::default();
        events.iter().for_each(|recorded| fold.apply(recorded));
        prop_assert_eq!(&fold, desk.fleet());
        events.iter().for_each(|recorded| fold.apply(recorded));
        prop_assert_eq!(&fold, desk.fleet(), "an event that comes again changes nothing");
    }

    #[test]
    fn a_desk_that_starts_from_the_fold_decides_as_the_one_that_went_on(
        limits in limits(),
        before in steps(),
        next in steps(),
    ) {
        let mut desk = Desk::new(Fleet::default(), limits);
        for (place, step) in before.iter().enumerate() {
            take(&mut desk, place, step);
        }
        let kept = |agent: &AgentId| Some((agent.clone(), desk.beside(agent)?.clone()));
        let besides: Vec<_> = desk.fleet().agents().filter_map(|(agent, _)| kept(agent)).collect();
        let mut anew = Desk::restore(desk.fleet().clone(), besides, limits, Moment::default());
        for (place, step) in next.iter().enumerate() {
            prop_assert_eq!(take(&mut desk, place, step), take(&mut anew, place, step));
        }
    }

    #[test]
    fn seqs_are_1_2_3_without_holes(limits in limits(), steps in steps()) {
        let mut desk = Desk::new(Fleet::default(), limits);
        let mut events = Vec::new();
        for (place, step) in steps.iter().enumerate() {
            events.extend(take(&mut desk, place, step).events);
            prop_assert_eq!(desk.head().get(), u64::try_from(events.len()).unwrap());
        }
        prop_assert_eq!(seqs(&events), (1..=desk.head().get()).collect::<Vec<_>>());
    }

    #[test]
    fn bounds_hold_after_every_step(limits in limits(), steps in steps()) {
        let mut desk = Desk::new(Fleet::default(), limits);
        for (place, step) in steps.iter().enumerate() {
            let known = desk.fleet().get(&agent(&format!("a{}", step.agent))).is_some();
            let outcome = take(&mut desk, place, step);
            prop_assert!(desk.fleet().len() <= limits.agents);
            let sessions: usize = desk.fleet().agents().map(|(_, agent)| agent.sessions.len()).sum();
            prop_assert_eq!(desk.fleet().sessions(), sessions, "after step {}", place);
            for (_, agent) in desk.fleet().agents() {
                prop_assert!(agent.sessions.len() <= limits.sessions_per_agent);
            }
            match outcome.applied {
                Err(fault) if fault.code == Code::FleetFull => {
                    prop_assert!(!known && desk.fleet().len() == limits.agents);
                }
                Err(fault) => prop_assert!(!known && fault.code == Code::NotFound),
                Ok(_) => {}
            }
        }
    }

    /// Leaving out every late and every refused step leaves the same history and the same answers.
    #[test]
    fn what_came_late_or_was_refused_never_happened(limits in limits(), steps in steps()) {
        let mut desk = Desk::new(Fleet::default(), limits);
        let mut without = Desk::new(Fleet::default(), limits);
        for (place, step) in steps.iter().enumerate() {
            let before = desk.fleet().clone();
            let outcome = take(&mut desk, place, step);
            if outcome.applied == Ok(true) {
                prop_assert_eq!(&take(&mut without, place, step), &outcome, "step {}", place);
            } else {
                prop_assert!(outcome.events.is_empty());
                prop_assert_eq!(desk.fleet(), &before, "step {}", place);
            }
        }
        prop_assert_eq!(desk.fleet(), without.fleet());
    }

    #[test]
    fn what_came_late_is_what_the_contract_calls_late(steps in steps()) {
        let mut desk = Desk::new(Fleet::default(), Limits::default());
        let mut lives = Lives::default();
        for (place, step) in steps.iter().enumerate() {
            let late = lives.late(step);
            let outcome = take(&mut desk, place, step);
            match &outcome.applied {
                Ok(applied) => prop_assert_eq!(!applied, late, "step {}", place),
                Err(_) => prop_assert!(!late, "step {}", place),
            }
            if outcome.applied == Ok(true) {
                lives.heard(step);
            }
        }
    }

    /// A report can arrive twice: its instance's count tells, whatever came in between.
    #[test]
    fn a_counted_report_that_comes_again_is_late(steps in steps(), again in any::<prop::sample::Index>()) {
        let mut desk = Desk::new(Fleet::default(), Limits::default());
        let mut applied = Vec::new();
        for (place, step) in steps.iter().enumerate() {
            if matches!(step.what, What::Forget) {
                continue;
            }
            let counted = step.stamp.is_some_and(|life| life.report_seq.is_some());
            if take(&mut desk, place, step).applied == Ok(true) && counted {
                applied.push(step.clone());
            }
        }
        prop_assume!(!applied.is_empty());
        let step = again.get(&applied);
        let decision: Decision = desk.decide(&step.command(), Timestamp::saturating(9_999)).unwrap();
        prop_assert!(!decision.applied && decision.events.is_empty());
    }
}

/// Of each agent: the instances that were heard, in the order of their first report, each with its
/// start and its last position.
#[derive(Debug, Default)]
struct Lives(BTreeMap<u8, Vec<Life>>);

impl Lives {
    fn late(&self, step: &Step) -> bool {
        let (Some(stamp), false) = (step.stamp, matches!(step.what, What::Forget)) else { return false };
        let heard = self.0.get(&step.agent).map_or(&[][..], Vec::as_slice);
        match heard.iter().rev().position(|life| life.id == stamp.id) {
            None => {
                heard.iter().any(|life| life.started_at.zip(stamp.started_at).is_some_and(|(l, s)| s < l))
            }
            Some(0) => heard
                .last()
                .is_some_and(|life| life.report_seq.zip(stamp.report_seq).is_some_and(|(l, s)| s <= l)),
            Some(_) => true,
        }
    }

    fn heard(&mut self, step: &Step) {
        if matches!(step.what, What::Forget) {
            self.0.remove(&step.agent);
        } else if let Some(stamp) = step.stamp {
            let heard = self.0.entry(step.agent).or_default();
            match heard.last_mut().filter(|life| life.id == stamp.id) {
                None => heard.push(stamp),
                Some(life) => {
                    life.started_at = life.started_at.or(stamp.started_at);
                    life.report_seq = stamp.report_seq.or(life.report_seq);
                }
            }
        }
    }
}
