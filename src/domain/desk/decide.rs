//! The decisions themselves, one function for each kind of report.

use std::time::Duration;

use super::lasting::Lasting;
use super::{Command, Decision, Desk, due};
use crate::domain::beside::Beside;
use crate::domain::event::{ActivityEvent, Event, LifecycleEvent, StatusEvent};
use crate::domain::fault::{Code, Fault};
use crate::domain::fleet::Agent;
use crate::domain::id::{AgentId, SessionId};
use crate::domain::lifecycle::{Reason, Signal, Standing, Status, after};
use crate::domain::report::{Exit, Report, ReportBody, Stamp};
use crate::domain::text::{Labels, Message, StateWord};
use crate::domain::time::{Moment, Timestamp};

/// A process that says that it begins later than so has a wrong clock: it counts as one that does not say when it began.
const AHEAD_MAX: Duration = Duration::from_hours(24);

pub(super) fn decide(desk: &Desk, command: &Command, now: Moment) -> Result<Decision, Fault> {
    match command {
        Command::Report(report) => decide_report(desk, report, now),
        Command::Forget(agent) => match desk.fleet.get(agent) {
            None => Err(Fault::new(Code::NotFound, "there is no such agent")),
            Some(_) => {
                let events = vec![Event::AgentRemoved(agent.clone())];
                Ok(Decision::new(now, events, vec![(agent.clone(), None)], true))
            }
        },
        Command::Release(agent) => Ok(released(desk, agent, now)),
        Command::Left(agent) => Ok(left(desk, agent, now)),
        Command::Sweep => Ok(due::sweep(desk, now)),
    }
}

/// The socket went without the agent's doing: a whole lease from now on.
fn released(desk: &Desk, agent: &AgentId, now: Moment) -> Decision {
    let Some(before) = desk.beside(agent).filter(|beside| beside.held) else {
        return Decision::nothing(now, false);
    };
    let until = before.lease.map_or(before.until, |lease| now.uptime.plus(lease));
    let beside = Beside { held: false, until, ..before.clone() };
    Decision::new(now, Vec::new(), vec![(agent.clone(), Some(beside))], false)
}

/// The agent hung up: it is not there, unless it said before what it is.
fn left(desk: &Desk, agent: &AgentId, now: Moment) -> Decision {
    let known = desk.fleet.get(agent).zip(desk.beside(agent));
    let Some((known, before)) = known.filter(|(_, beside)| beside.held) else {
        return Decision::nothing(now, false);
    };
    let standing = known.status.standing;
    if standing.reason == Reason::CrashLoop {
        // It is told when the loop is over, unless the agent is heard again by then.
        let beside = Beside { held: false, until: now.uptime, busy_until: None, ..before.clone() };
        let durable = beside.differs_for_good(before);
        return Decision::new(now, Vec::new(), vec![(agent.clone(), Some(beside))], durable);
    }
    if !before.lease_runs(standing) {
        return released(desk, agent, now);
    }
    let (event, beside) = due::silent(agent, known, before, Reason::Disconnected, now);
    Decision::new(now, vec![event], vec![(agent.clone(), Some(beside))], true)
}

fn decide_report(desk: &Desk, report: &Report, now: Moment) -> Result<Decision, Fault> {
    let fence = match &report.instance {
        None => None,
        Some(stamp) => {
            // A clock that is wrong must not lock every later process out.
            let told = stamp.started_at.filter(|began| began.since(now.wall) <= AHEAD_MAX);
            let stamp = &Stamp { started_at: told, ..stamp.clone() };
            let fence = desk.beside(&report.agent).map(|beside| beside.fence.clone()).unwrap_or_default();
            if fence.is_late(stamp) {
                return Ok(Decision::nothing(now, false));
            }
            Some(fence.passed(stamp, desk.limits.instances_per_agent))
        }
    };
    let known = desk.fleet.get(&report.agent);
    if known.is_none() && desk.fleet.len() >= desk.limits.agents {
        let detail = "forget an agent that is no longer needed, or raise limits.agents";
        return Err(Fault::new(Code::FleetFull, detail));
    }
    let lasting = Lasting::after(desk, report, fence, now);
    let case = Case {
        agent: &report.agent,
        known,
        lasting: &lasting,
        now: now.wall,
        shown: report.timestamp.unwrap_or(now.wall),
    };
    let events = match &report.body {
        ReportBody::Status { status, message, state, labels } => {
            case.status(*status, message.as_ref(), state.as_ref(), labels.as_ref())
        }
        ReportBody::Lifecycle { signal, message, exit, labels } => {
            case.lifecycle(*signal, message.as_ref(), exit, labels.as_ref())
        }
        ReportBody::Activity { session, last_message, state } => {
            case.activity(session, last_message, state.as_ref(), desk.limits.sessions_per_agent)
        }
        ReportBody::Heartbeat => case.heard().into_iter().collect(),
    };
    let before = desk.beside(&report.agent);
    let durable = !events.is_empty() || before.is_none_or(|before| lasting.beside.differs_for_good(before));
    Ok(Decision::new(now, events, vec![(report.agent.clone(), Some(lasting.beside))], durable))
}

