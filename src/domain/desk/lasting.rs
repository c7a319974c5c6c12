//! What a report makes of what is known of its agent beside the events: that it was heard, its lease, its
//! crashes.

use super::Desk;
use crate::domain::beside::{BUSY_MAX, Beside, LEASE_DEFAULT, Risen};
use crate::domain::fence::Fence;
use crate::domain::lifecycle::{Reason, Signal, Standing};
use crate::domain::report::{Report, ReportBody};
use crate::domain::time::{Moment, Timestamp};

/// What is known of an agent while a report of it is decided.
pub(super) struct Lasting {
    pub(super) beside: Beside,
    /// Whether the report shows that the agent lives now: one that lay about for longer than the lease it
    /// gives does not.
    pub(super) alive: bool,
    /// Whether the agent is in a crash loop, by this report.
    pub(super) looping: bool,
}

impl Lasting {
    /// After a report that was not late. `fence` is the agent's, where the report passed it.
    pub(super) fn after(desk: &Desk, report: &Report, fence: Option<Fence>, now: Moment) -> Self {
        let status = desk.fleet.get(&report.agent).map(|agent| &agent.status);
        let known = status.map(|status| status.standing);
        let mut beside = desk.beside(&report.agent).cloned().unwrap_or_default();
        // A report that was delayed tells of a time that others may have overtaken.
        let heard = now.wall.minus(report.terms.age);
        let latest = |known: Option<Timestamp>| {
            known.filter(|_| !report.terms.age.is_zero()).map_or(heard, |known| known.max(heard))
        };
        if let Some(fence) = fence {
            beside.fence = fence;
        }
        let looping = match &report.body {
            ReportBody::Lifecycle { signal, .. } => {
                if matches!(signal, Signal::Start | Signal::Restart) {
                    beside.began = Some(latest(beside.began));
                }
                Self::signal(&mut beside, *signal, known, now)
            }
            ReportBody::Status { .. } => {
                beside.falls.clear();
                beside.risen = None;
                false
            }
            ReportBody::Activity { .. } | ReportBody::Heartbeat => false,
        };
        beside.last_seen = latest(Some(beside.last_seen));
        beside.stale = false;
        let alive = Self::renew(&mut beside, desk, report, now);
        Self { beside, alive, looping }
    }

    /// Notes a lifecycle signal; gives whether it leaves the agent in a crash loop.
    fn signal(beside: &mut Beside, signal: Signal, known: Option<Standing>, now: Moment) -> bool {
        let reason = known.map(|standing| standing.reason);
        let was_looping = reason == Some(Reason::CrashLoop);
        let crashed = matches!(reason, Some(Reason::Crash)) || (was_looping && beside.risen.is_none());
        let too_many = beside.note(signal, crashed, now.uptime);
        let looping = match signal {
            Signal::Stop => false,
            Signal::Start => was_looping,
            Signal::Crash | Signal::Restart => was_looping || too_many,
        };
        beside.risen = (looping && matches!(signal, Signal::Start | Signal::Restart))
            .then_some(Risen { at: now.uptime, restart: signal == Signal::Restart });
        looping
    }

    /// Gives the lease that the report asks for, or renews the last one. Says whether the agent lives now.
    fn renew(beside: &mut Beside, desk: &Desk, report: &Report, now: Moment) -> bool {
        let ended = matches!(report.body, ReportBody::Lifecycle { signal: Signal::Stop | Signal::Crash, .. });
        if ended {
            return false;
        }
        let terms = &report.terms;
        let by_itself = terms.socket || report.body == ReportBody::Heartbeat;
        let length = terms.lease.or(beside.lease).or(by_itself.then_some(LEASE_DEFAULT));
        beside.lease = length.or(desk.limits.default_lease);
        beside.held |= terms.socket;
        if let Some(busy_until) = terms.busy_until {
            let busy = busy_until.since(now.wall).min(BUSY_MAX);
            beside.busy_until = Some(Moment { wall: now.wall.plus(busy), uptime: now.uptime.plus(busy) });
        }
        let Some(length) = beside.lease else {
            return true;
        };
        let until = now.uptime.plus(length.saturating_sub(terms.age));
        // A delayed report takes nothing away that another gave.
        beside.until = if terms.age.is_zero() { until } else { until.max(beside.until) };
        terms.age < length
    }
}
