//! Lifecycle reports.

use super::*;
use crate::domain::event::LifecycleEvent;
use crate::domain::report::SignalName;

const BY_SIGNAL: [(Signal, &str, &str); 4] = [
    (Signal::Start, "start", "online by start"),
    (Signal::Stop, "stop", "offline by stop"),
    (Signal::Restart, "restart", "online by restart"),
    (Signal::Crash, "crash", "error by crash"),
];

fn lifecycle_event(bench: &mut Bench, report: Report) -> LifecycleEvent {
    match bench.tell(report).1.into_iter().next() {
        Some(Event::Lifecycle(event)) => event,
        other => panic!("a lifecycle event comes first, not {other:?}"),
    }
}

#[test]
fn a_signal_makes_its_event_and_then_the_status_that_follows() {
    for (given, own, follows) in BY_SIGNAL {
        assert_eq!(Bench::new().words(signal(given)), [own, follows], "unknown agent");
        for before in Status::ALL {
            let mut bench = Bench::new();
            bench.tell(status(before));
            assert_eq!(bench.words(signal(given)), [own, follows], "{before:?} by report");
        }
        for (earlier, ..) in BY_SIGNAL.into_iter().filter(|(earlier, ..)| *earlier != given) {
            let mut bench = Bench::new();
            bench.tell(signal(earlier));
            assert_eq!(bench.words(signal(given)), [own, follows], "after {earlier:?}");
        }
    }
}

#[test]
fn a_signal_that_changes_neither_status_nor_reason_still_makes_its_event() {
    for (given, own, _) in BY_SIGNAL {
        let mut bench = Bench::new();
        bench.tell(signal(given));
        assert_eq!(bench.words(signal(given)), [own]);
        assert_eq!(bench.agent("a").rev, Seq::new(3), "a lifecycle event is a change of its agent");
    }
}

#[test]
fn a_signal_clears_the_state_and_brings_its_own_message() {
    let mut bench = Bench::new();
    bench.tell(status(Status::Online).saying("compiling").in_state("working"));
    let crashed = bench.status_after(signal(Signal::Crash).saying("out of memory"));
    assert_eq!((crashed.message, crashed.state), (Some(message("out of memory")), None));
    let started = bench.status_after(signal(Signal::Start));
    assert_eq!((started.message, started.state), (None, None));
}

#[test]
fn what_an_earlier_life_said_does_not_outlive_a_second_start_or_restart() {
    for given in [Signal::Start, Signal::Restart] {
        let mut bench = Bench::new();
        bench.tell(signal(given));
        bench.tell(status(Status::Online).saying("compiling").in_state("working"));
        bench.tell(signal(given));
        let now = &bench.agent("a").status;
        assert_eq!((now.message.as_ref(), now.state.as_ref()), (None, None), "{given:?}");
    }
}

#[test]
fn the_lifecycle_event_tells_how_the_process_ended() {
    let exit = Exit { code: Some(137), signal: SignalName::parse("SIGKILL") };
    let mut given = signal(Signal::Crash).saying("killed").at_time(5);
    if let ReportBody::Lifecycle { exit: slot, .. } = &mut given.body {
        *slot = exit.clone();
    }
    let event = lifecycle_event(&mut Bench::new(), given);
    assert_eq!(event.exit, exit);
    assert_eq!(event.message, Some(message("killed")));
    assert_eq!(event.timestamp, at(5));
}

#[test]
fn restarts_are_counted_and_nothing_else_is() {
    let mut bench = Bench::new();
    let counts = [
        (Signal::Start, 0),
        (Signal::Restart, 1),
        (Signal::Restart, 2),
        (Signal::Crash, 2),
        (Signal::Start, 2),
        (Signal::Stop, 2),
        (Signal::Restart, 3),
    ];
    for (step, (given, count)) in counts.into_iter().enumerate() {
        assert_eq!(lifecycle_event(&mut bench, signal(given)).restarts, count, "step {step}");
        assert_eq!(bench.agent("a").status.restarts, count, "step {step}: also without a status event");
    }
}

