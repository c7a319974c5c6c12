//! Reports at the door: who may, how often, and what the log is asked. Theme 5's second half is here:
//! a refused report never reaches the log. What is not a report at all is refused by the wire module.

mod partings;

use mockall::predicate::eq;

use super::*;
use crate::adapters::memory::{MemoryLog, MemoryLogLimits};
use crate::app::testing::*;
use crate::domain::cursor::Seq;
use crate::domain::lifecycle::Status;
use crate::domain::report::{Report, ReportBody};
use crate::ports::event_log::MockEventLog;
use crate::ports::health::NotReady;

const RATE: Rate = Rate { per_second: 10, burst: 3 };

fn reporter(agents: &[&str]) -> Principal {
    principal("hook", &[Scope::Report], agents)
}

fn status_of(id: &str) -> Submission {
    let body = ReportBody::Status { status: Status::Online, message: None, state: None, labels: None };
    let report = Report::new(agent(id), body);
    Submission { report, key: None, fingerprint: [7; 32], socket: None }
}

fn statuses(ids: &[&str]) -> Vec<Submission> {
    ids.iter().map(|id| status_of(id)).collect()
}

struct Door {
    clock: Arc<ManualClock>,
    stage: Arc<Stage>,
    intake: AppIntake,
}

fn presence(clock: &Arc<ManualClock>) -> Arc<Presence> {
    Arc::new(Presence::new(clock.port()))
}

fn door(log: MockEventLog) -> Door {
    let (clock, stage) = (ManualClock::new(), Arc::new(Stage::default()));
    stage.set(Ok(()));
    let intake = AppIntake::new(Arc::new(log), clock.port(), Arc::clone(&stage), RATE, 100, presence(&clock));
    Door { clock, stage, intake }
}

/// A log that takes everything and numbers it, and must be asked exactly so often.
fn takes(times: usize) -> MockEventLog {
    let mut log = MockEventLog::new();
    let mut head = 0;
    log.expect_append().times(times).returning(move |proposals| {
        let number = |_| {
            head += 1;
            Ok(receipt(head))
        };
        Ok(proposals.into_iter().map(number).collect())
    });
    log
}

