//! Status reports.

use super::*;

#[test]
fn the_first_status_makes_an_agent_known() {
    for (given, words) in [
        (Status::Online, "online by reported"),
        (Status::Offline, "offline by reported"),
        (Status::Error, "error by reported"),
    ] {
        let mut bench = Bench::new();
        assert_eq!(bench.words(status(given)), [words]);
        assert_eq!(bench.agent("a").status.standing.status, given);
    }
}

#[test]
fn a_status_that_changes_nothing_makes_no_event() {
    let whole = || status(Status::Online).saying("m").in_state("idle").labelled(&[("team", "x")]);
    let same = [
        ("word for word", whole()),
        ("labels left out, which keeps them", status(Status::Online).saying("m").in_state("idle")),
        ("another time, which is for display", whole().at_time(77)),
        ("from an instance", whole().from("i", None, None)),
    ];
    for (case, report) in same {
        let mut bench = Bench::new();
        bench.tell(whole());
        let before = bench.desk.fleet().clone();
        bench.now = 2_000;
        assert_eq!(bench.tell(report), (true, vec![]), "{case}");
        assert_eq!(*bench.desk.fleet(), before, "{case}");
    }
}

#[test]
fn each_of_status_state_message_and_labels_alone_makes_an_event() {
    let base = || status(Status::Online).saying("m").in_state("idle").labelled(&[("team", "x")]);
    let changes = [
        ("status", status(Status::Error).saying("m").in_state("idle")),
        ("message", base().saying("n")),
        ("message gone", status(Status::Online).in_state("idle")),
        ("message gone, an empty one is not none", base().saying("")),
        ("state", base().in_state("working")),
        ("state gone", status(Status::Online).saying("m")),
        ("label value", base().labelled(&[("team", "y")])),
        ("one label more", base().labelled(&[("team", "x"), ("zone", "1")])),
        ("labels gone", base().labelled(&[])),
    ];
    for (case, report) in changes {
        let mut bench = Bench::new();
        bench.tell(base());
        assert_eq!(bench.tell(report).1.len(), 1, "{case}");
        assert_eq!(bench.desk.head(), Seq::new(2), "{case}");
    }
}

#[test]
fn absent_labels_keep_and_empty_ones_clear() {
    let mut bench = Bench::new();
    bench.tell(status(Status::Online).labelled(&[("team", "x")]));
    let kept = bench.status_after(status(Status::Error));
    assert_eq!(kept.labels, labels(&[("team", "x")]));
    let cleared = bench.status_after(status(Status::Error).labelled(&[]));
    assert!(cleared.labels.is_empty());
    assert_eq!(bench.tell(status(Status::Error).labelled(&[])), (true, vec![]), "cleared already");
}

#[test]
fn labels_are_replaced_as_a_whole() {
    let mut bench = Bench::new();
    bench.tell(status(Status::Online).labelled(&[("team", "x"), ("zone", "1")]));
    let replaced = bench.status_after(status(Status::Online).labelled(&[("zone", "2")]));
    assert_eq!(replaced.labels, labels(&[("zone", "2")]));
}

#[test]
fn absent_state_and_message_clear() {
    let mut bench = Bench::new();
    bench.tell(status(Status::Online).saying("m").in_state("working"));
    let cleared = bench.status_after(status(Status::Online));
    assert_eq!((cleared.message, cleared.state), (None, None));
    let half = bench.status_after(status(Status::Online).saying("n"));
    assert_eq!((half.message, half.state), (Some(message("n")), None));
}

#[test]
fn the_time_in_a_status_goes_on_while_it_stays() {
    let mut bench = Bench::new();
    assert_eq!(bench.status_after(status(Status::Online)).since, at(1_000));
    bench.now = 2_000;
    assert_eq!(bench.status_after(status(Status::Online).saying("still here")).since, at(1_000));
    bench.now = 3_000;
    assert_eq!(bench.status_after(status(Status::Error)).since, at(3_000));
    bench.now = 4_000;
    assert_eq!(bench.status_after(status(Status::Online)).since, at(4_000), "not the first time again");
}

#[test]
fn the_reporters_time_is_shown_and_decides_nothing() {
    let mut bench = Bench::new();
    let early = bench.status_after(status(Status::Online).at_time(5));
    assert_eq!((early.timestamp, early.since), (at(5), at(1_000)));
    let silent = bench.status_after(status(Status::Error));
    assert_eq!((silent.timestamp, silent.since), (at(1_000), at(1_000)), "the server's, where none came");
    let older = bench.status_after(status(Status::Offline).at_time(1));
    assert_eq!(older.timestamp, at(1), "an older time is no reason to refuse");
}

#[test]
fn a_status_report_that_changes_something_is_the_reason_from_then_on() {
    let mut bench = Bench::new();
    bench.tell(signal(Signal::Crash));
    assert_eq!(bench.words(status(Status::Error)), [""; 0], "it changes nothing, so the crash stays");
    assert_eq!(bench.words(status(Status::Error).saying("retrying")), ["error by reported"]);
    assert_eq!(bench.words(status(Status::Online)), ["online by reported"]);
}

#[test]
fn a_status_keeps_the_count_of_restarts() {
    let mut bench = Bench::new();
    bench.tell(signal(Signal::Restart));
    assert_eq!(bench.status_after(status(Status::Error)).restarts, 1);
}
