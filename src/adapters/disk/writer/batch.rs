//! What is decided together, and how it is written.

use std::collections::{BTreeSet, HashMap};

use super::{DIRTY_AT_ONCE, Writer};
use crate::adapters::disk::codec;
use crate::adapters::disk::fault::StoreError;
use crate::adapters::disk::pages::last_older;
use crate::adapters::disk::store::{State, Store, Writing};
use crate::adapters::disk::tail::Kept;
use crate::domain::beside::Beside;
use crate::domain::cursor::{Epoch, Seq};
use crate::domain::desk::Desk;
use crate::domain::event::Event;
use crate::domain::fault::{Code, Fault};
use crate::domain::fleet::{Fleet, Removal};
use crate::domain::id::{AgentId, SessionId};
use crate::domain::time::Moment;
use crate::ports::event_log::{IdempotencyKey, Proposal, Receipt};

/// For how long a key is kept, in milliseconds of uptime.
const KEY_MS: u64 = 24 * 60 * 60 * 1_000;
/// Rows that are let go with a commit, beside as many as came.
const TRIM_AT_ONCE: u64 = 64;
/// … and with one that has no other reason.
const TRIM_ALONE: u64 = 1_024;

/// Decisions that are not committed yet.
pub(super) struct Batch {
    epoch: Epoch,
    now: Moment,
    events: Vec<Kept>,
    agents: BTreeSet<AgentId>,
    sessions: BTreeSet<(AgentId, SessionId)>,
    removals: Vec<Removal>,
    keys: Vec<(IdempotencyKey, Receipt)>,
    /// The place of a key among them, by owner and text.
    by_key: HashMap<(String, String), usize>,
    /// Whether something has to be kept at once.
    durable: bool,
    /// Agents of whom nothing but time moved.
    pub(super) heard: BTreeSet<AgentId>,
}

impl Batch {
    pub(super) fn new(epoch: Epoch, now: Moment) -> Self {
        Self {
            epoch,
            now,
            events: Vec::new(),
            agents: BTreeSet::new(),
            sessions: BTreeSet::new(),
            removals: Vec::new(),
            keys: Vec::new(),
            by_key: HashMap::new(),
            durable: false,
            heard: BTreeSet::new(),
        }
    }

    /// Whether nothing has to be kept at once.
    pub(super) const fn is_idle(&self) -> bool {
        !self.durable && self.keys.is_empty()
    }

    /// Decides one proposal against everything before it.
    pub(super) fn decide(
        &mut self,
        desk: &mut Desk,
        store: &Store,
        proposal: &Proposal,
    ) -> Result<Result<Receipt, Fault>, StoreError> {
        if let Some(key) = &proposal.key {
            match self.answered(store, key) {
                Ok(None) => {}
                Ok(Some((fingerprint, receipt))) => {
                    let same = fingerprint == key.fingerprint;
                    let conflict = || Fault::new(Code::IdempotencyConflict, "use a new key for each report");
                    return Ok(same.then_some(receipt).ok_or_else(conflict));
                }
                // The store is well but for where this key lies: who comes with it is told, and nobody else.
                Err(error) if matches!(error, StoreError::Damaged(_)) || error.is_damage() => {
                    tracing::error!(%error, "a report is refused: what its key was used for is not known");
                    let detail = "what was answered under this key cannot be read";
                    return Ok(Err(Fault::new(Code::Unavailable, detail)));
                }
                Err(error) => return Err(error),
            }
        }
        let decision = match desk.decide(&proposal.command, self.now) {
            Ok(decision) => decision,
            Err(fault) => return Ok(Err(fault)),
        };
        let (applied, durable) = (decision.applied, decision.durable);
        let touched = decision.besides.iter().map(|(agent, _)| agent.clone());
        if durable {
            self.agents.extend(touched)
        } else {
            self.heard.extend(touched)
        }
        self.durable |= durable;
        let recorded = desk.keep(decision);
        let (changed, count) = (!recorded.is_empty(), recorded.len());
        for (place, recorded) in recorded.into_iter().enumerate() {
            self.note(recorded.seq, &recorded.event);
            self.events.push(Kept { recorded, last: place.saturating_add(1) == count });
        }
        let receipt = Receipt { applied, changed, epoch: self.epoch.clone(), seq: desk.head() };
        if let Some(key) = &proposal.key {
            self.by_key.insert((key.owner.to_string(), key.text.clone()), self.keys.len());
            self.keys.push((key.clone(), receipt.clone()));
        }
        Ok(Ok(receipt))
    }

    fn answered(
        &self,
        store: &Store,
        key: &IdempotencyKey,
    ) -> Result<Option<([u8; 32], Receipt)>, StoreError> {
        let place = self.by_key.get(&(key.owner.to_string(), key.text.clone()));
        match place.and_then(|place| self.keys.get(*place)) {
            Some((first, receipt)) => Ok(Some((first.fingerprint, receipt.clone()))),
            None => store.answered(key, uptime_ms(self.now).saturating_sub(KEY_MS)),
        }
    }

    fn note(&mut self, seq: Seq, event: &Event) {
        match event {
            Event::Status(_) | Event::Lifecycle(_) => {}
            Event::Activity(event) => {
                self.sessions.insert((event.agent.clone(), event.session.clone()));
            }
            Event::AgentRemoved(agent) => {
                self.removals.push(Removal { seq, agent: agent.clone(), session: None });
            }
            Event::SessionRemoved(agent, session) => {
                self.removals.push(Removal { seq, agent: agent.clone(), session: Some(session.clone()) });
            }
        }
    }

