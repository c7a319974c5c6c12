//! Reading by pages.

use std::sync::Arc;

use super::made::{agent, assert_follows, plain, status, taken, working};
use super::story::{Story, without_clock};
use crate::domain::cursor::Seq;
use crate::domain::lifecycle::Status;
use crate::ports::event_log::EventLog;

pub(super) async fn pages_join_to_the_whole(log: Arc<dyn EventLog>) {
    let story = Story::told(log).await;
    let whole = story.events.len();
    let oldest = working(story.log.read_oldest(7, None).await);
    assert_eq!(oldest, working(story.log.read(Seq::ZERO, 7, None).await), "the oldest page is the first");
    for limit in [1, 2, 7, whole.saturating_sub(1), whole, whole.saturating_add(1), usize::MAX] {
        let mut joined = Vec::new();
        let mut after = Seq::ZERO;
        while after < story.head() {
            let page = working(story.log.read(after, limit, None).await);
            assert_eq!(page.head, story.head(), "a page says where the head is");
            assert_eq!(page.held_after, Seq::ZERO, "a log that let nothing go holds everything");
            assert!(page.events.len() <= limit, "a page has at most as many events as were asked for");
            assert_follows(after, &page.events);
            match page.events.last() {
                Some(last) => after = last.seq,
                None => panic!("a page before the head has an event: after {after}, limit {limit}"),
            }
            joined.extend(page.events.into_iter().map(without_clock));
        }
        assert_eq!(joined, story.events, "pages join to the whole: limit {limit}");
    }
}

pub(super) async fn a_page_past_the_last_event_is_empty(log: &dyn EventLog) {
    let nothing = working(log.read_oldest(10, Some(agent("a"))).await);
    assert!(nothing.events.is_empty() && nothing.head == Seq::ZERO, "an empty log has no oldest event");
    let head = taken(log, plain(status("a", Status::Online))).await.seq;
    for after in [head, head.next(), Seq::new(u64::MAX)] {
        let page = working(log.read(after, 10, None).await);
        assert!(page.events.is_empty(), "a page at or past the head is empty: after {after}");
        assert_eq!(page.head, head, "an empty page says where the head is");
    }
}
