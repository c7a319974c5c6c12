//! Agents that live by a socket (contract, 5.6).

use super::*;

#[test]
fn an_agent_lives_as_long_as_its_socket_stands() {
    let mut bench = Bench::new();
    bench.tell(status(Status::Online).by_socket());
    assert!(!bench.agent("a").status.unleased);
    assert_eq!(bench.pass(seconds(10_000)), [""; 0]);
    assert_eq!(bench.words(Command::Left(agent("a"))), ["offline by disconnected"]);
    assert_eq!(bench.agent("a").status.last_seen, Some(at(1_000)));
    assert_eq!(bench.words(Command::Left(agent("a"))), [""; 0], "once");
    assert_eq!(bench.words(heartbeat()), ["online by heard"]);
}

#[test]
fn a_socket_that_we_closed_leaves_a_whole_lease() {
    let mut bench = Bench::new();
    bench.tell(status(Status::Online).by_socket().leased(seconds(10)));
    assert_eq!(bench.pass(seconds(100)), [""; 0]);
    assert_eq!(bench.words(Command::Release(agent("a"))), [""; 0]);
    assert_eq!(bench.pass(Duration::from_millis(9_999)), [""; 0]);
    assert_eq!(bench.pass(Duration::from_millis(1)), ["offline by lease_expired"]);
}

#[test]
fn who_stopped_or_crashed_before_it_hung_up_keeps_saying_so() {
    for (end, shown) in [(Signal::Stop, ("offline", "stop")), (Signal::Crash, ("error", "crash"))] {
        let mut bench = Bench::new();
        bench.tell(status(Status::Online).by_socket());
        bench.tell(signal(end).by_socket());
        assert_eq!(bench.words(Command::Left(agent("a"))), [""; 0]);
        assert_eq!(bench.standing(), shown);
    }
}

#[test]
fn the_end_of_a_socket_says_nothing_of_an_agent_that_it_did_not_stand_for() {
    let mut bench = Bench::new();
    bench.tell(status(Status::Online).leased(seconds(10)));
    for gone in [Command::Left(agent("a")), Command::Release(agent("a")), Command::Left(agent("nobody"))] {
        assert_eq!(bench.tell(gone), (false, vec![]));
    }
    assert_eq!(bench.standing(), ("online", "reported"));
}
