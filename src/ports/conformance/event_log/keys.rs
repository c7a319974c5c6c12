//! Idempotency: the same key and body get the first answer again, and change nothing.

use super::made::{
    activity, append, append_one, forget, from, keyed, plain, read_all, signal, status, taken, taken_as,
    working,
};
use crate::domain::fault::Code;
use crate::domain::lifecycle::{Signal, Status};
use crate::ports::event_log::{EventLog, Proposal};

pub(super) async fn a_key_answers_its_first_receipt_again(log: &dyn EventLog) {
    let crash = || keyed(plain(signal("a", Signal::Crash)), "u", "k", 1);
    let first = taken(log, crash()).await;
    assert_eq!(taken(log, crash()).await, first, "a key answers its first receipt again");
    for proposal in [plain(status("a", Status::Online)), plain(activity("b", "s1", "hello")), forget("a")] {
        taken(log, proposal).await;
        let before = (read_all(log).await, working(log.load().await).fleet);
        let again = taken(log, crash()).await;
        assert_eq!(again, first, "a key answers its first receipt again, whatever changed since");
        let after = (read_all(log).await, working(log.load().await).fleet);
        assert_eq!(after, before, "a key that comes again changes nothing");
    }
}

pub(super) async fn a_key_is_not_taken_for_another_report(log: &dyn EventLog) {
    let first = taken(log, keyed(plain(status("a", Status::Online)), "u", "k", 1)).await;
    let before = (read_all(log).await, working(log.load().await).fleet);
    for other in [plain(status("a", Status::Error)), plain(status("b", Status::Online)), forget("a")] {
        let refused = append_one(log, keyed(other, "u", "k", 2)).await.map_err(|fault| fault.code);
        assert_eq!(
            refused,
            Err(Code::IdempotencyConflict),
            "a key that comes with another body is an idempotency_conflict"
        );
    }
    let after = (read_all(log).await, working(log.load().await).fleet);
    assert_eq!(after, before, "an idempotency_conflict changes nothing");
    let again = taken(log, keyed(plain(status("a", Status::Online)), "u", "k", 1)).await;
    assert_eq!(again, first, "a conflict does not cost the key its first receipt");
}

pub(super) async fn keys_of_two_users_never_meet(log: &dyn EventLog) {
    let one = taken(log, keyed(plain(activity("a", "s1", "one")), "u1", "k", 1)).await;
    let two = taken(log, keyed(plain(activity("a", "s1", "two")), "u2", "k", 2)).await;
    assert!(two.changed && two.seq > one.seq, "the same key of another user is another key");
    let again = taken(log, keyed(plain(activity("a", "s1", "one")), "u1", "k", 1)).await;
    assert_eq!(again, one, "the same key of another user does not replace the first");
}

pub(super) async fn a_key_is_looked_up_before_the_fence(log: &dyn EventLog) {
    let first = || keyed(plain(from(signal("a", Signal::Start), "one", 1)), "u", "k", 1);
    let receipt = taken(log, first()).await;
    taken(log, plain(from(signal("a", Signal::Restart), "two", 1))).await;
    let again = taken(log, first()).await;
    assert_eq!(again, receipt, "a key is looked up before the fence, which would call the report late");
}

pub(super) async fn a_key_keeps_also_what_was_late_or_changed_nothing(log: &dyn EventLog) {
    taken(log, plain(from(status("a", Status::Online), "one", 5))).await;
    let late = || keyed(plain(from(status("a", Status::Error), "one", 5)), "u", "late", 1);
    let same = || keyed(plain(status("a", Status::Online)), "u", "same", 1);
    let (was_late, was_same) = (taken(log, late()).await, taken(log, same()).await);
    assert!(!was_late.applied && was_same.applied && !was_same.changed, "a key decides nothing itself");
    taken(log, plain(signal("a", Signal::Crash))).await;
    assert_eq!(taken(log, late()).await, was_late, "a key keeps the answer that its report came late");
    assert_eq!(taken(log, same()).await, was_same, "a key keeps the answer that nothing changed");
}

pub(super) async fn a_refusal_does_not_use_a_key_up(log: &dyn EventLog) {
    let gone = || keyed(forget("a"), "u", "k", 1);
    let refused = append_one(log, gone()).await.map_err(|fault| fault.code);
    assert_eq!(refused, Err(Code::NotFound), "an unknown agent cannot be forgotten");
    taken(log, plain(status("a", Status::Online))).await;
    let receipt = taken(log, gone()).await;
    assert!(receipt.changed, "a refused proposal may come again under its key and be taken");
    assert_eq!(taken(log, gone()).await, receipt, "to forget under a key answers the first receipt again");
}

pub(super) async fn a_key_counts_within_one_list(log: &dyn EventLog) {
    let said = |text, body| -> Proposal { keyed(plain(activity("a", "s1", text)), "u", "k", body) };
    let list = vec![
        plain(status("a", Status::Online)),
        said("hello", 1),
        said("hello", 1),
        said("other", 2),
        plain(activity("a", "s1", "last")),
    ];
    let mut results = append(log, list).await.into_iter();
    let mut next = || results.next().unwrap_or_else(|| panic!("a list gets one result for each proposal"));
    assert_eq!(taken_as(next()).seq.get(), 1, "the first of a list comes first");
    let first = taken_as(next());
    assert_eq!(first.seq.get(), 2, "a new key is taken");
    assert_eq!(taken_as(next()), first, "a key counts for what follows in the same list");
    let conflict = next().map_err(|fault| fault.code);
    assert_eq!(conflict, Err(Code::IdempotencyConflict), "a key conflicts within one list too");
    assert_eq!(taken_as(next()).seq.get(), 3, "what follows a repeated key is taken");
    assert_eq!(read_all(log).await.len(), 3, "a repeated key makes no event");
}
