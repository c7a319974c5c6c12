//! Leases: when an agent is no longer believed, and what brings it back (contract, section 8).

use super::*;

#[test]
fn an_agent_without_a_lease_keeps_its_status_and_is_marked() {
    let mut bench = Bench::new();
    let online = bench.status_after(status(Status::Online));
    assert_eq!((online.unleased, online.last_seen), (true, Some(at(1_000))));
    assert_eq!(bench.pass(seconds(1_000_000)), [""; 0]);
    assert_eq!(bench.vital(), Vital { last_seen: at(1_000), unleased: true, stale: false, began: None });
    let gone = bench.status_after(status(Status::Offline));
    assert_eq!((gone.unleased, gone.last_seen), (false, None), "whoever is down is not waited for");
}

#[test]
fn a_lease_that_runs_out_takes_an_agent_offline_once_and_says_when_it_was_heard() {
    for report in [
        status(Status::Online).leased(seconds(10)),
        status(Status::Error).leased(seconds(10)),
        signal(Signal::Start).leased(seconds(10)),
        signal(Signal::Restart).leased(seconds(10)),
        activity("s", "x").leased(seconds(10)),
        heartbeat().leased(seconds(10)),
    ] {
        let mut bench = Bench::new();
        bench.tell(report.clone());
        assert!(!bench.agent("a").status.unleased);
        assert_eq!(bench.pass(Duration::from_millis(9_999)), [""; 0], "{report:?}");
        assert_eq!(bench.pass(Duration::from_millis(1)), ["offline by lease_expired"], "{report:?}");
        let event = &bench.agent("a").status;
        assert_eq!((event.last_seen, event.since, event.unleased), (Some(at(1_000)), at(11_000), false));
        assert_eq!(bench.pass(seconds(1_000)), [""; 0]);
    }
}

#[test]
fn a_heartbeat_without_a_length_gives_ninety_seconds() {
    let mut bench = Bench::new();
    assert_eq!(bench.words(heartbeat()), ["online by heard"]);
    assert_eq!(bench.pass(Duration::from_millis(89_999)), [""; 0]);
    assert_eq!(bench.pass(Duration::from_millis(1)), ["offline by lease_expired"]);
}

#[test]
fn every_report_renews_the_last_length_asked_for() {
    let mut bench = Bench::new();
    bench.tell(signal(Signal::Start).leased(seconds(10)));
    for report in [heartbeat(), status(Status::Online), activity("s", "x"), status(Status::Online)] {
        assert_eq!(bench.pass(seconds(9)), [""; 0]);
        bench.tell(report);
    }
    bench.tell(heartbeat().leased(seconds(2)));
    assert_eq!(bench.pass(seconds(2)), ["offline by lease_expired"], "a shorter one counts at once");
    bench.tell(heartbeat());
    assert_eq!(bench.pass(seconds(2)), ["offline by lease_expired"], "and is what is renewed");
}

#[test]
fn a_stopped_or_crashed_agent_has_no_lease_and_no_sign_of_life_brings_it_back() {
    for (end, shown) in [(Signal::Stop, ("offline", "stop")), (Signal::Crash, ("error", "crash"))] {
        let mut bench = Bench::new();
        bench.tell(signal(Signal::Start).leased(seconds(10)));
        bench.tell(signal(end).leased(seconds(10)));
        assert_eq!(bench.pass(seconds(100)), [""; 0]);
        bench.tell(heartbeat());
        bench.tell(activity("s", "x"));
        assert_eq!(bench.standing(), shown);
        assert_eq!(bench.words(signal(Signal::Start)), ["start", "online by start"]);
    }
    let mut bench = Bench::new();
    bench.tell(status(Status::Offline));
    assert_eq!(bench.words(heartbeat()), [""; 0], "offline by its own word, not since it was not heard");
}

#[test]
fn a_new_process_life_asks_for_its_own_lease() {
    let mut bench = Bench::new();
    bench.tell(signal(Signal::Start).leased(seconds(10)));
    bench.tell(signal(Signal::Stop));
    assert!(bench.status_after(signal(Signal::Start)).unleased);
    assert_eq!(bench.pass(seconds(1_000)), [""; 0]);
}

