//! Commands, proposals and the plainest ways to use a log.

use std::fmt::Display;

use crate::domain::cursor::Seq;
use crate::domain::desk::Command;
use crate::domain::event::Recorded;
use crate::domain::fault::Fault;
use crate::domain::id::{AgentId, InstanceId, SessionId, UserId};
use crate::domain::lifecycle::{Signal, Status};
use crate::domain::report::{Exit, Report, ReportBody, Stamp};
use crate::domain::text::Message;
use crate::domain::time::Timestamp;
use crate::ports::event_log::{EventLog, IdempotencyKey, LogError, Proposal, Receipt};

/// Most events asked for at once.
const PAGE_EVENTS: usize = 1_000;

pub(super) fn agent(id: &str) -> AgentId {
    made(AgentId::parse(id))
}

pub(super) fn status(about: &str, status: Status) -> Report {
    report(about, ReportBody::Status { status, message: None, state: None, labels: None })
}

pub(super) fn signal(about: &str, signal: Signal) -> Report {
    report(about, ReportBody::Lifecycle { signal, message: None, exit: Exit::default(), labels: None })
}

pub(super) fn activity(about: &str, session: &str, text: &str) -> Report {
    let session = made(SessionId::parse(session));
    report(about, ReportBody::Activity { session, last_message: Message::cut(text, 4096), state: None })
}

/// The same report from a process life, at a position in it.
pub(super) fn from(report: Report, life: &str, report_seq: u64) -> Report {
    let id = made(InstanceId::parse(life));
    Report { instance: Some(Stamp { id, started_at: None, report_seq: Some(report_seq) }), ..report }
}

pub(super) fn plain(report: Report) -> Proposal {
    Proposal { command: Command::Report(report), key: None }
}

pub(super) fn forget(about: &str) -> Proposal {
    Proposal { command: Command::Forget(agent(about)), key: None }
}

/// The same proposal under a key; `body` stands for the fingerprint of what was sent.
pub(super) fn keyed(proposal: Proposal, owner: &str, text: &str, body: u8) -> Proposal {
    let key =
        IdempotencyKey { owner: made(UserId::parse(owner)), text: text.to_string(), fingerprint: [body; 32] };
    Proposal { key: Some(key), ..proposal }
}

/// Appends a list and gives its results, one for each.
pub(super) async fn append(log: &dyn EventLog, proposals: Vec<Proposal>) -> Vec<Result<Receipt, Fault>> {
    let count = proposals.len();
    let results = working(log.append(proposals).await);
    assert_eq!(results.len(), count, "a list gets one result for each of its proposals");
    results
}

/// Appends one proposal alone.
pub(super) async fn append_one(log: &dyn EventLog, proposal: Proposal) -> Result<Receipt, Fault> {
    match append(log, vec![proposal]).await.pop() {
        Some(result) => result,
        None => panic!("a proposal got no result"),
    }
}

/// Appends one proposal that nothing speaks against.
pub(super) async fn taken(log: &dyn EventLog, proposal: Proposal) -> Receipt {
    taken_as(append_one(log, proposal).await)
}

pub(super) fn taken_as(result: Result<Receipt, Fault>) -> Receipt {
    result.unwrap_or_else(|fault| panic!("a proposal that nothing speaks against was refused: {fault}"))
}

/// Every event after a position, by pages.
pub(super) async fn read_on(log: &dyn EventLog, after: Seq) -> Vec<Recorded> {
    let mut events: Vec<Recorded> = Vec::new();
    loop {
        let from = events.last().map_or(after, |last| last.seq);
        let page = working(log.read(from, PAGE_EVENTS, None).await);
        if page.events.is_empty() {
            assert_eq!(from.max(page.head), from, "an empty page comes only at the head");
            return events;
        }
        assert_follows(from, &page.events);
        events.extend(page.events);
    }
}

/// Every event there is.
pub(super) async fn read_all(log: &dyn EventLog) -> Vec<Recorded> {
    read_on(log, Seq::ZERO).await
}

/// Holds that events follow a position, and each other, without a hole.
pub(super) fn assert_follows(after: Seq, events: &[Recorded]) {
    let mut expected = after.next();
    for recorded in events {
        assert_eq!(recorded.seq, expected, "seqs go on by one, without holes and without repeats");
        expected = expected.next();
    }
}

pub(super) fn working<T>(result: Result<T, LogError>) -> T {
    result.unwrap_or_else(|error| panic!("the log failed where nothing was wrong: {error:?}"))
}

fn report(about: &str, body: ReportBody) -> Report {
    Report { timestamp: Some(Timestamp::saturating(7)), ..Report::new(agent(about), body) }
}

fn made<T, E: Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("the suite made a wrong value: {error}"))
}
