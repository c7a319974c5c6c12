//! Reports that no disk takes: held in memory, in their order, until the server or the disk takes them.

use std::collections::VecDeque;

use crate::domain::id::AgentId;
use crate::domain::report::ReportBody;
use crate::domain::time::Timestamp;
use crate::ports::report_sender::Outgoing;

/// Most reports that are held: eight minutes of lines of one program. Then the oldest activity goes, and where
/// there is none, no more is taken.
pub(super) const HELD_MAX: usize = 1_000;

/// A report, and since when it is held.
#[derive(Debug, Clone)]
pub(super) struct Holding {
    pub(super) since: Timestamp,
    pub(super) report: Outgoing,
}

#[derive(Debug, Default)]
pub(super) struct Held {
    reports: VecDeque<Holding>,
}

/// There is no room, and no activity that could make some.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoRoom;

impl Held {
    /// Holds one more; gives how many activities went for it.
    pub(super) fn push(&mut self, report: Outgoing, since: Timestamp) -> Result<u64, NoRoom> {
        let mut dropped = 0;
        if self.reports.len() >= HELD_MAX {
            let activity = |held: &Holding| matches!(held.report.body, ReportBody::Activity { .. });
            let oldest = self.reports.iter().position(activity).ok_or(NoRoom)?;
            self.reports.remove(oldest);
            dropped = 1;
        }
        self.reports.push_back(Holding { since, report });
        Ok(dropped)
    }

    pub(super) fn len(&self) -> usize {
        self.reports.len()
    }

    pub(super) fn first(&self) -> Option<Holding> {
        self.reports.front().cloned()
    }

    /// The oldest of the agents that may go, at most so many.
    pub(super) fn some(&self, count: usize, may_go: impl Fn(&AgentId) -> bool) -> Vec<Holding> {
        self.reports.iter().filter(|held| may_go(&held.report.agent)).take(count).cloned().collect()
    }

    /// Forgets the first like this: it is elsewhere now.
    pub(super) fn forget(&mut self, report: &Outgoing) {
        let same = |held: &Holding| held.report.key == report.key && held.report.agent == report.agent;
        if let Some(at) = self.reports.iter().position(same) {
            self.reports.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::outbox::tests::activity;
    use crate::domain::lifecycle::{Signal, Status};
    use crate::domain::report::Exit;

    fn start(key: &str) -> Outgoing {
        let (message, labels) = (None, None);
        let body = ReportBody::Lifecycle { signal: Signal::Start, message, exit: Exit::default(), labels };
        Outgoing { key: Some(key.to_owned()), body, ..activity("a", "x") }
    }

    #[test]
    fn a_full_memory_drops_the_oldest_activity_and_nothing_else_ever() {
        let (mut held, now) = (Held::default(), Timestamp::saturating(1));
        held.push(start("first"), now).unwrap();
        for number in 1..HELD_MAX {
            let report = Outgoing { key: Some(number.to_string()), ..activity("a", "line") };
            assert_eq!(held.push(report, now), Ok(0));
        }
        assert_eq!(held.push(start("last"), now), Ok(1));
        let keys: Vec<_> = held.some(3, |_| true).into_iter().map(|held| held.report.key.unwrap()).collect();
        assert_eq!(keys, ["first", "2", "3"]);

        let mut held = Held::default();
        for number in 0..HELD_MAX {
            let status =
                ReportBody::Status { status: Status::Error, message: None, state: None, labels: None };
            held.push(Outgoing { body: status, ..start(&number.to_string()) }, now).unwrap();
        }
        assert_eq!(held.push(start("one too many"), now), Err(NoRoom));
        assert_eq!(held.len(), HELD_MAX);
    }
}
