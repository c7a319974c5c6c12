//! A desk that decides beside the log: what the log answers and keeps must be what the desk says.

use std::sync::Arc;

use super::made::{
    activity, append, assert_follows, forget, from, plain, read_all, signal, status, taken_as, working,
};
use crate::domain::cursor::Seq;
use crate::domain::desk::Desk;
use crate::domain::event::{Event, Recorded, StatusEvent};
use crate::domain::fleet::Fleet;
use crate::domain::lifecycle::{Signal, Status};
use crate::domain::limits::Limits;
use crate::domain::time::{Moment, Timestamp};
use crate::ports::event_log::{EventLog, Proposal};

pub(super) struct Story {
    pub(super) log: Arc<dyn EventLog>,
    /// The events that the log must keep, without the times that its own clock gave.
    pub(super) events: Vec<Recorded>,
    /// The position of each proposal's last event.
    pub(super) ends: Vec<Seq>,
    desk: Desk,
}

impl Story {
    /// A story of every kind of report and every outcome, told to a fresh log.
    pub(super) async fn told(log: Arc<dyn EventLog>) -> Self {
        let desk = Desk::new(Fleet::default(), Limits::default());
        let mut story = Self { log, events: Vec::new(), ends: Vec::new(), desk };
        let mut script = script().into_iter();
        // Lists of one, of a few and of many, so that state within a list counts too.
        for length in [1, 1, 2, 3, 5, 8, usize::MAX] {
            story.tell(script.by_ref().take(length).collect()).await;
        }
        story
    }

    /// Appends one list, and holds each result against the desk's.
    async fn tell(&mut self, proposals: Vec<Proposal>) {
        let commands: Vec<_> = proposals.iter().map(|proposal| proposal.command.clone()).collect();
        for (result, command) in append(&*self.log, proposals).await.into_iter().zip(commands) {
            match self.desk.decide(&command, Timestamp::saturating(7)) {
                Err(expected) => match result {
                    Err(fault) => assert_eq!(fault.code, expected.code, "a refusal is the desk's"),
                    Ok(receipt) => panic!("the log took what the desk refuses ({expected}): {receipt:?}"),
                },
                Ok(decision) => {
                    let applied = decision.applied;
                    let kept = self.desk.keep(decision);
                    let receipt = taken_as(result);
                    assert_eq!(receipt.applied, applied, "applied is as the desk says: {command:?}");
                    assert_eq!(receipt.changed, !kept.is_empty(), "changed means that it made events");
                    assert_eq!(
                        receipt.seq,
                        self.desk.head(),
                        "a receipt names its last event, or the head where it made none: {command:?}"
                    );
                    self.ends.extend(kept.last().map(|last| last.seq));
                    self.events.extend(kept.into_iter().map(without_clock));
                }
            }
        }
    }

    pub(super) fn head(&self) -> Seq {
        self.desk.head()
    }

    /// The events after a position.
    pub(super) fn after(&self, seq: Seq) -> Vec<Recorded> {
        self.events.iter().filter(|recorded| recorded.seq > seq).cloned().collect()
    }

    /// Holds that reading and loading show this story and nothing else.
    pub(super) async fn assert_kept(&self) {
        let kept = read_all(&*self.log).await;
        assert_follows(Seq::ZERO, &kept);
        let shown: Vec<_> = kept.iter().cloned().map(without_clock).collect();
        assert_eq!(shown, self.events, "the log keeps the events that were decided, and no others");
        assert_fold(&*self.log, &kept).await;
    }
}

/// Holds that the loaded fleet is the fold of these events.
pub(super) async fn assert_fold(log: &dyn EventLog, events: &[Recorded]) {
    let mut fold = Fleet::default();
    events.iter().for_each(|recorded| fold.apply(recorded));
    let loaded = working(log.load().await);
    assert_eq!(loaded.fleet, fold, "the loaded fleet is the fold of all events");
}

/// The same event without what the log's own clock put into it.
pub(super) fn without_clock(recorded: Recorded) -> Recorded {
    let event = match recorded.event {
        Event::Status(event) => {
            let last_seen = event.last_seen.map(|_| Timestamp::default());
            Event::Status(StatusEvent { since: Timestamp::default(), last_seen, ..event })
        }
        other => other,
    };
    Recorded { at: Moment::default(), event, ..recorded }
}

fn script() -> Vec<Proposal> {
    let mut script = vec![
        plain(status("a", Status::Online)),
        plain(signal("b", Signal::Start)),
        plain(activity("c", "s1", "hello")),
        plain(status("a", Status::Online)),
        plain(signal("b", Signal::Start)),
        plain(from(signal("a", Signal::Crash), "one", 5)),
        plain(from(signal("a", Signal::Restart), "one", 5)),
        plain(from(status("a", Status::Error), "two", 1)),
        plain(from(status("a", Status::Online), "one", 6)),
        forget("nobody"),
        plain(from(status("a", Status::Error), "two", 9)),
        plain(from(status("a", Status::Offline), "two", 9)),
        forget("b"),
        forget("b"),
        plain(activity("b", "s1", "back again")),
    ];
    // More sessions than an agent has room for: the quietest go by events of their own.
    script.extend((0..110).map(|n| plain(activity("c", &format!("s{n}"), "busy"))));
    script.extend(Signal::ALL.into_iter().map(|given| plain(signal("d", given))));
    script.push(forget("c"));
    script
}
