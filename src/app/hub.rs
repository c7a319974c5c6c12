//! The hub: follows the log, keeps the fleet of this node, and hands each event to those who see it.
//!
//! One lock guards fleet and registry together, so that taking a copy and joining the live stream are
//! one step. It is held for the length of a step, never across an await. Whether the node takes
//! watchers is asked under it, too: who joins after the others were dismissed would be left behind.
//! What a view shows is found before, outside the lock: that work grows with the fleet.

mod matching;
mod state;
mod vitals;

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use tokio::sync::watch;

use crate::app::stage::Stage;
use crate::domain::cursor::{Cursor, Epoch, Seq};
use crate::domain::event::Recorded;
use crate::domain::farewell::Farewell;
use crate::domain::fault::{Code, Fault};
use crate::domain::fleet::Fleet;
use crate::domain::grant::Principal;
use crate::domain::id::ConnectionId;
use crate::domain::registry::{Connection, ConnectionRegistry};
use crate::domain::resume::{Plan, Why, plan, summary};
use crate::domain::view::View;
use crate::ports::clock::Clock;
use crate::ports::event_log::{EventLog, Loaded, LogError};
use crate::ports::event_publisher::EventPublisher;
use crate::ports::health::NotReady;
use crate::ports::live_feed::{Beginning, Material, Past};

use matching::Ready;
use state::State;

/// How long to wait before the log is tried again.
const RETRY_LOG_AFTER: Duration = Duration::from_secs(1);

/// Events that are taken before others get their turn.
const TAKEN_AT_ONCE: usize = 256;

/// What the hub may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HubLimits {
    /// Events that every transport's ring holds.
    pub(crate) ring_events: usize,
    /// Most events that are replayed to one who comes back.
    pub(crate) replay_events: u64,
    /// Most connections of one user.
    pub(crate) connections_per_user: usize,
    /// Most connections of all users.
    pub(crate) connections: usize,
}

/// The hub of one node.
pub(crate) struct Hub {
    publishers: Vec<Arc<dyn EventPublisher>>,
    limits: HubLimits,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Connections that were given up and may still be in the registry. Written by [`Hub::leave`],
    /// emptied by whoever has the state.
    gone: Mutex<Vec<ConnectionId>>,
    /// Up to where events were taken. Written with the state, read by who waits for it.
    at: watch::Sender<Seq>,
}

fn gone() -> Fault {
    Fault::new(Code::NotFound, "the connection is gone")
}

/// Says so when the hub no longer follows.
struct Ending<'a> {
    hub: &'a Hub,
    stage: &'a Stage,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.stage.set(Err(NotReady::LogFailed));
        self.hub.dismiss_all(Farewell::Internal);
    }
}

impl Hub {
    /// A hub that continues from what the log loaded.
    #[must_use]
    pub(crate) fn new(
        loaded: Loaded,
        publishers: Vec<Arc<dyn EventPublisher>>,
        limits: HubLimits,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let at = watch::Sender::new(loaded.fleet.at());
        let state = Mutex::new(State::new(loaded));
        Self { publishers, limits, clock, state, gone: Mutex::default(), at }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.forget_gone(&mut state);
        state
    }

    fn forget_gone(&self, state: &mut State) {
        let gone = std::mem::take(&mut *self.gone.lock().unwrap_or_else(PoisonError::into_inner));
        for id in gone {
            state.registry.disconnect(id);
        }
    }

    /// Follows the log for ever. When the log cannot be followed the node is not ready, its
    /// connections are ended so that they come back, and it starts again from what the log loads.
    ///
    /// When it is dropped or panics, nobody is left to think that it is live: the node is not ready
    /// and its connections are ended.
    pub(crate) async fn run(&self, log: Arc<dyn EventLog>, stage: Arc<Stage>) {
        let _ending = Ending { hub: self, stage: &stage };
        loop {
            let after = self.state().fleet.at();
            let Err(error) = self.follow(log.as_ref(), after, &stage).await;
            tracing::error!(%error, "the log cannot be followed");
            // In this order: who joins before the second line is dismissed by it, who comes later is refused.
            stage.set(Err(NotReady::LogFailed));
            self.dismiss_all(Farewell::Internal);
            self.begin_anew(Self::loaded(log.as_ref()).await);
        }
    }

    /// What the log loads, once it can. Until then it is not followed: it may hold another history, and the fleet be that
    /// of the one before.
    async fn loaded(log: &dyn EventLog) -> Loaded {
        loop {
            tokio::time::sleep(RETRY_LOG_AFTER).await;
            match log.load().await {
                Ok(loaded) => return loaded,
                Err(error) => tracing::error!(%error, "the log cannot be loaded"),
            }
        }
    }