#[test]
fn a_sign_of_life_brings_back_an_agent_that_was_only_not_heard() {
    for (life, words) in [
        (heartbeat(), vec!["online by heard"]),
        (activity("s", "x"), vec!["online by heard", "s says x"]),
        (status(Status::Online), vec!["online by reported"]),
        (signal(Signal::Start), vec!["start", "online by start"]),
    ] {
        let mut bench = Bench::new();
        bench.tell(status(Status::Error).leased(seconds(10)).labelled(&[("team", "x")]));
        bench.pass(seconds(10));
        assert_eq!(bench.words(life), words);
        assert_eq!(bench.agent("a").status.labels, labels(&[("team", "x")]));
        assert_eq!(bench.pass(seconds(10)), ["offline by lease_expired"], "by the last length asked for");
    }
}

#[test]
fn who_says_that_it_will_be_busy_is_believed_until_then() {
    let mut bench = Bench::new();
    bench.tell(signal(Signal::Start).leased(seconds(10)).busy_until(61_000));
    assert_eq!(bench.pass(Duration::from_millis(59_999)), [""; 0]);
    assert_eq!(bench.pass(Duration::from_millis(1)), ["offline by lease_expired"]);
    bench.tell(heartbeat());
    assert_eq!(bench.pass(seconds(10)), ["offline by lease_expired"], "it was for one quiet step");

    let mut shorter = Bench::new();
    shorter.tell(heartbeat().leased(seconds(10)).busy_until(2_000));
    assert_eq!(shorter.pass(seconds(9)), [""; 0], "the later of the two counts");

    let mut far = Bench::new();
    far.tell(heartbeat().leased(seconds(10)).busy_until(u64::MAX >> 11));
    assert_eq!(far.pass(Duration::from_hours(24)), ["offline by lease_expired"], "a day at most");
}

#[test]
fn a_delayed_report_gives_a_shorter_lease_and_takes_nothing_away() {
    let mut bench = Bench::new();
    bench.tell(heartbeat().leased(seconds(10)).late_by(seconds(4)));
    assert_eq!(bench.pass(Duration::from_millis(5_999)), [""; 0]);
    bench.tell(activity("s", "x").late_by(seconds(8)));
    assert_eq!(bench.pass(Duration::from_millis(1_999)), [""; 0]);
    assert_eq!(bench.pass(Duration::from_millis(1)), ["offline by lease_expired"]);
    bench.tell(activity("s", "old news").late_by(seconds(10)));
    assert_eq!(bench.standing(), ("offline", "lease_expired"), "that it lived then is no sign that it lives");
    bench.tell(heartbeat());
    bench.tell(activity("s", "y").late_by(seconds(9)));
    assert_eq!(bench.pass(seconds(9)), [""; 0], "a fresh report gave more");
}

#[test]
fn a_default_lease_is_given_to_whoever_asks_for_none() {
    let mut bench = Bench::within(Limits { default_lease: Some(seconds(30)), ..Limits::default() });
    bench.tell(status(Status::Online));
    bench.tell(status(Status::Online).about("b").leased(seconds(60)));
    assert_eq!(bench.pass(seconds(30)), ["offline by lease_expired"]);
    assert_eq!(bench.pass(seconds(30)), ["offline by lease_expired"]);
}

#[test]
fn after_a_restart_an_agent_is_stale_and_has_a_whole_lease_to_be_heard() {
    let mut bench = Bench::new();
    bench.tell(heartbeat().leased(seconds(10)));
    bench.pass(seconds(9));
    let beside = bench.desk.beside(&agent("a")).unwrap().clone();
    let restored = |now: u64| {
        let besides = [(agent("a"), beside.clone())];
        let desk = Desk::restore(bench.desk.fleet().clone(), besides, Limits::default(), at(now).into());
        Bench { desk, now }
    };
    let mut silent = restored(50_000);
    assert!(silent.vital().stale);
    assert_eq!(silent.pass(Duration::from_millis(9_999)), [""; 0]);
    assert_eq!(silent.pass(Duration::from_millis(1)), ["offline by not_heard_since_restart"]);
    assert_eq!(silent.agent("a").status.last_seen, Some(at(1_000)));
    assert_eq!(silent.words(heartbeat()), ["online by heard"]);

    let mut heard = restored(50_000);
    assert_eq!(heard.words(heartbeat()), [""; 0]);
    assert!(!heard.vital().stale);
    assert_eq!(heard.pass(seconds(10)), ["offline by lease_expired"]);
}

