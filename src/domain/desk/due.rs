//! What becomes of agents and sessions by time alone.

use super::{Decision, Desk, SWEPT_AT_ONCE};
use crate::domain::beside::Beside;
use crate::domain::event::{Event, StatusEvent};
use crate::domain::fleet::{Agent, Session};
use crate::domain::id::AgentId;
use crate::domain::lifecycle::{Reason, Standing, Status};
use crate::domain::limits::Limits;
use crate::domain::text::Labels;
use crate::domain::time::{Moment, Monotonic};

/// When something becomes of an agent or of one of its sessions by time alone.
pub(super) fn due(agent: &Agent, beside: &Beside, limits: &Limits) -> Option<Monotonic> {
    let quietest = agent.sessions.values().map(|session| session.heard).min();
    let quiet = quietest.map(|heard| heard.plus(limits.session_quiet));
    beside.due(agent.status.standing).into_iter().chain(quiet).min()
}

/// Everything that is due, up to the bound.
pub(super) fn sweep(desk: &Desk, now: Moment) -> Decision {
    let mut decision = Decision::nothing(now, true);
    for (due, agent) in desk.due.iter().take(SWEPT_AT_ONCE) {
        if *due > now.uptime {
            break;
        }
        if let Some((known, beside)) = desk.fleet.get(agent).zip(desk.beside(agent)) {
            let (event, beside) = by_time(agent, known, beside, now);
            decision.events.extend(event);
            let gone = known.sessions.iter().filter(|(_, session)| is_quiet(session, &desk.limits, now));
            let gone = gone.map(|(session, _)| Event::SessionRemoved(agent.clone(), session.clone()));
            decision.events.extend(gone);
            decision.besides.push((agent.clone(), Some(beside)));
        }
    }
    decision.durable = !decision.events.is_empty();
    decision
}

fn is_quiet(session: &Session, limits: &Limits, now: Moment) -> bool {
    session.heard.plus(limits.session_quiet) <= now.uptime
}

/// What time alone makes of an agent: its lease ran out, or its crash loop is over.
fn by_time(agent: &AgentId, known: &Agent, beside: &Beside, now: Moment) -> (Option<Event>, Beside) {
    let standing = known.status.standing;
    let passed = |until: Option<Monotonic>| until.is_some_and(|until| until <= now.uptime);
    if !passed(beside.due(standing)) {
        return (None, beside.clone());
    }
    if passed(beside.runs_out(standing)) {
        let reason = if beside.stale { Reason::NotHeardSinceRestart } else { Reason::LeaseExpired };
        let (event, beside) = silent(agent, known, beside, reason, now);
        return (Some(event), beside);
    }
    let restart = beside.risen.is_some_and(|risen| risen.restart);
    let reason = if restart { Reason::Restart } else { Reason::Start };
    let beside = Beside { risen: None, ..beside.clone() };
    let event = status(agent, known, &beside, Standing { status: Status::Online, reason }, now);
    (Some(event), beside)
}

/// An agent that is no longer believed to be there, though it did not say so.
pub(super) fn silent(
    agent: &AgentId,
    known: &Agent,
    beside: &Beside,
    reason: Reason,
    now: Moment,
) -> (Event, Beside) {
    let beside = Beside { risen: None, busy_until: None, held: false, ..beside.clone() };
    (status(agent, known, &beside, Standing { status: Status::Offline, reason }, now), beside)
}

fn status(agent: &AgentId, known: &Agent, beside: &Beside, standing: Standing, now: Moment) -> Event {
    let before = &known.status;
    let since = if before.standing.status == standing.status { before.since } else { now.wall };
    let event = StatusEvent {
        agent: agent.clone(),
        standing,
        since,
        timestamp: now.wall,
        message: None,
        state: None,
        labels: Labels::clone(&before.labels),
        restarts: before.restarts,
        unleased: false,
        last_seen: None,
        crashes: None,
    };
    Event::Status(marked(event, beside))
}

/// A status with its marks of life: whether anybody waits for it, and since when it was not heard, where that matters.
pub(super) fn marked(event: StatusEvent, beside: &Beside) -> StatusEvent {
    let standing = event.standing;
    let unleased = beside.is_unleased(standing);
    let last_seen = (unleased || standing.reason.is_silence()).then_some(beside.last_seen);
    let crashes = (standing.reason == Reason::CrashLoop).then(|| beside.crashes());
    StatusEvent { unleased, last_seen, crashes, ..event }
}
