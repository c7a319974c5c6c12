//! Crash loops: entered, left, and nothing damped (contract, section 8).

use super::*;

/// An agent in a crash loop, whose process is down.
fn looping() -> Bench {
    let mut bench = Bench::new();
    for _ in 0..2 {
        bench.tell(signal(Signal::Crash));
        bench.tell(signal(Signal::Start));
    }
    assert_eq!(bench.words(signal(Signal::Crash)), ["crash", "error by crash_loop"]);
    assert_eq!(bench.agent("a").status.crashes, Some(3));
    bench
}

#[test]
fn the_third_crash_within_five_minutes_is_a_crash_loop() {
    let mut bench = Bench::new();
    for gap in [0, 299] {
        bench.now += gap * 1_000;
        assert_eq!(bench.words(signal(Signal::Crash)), ["crash", "error by crash"]);
        bench.tell(signal(Signal::Start));
    }
    bench.now += 1_000;
    assert_eq!(bench.words(signal(Signal::Crash)), ["crash", "error by crash"], "the first is forgotten");
    bench.tell(signal(Signal::Start));
    assert_eq!(bench.words(signal(Signal::Crash)), ["crash", "error by crash_loop"]);
}

#[test]
fn restarts_count_as_crashes_do_and_the_one_behind_a_crash_is_told_with_it() {
    let mut restarted = Bench::new();
    restarted.tell(signal(Signal::Restart));
    restarted.tell(signal(Signal::Restart));
    assert_eq!(restarted.words(signal(Signal::Restart)), ["restart", "error by crash_loop"]);
    assert_eq!(restarted.agent("a").status.crashes, Some(3));

    let mut supervised = Bench::new();
    supervised.tell(signal(Signal::Crash));
    supervised.tell(signal(Signal::Restart));
    assert_eq!(supervised.words(signal(Signal::Crash)), ["crash", "error by crash_loop"]);
    assert_eq!(supervised.agent("a").status.crashes, Some(2), "two crashes, one restart behind the first");
}

#[test]
fn in_a_loop_every_lifecycle_event_comes_and_no_start_makes_it_online() {
    let mut bench = looping();
    assert_eq!(bench.words(signal(Signal::Start)), ["start"]);
    assert_eq!(bench.words(signal(Signal::Restart)), ["restart"]);
    assert_eq!(bench.words(signal(Signal::Crash)), ["crash"]);
    assert_eq!(bench.standing(), ("error", "crash_loop"));
}

#[test]
fn it_is_online_once_it_lived_for_a_minute() {
    for (signalled, word) in [(Signal::Start, "online by start"), (Signal::Restart, "online by restart")] {
        let mut bench = looping();
        bench.tell(signal(signalled));
        assert_eq!(bench.pass(Duration::from_millis(59_999)), [""; 0]);
        assert_eq!(bench.pass(Duration::from_millis(1)), [word]);
        assert_eq!(bench.agent("a").status.crashes, None);
    }
    let mut down = looping();
    assert_eq!(down.pass(seconds(3_600)), [""; 0], "nobody started it");
    down.tell(signal(Signal::Start));
    down.pass(seconds(30));
    down.tell(signal(Signal::Crash));
    assert_eq!(down.pass(seconds(3_600)), [""; 0], "it did not live so long");
}

#[test]
fn a_status_report_or_a_stop_ends_a_loop_at_once() {
    let mut reported = looping();
    assert_eq!(reported.words(status(Status::Online)), ["online by reported"]);
    assert_eq!(reported.words(signal(Signal::Crash)), ["crash", "error by crash"], "it counts anew");
    let mut wrong = looping();
    assert_eq!(wrong.words(status(Status::Error)), ["error by reported"], "leaving is an event");
    let mut stopped = looping();
    assert_eq!(stopped.words(signal(Signal::Stop)), ["stop", "offline by stop"]);
    assert_eq!(stopped.words(signal(Signal::Start)), ["start", "online by start"]);
}

