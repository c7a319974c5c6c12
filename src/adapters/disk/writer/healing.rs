//! What becomes of a store that failed: it is closed, and opened anew once a second, or less often while it
//! fails again at once, until it takes something. A sync that failed is never tried again on the same file handle: the system may have
//! dropped what it could not write, and would say that all is well.

use super::batch::uptime_ms;
use super::{DIRTY_AT_ONCE, Trouble, Writer};
use crate::adapters::disk::codec;
use crate::adapters::disk::fault::StoreError;
use crate::adapters::disk::opening::{self, Loaded};
use crate::adapters::disk::store::{State, Store, Sync};
use crate::adapters::disk::witness::{NewEpoch, Witness};
use crate::domain::cursor::Epoch;
use crate::domain::desk::Desk;
use crate::ports::entropy::Entropy;
use crate::ports::event_log::LogError;

/// A new id for a history.
pub(in crate::adapters::disk) fn fresh_epoch(entropy: &dyn Entropy) -> Result<Epoch, StoreError> {
    let bytes = entropy.bytes().map_err(std::io::Error::other)?;
    let [a, b, c, d, e, f, g, h, ..] = bytes;
    Ok(Epoch::from_random([a, b, c, d, e, f, g, h]))
}

/// Lets a store begin a new epoch: its events and its fleet stay as they are, under another name.
pub(in crate::adapters::disk) fn begin_epoch(
    store: &mut Store,
    state: State,
    witness: &Witness,
    entropy: &dyn Entropy,
) -> Result<State, StoreError> {
    let state = State { epoch: fresh_epoch(entropy)?, ..state };
    let mut writing = store.begin()?;
    writing.put_state(&state)?;
    writing.commit()?;
    witness.write(&state.epoch, state.head)?;
    witness.sync()?;
    Ok(state)
}

impl Writer {
    /// Takes the store out of use.
    pub(super) fn fail(&mut self, error: StoreError) -> Trouble {
        tracing::error!(%error, "the event log cannot keep events; it is opened anew");
        self.store = None;
        self.tried_at = self.now().uptime;
        let trouble = match LogError::from(error) {
            LogError::Full => Trouble::Full,
            LogError::Unavailable(why) => Trouble::Other(why.to_string()),
            other @ (LogError::Compacted { .. } | LogError::Closed) => Trouble::Other(other.to_string()),
        };
        self.trouble = Some(trouble.clone());
        trouble
    }

    /// Brings what the write-ahead log has into the database. Who has it open can read it though it was removed,
    /// and whoever opens the database anew finds another.
    pub(super) fn rescue(&self) {
        self.shared.pages.forget();
        match self.store.as_ref().map_or(Ok(true), Store::settle) {
            Ok(true) => {}
            Ok(false) => tracing::error!("somebody reads the event log: a part of it may be lost"),
            Err(error) => tracing::error!(%error, "a part of the event log may be lost"),
        }
    }

    /// Tries a store that failed once a second, and less often while it fails again at once.
    pub(super) fn heal_if_due(&mut self) {
        if self.trouble.is_none() || self.now().uptime.since(self.tried_at) < self.heal_after {
            return;
        }
        match self.heal() {
            Ok(()) => {
                self.trouble = None;
                self.is_unproven = true;
                tracing::info!("the event log keeps events again");
            }
            Err(error) => {
                let _told = self.fail(error);
            }
        }
    }

    fn heal(&mut self) -> Result<(), StoreError> {
        let path = self.options.database();
        // An empty one in its place would be another history, and that is not for the server to begin.
        if !path.exists() {
            return Err(StoreError::Moved);
        }
        let mut store = Store::open(&path, self.options.sync())?;
        if !store.settle()? {
            return Err(StoreError::Unsettled);
        }
        let mut state = store.state()?.ok_or(StoreError::State)?;
        state.clean = false;
        self.witness = Witness::open(&self.options.witness(), &path, self.options.is_synced())?;
        let heard = self.witness.hears(&state.epoch, state.head, false).and(self.recognizes(&state));
        if let Err(why) = heard {
            state = begin_epoch(&mut store, state, &self.witness, self.entropy.as_ref())?;
            // A witness that was made anew knows no mark, and the next start would begin another epoch for it.
            let mark = fresh_epoch(self.entropy.as_ref())?.as_str().to_owned();
            self.witness.begin(mark, &state.epoch, state.head)?;
            warn_of(why);
        }
        // That it can be read is not enough: only a commit shows that it heals.
        state.uptime_ms = uptime_ms(self.now());
        let mut writing = store.begin()?;
        writing.put_state(&state)?;
        writing.commit()?;
        let Loaded { fleet, besides } = opening::load(&mut store, &mut state, self.options.desk.removals)?;
        let desk = Desk::restore(fleet, besides, self.options.desk, self.now());
        // A commit that failed may be kept after all, and is told of now.
        self.witness.write(&state.epoch, state.head)?;
        self.keys = store.count_keys()?;
        self.dirty.clear();
        self.shared.reopen(desk, &state, heard.is_err())?;
        self.state = state;
        self.store = Some(store);
        Ok(())
    }

    /// Whether a store goes on with what this process told of, whatever the witness knows: a heal before this one
    /// may have ended after it began a new epoch, and an old witness may have come back with an old store.
    fn recognizes(&self, state: &State) -> Result<(), NewEpoch> {
        let is_behind = state.epoch != self.state.epoch || state.head < self.shared.tail().head;
        if is_behind { Err(NewEpoch::Behind) } else { Ok(()) }
    }

    /// Keeps what nothing had to wait for, and that the end is in order: not before the disk has everything.
    pub(super) fn commit_last(&mut self) -> Result<(), StoreError> {
        let Some(store) = &mut self.store else { return Ok(()) };
        store.set_sync(Sync::Full)?;
        let now = self.shared.now();
        let desk = self.shared.desk();
        let state = State { uptime_ms: uptime_ms(now), clean: false, ..self.state.clone() };
        // Once at least: without anything new in it nothing before that is brought to the disk either.
        loop {
            let some: Vec<_> = self.dirty.iter().take(DIRTY_AT_ONCE).cloned().collect();
            let mut writing = store.begin()?;
            for agent in &some {
                if let Some((known, beside)) = desk.fleet().get(agent).zip(desk.beside(agent)) {
                    writing.put_agent(agent, &codec::seal_agent(known, beside))?;
                }
                self.dirty.remove(agent);
            }
            writing.put_state(&state)?;
            writing.commit()?;
            if some.is_empty() {
                break;
            }
        }
        // With a log that syncs, each commit brought there what it said.
        if !self.options.is_synced() && !store.settle()? {
            return Err(StoreError::Unsettled);
        }
        let mut writing = store.begin()?;
        writing.put_state(&State { clean: true, ..state })?;
        writing.commit()
    }
}

/// A new epoch is said loudly: every screen begins anew.
pub(in crate::adapters::disk) fn warn_of(why: NewEpoch) {
    tracing::warn!(%why, "the event log begins a new epoch; its events and its fleet stay");
}
