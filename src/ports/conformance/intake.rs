//! What every [`Intake`] promises. It panics with a sentence that says which promise was broken.

use crate::domain::cursor::Seq;
use crate::domain::fault::{Code, Fault};
use crate::domain::grant::{Grant, Principal, Scope, Scopes};
use crate::domain::id::{AgentId, UserId};
use crate::domain::lifecycle::Status;
use crate::domain::pattern::Patterns;
use crate::domain::report::{Report, ReportBody, Stamp};
use crate::domain::time::Timestamp;
use crate::ports::event_log::Receipt;
use crate::ports::intake::{Intake, Submission};

/// Runs the suite on an intake into an empty log, at a rate of at least twenty reports an agent.
pub async fn suite(intake: &dyn Intake) {
    who_may_report_does_and_each_report_has_its_answer(intake).await;
    who_may_not_changes_nothing(intake).await;
    one_refused_report_does_not_disturb_the_others(intake).await;
    a_key_stands_for_one_report_of_one_user(intake).await;
    a_late_report_is_answered_and_changes_nothing(intake).await;
    an_admin_forgets_what_the_grant_covers(intake).await;
}

fn principal(user: &str, scopes: &[Scope], agents: &str) -> Principal {
    let (Ok(user), Ok(agents)) = (UserId::parse(user), Patterns::parse([agents])) else {
        unreachable!("the suite's own names are good")
    };
    let grant = Grant { scopes: Scopes::of(scopes.iter().copied()), agents };
    Principal { user, grant, expires_at: Timestamp::MAX, issued_at: None, token_id: None }
}

fn reporter(agents: &str) -> Principal {
    principal("reporter", &[Scope::Report], agents)
}

fn agent(id: &str) -> AgentId {
    let Ok(agent) = AgentId::parse(id) else { unreachable!("the suite's own names are good") };
    agent
}

/// A report that changes something whenever the status differs from the last.
fn says(id: &str, status: Status) -> Submission {
    let body = ReportBody::Status { status, message: None, state: None, labels: None };
    let report = Report::new(agent(id), body);
    Submission { report, key: None, fingerprint: [0; 32], socket: None }
}

async fn one(intake: &dyn Intake, by: &Principal, submission: Submission) -> Result<Receipt, Fault> {
    let results = intake.report(by, vec![submission]).await?;
    assert_eq!(results.len(), 1, "one report has one answer");
    results.into_iter().next().unwrap_or_else(|| unreachable!("it was counted"))
}

/// The head: an unchanged report is answered with it. The agent is this check's own.
async fn head(intake: &dyn Intake) -> Seq {
    let by = reporter("*");
    for _ in 0..2 {
        if let Ok(Receipt { changed: false, seq, .. }) = one(intake, &by, says("probe", Status::Online)).await
        {
            return seq;
        }
    }
    unreachable!("the same status twice changes nothing the second time")
}

fn code(result: Result<impl Sized, Fault>, promise: &str) -> Code {
    match result {
        Ok(_) => unreachable!("{promise}"),
        Err(fault) => fault.code,
    }
}

async fn who_may_report_does_and_each_report_has_its_answer(intake: &dyn Intake) {
    let before = head(intake).await;
    let ids = ["each-1", "each-2", "each-3"];
    let all = ids.iter().map(|id| says(id, Status::Online)).collect();
    let results = intake.report(&reporter("each-*"), all).await.unwrap_or_default();
    let seqs: Vec<_> = results.iter().flatten().map(|receipt| receipt.seq).collect();
    let expected = [before.next(), before.next().next(), before.next().next().next()];
    assert_eq!(seqs, expected, "reports are taken in order and each is answered with its event's seq");
    assert!(results.iter().flatten().all(|one| one.applied && one.changed), "each of them changed something");
}

async fn who_may_not_changes_nothing(intake: &dyn Intake) {
    let before = head(intake).await;
    let watcher = principal("watcher", &[Scope::Watch, Scope::Admin], "*");
    let refused = one(intake, &watcher, says("not-mine", Status::Online)).await;
    assert_eq!(code(refused, "no scope implies report"), Code::ForbiddenScope);
    let refused = one(intake, &reporter("mine-*"), says("not-mine", Status::Online)).await;
    assert_eq!(code(refused, "a grant bounds whom one reports for"), Code::ForbiddenAgent);
    assert_eq!(head(intake).await, before, "a refused report changes nothing");
}

async fn one_refused_report_does_not_disturb_the_others(intake: &dyn Intake) {
    let three =
        vec![says("ours-1", Status::Online), says("theirs", Status::Online), says("ours-2", Status::Error)];
    let results = intake.report(&reporter("ours-*"), three).await.unwrap_or_default();
    let codes: Vec<_> =
        results.iter().map(|one| one.as_ref().map(|_| ()).map_err(|fault| fault.code)).collect();
    assert_eq!(codes, [Ok(()), Err(Code::ForbiddenAgent), Ok(())], "answers stand where their reports stood");
}

async fn a_key_stands_for_one_report_of_one_user(intake: &dyn Intake) {
    let keyed = |status, fingerprint| Submission {
        key: Some("suite-key".to_owned()),
        fingerprint: [fingerprint; 32],
        ..says("keyed", status)
    };
    let by = reporter("*");
    let first = one(intake, &by, keyed(Status::Online, 1)).await;
    assert!(first.is_ok(), "a new key is taken");
    let _since = one(intake, &by, says("keyed", Status::Offline)).await;
    assert_eq!(one(intake, &by, keyed(Status::Online, 1)).await, first, "the first answer comes again");
    let other = one(intake, &by, keyed(Status::Error, 2)).await;
    assert_eq!(code(other, "a key stands for one report"), Code::IdempotencyConflict);
    let of_another = one(intake, &principal("another", &[Scope::Report], "*"), keyed(Status::Error, 2)).await;
    assert!(of_another.is_ok(), "keys of two users never meet");
}

async fn a_late_report_is_answered_and_changes_nothing(intake: &dyn Intake) {
    let by = reporter("*");
    let stamped = |status, report_seq| {
        let mut submission = says("fenced", status);
        let Ok(id) = crate::domain::id::InstanceId::parse("life-1") else { unreachable!("a good name") };
        submission.report.instance = Some(Stamp { id, started_at: None, report_seq: Some(report_seq) });
        submission
    };
    assert!(
        one(intake, &by, stamped(Status::Online, 2)).await.is_ok(),
        "the first report of a life is taken"
    );
    let before = head(intake).await;
    let late = one(intake, &by, stamped(Status::Error, 1)).await;
    let said = late.map(|receipt| (receipt.applied, receipt.changed, receipt.seq));
    assert_eq!(said, Ok((false, false, before)), "a late report is no error and changes nothing");
}

async fn an_admin_forgets_what_the_grant_covers(intake: &dyn Intake) {
    let admin = |agents| principal("root", &[Scope::Admin], agents);
    let refused = intake.forget(&reporter("*"), agent("keyed")).await;
    assert_eq!(code(refused, "only an admin forgets"), Code::ForbiddenScope);
    let hidden = intake.forget(&admin("else-*"), agent("keyed")).await;
    assert_eq!(code(hidden, "what a grant hides is not there"), Code::NotFound);
    let before = head(intake).await;
    let done = intake.forget(&admin("*"), agent("keyed")).await;
    assert_eq!(done.map(|receipt| receipt.seq), Ok(before.next()), "forgetting is an event");
    let again = intake.forget(&admin("*"), agent("keyed")).await;
    assert_eq!(code(again, "what is forgotten is not there"), Code::NotFound);
}
