//! The one writer: decides what waits, brings it to the disk in one transaction, then tells. A thread of
//! its own, since every commit waits for the disk.

mod batch;
pub(super) mod healing;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::fault::StoreError;
use super::options::DiskOptions;
use super::shared::Shared;
use super::store::{State, Store};
use super::witness::Witness;
use crate::domain::fault::Fault;
use crate::domain::id::AgentId;
use crate::domain::time::{Moment, Monotonic};
use crate::ports::entropy::Entropy;
use crate::ports::event_log::{Loaded, LogError, Proposal, Receipt};
use batch::Batch;

/// Proposals that are decided and committed together, but for the rest of a call.
const PROPOSALS_AT_ONCE: usize = 256;
/// Agents whose last sign of life is kept with a commit that has another reason.
const DIRTY_AT_ONCE: usize = 256;
/// How often the witness is brought to the disk.
const WITNESS_EVERY: Duration = Duration::from_secs(1);
/// How often it is looked whether the database's file is still there: what is written to one that was removed is
/// lost with the process.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often a store that failed is tried again, …
pub(super) const HEAL_EVERY: Duration = Duration::from_secs(1);
/// … and at most, where it takes what heals it and no report: each try reads the whole fleet.
const HEAL_EVERY_MAX: Duration = Duration::from_secs(30);
/// How often events that grew old are looked for while nothing is written, …
const TRIM_EVERY: Duration = Duration::from_secs(10);
/// … and where some were let go just now, since there may be more.
const TRIM_AGAIN_AFTER: Duration = Duration::from_millis(200);

pub(super) type Results = Vec<Result<Receipt, Fault>>;

/// What is asked of the writer.
pub(super) enum Job {
    Append(Vec<Proposal>, oneshot::Sender<Result<Results, LogError>>),
    Load(oneshot::Sender<Result<Loaded, LogError>>),
}

/// See the module.
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) options: DiskOptions,
    pub(super) entropy: Arc<dyn Entropy>,
    /// Nothing while it cannot be used.
    pub(super) store: Option<Store>,
    pub(super) witness: Witness,
    pub(super) state: State,
    /// How many keys are kept.
    pub(super) keys: u64,
    /// Agents that were heard since they were kept.
    pub(super) dirty: BTreeSet<AgentId>,
    pub(super) tried_at: Monotonic,
    /// How long after a failure it is tried again.
    pub(super) heal_after: Duration,
    /// Whether nothing was committed since it healed.
    pub(super) is_unproven: bool,
    pub(super) witnessed_at: Monotonic,
    /// Whether old events can be let go: not where their pages are damaged.
    pub(super) lets_go: bool,
    /// When it was last looked whether the database's file is still there.
    pub(super) looked_at: Monotonic,
    /// Why the store cannot be used, for everybody who asks meanwhile.
    pub(super) trouble: Option<Trouble>,
}

/// What is told while the store cannot be used.
#[derive(Debug, Clone)]
pub(super) enum Trouble {
    Full,
    Other(String),
}

impl Trouble {
    fn error(&self) -> LogError {
        match self {
            Self::Full => LogError::Full,
            Self::Other(why) => LogError::Unavailable(why.clone().into()),
        }
    }
}