    async fn follow(&self, log: &dyn EventLog, after: Seq, stage: &Stage) -> Result<Infallible, LogError> {
        let mut follower = log.follow(after).await?;
        stage.set(Ok(()));
        loop {
            let mut batch = follower.next().await?.into_iter();
            loop {
                self.take(batch.by_ref().take(TAKEN_AT_ONCE).collect());
                if batch.as_slice().is_empty() {
                    break;
                }
                // Whoever waits for the state, and the tasks of this thread, get their turn.
                tokio::task::yield_now().await;
            }
        }
    }

    fn begin_anew(&self, loaded: Loaded) {
        let mut state = self.state();
        state.begin_anew(loaded);
        self.publishers.iter().for_each(|publisher| publisher.begin_anew());
        self.at.send_replace(state.fleet.at());
    }

    /// Takes the next events: folds them and hands each to those who see it.
    pub(crate) fn take(&self, batch: Vec<Recorded>) {
        let now = self.clock.monotonic();
        let mut state = self.state();
        let spent = state.spent_copies(now);
        self.take_next(&mut state, batch);
        drop(state);
        // A fleet is large: it is given back after the lock is.
        drop(spent);
    }

    fn take_next(&self, state: &mut State, batch: Vec<Recorded>) {
        let deliveries: Vec<_> = batch.into_iter().filter_map(|recorded| state.apply(recorded)).collect();
        if deliveries.is_empty() {
            return;
        }
        state.put_marks();
        // Under the lock: a connection that joins now is either in an audience or finds the event in
        // its copy or in the rings.
        for publisher in &self.publishers {
            publisher.publish(&deliveries);
        }
        self.at.send_replace(state.fleet.at());
    }

    /// Takes the copy and joins the live stream, in one step.
    ///
    /// # Errors
    /// `too_many_connections`, `overloaded`; `draining` and `unavailable` by the stage.
    pub(crate) fn join(
        &self,
        connection: Connection,
        cursor: Option<&Cursor>,
        past: Option<&Arc<Past>>,
        stage: &Stage,
    ) -> Result<(Epoch, Beginning), Fault> {
        let Ready { mut state, view, watched } = self.ready(|state| {
            stage.admit_watcher()?;
            self.check_room(state, &connection)?;
            Ok(Arc::clone(&connection.view))
        })?;
        let plan = plan(cursor, view.id(), &state.window(past, &self.limits));
        let id = connection.id;
        state.registry.connect(connection, watched);
        // Not before what it knows of this history, also where its view is another one now.
        let known =
            cursor.filter(|cursor| cursor.epoch == state.epoch).map_or(Seq::ZERO, |cursor| cursor.seq);
        let mut beginning = self.begin(&mut state, id, plan, known)?;
        if let (Plan::Replay { after }, Some(past)) = (plan, past)
            && after < state.rings_after(&self.limits)
        {
            let material = Some(Material::Events(Arc::clone(past), after));
            beginning = state.begin(plan, material, beginning.view);
        }
        Ok((state.epoch.clone(), beginning))
    }

    fn check_room(&self, state: &State, newcomer: &Connection) -> Result<(), Fault> {
        let wait = Duration::from_secs(1);
        if state.registry.len() >= self.limits.connections {
            let detail = "the node has no room for another connection";
            return Err(Fault::new(Code::Overloaded, detail).retry_after(wait));
        }
        if state.registry.of_user(&newcomer.user).count() >= self.limits.connections_per_user {
            let detail = "close a connection of this user first";
            return Err(Fault::new(Code::TooManyConnections, detail).retry_after(wait));
        }
        Ok(())
    }

    fn begin(
        &self,
        state: &mut State,
        id: ConnectionId,
        plan: Plan,
        delivered: Seq,
    ) -> Result<Beginning, Fault> {
        let view = Arc::clone(&state.registry.get(id).ok_or_else(gone)?.view);
        let now = self.clock.monotonic();
        let material = match plan {
            Plan::Live | Plan::Replay { .. } => None,
            // Not before what it knows: it would be told something twice.
            Plan::Delta { after, .. } => {
                Some(Material::Changes(state.copy(now, delivered.max(after), &self.limits), after))
            }
            Plan::Snapshot(_) => Some(Material::Fleet(state.copy(now, delivered, &self.limits))),
        };
        Ok(state.begin(plan, material, view))
    }

