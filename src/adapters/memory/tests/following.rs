//! Followers: whole proposals, no spinning, nothing lost by a dropped wait.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::AtomicUsize;
use std::task::{Context, Poll, Wake, Waker};

use super::*;

/// Counts how often a waiting follower is woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Bell {
    fn rings(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Appends this many pairs of a start and a stop: two events each.
async fn put_pairs(rig: &Rig, count: usize) {
    for n in 0..count {
        let word = if n % 2 == 0 { Signal::Stop } else { Signal::Start };
        rig.put(signal("a", word)).await;
    }
}

#[tokio::test]
async fn a_follower_never_gets_a_part_of_a_proposal_also_past_its_bound() {
    let rig = rig();
    // One event first, so that the bound falls between the two of a pair.
    rig.put(status("a", Status::Online)).await;
    put_pairs(&rig, FOLLOW_EVENTS_MAX).await;
    let mut follower = rig.follow(0).await;
    let mut all = Vec::new();
    let mut sizes = Vec::new();
    while all.len() < 1 + 2 * FOLLOW_EVENTS_MAX {
        let events = follower.next().await.unwrap();
        let last = events.last().unwrap();
        assert!(matches!(last.event, Event::Status(_)), "a pair ends with its status");
        sizes.push(events.len());
        all.extend(seqs(&events));
    }
    assert_eq!(all, (1..).take(1 + 2 * FOLLOW_EVENTS_MAX).collect::<Vec<_>>());
    assert_eq!(sizes, [FOLLOW_EVENTS_MAX + 1, FOLLOW_EVENTS_MAX], "one over the bound, to end a pair");
}

#[tokio::test]
async fn each_proposal_of_one_call_ends_where_its_own_events_end() {
    let rig = rig();
    let mut proposals = vec![status("a", Status::Online)];
    for n in 0..1000 {
        let agent = format!("b{n}");
        proposals.extend([
            signal(&agent, Signal::Start),
            signal(&agent, Signal::Crash),
            signal(&agent, Signal::Crash),
            status(&agent, Status::Error),
        ]);
    }
    rig.append(proposals).await;
    let mut follower = rig.follow(0).await;
    // 1 + 1000 × (2 + 2 + 1 + 0) events: the bound falls inside of a pair or behind a lone event.
    let first = follower.next().await.unwrap();
    let rest = follower.next().await.unwrap();
    assert_eq!(first.len() + rest.len(), 5001);
    assert!(first.len() == FOLLOW_EVENTS_MAX || first.len() == FOLLOW_EVENTS_MAX + 1);
    let opens_a_pair = matches!(&first.last().unwrap().event, Event::Lifecycle(_))
        && matches!(&rest[0].event, Event::Status(_));
    assert!(!opens_a_pair);
}

#[tokio::test]
async fn a_follower_waits_without_spinning_and_wakes_once_for_news() {
    let rig = rig();
    rig.put(status("a", Status::Online)).await;
    let mut follower = rig.follow(1).await;
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let mut context = Context::from_waker(&waker);
    let mut wait = pin!(follower.next());
    assert!(wait.as_mut().poll(&mut context).is_pending());
    assert_eq!(bell.rings(), 0, "it does not ask to be polled again by itself");
    rig.put(status("a", Status::Online)).await;
    rig.append(Vec::new()).await;
    assert_eq!(bell.rings(), 0, "what makes no event wakes nobody");
    rig.append(vec![signal("a", Signal::Stop), signal("a", Signal::Start)]).await;
    assert_eq!(bell.rings(), 1, "one call, one wake");
    let Poll::Ready(events) = wait.as_mut().poll(&mut context) else { panic!("news were there") };
    assert_eq!(seqs(&events.unwrap()), [2, 3, 4, 5]);
}

#[tokio::test]
async fn a_dropped_wait_loses_nothing_and_repeats_nothing() {
    let rig = rig();
    let mut follower = rig.follow(0).await;
    let mut context = Context::from_waker(Waker::noop());
    let mut all = Vec::new();
    for n in 0..50_u64 {
        // Dropped while it waits, and dropped when the news that it waited for are there.
        assert!(pin!(follower.next()).poll(&mut context).is_pending());
        {
            let mut wait = pin!(follower.next());
            assert!(wait.as_mut().poll(&mut context).is_pending());
            rig.put(signal("a", if n % 2 == 0 { Signal::Stop } else { Signal::Start })).await;
        }
        all.extend(seqs(&follower.next().await.unwrap()));
    }
    assert_eq!(all, (1..=100).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_follower_ahead_of_the_head_waits_for_its_place() {
    let rig = rig();
    let mut follower = rig.follow(3).await;
    let mut context = Context::from_waker(Waker::noop());
    let mut wait = pin!(follower.next());
    for n in 0..2 {
        assert!(wait.as_mut().poll(&mut context).is_pending());
        rig.put(activity("a", &n.to_string())).await;
    }
    assert!(wait.as_mut().poll(&mut context).is_pending(), "three events, all of them before its place");
    rig.put(activity("a", "z")).await;
    let Poll::Ready(events) = wait.as_mut().poll(&mut context) else { panic!("event 4 was there") };
    assert_eq!(seqs(&events.unwrap()), [4]);
}

#[tokio::test]
async fn a_follower_is_given_what_is_left_and_then_the_end_when_the_log_goes() {
    let rig = rig();
    rig.put(status("a", Status::Online)).await;
    let mut follower = rig.follow(0).await;
    drop(rig);
    assert_eq!(seqs(&follower.next().await.unwrap()), [1]);
    for _ in 0..2 {
        assert!(matches!(follower.next().await, Err(LogError::Closed)));
    }
}

#[tokio::test]
async fn many_followers_get_the_same_whatever_their_beginning() {
    let rig = rig();
    put_pairs(&rig, 10).await;
    for after in 0..=20 {
        let mut follower = rig.follow(after).await;
        if after < 20 {
            assert_eq!(seqs(&follower.next().await.unwrap()), (after + 1..=20).collect::<Vec<_>>());
        }
    }
}
