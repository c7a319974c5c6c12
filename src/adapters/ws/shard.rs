//! The connections of one core, and the one task that serves them: it wakes once for all that is new,
//! hands each socket what follows its place, and keeps one timer for all of them.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use super::inbox::{Inbox, News};
use super::place::Run;
use super::route::WsSettings;
use super::session::{End, Next, Session, Turn, Want};
use super::sockets::LiveSockets;
use crate::domain::cursor::Seq;
use crate::domain::id::ConnectionId;
use crate::domain::time::Monotonic;

/// Connections that are visited before other tasks get their turn.
const VISITS_AT_ONCE: usize = 16;
/// The same where an event goes out to all who look at every one: some 300 µs of writing.
const WALK_AT_ONCE: usize = 64;
/// Connections that come, are heard of or have more to take: so many are served before the shard looks for new events
/// again. However many come at once, those who are here wait for few of them …
const BACKLOG_AT_ONCE: usize = 2;
/// … and however many are here, one is served for so many of them who were handed events: a visit may write twenty times
/// as much, and those who come are not to wait for ever.
const WALKED_FOR_ONE: usize = 32;
/// Heartbeats go out in so many waves, spread over their interval.
const WAVES: u32 = 64;
/// Bytes that are read from a socket at once.
const SCRATCH_BYTES: usize = 16 * 1024;

/// The connections of one core.
pub(super) struct Shard {
    sockets: Arc<LiveSockets>,
    inbox: Arc<Inbox>,
    settings: Arc<WsSettings>,
    /// Those that look at every event are walked for each batch; the others are named.
    broad: BTreeMap<ConnectionId, Box<Session>>,
    narrow: BTreeMap<ConnectionId, Box<Session>>,
    /// When whom to visit at the latest.
    due: BTreeSet<(Monotonic, ConnectionId)>,
    /// Whom to visit as soon as the others had their turn, and who of them had it last.
    again: BTreeSet<ConnectionId>,
    last_again: ConnectionId,
    /// In which wave whose heartbeat goes out, and which wave goes next.
    waves: BTreeSet<(u32, ConnectionId)>,
    wave: u32,
    next_wave_at: Monotonic,
    head: Seq,
    run: Run,
    scratch: Vec<u8>,
    visits: usize,
    /// Those who were handed events in this round's walk.
    walked: usize,
    /// Whether it stopped since nobody was left.
    has_left: bool,
}

impl Shard {
    pub(super) fn new(sockets: Arc<LiveSockets>, inbox: Arc<Inbox>, settings: Arc<WsSettings>) -> Self {
        let next_wave_at = settings.clock.monotonic();
        Self {
            sockets,
            inbox,
            settings,
            broad: BTreeMap::new(),
            narrow: BTreeMap::new(),
            due: BTreeSet::new(),
            again: BTreeSet::new(),
            last_again: ConnectionId::new(0),
            waves: BTreeSet::new(),
            wave: 0,
            next_wave_at,
            head: Seq::default(),
            run: Run::default(),
            scratch: vec![0; SCRATCH_BYTES],
            visits: 0,
            walked: 0,
            has_left: false,
        }
    }

    /// Serves until nobody is left.
    pub(super) async fn serve(self) {
        // The runtime's own budget would make sockets look blocked; turns are given up below instead.
        tokio::task::unconstrained(self.go_round()).await;
    }

