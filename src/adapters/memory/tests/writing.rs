//! The single writer under many hands, and under a wall clock that jumps.

use super::*;
use crate::domain::fleet::Fleet;

const TASKS: usize = 256;
const EACH: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn appends_from_many_threads_to_one_agent_land_in_order_without_conflict() {
    let rig = Arc::new(rig());
    rig.put(status("a", Status::Online)).await;
    let mut follower = rig.follow(1).await;
    let start = Arc::new(tokio::sync::Barrier::new(TASKS));
    let mut tasks = Vec::new();
    for task in 0..TASKS {
        let (rig, start) = (Arc::clone(&rig), Arc::clone(&start));
        tasks.push(tokio::spawn(async move {
            start.wait().await;
            let mut seqs = Vec::new();
            for n in 0..EACH {
                seqs.push(
                    rig.put(keyed(activity("a", &format!("{task}/{n}")), "u", &format!("{task}/{n}"), 0))
                        .await,
                );
            }
            seqs
        }));
    }
    let mut receipts = Vec::new();
    for task in tasks {
        let own = task.await.unwrap();
        assert!(own.is_sorted(), "each writer's reports land in the order it sent them");
        receipts.extend(own);
    }
    receipts.sort_unstable();
    assert_eq!(receipts, (2..).take(TASKS * EACH).collect::<Vec<_>>(), "no hole, none twice");

    let mut followed = Vec::new();
    while followed.len() < receipts.len() {
        followed.extend(follower.next().await.unwrap());
    }
    assert_eq!(seqs(&followed), receipts);
    let mut folded = Fleet::default();
    for recorded in &rig.log.read(Seq::ZERO, usize::MAX, None).await.unwrap().events {
        folded.apply(recorded);
    }
    assert_eq!(folded, rig.log.load().await.unwrap().fleet, "the fleet is the fold of its events");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn the_same_key_from_many_threads_makes_one_event() {
    let rig = Arc::new(rig());
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let rig = Arc::clone(&rig);
            tokio::spawn(async move { rig.put(keyed(signal("a", Signal::Crash), "u", "k", 1)).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), 2);
    }
    assert_eq!(rig.log.load().await.unwrap().fleet.at().get(), 2);
}

#[tokio::test]
async fn a_call_s_proposals_see_each_other_and_one_refusal_leaves_the_rest() {
    let rig = rig();
    let forget = Proposal { command: Command::Forget(AgentId::parse("none").unwrap()), key: None };
    let results = rig
        .append(vec![
            signal("a", Signal::Crash),
            forget,
            signal("a", Signal::Crash),
            status("a", Status::Error),
            signal("a", Signal::Start),
        ])
        .await;
    let seqs: Vec<_> =
        results.iter().map(|result| result.as_ref().ok().map(|r| (r.changed, r.seq.get()))).collect();
    assert_eq!(
        seqs,
        [Some((true, 2)), None, Some((true, 3)), Some((false, 3)), Some((true, 5))],
        "the second crash changes no status, the error is known"
    );
}

#[tokio::test]
async fn a_wall_clock_that_jumps_back_changes_no_order() {
    let rig = rig();
    let noon = 1_795_460_000_000;
    let walls = [noon, noon - 3_600_000, 0, Timestamp::MAX.millis(), noon];
    for (n, wall) in (0..).zip(walls) {
        rig.clock.set_wall(wall);
        assert_eq!(rig.put(activity("a", &n.to_string())).await, n + 2);
    }
    let page = rig.log.read(Seq::ZERO, 100, None).await.unwrap();
    let told: Vec<_> = page
        .events
        .iter()
        .filter_map(|recorded| match &recorded.event {
            Event::Activity(event) => {
                Some((event.last_message.as_str().to_owned(), event.timestamp.millis()))
            }
            _ => None,
        })
        .collect();
    let expected: Vec<_> = walls.into_iter().enumerate().map(|(n, wall)| (n.to_string(), wall)).collect();
    assert_eq!(told, expected, "the order of arrival, each with the wall clock's word");
    let fleet = rig.log.load().await.unwrap().fleet;
    let agent = fleet.get(&AgentId::parse("a").unwrap()).unwrap();
    let session = agent.sessions.values().next().unwrap();
    assert_eq!(session.activity.last_message.as_str(), "4", "the last to arrive is what is shown");
}