    /// Writes everything as it is after the last decision.
    fn write(&self, writing: &Writing<'_>, desk: &Desk, dirty: &BTreeSet<AgentId>) -> Result<(), StoreError> {
        for Kept { recorded, last } in &self.events {
            let record = codec::seal_event(recorded.seq, recorded.at, &recorded.event, *last);
            writing.put_event(recorded.seq, recorded.event.agent(), &record)?;
        }
        // Who was removed and came again is there in the end.
        for removal in &self.removals {
            writing.remove(removal)?;
        }
        let fleet: &Fleet = desk.fleet();
        let nothing = Beside::default();
        for agent in self.agents.iter().chain(dirty) {
            if let Some(known) = fleet.get(agent) {
                let beside = desk.beside(agent).unwrap_or(&nothing);
                writing.put_agent(agent, &codec::seal_agent(known, beside))?;
            }
        }
        for (agent, id) in &self.sessions {
            if let Some(session) = fleet.get(agent).and_then(|known| known.sessions.get(id)) {
                writing.put_session(agent.as_str(), id.as_str(), &codec::seal_session(session))?;
            }
        }
        let since_ms = uptime_ms(self.now);
        for (key, receipt) in &self.keys {
            writing.put_key(key, since_ms, receipt)?;
        }
        Ok(())
    }
}

pub(super) fn uptime_ms(now: Moment) -> u64 {
    codec::millis(now.uptime)
}

impl Writer {
    /// Brings a batch to the disk, then tells of it.
    pub(super) fn commit(&mut self, mut batch: Batch, now: Moment) -> Result<(), StoreError> {
        let held_before = self.state.held_after;
        let mut written = self.write(&batch, now);
        // It may be the old that cannot be let go: what is new is kept on other pages.
        if let Err(error) = &written
            && error.is_damage()
            && self.lets_go
        {
            tracing::error!(%error, "pages are damaged: neither old events nor old keys are let go any more");
            self.lets_go = false;
            written = self.write(&batch, now);
        }
        // Or where new keys belong: better that a report may be taken twice than that none is taken.
        if let Err(error) = &written
            && error.is_damage()
            && !batch.keys.is_empty()
        {
            tracing::error!(%error, "idempotency keys cannot be kept: a report that comes again may be taken twice");
            batch.keys.clear();
            batch.durable = true;
            written = self.write(&batch, now);
        }
        let held_after = written?;
        self.look_for_old(now, held_after > held_before);
        self.shared.publish(batch.events, held_after);
        Ok(())
    }

    /// Writes a batch, and lets go what is old, in one transaction. Up to where that was.
    fn write(&mut self, batch: &Batch, now: Moment) -> Result<Seq, StoreError> {
        let held_after = self.let_go(batch, now)?;
        let Some(store) = &mut self.store else { return Err(StoreError::State) };
        // Somebody else may hold the database: nobody who only looks at the desk waits for that.
        let mut writing = store.begin()?;
        let desk = self.shared.desk();
        let head = desk.head();
        let removals_after =
            if self.lets_go { desk.fleet().removals_after() } else { self.state.removals_after };
        let uptime_ms = uptime_ms(now);
        let epoch = self.state.epoch.clone();
        let dirty: BTreeSet<AgentId> = self.dirty.iter().take(DIRTY_AT_ONCE).cloned().collect();
        let came = u64::try_from(batch.keys.len()).unwrap_or(u64::MAX);
        let state = State { epoch, head, held_after, removals_after, uptime_ms, clean: false };
        // First of all: where somebody else wrote nothing of this fits.
        writing.put_state(&state)?;
        batch.write(&writing, &desk, &dirty)?;
        drop(desk);
        let surplus = self.keys.saturating_add(came).saturating_sub(self.options.idempotency_keys);
        let at_once = came.saturating_add(TRIM_AT_ONCE);
        let before_ms = uptime_ms.saturating_sub(KEY_MS);
        let gone = if self.lets_go { writing.trim_keys(before_ms, surplus, at_once)? } else { 0 };
        if held_after > self.state.held_after {
            writing.trim_events(held_after)?;
            writing.give_back()?;
        }
        if removals_after > self.state.removals_after {
            writing.trim_removals(removals_after)?;
        }
        writing.commit()?;
        self.keys = self.keys.saturating_add(came).saturating_sub(gone);
        self.dirty.retain(|agent| !dirty.contains(agent));
        self.state = state;
        // Before anybody is answered: what was answered is what the witness knows.
        // Without it a log that comes back shorter would go on as if it were whole.
        self.witness.write(&self.state.epoch, head)?;
        Ok(held_after)
    }

    /// Up to where events are let go with this commit: those past the number that is kept, and those that are
    /// too old; a few more than came, so that a lowered bound is reached in small slices.
    pub(super) fn let_go(&self, batch: &Batch, now: Moment) -> Result<Seq, StoreError> {
        if !self.lets_go {
            return Ok(self.state.held_after);
        }
        let held_after = self.state.held_after.get();
        let came = u64::try_from(batch.events.len()).unwrap_or(u64::MAX);
        let head = self.state.head.get().saturating_add(came);
        let surplus = head.saturating_sub(held_after).saturating_sub(self.options.keep_events.max(1));
        let at_once = if batch.is_idle() { TRIM_ALONE } else { came.saturating_add(TRIM_AT_ONCE) };
        let mut up_to = held_after.saturating_add(surplus.min(at_once));
        if let (Some(keep), Some(store)) = (self.options.keep, &self.store) {
            let limit = usize::try_from(at_once).unwrap_or(usize::MAX);
            let (after, head) = (Seq::new(held_after), self.state.head);
            let old = last_older(store.connection(), after, head, limit, |at| now.uptime.since(at) > keep)?;
            up_to = up_to.max(old.get());
        }
        Ok(Seq::new(up_to.min(self.state.head.get())))
    }
}
