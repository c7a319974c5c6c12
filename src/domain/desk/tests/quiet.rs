//! What goes by time alone: quiet sessions, and the bound of a sweep.

use super::*;

#[test]
fn a_session_that_was_quiet_for_seven_days_goes() {
    let mut bench = Bench::new();
    bench.tell(activity("old", "x"));
    bench.now += 1_000;
    bench.tell(activity("young", "x"));
    let week = Duration::from_hours(7 * 24);
    assert_eq!(bench.pass(week.saturating_sub(Duration::from_millis(1_001))), [""; 0]);
    bench.tell(activity("young", "y"));
    assert_eq!(bench.pass(Duration::from_millis(1)), ["old goes"]);
    assert_eq!(bench.sessions("a"), ["young"]);
    assert_eq!(bench.pass(week), ["young goes"]);
    assert_eq!(bench.pass(week), [""; 0]);
    assert_eq!(bench.standing(), ("online", "heard"), "the agent itself stays");
}

#[test]
fn a_desk_without_anything_beside_its_fleet_still_lets_sessions_go() {
    let mut bench = Bench::new();
    bench.tell(activity("s", "x"));
    let mut anew = Bench { desk: Desk::new(bench.desk.fleet().clone(), Limits::default()), now: 2_000 };
    assert_eq!(anew.pass(Duration::from_hours(7 * 24)), ["s goes"]);
}

#[test]
fn a_sweep_has_a_bound_and_the_next_one_does_the_rest() {
    let mut bench = Bench::new();
    for number in 0..300 {
        bench.tell(heartbeat().about(&format!("a{number}")).leased(seconds(10)));
    }
    let now = Monotonic::new(Duration::from_millis(bench.now) + seconds(10));
    assert!(bench.desk.vitals(0, now).due);
    assert_eq!(bench.pass(seconds(10)).len(), SWEPT_AT_ONCE);
    assert!(bench.desk.vitals(0, now).due);
    assert_eq!(bench.pass(Duration::ZERO).len(), 300 - SWEPT_AT_ONCE);
    assert!(!bench.desk.vitals(0, now).due);
}

#[test]
fn marks_of_life_are_told_after_a_mark_and_go_on_in_another_desk() {
    let mut bench = Bench::new();
    bench.tell(heartbeat());
    bench.tell(heartbeat().about("b"));
    let now = Monotonic::default();
    let mark = bench.desk.vitals(0, now).mark;
    bench.now += 500;
    bench.tell(heartbeat());
    let told = bench.desk.vitals(mark, now);
    assert_eq!(
        told.changed,
        [(agent("a"), Vital { last_seen: at(1_500), unleased: false, stale: false, began: None })]
    );
    assert_eq!(bench.desk.vitals(told.mark, now).changed, []);

    let besides = [(agent("b"), bench.desk.beside(&agent("b")).unwrap().clone())];
    let anew = Desk::restore(bench.desk.fleet().clone(), besides, Limits::default(), Moment::default());
    let changed = anew.continuing(&bench.desk).vitals(told.mark, now).changed;
    assert_eq!(changed.len(), 2, "all of them, whatever was told before");
    assert!(changed.iter().any(|(id, vital)| *id == agent("b") && !vital.stale), "who was heard was heard");
}