/// The desk in another process, at this uptime and this time of people's clocks: how long it is still believed.
fn believed_after_a_restart(desk: &Desk, uptime: u64, wall: u64) -> u64 {
    let moment = |more: u64| Moment {
        wall: at(wall + more),
        uptime: Monotonic::new(Duration::from_millis(uptime + more)),
    };
    let besides = [(agent("a"), desk.beside(&agent("a")).unwrap().clone())];
    let desk = Desk::restore(desk.fleet().clone(), besides, Limits::default(), moment(0));
    let is_due = |more: &u64| desk.vitals(0, moment(*more).uptime).due;
    let due = (0..=100_000).step_by(1_000).find(is_due).unwrap();
    let decision = desk.decide(&Command::Sweep, moment(due)).unwrap();
    let words: Vec<_> = decision.events.iter().map(words).collect();
    assert_eq!(words, ["offline by not_heard_since_restart"]);
    due
}

#[test]
fn a_busy_agent_is_believed_no_longer_than_until_the_time_it_named_whatever_a_server_slept() {
    let mut bench = Bench::new();
    bench.tell(heartbeat().leased(seconds(10)).busy_until(61_000));
    let after = |uptime, wall| believed_after_a_restart(&bench.desk, uptime, wall);
    assert_eq!(after(21_000, 21_000), 40_000, "no time passed in between");
    assert_eq!(after(21_000, 41_000), 20_000, "20 s passed in between");
    assert_eq!(after(21_000, 10_000_000), 10_000, "long ago: a whole lease is left, as for anybody");
    for wall in [0, 1_000, 20_999] {
        assert_eq!(after(21_000, wall), 40_000, "a clock that was set back gives no more than there was");
    }
}

#[test]
fn who_was_busy_over_two_restarts_is_believed_no_longer_than_over_one() {
    let mut bench = Bench::new();
    bench.tell(heartbeat().leased(seconds(10)).busy_until(61_000));
    let besides = |desk: &Desk| [(agent("a"), desk.beside(&agent("a")).unwrap().clone())];
    let (fleet, early) = (bench.desk.fleet().clone(), Moment { wall: at(41_000), ..at(21_000).into() });
    let once = Desk::restore(fleet, besides(&bench.desk), Limits::default(), early);
    assert_eq!(believed_after_a_restart(&once, 21_000, 1_000), 20_000, "what was cut stays so");
    assert_eq!(believed_after_a_restart(&once, 21_000, 46_000), 15_000);
}

#[test]
fn a_step_of_the_wall_clock_moves_no_lease() {
    let mut bench = Bench::new();
    bench.tell(heartbeat().leased(seconds(10)));
    for wall in [0, 10_000_000_000] {
        let step = Moment { wall: at(wall), uptime: Moment::from(at(10_999)).uptime };
        let decision = bench.desk.decide(&Command::Sweep, step).unwrap();
        assert_eq!(decision.events, []);
    }
}

#[test]
fn only_what_a_restart_could_not_begin_anew_has_to_be_kept_at_once() {
    let mut bench = Bench::new();
    let durable = |bench: &mut Bench, report: Report| {
        let decision = bench.desk.decide(&Command::Report(report), at(bench.now)).unwrap();
        let durable = decision.durable;
        bench.desk.keep(decision);
        durable
    };
    assert!(durable(&mut bench, heartbeat()), "the first makes an event");
    assert!(!durable(&mut bench, heartbeat()));
    assert!(!durable(&mut bench, status(Status::Online)));
    assert!(durable(&mut bench, heartbeat().leased(seconds(5))));
    assert!(durable(&mut bench, heartbeat().busy_until(9_000)));
    assert!(durable(&mut bench, heartbeat().from("i", None, Some(1))));
    assert!(!durable(&mut bench, heartbeat().from("i", None, None)));
}
