//! One way through all that waits, and what answers mean for it.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::{Delivery, Left, Obstacle, REFUSED_TOLD_MAX, Refused};
use crate::domain::fault::Code;
use crate::domain::id::AgentId;
use crate::ports::report_sender::{Answer, Outgoing, Refusal, SendError};
use crate::ports::spool::SpoolError;

/// One way through all that waits.
pub(super) struct Round {
    pub(super) until: Instant,
    /// Everything up to this number was looked at.
    pub(super) after: u64,
    /// Agents whose next report is not taken now: what they have behind it waits too, or it would overtake.
    held: BTreeSet<AgentId>,
    /// Why they are held, and for how long.
    why: Option<Refusal>,
    /// Why some that are done could not be forgotten. They go again, and count once.
    pub(super) unforgotten: Option<Left>,
}

impl Round {
    pub(super) fn new(until: Instant) -> Self {
        Self { until, after: 0, held: BTreeSet::new(), why: None, unforgotten: None }
    }

    /// A round for what is not on the disk, while nothing of these agents may go.
    pub(super) fn without(held: BTreeSet<AgentId>, until: Instant) -> Self {
        Self { held, ..Self::new(until) }
    }

    pub(super) fn holds(&self, agent: &AgentId) -> bool {
        self.held.contains(agent)
    }

    fn hold(&mut self, agent: AgentId, refusal: &Refusal) {
        self.held.insert(agent);
        let sooner = |why: &Refusal| match (why.retry_after, refusal.retry_after) {
            (Some(old), Some(new)) => new < old,
            (old, _) => old.is_none(),
        };
        if self.why.as_ref().is_none_or(sooner) {
            self.why = Some(refusal.clone());
        }
    }

    /// Why something waits after it.
    pub(super) fn left(self) -> Option<Left> {
        let held = self.why.map(|refusal| Left {
            retry_after: refusal.retry_after,
            ..Left::for_now(Obstacle::Agents(self.held), refusal.to_string())
        });
        self.unforgotten.or(held)
    }

    /// Notes what a report was answered with; whether that is the end of it.
    pub(super) fn settle(
        &mut self,
        report: &Outgoing,
        answer: Answer,
        own: bool,
        done: &mut Delivery,
    ) -> bool {
        match answer {
            Answer::Taken { applied, .. } => {
                done.taken = done.taken.saturating_add(1);
                done.own_taken |= own;
                if !applied && done.late.len() < REFUSED_TOLD_MAX {
                    done.late.insert(report.agent.clone());
                }
                true
            }
            Answer::Refused(refusal) if passes(&refusal) => {
                self.hold(report.agent.clone(), &refusal);
                false
            }
            Answer::Refused(refusal) => {
                done.refused = done.refused.saturating_add(1);
                // Who reports must know of its own, however many went before it.
                if own || done.refusals.len() < REFUSED_TOLD_MAX {
                    done.refusals.push(Refused { agent: report.agent.clone(), refusal, own });
                }
                true
            }
        }
    }
}

/// Whether the same report can be taken later. A code that is not known here is for good.
fn passes(refusal: &Refusal) -> bool {
    let code = Code::ALL.iter().find(|code| code.as_str() == refusal.code);
    code.is_some_and(|code| code.may_retry())
}

/// Why a request as a whole came to nothing.
pub(super) enum Failed {
    /// It can be tried again, as it is or with another token.
    Left(Left),
    /// It is larger than what is taken. One report alone is refused by the server, or waits.
    TooLarge(Option<Refusal>, Left),
}

/// What a request that failed as a whole means for what waits.
pub(super) fn failed(error: SendError) -> Failed {
    let why = error.to_string();
    match error {
        SendError::Unreachable(_) => Failed::Left(Left::for_now(Obstacle::Server, why)),
        // Only our own server knows what it never takes; whatever stands before it may be set up anew.
        SendError::Refused { status: 413, refusal } => {
            let own = refusal.code == Code::BodyTooLarge.as_str();
            Failed::TooLarge(own.then_some(refusal), Left::for_good(why))
        }
        // From 520 on a proxy says that the server behind it is away.
        SendError::Refused { status: 408 | 425 | 429 | 500 | 502..=504 | 507 | 520..=529, refusal } => {
            let retry_after = refusal.retry_after;
            Failed::Left(Left { retry_after, ..Left::for_now(Obstacle::Server, why) })
        }
        // The token, the address or one of the two programs is not right: the reports are, and wait.
        SendError::Refused { .. } => Failed::Left(Left::for_good(why)),
    }
}

pub(super) fn of_spool(error: &SpoolError) -> Left {
    let mut why = error.to_string();
    if let SpoolError::Broken(cause) = error {
        why = format!("{why}: {cause}");
    }
    Left::for_now(Obstacle::Spool, why)
}

pub(super) fn left_of(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}
