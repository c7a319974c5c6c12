//! Activity reports, and forgetting.

use super::*;

#[test]
fn the_first_activity_of_an_unknown_agent_makes_its_status_and_then_its_event() {
    let mut bench = Bench::new();
    assert_eq!(bench.words(activity("s1", "hello")), ["online by heard", "s1 says hello"]);
    let heard = Standing { status: Status::Online, reason: Reason::Heard };
    assert_eq!((bench.agent("a").status.standing, bench.agent("a").status.since), (heard, at(1_000)));
}

#[test]
fn an_activity_of_a_known_agent_makes_its_event_alone_whatever_the_status() {
    let known = [
        status(Status::Online),
        status(Status::Offline),
        status(Status::Error),
        signal(Signal::Stop),
        signal(Signal::Crash),
        activity("s0", "before"),
    ];
    for first in known {
        let mut bench = Bench::new();
        bench.tell(first.clone());
        let before = (bench.agent("a").status.clone(), bench.agent("a").rev);
        assert_eq!(bench.words(activity("s1", "hello")), ["s1 says hello"], "{first:?}");
        assert_eq!((bench.agent("a").status.clone(), bench.agent("a").rev), before, "{first:?}");
    }
}

#[test]
fn the_same_message_again_is_an_event_again() {
    let mut bench = Bench::new();
    bench.tell(activity("s1", "hello"));
    assert_eq!(bench.words(activity("s1", "hello")), ["s1 says hello"]);
    assert_eq!(bench.agent("a").sessions[&SessionId::parse("s1").unwrap()].rev, Seq::new(3));
}

#[test]
fn an_absent_state_clears_that_of_the_session_and_leaves_that_of_the_agent() {
    let mut bench = Bench::new();
    bench.tell(status(Status::Online).saying("m").in_state("working"));
    bench.tell(activity("s1", "one").in_state("waiting"));
    let state = |bench: &Bench| {
        let session = &bench.agent("a").sessions[&SessionId::parse("s1").unwrap()];
        session.activity.state.as_ref().map(|word| word.as_str().to_string())
    };
    assert_eq!(state(&bench).as_deref(), Some("waiting"));
    bench.tell(activity("s1", "two"));
    assert_eq!(state(&bench), None);
    let agent = &bench.agent("a").status;
    assert_eq!(agent.state.as_ref().map(StateWord::as_str), Some("working"));
    assert_eq!(agent.message, Some(message("m")));
}

#[test]
fn sessions_of_one_name_are_apart_in_two_agents() {
    let mut bench = Bench::new();
    bench.tell(activity("s1", "mine"));
    bench.tell(activity("s1", "yours").about("b"));
    let said = |id| bench.agent(id).sessions[&SessionId::parse("s1").unwrap()].activity.last_message.as_str();
    assert_eq!((said("a"), said("b")), ("mine", "yours"));
}

#[test]
fn to_forget_an_agent_takes_its_sessions_and_its_fence_with_it() {
    let mut bench = Bench::new();
    bench.tell(activity("s1", "hello").from("i1", Some(9), Some(9)));
    assert_eq!(bench.words(Command::Forget(agent("a"))), ["a goes"]);
    assert!(bench.desk.fleet().is_empty() && bench.desk.beside(&agent("a")).is_none());
    let anew = activity("s2", "again").from("i0", Some(1), Some(1));
    assert_eq!(bench.words(anew), ["online by heard", "s2 says again"], "as if it were never known");
    assert_eq!(bench.sessions("a"), ["s2"]);
}

#[test]
fn to_forget_an_agent_leaves_the_others() {
    let mut bench = Bench::new();
    bench.tell(status(Status::Online).from("i", None, Some(5)));
    bench.tell(status(Status::Online).about("b").from("i", None, Some(5)));
    bench.tell(Command::Forget(agent("a")));
    let late = status(Status::Error).about("b").from("i", None, Some(5));
    assert_eq!(bench.tell(late), (false, vec![]));
}

#[test]
fn an_unknown_agent_cannot_be_forgotten() {
    let mut bench = Bench::new();
    assert_eq!(bench.refusal(Command::Forget(agent("a"))), Code::NotFound);
    bench.tell(status(Status::Online));
    bench.tell(Command::Forget(agent("a")));
    assert_eq!(bench.refusal(Command::Forget(agent("a"))), Code::NotFound);
}
