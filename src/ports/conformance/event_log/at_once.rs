//! Many at once: no report is lost, refused or torn apart because another came at the same time.

use std::sync::Arc;

use super::drive::{Work, join_all};
use super::made::{activity, append, keyed, plain, read_all, signal, taken, taken_as};
use super::story::assert_fold;
use crate::domain::cursor::Seq;
use crate::domain::event::{Event, Recorded};
use crate::domain::lifecycle::Signal;
use crate::ports::event_log::{EventLog, Receipt};

const WRITERS: usize = 64;
const REPORTS_EACH: usize = 4;
const REPORTS_AT_ONCE: usize = 256;
const AGENT: &str = "a";

/// Writers about one agent, 256 reports in all, to be run at the same time on a fresh log: by
/// [`join_all`] as [`super::suite`] does, or each on a thread or task of its own. Their receipts are
/// for [`assert_all_landed`], in the order of the writers.
#[must_use]
pub fn writers(log: &Arc<dyn EventLog>) -> Vec<Work<Vec<Receipt>>> {
    let one = |writer: usize| -> Work<Vec<Receipt>> {
        let log = Arc::clone(log);
        Box::pin(async move {
            let mut receipts = Vec::with_capacity(REPORTS_EACH);
            for n in 0..REPORTS_EACH {
                let report = activity(AGENT, &session_of(writer), &n.to_string());
                receipts.push(taken(&*log, plain(report)).await);
            }
            receipts
        })
    };
    (0..WRITERS).map(one).collect()
}

/// Holds that everything [`writers`] wrote is there, in each writer's order, where its receipt says.
///
/// # Panics
/// With a sentence that says which promise was broken.
pub async fn assert_all_landed(log: &dyn EventLog, receipts: &[Vec<Receipt>]) {
    let kept = read_all(log).await;
    assert_eq!(receipts.len(), WRITERS, "each writer gives its receipts");
    for (writer, receipts) in receipts.iter().enumerate() {
        assert!(receipts.is_sorted_by_key(|receipt| receipt.seq), "a writer's reports are kept in its order");
        assert_eq!(receipts.len(), REPORTS_EACH, "each report gets its receipt");
        for (n, receipt) in receipts.iter().enumerate() {
            assert!(receipt.applied && receipt.changed, "a report that nothing speaks against is taken");
            assert_said(&kept, receipt, &session_of(writer), &n.to_string());
        }
    }
    // The status that makes the agent known comes first, once.
    assert_eq!(kept.len(), WRITERS * REPORTS_EACH + 1, "as many events are kept as reports were taken");
    assert_fold(log, &kept).await;
}

pub(super) async fn all_reports_to_one_agent_land(log: &Arc<dyn EventLog>) {
    let one = |n: usize| -> Work<Receipt> {
        let log = Arc::clone(log);
        Box::pin(async move { taken(&*log, plain(activity(AGENT, "s", &n.to_string()))).await })
    };
    let receipts = join_all((0..REPORTS_AT_ONCE).map(one).collect()).await;
    let kept = read_all(&**log).await;
    for (n, receipt) in receipts.iter().enumerate() {
        assert!(receipt.applied && receipt.changed, "a report that came at once with others is taken");
        assert_said(&kept, receipt, "s", &n.to_string());
    }
    assert_eq!(kept.len(), REPORTS_AT_ONCE + 1, "as many events are kept as reports were taken");
    assert_fold(&**log, &kept).await;
}

pub(super) async fn events_of_one_proposal_stay_together(log: &Arc<dyn EventLog>) {
    let one = |n: usize| -> Work<Vec<Receipt>> {
        let log = Arc::clone(log);
        Box::pin(async move {
            let list = [Signal::Start, Signal::Crash].map(|given| plain(signal(&format!("a{n}"), given)));
            append(&*log, list.into()).await.into_iter().map(taken_as).collect()
        })
    };
    let receipts = join_all((0..WRITERS).map(one).collect()).await;
    let kept = read_all(&**log).await;
    for (n, receipts) in receipts.iter().enumerate() {
        let about = format!("a{n}");
        assert!(receipts.is_sorted_by_key(|receipt| receipt.seq), "a list is kept in its order");
        for receipt in receipts {
            let before = Seq::new(receipt.seq.get().saturating_sub(1));
            let pair = [at(&kept, before), at(&kept, receipt.seq)];
            assert!(
                matches!(pair, [Event::Lifecycle(first), Event::Status(then)]
                    if first.agent.as_str() == about && then.agent.as_str() == about),
                "events of one proposal stand together, and its receipt names the last: {pair:?}"
            );
        }
    }
}

pub(super) async fn a_key_used_many_times_at_once_counts_once(log: &Arc<dyn EventLog>) {
    let one = |_| -> Work<Receipt> {
        let log = Arc::clone(log);
        Box::pin(async move { taken(&*log, keyed(plain(signal(AGENT, Signal::Crash)), "u", "k", 1)).await })
    };
    let receipts = join_all((0..WRITERS).map(one).collect()).await;
    assert_eq!(
        read_all(&**log).await.len(),
        2,
        "a key that is used many times at once makes its events once"
    );
    let same = receipts.windows(2).all(|pair| matches!(pair, [one, other] if one == other));
    assert!(same, "a key that is used many times at once gives one receipt to all");
}

fn session_of(writer: usize) -> String {
    format!("w{writer}")
}

fn assert_said(kept: &[Recorded], receipt: &Receipt, session: &str, text: &str) {
    let event = at(kept, receipt.seq);
    assert!(
        matches!(event, Event::Activity(said)
            if said.session.as_str() == session && said.last_message.as_str() == text),
        "a receipt names the event that its report made: {receipt:?} names {event:?}"
    );
}

fn at(kept: &[Recorded], seq: Seq) -> &Event {
    let found = kept.iter().find(|recorded| recorded.seq == seq);
    found.map_or_else(
        || panic!("a receipt names an event that is not kept: {seq}"),
        |recorded| &recorded.event,
    )
}
