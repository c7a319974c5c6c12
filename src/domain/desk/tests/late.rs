//! Late reports: by instance, and by position within an instance.

use super::*;

/// One report of each kind that would change something.
fn one_of_each() -> [Report; 3] {
    [status(Status::Error).saying("late"), signal(Signal::Restart).labelled(&[]), activity("s9", "late")]
}

/// Tells each late report and holds that the decision and the desk say that nothing happened.
fn assert_late(bench: &mut Bench, stamp: (&str, Option<u64>, Option<u64>)) {
    for report in one_of_each() {
        let report = report.from(stamp.0, stamp.1, stamp.2);
        let command = Command::Report(report);
        let decision = bench.desk.decide(&command, at(bench.now)).unwrap();
        let nothing = Decision::nothing(at(bench.now).into(), false);
        assert_eq!(decision, nothing, "{stamp:?}");
        let before = bench.desk.clone();
        bench.tell(command);
        assert_eq!(bench.desk, before, "{stamp:?}");
    }
}

#[test]
fn a_report_of_an_older_start_changes_nothing_whatsoever() {
    let mut bench = Bench::new();
    bench.tell(status(Status::Online).from("new", Some(200), None));
    assert_late(&mut bench, ("old", Some(199), None));
    assert_late(&mut bench, ("old", Some(0), Some(u64::MAX)));
}

#[test]
fn without_a_start_the_one_that_came_first_is_older() {
    let mut bench = Bench::new();
    bench.tell(status(Status::Online).from("one", None, None));
    bench.tell(signal(Signal::Restart).from("two", None, None));
    assert_late(&mut bench, ("one", None, None));
    assert_late(&mut bench, ("one", None, Some(99)));
    assert!(bench.tell(status(Status::Error).from("two", None, None)).0);
}

#[test]
fn a_report_at_or_below_the_last_position_changes_nothing_whatsoever() {
    let mut bench = Bench::new();
    bench.tell(status(Status::Online).from("i", Some(1), Some(7)));
    for seq in [0, 6, 7] {
        assert_late(&mut bench, ("i", Some(1), Some(seq)));
    }
    assert!(bench.tell(status(Status::Error).from("i", Some(1), Some(8))).0);
}

#[test]
fn a_report_that_applies_and_changes_nothing_still_moves_the_position() {
    let mut bench = Bench::new();
    bench.tell(status(Status::Online).from("i", None, Some(1)));
    assert_eq!(bench.tell(status(Status::Online).from("i", None, Some(5))), (true, vec![]));
    for seq in [2, 5] {
        assert_late(&mut bench, ("i", None, Some(seq)));
    }
}

#[test]
fn a_new_life_that_changes_nothing_still_ends_the_old_one() {
    let mut bench = Bench::new();
    bench.tell(status(Status::Online).from("one", None, None));
    assert_eq!(bench.tell(status(Status::Online).from("two", None, None)), (true, vec![]));
    assert_late(&mut bench, ("one", None, None));
}

#[test]
fn positions_may_have_gaps_and_count_anew_in_a_new_life() {
    let mut bench = Bench::new();
    assert!(bench.tell(status(Status::Online).from("one", Some(1), Some(1_000))).0);
    assert!(bench.tell(activity("s1", "x").from("one", Some(1), Some(5_000))).0);
    assert!(bench.tell(signal(Signal::Restart).from("two", Some(2), Some(1))).0);
    assert_late(&mut bench, ("one", Some(1), Some(5_001)));
}

#[test]
fn a_report_without_an_instance_is_not_fenced_and_moves_nothing() {
    let mut bench = Bench::new();
    bench.tell(status(Status::Online).from("i", Some(9), Some(9)));
    assert!(bench.tell(status(Status::Error)).0);
    assert_late(&mut bench, ("i", Some(9), Some(9)));
}

#[test]
fn each_agent_has_its_own_fence() {
    let mut bench = Bench::new();
    bench.tell(status(Status::Online).from("i", Some(9), Some(9)));
    assert!(bench.tell(status(Status::Online).about("b").from("i", Some(9), Some(1))).0);
    assert!(bench.tell(status(Status::Error).about("b").from("h", None, None)).0);
}

#[test]
fn as_many_instances_are_remembered_as_the_limit_says() {
    let mut bench = Bench::within(Limits { instances_per_agent: 2, ..Limits::default() });
    for life in ["one", "two", "three"] {
        bench.tell(status(Status::Online).from(life, None, None));
    }
    assert_late(&mut bench, ("two", None, None));
    assert!(bench.tell(status(Status::Error).from("one", None, None)).0, "forgotten, so it is new again");
}

#[test]
fn a_refused_report_moves_no_fence() {
    let mut bench = Bench::within(Limits { agents: 1, ..Limits::default() });
    bench.tell(status(Status::Online).about("b"));
    let refused = status(Status::Online).from("i", None, Some(5));
    assert_eq!(bench.refusal(refused.clone()), Code::FleetFull);
    bench.tell(Command::Forget(agent("b")));
    assert!(bench.tell(refused).0, "the same report is welcome once there is room");
}

#[test]
fn a_process_whose_clock_is_far_ahead_locks_no_later_one_out() {
    let day = 24 * 60 * 60 * 1_000;
    let mut bench = Bench::new();
    let ahead = Some(bench.now + day + 1);
    assert!(bench.tell(signal(Signal::Start).from("wrong", ahead, None)).0);
    assert!(bench.tell(signal(Signal::Start).from("right", Some(bench.now), None)).0);
    assert_late(&mut bench, ("wrong", ahead, None));
    let skewed = Some(bench.now + day);
    assert!(bench.tell(signal(Signal::Start).from("skewed", skewed, None)).0);
    let now = Some(bench.now);
    assert_late(&mut bench, ("before", now, None));
}