/// One report about one agent at one time.
struct Case<'a> {
    agent: &'a AgentId,
    known: Option<&'a Agent>,
    lasting: &'a Lasting,
    now: Timestamp,
    /// The time that screens show.
    shown: Timestamp,
}

impl Case<'_> {
    /// The status report: an event only when something about the agent changes.
    fn status(
        &self,
        status: Status,
        message: Option<&Message>,
        state: Option<&StateWord>,
        labels: Option<&Labels>,
    ) -> Vec<Event> {
        let same = self.known.is_some_and(|agent| {
            let now = &agent.status;
            now.standing.status == status
                // Leaving a crash loop is a change.
                && now.standing.reason != Reason::CrashLoop
                && now.message.as_ref() == message
                && now.state.as_ref() == state
                && labels.is_none_or(|labels| *labels == now.labels)
        });
        if same {
            return Vec::new();
        }
        // From here on it has this status by a report, also where the status itself stays: what was
        // stopped, crashed or not heard is so no longer (contract, section 8), and a next start or
        // restart is a change again, which clears what the life before it said.
        let reason = Reason::Reported;
        let event = self.standing(Standing { status, reason }, labels, self.restarts());
        vec![Event::Status(StatusEvent { message: message.cloned(), state: state.cloned(), ..event })]
    }

    /// The lifecycle report: always its event, then the status where status or reason change.
    fn lifecycle(
        &self,
        signal: Signal,
        message: Option<&Message>,
        exit: &Exit,
        labels: Option<&Labels>,
    ) -> Vec<Event> {
        let restarts = self.restarts().saturating_add(u32::from(signal == Signal::Restart));
        let standing = if self.lasting.looping {
            Standing { status: Status::Error, reason: Reason::CrashLoop }
        } else {
            after(self.known.map(|agent| agent.status.standing.status), signal)
        };
        let mut events = vec![Event::Lifecycle(LifecycleEvent {
            agent: self.agent.clone(),
            signal,
            timestamp: self.shown,
            message: message.cloned(),
            exit: exit.clone(),
            labels: labels.cloned(),
            restarts,
        })];
        if self.known.is_none_or(|agent| agent.status.standing != standing) {
            let event = self.standing(standing, labels, restarts);
            events.push(Event::Status(StatusEvent { message: message.cloned(), ..event }));
        }
        events
    }

    /// The activity report: makes an unknown agent known, makes room among its sessions, then its event.
    fn activity(
        &self,
        session: &SessionId,
        last_message: &Message,
        state: Option<&StateWord>,
        sessions_max: usize,
    ) -> Vec<Event> {
        let mut events = Vec::with_capacity(2);
        events.extend(self.heard());
        match self.known {
            Some(agent) if !agent.sessions.contains_key(session) => {
                let surplus = agent.sessions.len().saturating_add(1).saturating_sub(sessions_max);
                let mut by_age: Vec<_> = agent.sessions.iter().map(|(id, kept)| (kept.rev, id)).collect();
                by_age.sort_unstable();
                let oldest = by_age.into_iter().take(surplus).map(|(_, id)| id.clone());
                events.extend(oldest.map(|id| Event::SessionRemoved(self.agent.clone(), id)));
            }
            Some(_) | None => {}
        }
        events.push(Event::Activity(ActivityEvent {
            agent: self.agent.clone(),
            session: session.clone(),
            last_message: last_message.clone(),
            state: state.cloned(),
            timestamp: self.shown,
        }));
        events
    }

    /// A sign of life: makes an agent online that is unknown, or offline only because it was not heard.
    fn heard(&self) -> Option<Event> {
        let silent = match self.known {
            None => true,
            Some(agent) => {
                let Standing { status, reason } = agent.status.standing;
                status == Status::Offline && reason.is_silence() && self.lasting.alive
            }
        };
        let heard = Standing { status: Status::Online, reason: Reason::Heard };
        silent.then(|| Event::Status(self.standing(heard, None, self.restarts())))
    }

    fn restarts(&self) -> u32 {
        self.known.map_or(0, |agent| agent.status.restarts)
    }

    /// A status event without message and state; the time in a status goes on while it stays.
    fn standing(&self, standing: Standing, labels: Option<&Labels>, restarts: u32) -> StatusEvent {
        let before = self.known.map(|agent| &agent.status);
        let since = before
            .filter(|before| before.standing.status == standing.status)
            .map_or(self.now, |before| before.since);
        let labels = labels.or(before.map(|before| &before.labels)).cloned().unwrap_or_default();
        let event = StatusEvent {
            agent: self.agent.clone(),
            standing,
            since,
            timestamp: self.shown,
            message: None,
            state: None,
            labels,
            restarts,
            unleased: false,
            last_seen: None,
            crashes: None,
        };
        due::marked(event, &self.lasting.beside)
    }
}