impl Writer {
    /// Writes until nobody can ask any more, then closes in order.
    pub(super) fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        // A bound may have been lowered, or time went by.
        let held = self.state.head.get().saturating_sub(self.state.held_after.get());
        let over = held > self.options.keep_events || self.options.keep.is_some();
        self.look_for_old(self.now(), over);
        while let Some(job) = jobs.blocking_recv() {
            let mut waiting = vec![job];
            let mut count = size(waiting.first());
            while count < PROPOSALS_AT_ONCE
                && let Ok(job) = jobs.try_recv()
            {
                count = count.saturating_add(size(Some(&job)));
                waiting.push(job);
            }
            self.serve(waiting);
        }
        self.close();
    }

    pub(super) fn now(&self) -> Moment {
        self.shared.now()
    }

    fn serve(&mut self, waiting: Vec<Job>) {
        self.heal_if_due();
        let mut appends = Vec::with_capacity(waiting.len());
        for job in waiting {
            match job {
                Job::Append(proposals, reply) => appends.push((proposals, reply)),
                // Between two commits the desk knows nothing that is not kept.
                Job::Load(reply) => {
                    let _gone = reply.send(self.load());
                }
            }
        }
        if appends.is_empty() {
            return;
        }
        match self.append(&appends) {
            Ok(results) => {
                for ((_, reply), results) in appends.into_iter().zip(results) {
                    let _gone = reply.send(Ok(results));
                }
            }
            Err(trouble) => {
                for (_, reply) in appends {
                    let _gone = reply.send(Err(trouble.error()));
                }
            }
        }
        self.sync_witness();
    }

    fn load(&self) -> Result<Loaded, LogError> {
        if let Some(trouble) = &self.trouble {
            return Err(trouble.error());
        }
        let fleet = self.shared.desk().fleet().clone();
        Ok(Loaded { epoch: self.state.epoch.clone(), fleet })
    }

    /// Decides and keeps all of these, or none.
    fn append<R>(&mut self, appends: &[(Vec<Proposal>, R)]) -> Result<Vec<Results>, Trouble> {
        if let Some(trouble) = &self.trouble {
            return Err(trouble.clone());
        }
        match self.try_append(appends) {
            Ok(results) => Ok(results),
            Err(error) => {
                if self.is_unproven {
                    self.heal_after = self.heal_after.saturating_mul(2).min(HEAL_EVERY_MAX);
                }
                Err(self.fail(error))
            }
        }
    }

    fn try_append<R>(&mut self, appends: &[(Vec<Proposal>, R)]) -> Result<Vec<Results>, StoreError> {
        let now = self.shared.now();
        if now.uptime.since(self.looked_at) >= LOOK_EVERY {
            self.looked_at = now.uptime;
            if let Err(moved) = self.witness.still_there(&self.options.database()) {
                self.rescue();
                return Err(moved);
            }
        }
        let Some(store) = &mut self.store else { return Err(StoreError::State) };
        let mut batch = Batch::new(self.state.epoch.clone(), now);
        let mut all = Vec::with_capacity(appends.len());
        {
            let mut desk = self.shared.desk();
            for (proposals, _) in appends {
                let mut results = Vec::with_capacity(proposals.len());
                for proposal in proposals {
                    results.push(batch.decide(&mut desk, store, proposal)?);
                }
                all.push(results);
            }
        }
        self.dirty.append(&mut batch.heard);
        if batch.is_idle() && !self.lets_go_now(&batch, now) {
            return Ok(all);
        }
        self.commit(batch, now)?;
        (self.is_unproven, self.heal_after) = (false, HEAL_EVERY);
        Ok(all)
    }

    /// Whether old events are to be let go by a commit that has no other reason.
    fn lets_go_now(&self, batch: &Batch, now: Moment) -> bool {
        if !self.shared.lets_go_by(now.uptime) {
            return false;
        }
        // Damage is found again by the commit, which knows what to do.
        let some = self.let_go(batch, now).map_or(true, |up_to| up_to > self.state.held_after);
        if !some {
            self.look_for_old(now, false);
        }
        some
    }

    /// Plans the next look for old events: soon, where some were let go just now.
    pub(super) fn look_for_old(&self, now: Moment, some: bool) {
        let after = if some { Some(TRIM_AGAIN_AFTER) } else { self.options.keep.map(|_| TRIM_EVERY) };
        let after = after.filter(|_| self.lets_go);
        self.shared.let_go_at(after.map(|after| now.uptime.plus(after)));
    }

    fn sync_witness(&mut self) {
        let now = self.now().uptime;
        if now.since(self.witnessed_at) >= WITNESS_EVERY {
            self.witnessed_at = now;
            if let Err(error) = self.witness.sync() {
                tracing::warn!(%error, "the log's witness cannot be brought to the disk");
            }
        }
    }

    fn close(mut self) {
        let closed = self.commit_last().and_then(|()| self.store.take().map_or(Ok(()), Store::close));
        match closed {
            Ok(()) => {
                let _as_far_as_it_goes = self.witness.sync();
            }
            Err(error) => tracing::error!(%error, "the event log cannot be closed in order"),
        }
    }
}

fn size(job: Option<&Job>) -> usize {
    match job {
        Some(Job::Append(proposals, _)) => proposals.len(),
        Some(Job::Load(_)) | None => 0,
    }
}
