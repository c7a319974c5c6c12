//! Use case: reports come in, are checked against grant and rate, and are decided by the log.

mod standing;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::app::gate::require;
use crate::app::presence::Presence;
use crate::app::stage::Stage;
use crate::domain::desk::Command;
use crate::domain::fault::{Code, Fault};
use crate::domain::grant::{Principal, Scope};
use crate::domain::id::AgentId;
use crate::domain::rate::{Meters, Rate};
use crate::ports::clock::Clock;
use crate::ports::event_log::{EventLog, IdempotencyKey, LogError, Proposal, Receipt};
use crate::ports::intake::{Intake, Submission};
use standing::Standing;

/// The way in.
pub(crate) struct AppIntake {
    log: Arc<dyn EventLog>,
    clock: Arc<dyn Clock>,
    stage: Arc<Stage>,
    rates: Mutex<Meters<AgentId>>,
    presence: Arc<Presence>,
}

impl AppIntake {
    /// The way into this log, at most at this rate an agent. `agents_max` bounds how many rates are kept.
    #[must_use]
    pub(crate) fn new(
        log: Arc<dyn EventLog>,
        clock: Arc<dyn Clock>,
        stage: Arc<Stage>,
        rate: Rate,
        agents_max: usize,
        presence: Arc<Presence>,
    ) -> Self {
        Self { log, clock, stage, rates: Mutex::new(Meters::new(rate, agents_max)), presence }
    }

    /// What speaks against each submission, before the log is asked.
    fn objections(&self, by: &Principal, submissions: &[Submission]) -> Vec<Option<Fault>> {
        let now = self.clock.monotonic();
        let mut rates = self.rates.lock().unwrap_or_else(PoisonError::into_inner);
        // Once an agent is over its rate, its later items in the same call wait too, so that order holds.
        let mut over: HashSet<&AgentId> = HashSet::new();
        let mut objections = Vec::with_capacity(submissions.len());
        for Submission { report, .. } in submissions {
            objections.push(if !by.grant.agents.contains(&report.agent) {
                Some(Fault::new(Code::ForbiddenAgent, "the token's agents do not cover this one"))
            } else if over.contains(&report.agent) {
                let wait = rates.wait(&report.agent, now).unwrap_or(Duration::from_millis(1));
                Some(rate_limited(wait))
            } else {
                rates.take(report.agent.clone(), now).err().map(|wait| {
                    over.insert(&report.agent);
                    rate_limited(wait)
                })
            });
        }
        objections
    }
}

impl AppIntake {
    async fn decide(
        &self,
        proposals: Vec<Proposal>,
        standing: Standing<'_>,
    ) -> Result<Vec<Result<Receipt, Fault>>, Fault> {
        if proposals.is_empty() {
            return Ok(Vec::new());
        }
        self.presence.settled(proposals.iter().filter_map(|proposal| proposal.command.agent())).await;
        match self.log.append(proposals).await {
            Ok(decided) => {
                standing.settle(self.log.as_ref(), &decided).await;
                Ok(decided)
            }
            Err(error) => {
                standing.give_up();
                Err(log_fault(error))
            }
        }
    }
}

fn rate_limited(wait: Duration) -> Fault {
    Fault::new(Code::RateLimited, "this agent reports too often").retry_after(wait)
}

#[async_trait]
impl Intake for AppIntake {
    async fn report(
        &self,
        by: &Principal,
        submissions: Vec<Submission>,
    ) -> Result<Vec<Result<Receipt, Fault>>, Fault> {
        require(by, Scope::Report)?;
        self.stage.admit()?;
        let objections = self.objections(by, &submissions);
        // Each socket is held until its reports are decided: what is said of its end comes after them.
        let (mut sockets, mut standing) = (Vec::new(), Standing::new(&self.presence));
        let fit = submissions.into_iter().zip(&objections).filter(|(_, objection)| objection.is_none());
        let mut proposals = Vec::new();
        for (Submission { mut report, key, fingerprint, socket }, _) in fit {
            if let Some(socket) = &socket {
                standing.hold(socket, &mut report, proposals.len(), key.is_some());
            }
            sockets.extend(socket);
            let key = key.map(|text| IdempotencyKey { owner: by.user.clone(), text, fingerprint });
            proposals.push(Proposal { key, command: Command::Report(report) });
        }
        let decided = self.decide(proposals, standing).await?;
        drop(sockets);
        let mut decided = decided.into_iter();
        let answer = |objection: Option<Fault>| match objection {
            Some(fault) => Err(fault),
            None => decided.next().unwrap_or_else(|| Err(Fault::new(Code::Internal, "try again"))),
        };
        Ok(objections.into_iter().map(answer).collect())
    }

    async fn forget(&self, by: &Principal, agent: AgentId) -> Result<Receipt, Fault> {
        require(by, Scope::Admin)?;
        self.stage.admit()?;
        if !by.grant.agents.contains(&agent) {
            return Err(Fault::new(Code::NotFound, "there is no such agent"));
        }
        append_one(self.log.as_ref(), Command::Forget(agent)).await
    }
}

/// Decides one command without a key.
///
/// # Errors
/// The command's own fault, or that of the log.
pub(super) async fn append_one(log: &dyn EventLog, command: Command) -> Result<Receipt, Fault> {
    let results = log.append(vec![Proposal { command, key: None }]).await.map_err(log_fault)?;
    let only = results.into_iter().next();
    only.unwrap_or_else(|| Err(Fault::new(Code::Internal, "try again")))
}

/// What a client is told when the log fails.
pub(super) fn log_fault(error: LogError) -> Fault {
    let wait = Duration::from_secs(1);
    match error {
        LogError::Full => Fault::new(Code::StoreFull, "make room, then send it again").retry_after(wait),
        LogError::Compacted { .. } => {
            Fault::new(Code::CursorExpired, "start again from the oldest event: leave out after")
        }
        LogError::Unavailable(_) | LogError::Closed => Fault::new(
            Code::Unavailable,
            "it is not known to be stored; send it again with the same idempotency key",
        )
        .retry_after(wait),
    }
}