/// A log that must be asked for exactly these agents, call by call.
fn takes_only(calls: &'static [&'static [&'static str]]) -> MockEventLog {
    let mut log = MockEventLog::new();
    let mut order = mockall::Sequence::new();
    for agents in calls {
        log.expect_append()
            .withf(move |proposals| {
                proposals.iter().map(|one| one.command.agent().unwrap().as_str()).eq(agents.iter().copied())
            })
            .times(1)
            .in_sequence(&mut order)
            .returning(|proposals| Ok(proposals.iter().map(|_| Ok(receipt(1))).collect()));
    }
    log
}

fn codes(results: &[Result<Receipt, Fault>]) -> Vec<Option<Code>> {
    results.iter().map(|result| result.as_ref().err().map(|fault| fault.code)).collect()
}

fn broken() -> LogError {
    LogError::Unavailable("the disk is gone".into())
}

#[tokio::test]
async fn what_is_taken_is_decided_by_the_log_and_answered_with_its_receipt() {
    let mut log = MockEventLog::new();
    let submission = status_of("a1");
    let command = Command::Report(submission.report.clone());
    log.expect_append()
        .with(eq(vec![Proposal { command, key: None }]))
        .times(1)
        .returning(|_| Ok(vec![Ok(receipt(1043))]));
    let answer = door(log).intake.report(&reporter(&["*"]), vec![submission]).await;
    assert_eq!(answer, Ok(vec![Ok(receipt(1043))]));
}

#[tokio::test]
async fn a_batch_is_one_call_of_the_log_in_its_own_order() {
    let log = takes_only(&[&["b", "a", "c", "a"]]);
    let answer = door(log).intake.report(&reporter(&["*"]), statuses(&["b", "a", "c", "a"])).await.unwrap();
    assert_eq!(codes(&answer), [None; 4]);
}

#[tokio::test]
async fn without_the_scope_nothing_reaches_the_log() {
    let door = door(takes(0));
    for scopes in [&[][..], &[Scope::Watch], &[Scope::Admin], &[Scope::Watch, Scope::Admin]] {
        let answer = door.intake.report(&principal("ada", scopes, &["*"]), statuses(&["a1"])).await;
        assert_eq!(code(answer), Code::ForbiddenScope);
    }
}

#[tokio::test]
async fn an_agent_outside_the_grant_never_reaches_the_log_and_the_others_stay_aligned() {
    let mut log = MockEventLog::new();
    log.expect_append()
        .withf(|asked| {
            asked.iter().map(|one| one.command.agent().unwrap().as_str()).eq(["build-1", "build-2"])
        })
        .times(1)
        .returning(|_| Ok(vec![Ok(receipt(1)), Ok(receipt(2))]));
    let batch = statuses(&["x", "build-1", "build", "build-2", "x"]);
    let answer = door(log).intake.report(&reporter(&["build-*"]), batch).await.unwrap();
    let forbidden = Some(Code::ForbiddenAgent);
    assert_eq!(codes(&answer), [forbidden, None, forbidden, None, forbidden]);
    assert_eq!((&answer[1], &answer[3]), (&Ok(receipt(1)), &Ok(receipt(2))));
}

#[tokio::test]
async fn when_nothing_is_left_to_take_the_log_is_not_asked() {
    let door = door(takes(0));
    let answer = door.intake.report(&reporter(&["b*"]), statuses(&["a1", "a2"])).await.unwrap();
    assert_eq!(codes(&answer), [Some(Code::ForbiddenAgent); 2]);
    assert_eq!(door.intake.report(&reporter(&["*"]), Vec::new()).await, Ok(Vec::new()));
}

#[tokio::test]
async fn no_refusal_names_an_agent() {
    let door = door(takes(0));
    let answer = door.intake.report(&reporter(&["b*"]), statuses(&["secret-agent"])).await.unwrap();
    assert!(!answer[0].as_ref().unwrap_err().to_string().contains("secret-agent"));
}

#[tokio::test]
async fn once_an_agent_is_over_its_rate_all_its_later_items_are_and_other_agents_are_not() {
    let log = takes_only(&[&["a", "b", "a", "a", "b"]]);
    let batch = statuses(&["a", "b", "a", "a", "a", "b", "a"]);
    let answer = door(log).intake.report(&reporter(&["*"]), batch).await.unwrap();
    let limited = Some(Code::RateLimited);
    assert_eq!(codes(&answer), [None, None, None, None, limited, None, limited]);
    for place in [4, 6] {
        let wait = answer[place].as_ref().unwrap_err().retry_after;
        assert_eq!(wait, Some(Duration::from_millis(100)), "10 a second: one more each 100 ms");
    }
}

/// A clock that goes on by the time of one report whenever it is asked.
struct Hurried(Mutex<u64>);

impl Clock for Hurried {
    fn wall(&self) -> crate::domain::time::Timestamp {
        at(NOW)
    }

    fn monotonic(&self) -> crate::domain::time::Monotonic {
        let mut millis = self.0.lock().unwrap();
        *millis += 100;
        crate::domain::time::Monotonic::new(Duration::from_millis(*millis))
    }
}

#[tokio::test]
async fn an_item_is_not_let_past_an_earlier_one_that_was_refused_for_its_rate() {
    // With time going on within the batch the fifth item would fit again: ahead of the fourth.
    let log = takes_only(&[&["a", "a", "a"]]);
    let stage = Arc::new(Stage::default());
    let clock = Arc::new(Hurried(Mutex::new(0)));
    let intake =
        AppIntake::new(Arc::new(log), clock.clone(), stage, RATE, 100, Arc::new(Presence::new(clock)));
    let answer = intake.report(&reporter(&["*"]), statuses(&["a"; 6])).await.unwrap();
    let limited = Some(Code::RateLimited);
    assert_eq!(codes(&answer), [None, None, None, limited, limited, limited]);
}

#[tokio::test]
async fn a_rate_is_kept_from_call_to_call_and_comes_back_with_time() {
    let door = door(takes(4));
    let by = reporter(&["*"]);
    for _ in 0..3 {
        assert_eq!(codes(&door.intake.report(&by, statuses(&["a"])).await.unwrap()), [None]);
    }
    let over = door.intake.report(&by, statuses(&["a"])).await.unwrap();
    let wait = over[0].as_ref().unwrap_err().retry_after.unwrap();
    door.clock.advance(wait - Duration::from_millis(1));
    assert_eq!(codes(&door.intake.report(&by, statuses(&["a"])).await.unwrap()), [Some(Code::RateLimited)]);
    door.clock.advance(Duration::from_millis(1));
    assert_eq!(codes(&door.intake.report(&by, statuses(&["a"])).await.unwrap()), [None]);
}

#[tokio::test]
async fn an_agents_rate_is_one_for_all_who_report_for_it() {
    let door = door(takes(1));
    let answer = door.intake.report(&reporter(&["*"]), statuses(&["a"; 3])).await.unwrap();
    assert_eq!(codes(&answer), [None; 3]);
    let other = principal("other", &[Scope::Report], &["a"]);
    let answer = door.intake.report(&other, statuses(&["a"])).await.unwrap();
    assert_eq!(codes(&answer), [Some(Code::RateLimited)]);
}

#[tokio::test]
async fn a_report_that_was_not_granted_uses_up_no_rate_of_the_agent() {
    let door = door(takes(1));
    for _ in 0..20 {
        let answer = door.intake.report(&reporter(&["b*"]), statuses(&["a"])).await.unwrap();
        assert_eq!(codes(&answer), [Some(Code::ForbiddenAgent)]);
    }
    assert_eq!(codes(&door.intake.report(&reporter(&["a"]), statuses(&["a"; 3])).await.unwrap()), [None; 3]);
}

#[tokio::test]
async fn a_log_that_fails_is_told_as_it_is_and_nothing_is_claimed() {
    let table: [(fn() -> LogError, Code); 3] = [
        (broken, Code::Unavailable),
        (|| LogError::Closed, Code::Unavailable),
        (|| LogError::Full, Code::StoreFull),
    ];
    for (error, expected) in table {
        let mut log = MockEventLog::new();
        log.expect_append().times(2).returning(move |_| Err(error()));
        let door = door(log);
        // One item is objected to beside: it must not make an answer out of a call that failed.
        let answer = door.intake.report(&reporter(&["a*"]), statuses(&["b1", "a1"])).await;
        let fault = answer.unwrap_err();
        assert_eq!(fault.code, expected);
        assert!(fault.retry_after.is_some());
        assert!(!fault.to_string().contains("disk"), "the cause is for the log file alone");
        let admin = principal("root", &[Scope::Admin], &["*"]);
        assert_eq!(code(door.intake.forget(&admin, agent("a1")).await), expected);
    }
}

#[tokio::test]
async fn an_items_own_fault_stands_in_its_place() {
    let mut log = MockEventLog::new();
    let decided = || {
        Ok(vec![
            Ok(receipt(1)),
            Err(Fault::new(Code::FleetFull, "no room")),
            Err(Fault::new(Code::IdempotencyConflict, "used")),
        ])
    };
    log.expect_append().times(1).returning(move |_| decided());
    let batch = statuses(&["x", "a1", "a2", "x", "a3"]);
    let answer = door(log).intake.report(&reporter(&["a*"]), batch).await.unwrap();
    let forbidden = Some(Code::ForbiddenAgent);
    let expected = [forbidden, None, Some(Code::FleetFull), forbidden, Some(Code::IdempotencyConflict)];
    assert_eq!(codes(&answer), expected);
}

#[tokio::test]
async fn a_log_that_answers_too_little_is_never_taken_for_success() {
    let mut log = MockEventLog::new();
    log.expect_append().times(1).returning(|_| Ok(vec![Ok(receipt(1))]));
    let answer = door(log).intake.report(&reporter(&["*"]), statuses(&["a", "b"])).await.unwrap();
    assert_eq!(codes(&answer), [None, Some(Code::Internal)]);
}

#[tokio::test]
async fn a_node_that_drains_takes_no_report_and_forgets_nothing() {
    let door = door(takes(0));
    door.stage.set(Err(NotReady::Draining));
    let fault = door.intake.report(&reporter(&["*"]), statuses(&["a1"])).await.unwrap_err();
    assert_eq!(fault.code, Code::Draining);
    assert!(fault.retry_after.is_some());
    let admin = principal("root", &[Scope::Admin], &["*"]);
    assert_eq!(code(door.intake.forget(&admin, agent("a1")).await), Code::Draining);
}

#[tokio::test]
async fn an_idempotency_key_belongs_to_the_user_of_the_token() {
    let mut log = MockEventLog::new();
    let key = |owner| IdempotencyKey { owner: user(owner), text: "k#0".into(), fingerprint: [7; 32] };
    let command = || Command::Report(status_of("a1").report);
    for owner in ["hook", "other"] {
        let expected = vec![Proposal { command: command(), key: Some(key(owner)) }];
        log.expect_append().with(eq(expected)).times(1).returning(|_| Ok(vec![Ok(receipt(1))]));
    }
    let door = door(log);
    for owner in ["hook", "other"] {
        let by = principal(owner, &[Scope::Report], &["*"]);
        let submission = Submission { key: Some("k#0".into()), ..status_of("a1") };
        assert_eq!(door.intake.report(&by, vec![submission]).await, Ok(vec![Ok(receipt(1))]));
    }
}

#[tokio::test]
async fn an_admin_forgets_an_agent_of_the_grant() {
    let mut log = MockEventLog::new();
    let proposal = Proposal { command: Command::Forget(agent("a1")), key: None };
    log.expect_append().with(eq(vec![proposal])).times(1).returning(|_| Ok(vec![Ok(receipt(9))]));
    let admin = principal("root", &[Scope::Admin], &["a*"]);
    assert_eq!(door(log).intake.forget(&admin, agent("a1")).await.map(|kept| kept.seq), Ok(Seq::new(9)));
}

#[tokio::test]
async fn forgetting_needs_the_scope_and_tells_nothing_of_agents_outside_the_grant() {
    let mut log = MockEventLog::new();
    log.expect_append()
        .times(1)
        .returning(|_| Ok(vec![Err(Fault::new(Code::NotFound, "there is no such agent"))]));
    let door = door(log);
    let both = principal("ada", &[Scope::Watch, Scope::Report], &["*"]);
    assert_eq!(code(door.intake.forget(&both, agent("a1")).await), Code::ForbiddenScope);
    let admin = principal("root", &[Scope::Admin], &["a*"]);
    let hidden = door.intake.forget(&admin, agent("b1")).await.unwrap_err();
    let unknown = door.intake.forget(&admin, agent("a1")).await.unwrap_err();
    assert_eq!(hidden, unknown, "what is hidden looks like what is not there");
}

#[tokio::test]
async fn it_keeps_every_promise_of_the_port() {
    let (clock, stage) = (ManualClock::new(), Arc::new(Stage::default()));
    stage.set(Ok(()));
    let log = Arc::new(MemoryLog::new(epoch(), clock.port(), MemoryLogLimits::default()));
    let rate = Rate { per_second: 100, burst: 200 };
    let intake = AppIntake::new(log, clock.port(), stage, rate, 100, presence(&clock));
    crate::ports::conformance::intake::suite(&intake).await;
}