    /// Which events one who comes back needs that no ring holds any more: those after the first position, up
    /// to the second at least. None when it does not need any, or more than are replayed.
    pub(crate) fn past_wanted(&self, cursor: &Cursor) -> Option<(Epoch, Seq, Seq)> {
        let state = self.state();
        let (head, rings_after) = (state.fleet.at(), state.rings_after(&self.limits));
        let oldest = Seq::new(head.get().saturating_sub(self.limits.replay_events));
        let wanted = cursor.epoch == state.epoch && cursor.seq >= oldest && cursor.seq < rings_after;
        wanted.then(|| (state.epoch.clone(), oldest, rings_after))
    }

    /// Begins a connection anew with another view, or with the same one when `view` gives that. It was
    /// sent everything up to `delivered`, and knows everything up to `known` if that is said: it gets what changed
    /// since then.
    ///
    /// # Errors
    /// `not_found` when the connection is gone.
    pub(crate) fn begin_again(
        &self,
        id: ConnectionId,
        why: Why,
        delivered: Seq,
        known: Option<Seq>,
        view: impl Fn(&Arc<View>) -> Arc<View>,
    ) -> Result<Beginning, Fault> {
        let Ready { mut state, view, watched } =
            self.ready(|state| Ok(view(&state.registry.get(id).ok_or_else(gone)?.view)))?;
        state.registry.change_view(id, view, watched);
        let removals_after = state.fleet.removals_after();
        let plan = known.map_or(Plan::Snapshot(why), |known| summary(known, removals_after, why, why));
        self.begin(&mut state, id, plan, delivered)
    }

    /// Puts another token behind a connection that passes the check; where the grant differs, the
    /// connection begins anew: it was sent everything up to `delivered`. One step, so that the token that
    /// is known is the one that is enforced.
    ///
    /// # Errors
    /// `not_found` when the connection is gone; what the check says, and then nothing changes.
    pub(crate) fn change_token(
        &self,
        id: ConnectionId,
        principal: &Principal,
        delivered: Seq,
        check: impl Fn(&Connection) -> Result<(), Fault>,
    ) -> Result<Option<Beginning>, Fault> {
        let Ready { mut state, view, watched } = self.ready(|state| {
            let before = state.registry.get(id).ok_or_else(gone)?;
            check(before)?;
            Ok(Arc::new(View::new(principal.grant.clone(), before.view.interest().clone())))
        })?;
        let token_id = principal.token_id.as_deref().map(Box::from);
        state.registry.change_token(id, token_id, principal.issued_at);
        if state.registry.get(id).is_some_and(|before| before.view == view) {
            return Ok(None);
        }
        state.registry.change_view(id, view, watched);
        self.begin(&mut state, id, Plan::Snapshot(Why::GrantChanged), delivered).map(Some)
    }

    /// Looks at the registry, or changes what is known of a connection.
    pub(super) fn with_registry<T>(&self, look: impl FnOnce(&mut ConnectionRegistry) -> T) -> T {
        look(&mut self.state().registry)
    }

    /// Waits until everything up to this position was taken, at most so long.
    pub(crate) async fn caught_up(&self, position: Seq, within: Duration) {
        let mut at = self.at.subscribe();
        let reached = at.wait_for(|at| *at >= position);
        let _in_time = tokio::time::timeout(within, reached).await;
    }

    /// The position of the fleet now. Unlike a copy it costs nothing: a fleet that is held has to be cloned for the next
    /// event.
    #[must_use]
    pub(crate) fn at(&self) -> Seq {
        *self.at.borrow()
    }

    /// The fleet now, and its history.
    #[must_use]
    pub(crate) fn copy(&self) -> (Epoch, Arc<Fleet>) {
        let state = self.state();
        (state.epoch.clone(), Arc::clone(&state.fleet))
    }

    /// Forgets a connection. Never waits for the state: a publisher may give up a seat while it is
    /// called, on the very thread that holds the state. Who has the state next forgets it then.
    pub(crate) fn leave(&self, id: ConnectionId) {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner).push(id);
        match self.state.try_lock() {
            Ok(mut state) => self.forget_gone(&mut state),
            Err(TryLockError::Poisoned(poisoned)) => self.forget_gone(&mut poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => {}
        }
    }

    /// Ends a connection.
    pub(crate) fn dismiss(&self, id: ConnectionId, farewell: Farewell, retry_after: Option<Duration>) {
        for publisher in &self.publishers {
            publisher.dismiss(id, farewell, retry_after);
        }
    }

    /// Forgets and ends all connections: none of them is handed an event across the gap that follows.
    fn dismiss_all(&self, farewell: Farewell) {
        let forgotten = self.with_registry(std::mem::take);
        forgotten.iter().for_each(|one| self.dismiss(one.id, farewell, None));
    }
}