    async fn go_round(mut self) {
        loop {
            self.round().await;
            if self.broad.is_empty() && self.narrow.is_empty() && self.inbox.leave() {
                self.has_left = true;
                return;
            }
            if self.again.is_empty() {
                let now = self.settings.clock.monotonic();
                let timer = self.due.first().map_or(self.next_wave_at, |(at, _)| self.next_wave_at.min(*at));
                tokio::select! {
                    () = self.inbox.woken() => {}
                    () = tokio::time::sleep(round_up(timer.since(now))) => {}
                }
            } else {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Hands on all events there are now, and does some of the rest.
    async fn round(&mut self) {
        let news = self.inbox.take(|id| self.broad.contains_key(id) || self.narrow.contains_key(id));
        self.take(news).await;
        let share = BACKLOG_AT_ONCE.max(std::mem::take(&mut self.walked) / WALKED_FOR_ONE);
        for _ in 0..self.again.len().min(share) {
            let Some(id) = self.next_again() else { break };
            self.visit(id).await;
        }
        self.keep_time().await;
        self.run.clear();
    }

    async fn take(&mut self, news: News) {
        // In another history it may lie before the last one.
        let is_new_head = news.head != self.head;
        self.head = news.head;
        for (id, session) in news.arrivals {
            self.waves.insert((wave_of(id), id));
            self.again.insert(id);
            self.place(session);
        }
        // Before anything is said about where a connection stands.
        for (id, mark) in &news.marks {
            if let Some(session) = self.narrow.get_mut(id) {
                session.mark(*mark);
            }
        }
        // Before any of them is visited: who is, is read then.
        for id in news.ready {
            if let Some(session) = self.get(id) {
                session.heard();
                self.again.insert(id);
            }
        }
        for (id, dismissal) in news.dismissals {
            self.with(id, |_, _| Err(End::Dismissed(dismissal)));
            self.give_turn().await;
        }
        for id in news.marks.into_keys().filter(|id| self.narrow.contains_key(id)).collect::<Vec<_>>() {
            self.visit(id).await;
        }
        if is_new_head {
            self.walk().await;
        }
        for (id, outcome) in news.outcomes {
            self.with(id, |session, turn| session.answered(outcome, turn).map(|()| Next::Again));
            self.give_turn().await;
        }
    }

    /// Who is to be visited next: each in turn, so that nobody waits for those who come back again and again.
    fn next_again(&mut self) -> Option<ConnectionId> {
        let behind = (Bound::Excluded(self.last_again), Bound::Unbounded);
        let id = *self.again.range(behind).next().or_else(|| self.again.first())?;
        self.again.remove(&id);
        self.last_again = id;
        Some(id)
    }

    /// Visits all who look at every event.
    async fn walk(&mut self) {
        let mut after = Bound::Unbounded;
        while let Some(last) = self.walk_some(after) {
            after = Bound::Excluded(last);
            tokio::task::yield_now().await;
        }
    }

    /// Visits the next few of those who look at every event, without looking each of them up; the last of them.
    fn walk_some(&mut self, after: Bound<ConnectionId>) -> Option<ConnectionId> {
        let now = self.settings.clock.monotonic();
        let Self { broad, sockets, settings, head, run, scratch, due, again, walked, .. } = self;
        let mut turn = Turn { settings, sockets, now, head: *head, run, scratch };
        let (mut last, mut gone, mut moved) = (None, Vec::new(), Vec::new());
        // What is asked of each lies far apart in memory; asked of all first, it is fetched for several at a time.
        let mut wants = [Want::Nothing; WALK_AT_ONCE];
        for ((_, session), want) in broad.range_mut((after, Bound::Unbounded)).zip(&mut wants) {
            session.mark_head(turn.head);
            *want = session.wants(now);
        }
        for ((id, session), want) in broad.range_mut((after, Bound::Unbounded)).zip(wants) {
            last = Some(*id);
            *walked = walked.saturating_add(usize::from(want != Want::Nothing));
            let visited = match want {
                Want::Nothing => continue,
                Want::Events => session.hand_on(&mut turn),
                Want::Visit => session.visit(&mut turn),
            };
            match visited.or_else(|end| session.end(end, &mut turn)) {
                Ok(Next::Idle) if want == Want::Events && session.wants(now) == want => continue,
                Ok(next) => settle(session, next, now, due, again),
                Err(_) => gone.push(*id),
            }
            if !session.is_broad() {
                moved.push(*id);
            }
        }
        for id in gone {
            self.remove(id);
        }
        for id in moved {
            if let Some(session) = self.broad.remove(&id) {
                self.place(session);
            }
        }
        last
    }

    /// Does what the timer is for.
    async fn keep_time(&mut self) {
        let now = self.settings.clock.monotonic();
        while let Some((at, id)) = self.due.first().copied().filter(|(at, _)| *at <= now) {
            self.due.remove(&(at, id));
            if let Some(session) = self.get(id) {
                session.timer = None;
            }
            self.visit(id).await;
        }
        let step = self.settings.heartbeat / WAVES;
        // Waves that were missed while the machine slept are one wave late, not a flood.
        for _ in 0..WAVES {
            if now < self.next_wave_at {
                return;
            }
            self.next_wave_at = self.next_wave_at.plus(step);
            self.wave = (self.wave.wrapping_add(1)) % WAVES;
            self.beat(self.wave).await;
        }
        self.next_wave_at = now.plus(step);
    }

    /// Sends the heartbeats of one wave.
    async fn beat(&mut self, wave: u32) {
        let mut from = Bound::Included((wave, ConnectionId::new(0)));
        let until = Bound::Excluded((wave.saturating_add(1), ConnectionId::new(0)));
        while let Some((_, id)) = self.waves.range((from, until)).next().copied() {
            from = Bound::Excluded((wave, id));
            self.with(id, Session::beat);
            self.give_turn().await;
        }
    }

    async fn visit(&mut self, id: ConnectionId) {
        self.with(id, Session::visit);
        self.give_turn().await;
    }

    async fn give_turn(&mut self) {
        self.visits = self.visits.saturating_add(1);
        if self.visits >= VISITS_AT_ONCE {
            self.visits = 0;
            tokio::task::yield_now().await;
        }
    }

    fn get(&mut self, id: ConnectionId) -> Option<&mut Session> {
        self.broad.get_mut(&id).or_else(|| self.narrow.get_mut(&id)).map(Box::as_mut)
    }

    /// Keeps a session where its view says.
    fn place(&mut self, session: Box<Session>) {
        let among = if session.is_broad() { &mut self.broad } else { &mut self.narrow };
        among.insert(session.id(), session);
    }

    /// Does something with a session, and then what follows from it.
    fn with(&mut self, id: ConnectionId, act: impl FnOnce(&mut Session, &mut Turn<'_>) -> Result<Next, End>) {
        let now = self.settings.clock.monotonic();
        let mut turn = Turn {
            settings: &self.settings,
            sockets: &self.sockets,
            now,
            head: self.head,
            run: &mut self.run,
            scratch: &mut self.scratch,
        };
        let was_broad = self.broad.contains_key(&id);
        let among = if was_broad { &mut self.broad } else { &mut self.narrow };
        let Some(session) = among.get_mut(&id) else { return };
        if was_broad {
            // Before anything is said about where it stands, in whatever order things are done.
            session.mark_head(self.head);
        }
        let Ok(next) = act(session, &mut turn).or_else(|end| session.end(end, &mut turn)) else {
            self.remove(id);
            return;
        };
        settle(session, next, now, &mut self.due, &mut self.again);
        if session.is_broad() != was_broad
            && let Some(session) = among.remove(&id)
        {
            self.place(session);
        }
    }

    /// Lets a session go that ended.
    fn remove(&mut self, id: ConnectionId) {
        let Some(session) = self.broad.remove(&id).or_else(|| self.narrow.remove(&id)) else { return };
        if let Some(at) = session.timer {
            self.due.remove(&(at, id));
        }
        self.waves.remove(&(wave_of(id), id));
        self.again.remove(&id);
    }
}

impl Drop for Shard {
    fn drop(&mut self) {
        // Its connections go with it and come back; they need somebody who serves them.
        if !self.has_left {
            self.inbox.broke_down();
        }
    }
}

/// Notes when a session that was visited is to be visited next.
fn settle(
    session: &mut Session,
    next: Next,
    now: Monotonic,
    due: &mut BTreeSet<(Monotonic, ConnectionId)>,
    again: &mut BTreeSet<ConnectionId>,
) {
    let (id, due_at) = (session.id(), session.due_at(now));
    if session.timer != Some(due_at) {
        if let Some(before) = session.timer.replace(due_at) {
            due.remove(&(before, id));
        }
        due.insert((due_at, id));
    }
    match next {
        Next::Again => again.insert(id),
        // What it was to be visited for is done; a bell, a timer or an answer brings it back.
        Next::Idle => again.remove(&id),
    };
}

/// The wave of a connection: they are spread evenly, however many there are.
fn wave_of(id: ConnectionId) -> u32 {
    id.spread_over(WAVES)
}

/// The system's timer has milliseconds: a wait that is cut short would go round for nothing.
fn round_up(wait: Duration) -> Duration {
    if wait.is_zero() { wait } else { wait.saturating_add(Duration::from_millis(1)) }
}
