//! A disk that takes nothing: what is reported then goes out all the same, and overtakes nothing.

use super::*;

fn limited(of: &'static str) -> impl Fn(&[Outgoing]) -> Said + Send + 'static {
    move |reports| {
        let answer = |report: &Outgoing| match report.agent.as_str() {
            agent if agent == of => Answer::Refused(refusal("rate_limited", Some(60_000))),
            _ => Answer::Taken { applied: true, changed: true, seq: 7 },
        };
        Ok(reports.iter().map(answer).collect())
    }
}

impl Bench {
    /// Puts a report where it cannot be kept.
    async fn hold(&self, agent: &str, text: &str) {
        self.spool.full.store(true, Relaxed);
        let stored = self.post.put(activity(agent, text), WITHIN).await.unwrap();
        assert!(stored.unkept.is_some(), "{stored:?}");
    }
}

#[tokio::test]
async fn what_the_disk_does_not_take_is_sent_behind_all_that_waits_on_it() {
    let bench = bench(&["t"]);
    bench.put(&[("a", "1"), ("b", "2")]).await;
    bench.hold("a", "3").await;
    bench.hold("a", "4").await;
    let done = bench.post.deliver(WITHIN).await;
    assert_eq!(done, Delivery { taken: 4, own_taken: true, ..Delivery::default() });
    assert_eq!(bench.server.messages(), [vec!["1", "2"], vec!["3", "4"]]);
    assert_eq!(bench.post.deliver(WITHIN).await, Delivery::default(), "each went once");
}

#[tokio::test]
async fn where_the_disk_cannot_even_be_read_it_is_sent_and_the_disk_is_told_of() {
    let bench = bench(&["t"]);
    bench.spool.unreadable.store(true, Relaxed);
    bench.hold("a", "1").await;
    let done = bench.post.deliver(WITHIN).await;
    assert_eq!((done.taken, done.own_taken, done.unkept), (1, true, 0));
    assert_eq!(done.left.unwrap().by, Obstacle::Spool);
}

#[tokio::test]
async fn nothing_passes_an_older_report_of_its_agent_that_waits_on_the_disk() {
    let bench = bench(&["t"]);
    bench.put(&[("a", "1")]).await;
    bench.hold("a", "2").await;
    bench.hold("b", "3").await;
    bench.server.says(limited("a"));
    let done = bench.post.deliver(WITHIN).await;
    assert_eq!(bench.server.messages(), [["1"], ["3"]]);
    assert_eq!((done.own_taken, done.unkept), (true, 1));
    assert!(done.left.unwrap().concerns(&agent("a")));
    assert_eq!(bench.post.deliver(WITHIN).await.taken, 2);
    assert_eq!(bench.server.messages()[2..], [["1"], ["2"]]);
}

#[tokio::test]
async fn what_is_not_sent_either_goes_to_the_disk_in_its_order_once_there_is_room() {
    let bench = bench(&["t"]);
    bench.hold("a", "1").await;
    bench.hold("a", "2").await;
    bench.server.says(|_| Err(SendError::Unreachable("gone".to_owned())));
    assert_eq!(bench.post.deliver(WITHIN).await.unkept, 2);
    bench.spool.full.store(false, Relaxed);
    bench.server.says(|_| Err(SendError::Unreachable("gone".to_owned())));
    assert_eq!(bench.post.deliver(WITHIN).await.unkept, 0);
    assert_eq!(bench.left(), ["1", "2"]);
    // As does what is put while something is held.
    bench.hold("a", "3").await;
    bench.spool.full.store(false, Relaxed);
    bench.put(&[("a", "4")]).await;
    assert_eq!(bench.left(), ["1", "2", "3", "4"]);
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_hangs_leaves_time_to_send_and_is_not_asked_at_once_again() {
    let bench = bench(&["t"]);
    bench.spool.hangs.store(true, Relaxed);
    let begun = Instant::now();
    let stored = bench.post.put(activity("a", "1"), Duration::from_secs(1)).await.unwrap();
    assert!(stored.unkept.unwrap().to_string().contains("cannot be kept"));
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
    let done = bench.post.deliver(WITHIN).await;
    assert_eq!((done.taken, begun.elapsed()), (1, Duration::from_secs(1)));
}