#[test]
fn whose_lease_ends_in_a_loop_is_told_once_when_the_loop_is_over_and_never_online() {
    for lease in [10, 59, 60] {
        let mut bench = looping();
        bench.tell(signal(Signal::Start).leased(seconds(lease)));
        assert_eq!(bench.pass(Duration::from_millis(59_999)), [""; 0], "leased for {lease} s");
        assert_eq!(bench.standing(), ("error", "crash_loop"));
        assert_eq!(bench.pass(Duration::from_millis(1)), ["offline by lease_expired"]);
        assert_eq!(bench.agent("a").status.last_seen, Some(at(1_000)));
        assert_eq!(bench.pass(seconds(3_600)), [""; 0]);
        assert_eq!(bench.words(heartbeat()), ["online by heard"]);
    }
}

#[test]
fn whose_lease_outlasts_the_loop_is_online_first() {
    let mut longer = looping();
    longer.tell(signal(Signal::Start).leased(seconds(61)));
    assert_eq!(longer.pass(seconds(60)), ["online by start"]);
    assert_eq!(longer.pass(seconds(1)), ["offline by lease_expired"]);

    let mut heard = looping();
    heard.tell(signal(Signal::Start).leased(seconds(10)));
    heard.pass(seconds(55));
    assert_eq!(heard.words(heartbeat()), [""; 0], "a sign of life leads out of no loop");
    assert_eq!(heard.pass(seconds(5)), ["online by start"]);
}

#[test]
fn a_lease_that_ended_in_a_loop_counts_by_the_last_start_alone() {
    let mut bench = looping();
    bench.tell(signal(Signal::Start).leased(seconds(10)));
    bench.pass(seconds(50));
    bench.tell(signal(Signal::Restart));
    assert_eq!(bench.pass(seconds(59)), [""; 0]);
    bench.tell(signal(Signal::Crash));
    assert_eq!(bench.pass(seconds(3_600)), [""; 0]);
    assert_eq!(bench.standing(), ("error", "crash_loop"));
}

#[test]
fn the_end_of_a_socket_leads_out_of_no_loop() {
    let ends: [fn(AgentId) -> Command; 2] = [Command::Left, Command::Release];
    for end in ends {
        let mut bench = looping();
        bench.tell(signal(Signal::Start).by_socket().leased(seconds(10)).busy_until(3_600_000));
        bench.pass(seconds(20));
        assert_eq!(bench.words(end(agent("a"))), [""; 0]);
        assert_eq!(bench.pass(seconds(39)), [""; 0]);
        assert_eq!(bench.standing(), ("error", "crash_loop"));
    }
    let mut left = looping();
    left.tell(signal(Signal::Start).by_socket().leased(seconds(90)).busy_until(3_600_000));
    left.tell(Command::Left(agent("a")));
    assert_eq!(left.pass(seconds(60)), ["offline by lease_expired"], "it hung up");

    let mut back = looping();
    back.tell(signal(Signal::Start).by_socket().leased(seconds(90)));
    back.tell(Command::Left(agent("a")));
    back.tell(heartbeat().by_socket());
    assert_eq!(back.pass(seconds(60)), ["online by start"], "it came back");
    assert_eq!(back.words(Command::Left(agent("a"))), ["offline by disconnected"]);

    let mut released = looping();
    released.tell(signal(Signal::Start).by_socket().leased(seconds(90)));
    released.tell(Command::Release(agent("a")));
    assert_eq!(released.pass(seconds(60)), ["online by start"], "it has a whole lease");
}

#[test]
fn who_asked_for_no_lease_in_a_loop_is_marked_and_online_once_it_lived() {
    let mut bench = looping();
    bench.tell(signal(Signal::Start));
    assert!(bench.vital().unleased);
    assert_eq!(bench.pass(seconds(60)), ["online by start"]);
}

#[test]
fn what_is_remembered_of_crashes_has_a_bound() {
    let mut bench = Bench::new();
    for _ in 0..300 {
        bench.tell(signal(Signal::Crash));
    }
    assert_eq!(bench.desk.beside(&agent("a")).unwrap().falls.len(), 100);
}
