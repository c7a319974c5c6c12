//! Following the log as it grows.

use std::sync::Arc;

use super::drive::{Work, join_all, stand_back, try_for};
use super::made::{activity, append, assert_follows, from, plain, read_all, signal, status, taken, working};
use super::story::{Story, without_clock};
use crate::domain::cursor::Seq;
use crate::domain::event::Recorded;
use crate::domain::lifecycle::{Signal, Status};
use crate::ports::event_log::{EventLog, Follower, Proposal};

/// How often a wait is looked at before it counts as waiting.
const LOOKS: usize = 50;

pub(super) async fn every_position_is_followed_to_the_head(log: Arc<dyn EventLog>) {
    let story = Story::told(log).await;
    let mut starts = vec![Seq::ZERO];
    starts.extend(story.ends.iter().copied().filter(|end| *end < story.head()));
    for after in starts {
        let mut follower = working(story.log.follow(after).await);
        let mut seen = Vec::new();
        while last_of(&seen, after) < story.head() {
            let events = next(&mut *follower, last_of(&seen, after)).await;
            let end = last_of(&events, after);
            assert!(story.ends.contains(&end), "a follower is never given a part of one proposal's events");
            seen.extend(events.into_iter().map(without_clock));
        }
        assert_eq!(seen, story.after(after), "a follower sees every event after its position");
    }
}

pub(super) async fn a_follower_at_the_head_waits_and_is_woken(log: &Arc<dyn EventLog>) {
    let head = taken(&**log, plain(status("a", Status::Online))).await.seq;
    let mut follower = working(log.follow(head).await);
    let early = try_for(&mut follower.next(), LOOKS).await;
    assert!(early.is_none(), "a follower at the head waits for the next event: {early:?}");
    let waits: Work<Vec<Recorded>> = Box::pin(async move { next(&mut *follower, head).await });
    let log = Arc::clone(log);
    let writes: Work<Vec<Recorded>> = Box::pin(async move {
        for _ in 0..LOOKS {
            stand_back().await;
        }
        taken(&*log, plain(signal("a", Signal::Crash))).await;
        Vec::new()
    });
    let seen = join_all(vec![waits, writes]).await.concat();
    assert_eq!(seen.len(), 2, "a waiting follower is given what the next proposal made, whole");
}

pub(super) async fn two_followers_see_the_same(log: &Arc<dyn EventLog>) {
    const REPORTS: usize = 40;
    let mut work: Vec<Work<Vec<Recorded>>> = Vec::new();
    for _ in 0..2 {
        let mut follower = working(log.follow(Seq::ZERO).await);
        work.push(Box::pin(async move {
            let mut seen = Vec::new();
            // Each crash and each start that follows it makes two events.
            while seen.len() < 2 * REPORTS {
                let after = last_of(&seen, Seq::ZERO);
                seen.extend(next(&mut *follower, after).await);
            }
            seen
        }));
    }
    let writer = Arc::clone(log);
    work.push(Box::pin(async move {
        for given in [Signal::Stop, Signal::Start].into_iter().cycle().take(REPORTS) {
            taken(&*writer, plain(signal("a", given))).await;
            stand_back().await;
        }
        read_all(&*writer).await
    }));
    let [one, other, kept] = <[_; 3]>::try_from(join_all(work).await)
        .unwrap_or_else(|_| panic!("three things were done side by side"));
    assert_eq!(one, kept, "a follower sees what is kept, as it grows");
    assert_eq!(one, other, "two followers see the same");
}

pub(super) async fn a_dropped_wait_loses_nothing(log: &dyn EventLog) {
    let mut follower = working(log.follow(Seq::ZERO).await);
    let mut seen = Vec::new();
    for round in 0..20 {
        // Dropped while there is nothing, dropped while there is something, looked at longer each time.
        for polls in [1, round] {
            if let Some(events) = try_for(&mut follower.next(), polls).await {
                let events = working(events);
                assert_follows(last_of(&seen, Seq::ZERO), &events);
                seen.extend(events);
            }
            append(log, two_of(round)).await;
        }
    }
    // One more, so that a loss in the last round shows as a hole and not as a wait without end.
    append(log, two_of(20)).await;
    let kept = read_all(log).await;
    while seen.len() < kept.len() {
        let after = last_of(&seen, Seq::ZERO);
        seen.extend(next(&mut *follower, after).await);
    }
    assert_eq!(seen, kept, "a wait that was dropped loses no event and gives none twice");
}

pub(super) async fn what_makes_no_event_wakes_nobody(log: &dyn EventLog) {
    let online = || status("a", Status::Online);
    let head = taken(log, plain(from(online(), "one", 5))).await.seq;
    let mut follower = working(log.follow(head).await);
    let quiet = vec![plain(online()), plain(from(signal("a", Signal::Crash), "one", 5))];
    append(log, quiet).await;
    let early = try_for(&mut follower.next(), LOOKS).await;
    assert!(early.is_none(), "a follower is given at least one event, so it waits on: {early:?}");
    taken(log, plain(status("a", Status::Error))).await;
    assert_eq!(next(&mut *follower, head).await.len(), 1, "a follower that waited goes on");
}

/// The next events, which must follow this position.
pub(super) async fn next(follower: &mut dyn Follower, after: Seq) -> Vec<Recorded> {
    let events = working(follower.next().await);
    assert!(!events.is_empty(), "a follower is given at least one event");
    assert_follows(after, &events);
    events
}

/// The position of the last of these events, or the one they follow.
pub(super) fn last_of(events: &[Recorded], after: Seq) -> Seq {
    events.last().map_or(after, |last| last.seq)
}

fn two_of(round: usize) -> Vec<Proposal> {
    ["one", "two"].map(|text| plain(activity("a", "s1", &format!("{text} of {round}")))).into()
}
