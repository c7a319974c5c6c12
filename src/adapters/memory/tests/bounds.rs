//! What goes when there is too much.

use super::*;
use crate::domain::fault::Code;

fn held_after(error: &LogError) -> u64 {
    match error {
        LogError::Compacted { held_after } => held_after.get(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn past_its_bound_the_oldest_events_go_and_readers_before_them_are_told() {
    let rig = rig_with(10, 10);
    for n in 0..25 {
        rig.put(activity("a", &n.to_string())).await;
    }
    // 26 events: the first activity made the agent known.
    let page = rig.log.read(Seq::new(16), 100, None).await.unwrap();
    assert_eq!(seqs(&page.events), (17..=26).collect::<Vec<_>>());
    assert_eq!((page.head.get(), page.held_after.get()), (26, 16));
    for gone in [0, 1, 15] {
        assert_eq!(held_after(&rig.log.read(Seq::new(gone), 1, None).await.unwrap_err()), 16);
        assert_eq!(held_after(&rig.log.follow(Seq::new(gone)).await.err().unwrap()), 16);
    }
    let page = rig.log.read(Seq::new(20), 3, None).await.unwrap();
    assert_eq!(seqs(&page.events), [21, 22, 23]);
    assert!(rig.log.read(Seq::new(26), 3, None).await.unwrap().events.is_empty());
    assert!(rig.log.read(Seq::new(u64::MAX), usize::MAX, None).await.unwrap().events.is_empty());
    assert!(rig.log.read(Seq::new(16), 0, None).await.unwrap().events.is_empty());
    assert_eq!(rig.log.load().await.unwrap().fleet.at().get(), 26, "the fleet outlives its events");
}

#[tokio::test]
async fn a_follower_that_falls_behind_what_is_kept_is_told_and_never_given_a_gap() {
    let rig = rig_with(5, 10);
    rig.put(status("a", Status::Online)).await;
    let mut follower = rig.follow(0).await;
    assert_eq!(seqs(&follower.next().await.unwrap()), [1]);
    for n in 0..5 {
        rig.put(activity("a", &n.to_string())).await;
    }
    assert_eq!(seqs(&follower.next().await.unwrap()), [2, 3, 4, 5, 6], "the very last place that is kept");
    for n in 0..6 {
        rig.put(activity("a", &n.to_string())).await;
    }
    for _ in 0..2 {
        assert_eq!(held_after(&follower.next().await.unwrap_err()), 7);
    }
}

#[tokio::test]
async fn a_bound_of_nothing_still_keeps_one() {
    let rig = rig_with(0, 0);
    rig.put(keyed(signal("a", Signal::Crash), "u", "k", 1)).await;
    assert_eq!(seqs(&rig.log.read(Seq::new(1), 10, None).await.unwrap().events), [2]);
    let again = rig.one(keyed(signal("a", Signal::Crash), "u", "k", 1)).await.unwrap();
    assert_eq!(again.seq.get(), 2, "the one key is known");
}

#[tokio::test]
async fn past_its_bound_the_oldest_key_goes() {
    let rig = rig_with(100, 3);
    let send = |text: &'static str| rig.put(keyed(activity("a", text), "u", text, 1));
    for (text, seq) in [("k1", 2), ("k2", 3), ("k3", 4)] {
        assert_eq!(send(text).await, seq);
    }
    assert_eq!(send("k1").await, 2, "all three are known; asking again makes none younger");
    assert_eq!(send("k4").await, 5);
    assert_eq!(send("k2").await, 3);
    assert_eq!(send("k3").await, 4);
    assert_eq!(send("k1").await, 6, "the oldest went for the fourth");
    assert_eq!(send("k3").await, 4);
    assert_eq!(send("k2").await, 7, "and the next oldest for that one");
}

#[tokio::test]
async fn a_key_is_known_for_24_hours_of_monotonic_time_whatever_the_wall_clock_says() {
    let day = Duration::from_secs(24 * 60 * 60);
    let rig = rig();
    let send = || rig.put(keyed(activity("a", "x"), "u", "k", 1));
    assert_eq!(send().await, 2);
    rig.clock.pass(day - Duration::from_millis(1));
    for wall in [0, Timestamp::MAX.millis()] {
        rig.clock.set_wall(wall);
        assert_eq!(send().await, 2);
    }
    rig.clock.pass(Duration::from_millis(1));
    assert_eq!(send().await, 3);
    assert_eq!(send().await, 3, "it is known anew, from now on");
    rig.clock.pass(day);
    assert_eq!(send().await, 4);
}

#[tokio::test]
async fn a_key_belongs_to_its_owner_and_to_one_report() {
    let rig = rig();
    let first = rig.one(keyed(activity("a", "x"), "alice", "k", 1)).await.unwrap();
    assert_eq!(rig.one(keyed(activity("a", "x"), "alice", "k", 1)).await.unwrap(), first);
    let conflict = rig.one(keyed(activity("a", "y"), "alice", "k", 2)).await.unwrap_err();
    assert_eq!(conflict.code, Code::IdempotencyConflict);
    assert_eq!(rig.put(keyed(activity("a", "y"), "bob", "k", 2)).await, 3, "another user, another key");
    assert_eq!(rig.log.load().await.unwrap().fleet.at().get(), 3);
}

#[tokio::test]
async fn a_key_twice_in_one_call_gets_the_first_answer_twice() {
    let rig = rig();
    let twice = vec![keyed(activity("a", "x"), "u", "k", 1); 2];
    let receipts = rig.append(twice).await;
    assert_eq!(receipts[0], receipts[1]);
    assert_eq!(receipts[0].as_ref().unwrap().seq.get(), 2);
}

#[tokio::test]
async fn a_report_that_was_refused_or_changed_nothing_is_kept_by_its_outcome() {
    let desk = Limits { agents: 1, ..Limits::default() };
    let rig = rig_of(MemoryLogLimits { desk, ..MemoryLogLimits::default() });
    rig.put(status("a", Status::Online)).await;
    let unchanged = rig.one(keyed(status("a", Status::Online), "u", "same", 1)).await.unwrap();
    assert_eq!((unchanged.applied, unchanged.changed, unchanged.seq.get()), (true, false, 1));
    rig.put(status("a", Status::Error)).await;
    assert_eq!(rig.one(keyed(status("a", Status::Online), "u", "same", 1)).await.unwrap(), unchanged);
    // A refusal keeps nothing: once there is room the same key may succeed.
    let full = rig.one(keyed(status("b", Status::Online), "u", "new", 1)).await.unwrap_err();
    assert_eq!(full.code, Code::FleetFull);
    let forget = Proposal { command: Command::Forget(AgentId::parse("a").unwrap()), key: None };
    rig.put(forget).await;
    assert_eq!(rig.put(keyed(status("b", Status::Online), "u", "new", 1)).await, 4);
}
