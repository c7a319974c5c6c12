//! The bounds of the contract's section 9 that decisions keep.

use super::*;

#[test]
fn the_fleet_takes_as_many_agents_as_the_limit_and_refuses_one_more() {
    let mut bench = Bench::within(Limits { agents: 3, ..Limits::default() });
    for id in ["a", "b", "c"] {
        assert!(bench.tell(status(Status::Online).about(id)).0, "{id} is within the limit");
    }
    for refused in [status(Status::Online), signal(Signal::Start), activity("s1", "x")] {
        assert_eq!(bench.refusal(refused.about("d")), Code::FleetFull);
    }
    assert_eq!(bench.desk.fleet().len(), 3);
}

#[test]
fn a_full_fleet_still_hears_the_agents_it_knows() {
    let mut bench = Bench::within(Limits { agents: 1, ..Limits::default() });
    bench.tell(status(Status::Online));
    assert_eq!(bench.words(status(Status::Error)), ["error by reported"]);
    assert_eq!(bench.words(signal(Signal::Restart)), ["restart", "online by restart"]);
    assert_eq!(bench.words(activity("s1", "x")), ["s1 says x"]);
}

#[test]
fn an_agent_forgotten_makes_room_for_another() {
    let mut bench = Bench::within(Limits { agents: 1, ..Limits::default() });
    bench.tell(status(Status::Online));
    bench.tell(Command::Forget(agent("a")));
    assert!(bench.tell(status(Status::Online).about("b")).0);
}

#[test]
fn the_101st_session_removes_the_quietest_by_a_numbered_event() {
    let mut bench = Bench::new();
    for n in 0..100 {
        bench.tell(activity(&format!("s{n:03}"), "hello"));
    }
    assert_eq!(bench.sessions("a").len(), 100);
    bench.tell(activity("s000", "not quiet"));
    assert_eq!(bench.words(activity("s100", "new")), ["s001 goes", "s100 says new"]);
    assert_eq!(bench.sessions("a").len(), 100);
    assert_eq!(bench.desk.head(), Seq::new(1 + 100 + 1 + 2));
}

#[test]
fn quiet_is_counted_by_the_server_and_not_by_the_reporters_time() {
    let mut bench = Bench::within(Limits { sessions_per_agent: 2, ..Limits::default() });
    bench.tell(activity("s1", "x").at_time(900));
    bench.tell(activity("s2", "x").at_time(1));
    assert_eq!(bench.words(activity("s3", "x")), ["s1 goes", "s3 says x"]);
}

#[test]
fn a_known_session_removes_none_however_full_it_is() {
    let mut bench = Bench::within(Limits { sessions_per_agent: 2, ..Limits::default() });
    bench.tell(activity("s1", "x"));
    bench.tell(activity("s2", "x"));
    assert_eq!(bench.words(activity("s1", "y")), ["s1 says y"]);
    assert_eq!(bench.sessions("a"), ["s1", "s2"]);
}

#[test]
fn the_limit_of_sessions_is_each_agents_own() {
    let mut bench = Bench::within(Limits { sessions_per_agent: 1, ..Limits::default() });
    bench.tell(activity("s1", "x"));
    bench.tell(activity("s1", "x").about("b"));
    assert_eq!(bench.words(activity("s2", "x").about("b")), ["s1 goes", "s2 says x"]);
    assert_eq!(bench.sessions("a"), ["s1"]);
}

#[test]
fn a_lowered_limit_removes_all_that_are_too_many_quietest_first() {
    let mut bench = Bench::new();
    for session in ["s3", "s1", "s2"] {
        bench.tell(activity(session, "x"));
    }
    let limits = Limits { sessions_per_agent: 2, ..Limits::default() };
    let mut lowered = Bench { desk: Desk::new(bench.desk.fleet().clone(), limits), now: 2_000 };
    assert_eq!(lowered.words(activity("s4", "x")), ["s3 goes", "s1 goes", "s4 says x"]);
}

#[test]
fn a_decision_changes_nothing_until_it_is_kept() {
    let mut bench = Bench::new();
    bench.tell(activity("s1", "x").from("i", None, Some(1)));
    let before = bench.desk.clone();
    let command = Command::Report(signal(Signal::Crash).from("i", None, Some(2)));
    let decision = bench.desk.decide(&command, at(bench.now)).unwrap();
    assert_eq!(bench.desk, before);
    let recorded = bench.desk.keep(decision);
    let seqs: Vec<_> = recorded.iter().map(|recorded| recorded.seq.get()).collect();
    assert_eq!(seqs, [3, 4], "numbered from the position after the head");
}