#[test]
fn a_first_restart_of_an_unknown_agent_counts() {
    let mut bench = Bench::new();
    assert_eq!(bench.status_after(signal(Signal::Restart)).restarts, 1);
}

#[test]
fn absent_labels_keep_and_empty_ones_clear_with_a_status_event_and_without() {
    for first in [Signal::Start, Signal::Stop] {
        let mut bench = Bench::new();
        bench.tell(signal(first).labelled(&[("team", "x")]));
        bench.tell(signal(Signal::Start));
        assert_eq!(bench.agent("a").status.labels, labels(&[("team", "x")]), "{first:?}");
        let event = lifecycle_event(&mut bench, signal(Signal::Start).labelled(&[("team", "y")]));
        assert_eq!(event.labels, Some(labels(&[("team", "y")])));
        assert_eq!(bench.agent("a").status.labels, labels(&[("team", "y")]));
        bench.tell(signal(Signal::Start).labelled(&[]));
        assert!(bench.agent("a").status.labels.is_empty());
    }
}

#[test]
fn labels_of_a_lifecycle_report_count_when_the_next_status_is_compared() {
    let mut bench = Bench::new();
    bench.tell(signal(Signal::Start));
    bench.tell(signal(Signal::Start).labelled(&[("team", "x")]));
    assert_eq!(bench.words(status(Status::Online).labelled(&[("team", "x")])), [""; 0]);
}

#[test]
fn the_time_in_a_status_goes_on_through_a_restart_and_begins_anew_with_a_change() {
    let mut bench = Bench::new();
    bench.tell(signal(Signal::Start));
    bench.now = 2_000;
    assert_eq!(bench.status_after(signal(Signal::Restart)).since, at(1_000));
    bench.now = 3_000;
    assert_eq!(bench.status_after(signal(Signal::Crash)).since, at(3_000));
    bench.now = 4_000;
    assert_eq!(bench.status_after(signal(Signal::Start)).since, at(4_000));
}

#[test]
fn a_signal_leaves_the_sessions_alone() {
    let mut bench = Bench::new();
    bench.tell(activity("s1", "hello"));
    for given in Signal::ALL {
        bench.tell(signal(given));
    }
    assert_eq!(bench.sessions("a"), ["s1"]);
}

#[test]
fn a_start_or_restart_begins_another_process_also_where_the_status_stays() {
    let mut bench = Bench::new();
    bench.tell(status(Status::Online));
    assert_eq!(bench.vital().began, None);
    for given in [Signal::Start, Signal::Restart, Signal::Restart] {
        bench.now += 60_000;
        bench.tell(signal(given));
        assert_eq!(bench.vital().began, Some(at(bench.now)), "{given:?}");
        assert_eq!(bench.agent("a").status.since, at(1_000), "the status goes on");
    }
    let began = bench.vital().began;
    bench.now += 60_000;
    for other in [heartbeat(), activity("s", "x"), status(Status::Error), signal(Signal::Stop)] {
        bench.tell(other);
        assert_eq!(bench.vital().began, began);
    }
}

#[test]
fn a_start_or_restart_that_comes_late_begins_nothing_anew() {
    let told = |reports: &[Report]| {
        let mut bench = Bench::new();
        for report in reports {
            bench.now += 60_000;
            bench.tell(report.clone());
        }
        bench.vital().began
    };
    let restart = |shown: u64| signal(Signal::Restart).at_time(shown);
    assert_eq!(told(&[restart(3_000), restart(2_000)]), Some(at(121_000)), "the time it shows is for people");

    let fenced = |life: &str, began| signal(Signal::Start).from(life, Some(began), None);
    assert_eq!(told(&[fenced("new", 9), fenced("old", 5)]), Some(at(61_000)), "of an older life");

    let delayed = |by| signal(Signal::Start).late_by(seconds(by));
    assert_eq!(told(&[delayed(20), delayed(70)]), Some(at(51_000)), "it was 10 s before");
    assert_eq!(told(&[delayed(20), delayed(10)]), Some(at(111_000)), "it was 60 s after");
}
