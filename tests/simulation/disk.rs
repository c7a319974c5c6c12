//! What a simulated disk holds of a log: the domain's desk, the events, the keys. It outlives the process.

use std::collections::BTreeMap;
use std::time::Duration;

use mission_control::domain::cursor::{Epoch, Seq};
use mission_control::domain::desk::{Command, Desk};
use mission_control::domain::event::Recorded;
use mission_control::domain::fault::{Code, Fault as Refusal};
use mission_control::domain::fleet::Fleet;
use mission_control::domain::limits::Limits;
use mission_control::domain::time::{Moment, Monotonic, Timestamp};
use mission_control::ports::event_log::{LogError, Proposal, Receipt};

use crate::fault::Fault;

type Keys = BTreeMap<(String, String), ([u8; 32], Receipt)>;

#[derive(Clone)]
pub(crate) struct Disk {
    pub(crate) epoch: Epoch,
    pub(crate) desk: Desk,
    /// Every event of the epoch: those that were let go stay here for whoever checks.
    pub(crate) events: Vec<Recorded>,
    /// How many were let go.
    pub(crate) held_after: usize,
    keys: Keys,
    /// For how long processes kept it.
    pub(crate) uptime: Duration,
    limits: Limits,
    /// Another number where it holds another history than before.
    pub(crate) history: u64,
    /// How it was before the last write, where the disk lies about that.
    before: Option<Box<Self>>,
}

/// What a write will make of it.
pub(crate) struct Staged {
    pub(crate) history: u64,
    desk: Desk,
    events: Vec<Recorded>,
    keys: Keys,
}

impl Disk {
    pub(crate) fn new(epoch: Epoch, limits: Limits) -> Self {
        Self {
            epoch,
            desk: Desk::new(Fleet::remembering(limits.removals), limits),
            events: Vec::new(),
            held_after: 0,
            keys: Keys::new(),
            uptime: Duration::ZERO,
            limits,
            history: 0,
            before: None,
        }
    }

    /// As the next process finds it, after a crash or an end.
    pub(crate) fn reopened(mut self, wall: Timestamp, fault: Option<Fault>) -> Self {
        if let Some(before) = self.before.take() {
            self = *before;
        }
        if fault == Some(Fault::KeysForgotten) {
            self.keys.clear();
        }
        let fleet = self.desk.fleet().clone();
        let known =
            fleet.agents().filter_map(|(agent, _)| Some((agent.clone(), self.desk.beside(agent)?.clone())));
        let known: Vec<_> = known.collect();
        let now = Moment { wall, uptime: Monotonic::new(self.uptime) };
        self.desk = Desk::restore(fleet, known, self.limits, now);
        self
    }

    /// Decides without keeping anything.
    pub(crate) fn stage(
        &self,
        proposals: &[Proposal],
        now: Moment,
        fault: Option<Fault>,
    ) -> (Staged, Vec<Result<Receipt, Refusal>>) {
        let (history, desk) = (self.history, self.desk.clone());
        let mut staged = Staged { history, desk, events: Vec::new(), keys: Keys::new() };
        let results =
            proposals.iter().map(|proposal| self.decide(&mut staged, proposal, now, fault)).collect();
        (staged, results)
    }

    fn decide(
        &self,
        staged: &mut Staged,
        proposal: &Proposal,
        now: Moment,
        fault: Option<Fault>,
    ) -> Result<Receipt, Refusal> {
        let name = proposal.key.as_ref().map(|key| (key.owner.as_str().to_owned(), key.text.clone()));
        if let (Some(key), Some(name)) = (&proposal.key, &name)
            && let Some((fingerprint, receipt)) = staged.keys.get(name).or_else(|| self.keys.get(name))
        {
            return if *fingerprint == key.fingerprint || fault == Some(Fault::KeysUnchecked) {
                Ok(receipt.clone())
            } else {
                Err(Refusal::new(Code::IdempotencyConflict, "use a new key for each report"))
            };
        }
        let (epoch, seq) = (self.epoch.clone(), staged.desk.head());
        if fault == Some(Fault::LeasesForgotten) && proposal.command == Command::Sweep {
            return Ok(Receipt { applied: true, changed: false, epoch, seq });
        }
        let decision = staged.desk.decide(&proposal.command, now)?;
        let applied = decision.applied;
        let recorded = staged.desk.keep(decision);
        let receipt = Receipt { applied, changed: !recorded.is_empty(), epoch, seq: staged.desk.head() };
        staged.events.extend(recorded);
        if let (Some(key), Some(name)) = (&proposal.key, name) {
            staged.keys.insert(name, (key.fingerprint, receipt.clone()));
        }
        Ok(receipt)
    }

    /// Keeps what was decided, and lets go of what is more than this.
    pub(crate) fn keep(&mut self, staged: Staged, keep_events: usize, fault: Option<Fault>) {
        if fault == Some(Fault::SeqReused) {
            self.before = None;
            self.before = Some(Box::new(self.clone()));
        }
        self.desk = staged.desk;
        self.events.extend(staged.events);
        self.keys.extend(staged.keys);
        self.held_after = self.held_after.max(self.events.len().saturating_sub(keep_events));
    }

    /// How many events a reader at this position has behind it.
    pub(crate) fn place(&self, after: Seq, fault: Option<Fault>) -> Result<usize, LogError> {
        let after = usize::try_from(after.get()).unwrap();
        if after < self.held_after && fault != Some(Fault::GapUnsaid) {
            return Err(LogError::Compacted { held_after: self.first_held() });
        }
        Ok(after.max(self.held_after).min(self.events.len()))
    }

    pub(crate) fn first_held(&self) -> Seq {
        Seq::new(u64::try_from(self.held_after).unwrap())
    }
}
