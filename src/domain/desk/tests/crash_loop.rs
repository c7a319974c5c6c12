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
fn who_falls_silent_in_a_loop_is_noticed_too() {
    let mut bench = looping();
    bench.tell(signal(Signal::Start).leased(seconds(10)));
    assert_eq!(bench.pass(seconds(10)), ["offline by lease_expired"]);
    assert_eq!(bench.pass(seconds(3_600)), [""; 0], "it does not live through the loop");
}

#[test]
fn what_is_remembered_of_crashes_has_a_bound() {
    let mut bench = Bench::new();
    for _ in 0..300 {
        bench.tell(signal(Signal::Crash));
    }
    assert_eq!(bench.desk.beside(&agent("a")).unwrap().falls.len(), 100);
}
