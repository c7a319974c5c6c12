//! One connection from `hello` to close: a socket, a place in the history, a view, and a tail. It is
//! visited by its shard and never waits; what takes time is asked for and answered later.

mod closing;
mod copying;
mod events;
mod incoming;
mod outcome;

use std::sync::Arc;
use std::time::Duration;

use super::client::{Conduct, Frames};
use super::inbox::{Bell, Registration};
use super::link::{BLOCKED_AFTER, Gone, Link, Read};
use super::place::{Mark, Place, Run};
use super::route::WsSettings;
use super::sockets::LiveSockets;
use super::upgrade::Switched;
use crate::adapters::live::{Copies, Dismissal};
use crate::adapters::wire::frame;
use crate::domain::cursor::Seq;
use crate::domain::farewell::Farewell;
use crate::domain::grant::Principal;
use crate::domain::id::ConnectionId;
use crate::domain::time::{Monotonic, Timestamp};
use crate::domain::view::View;
use crate::ports::intake::Socket;
use crate::ports::live_feed::{Beginning, Material, Opened, Seat};
use closing::Closing;
use copying::Copying;
pub(super) use events::Want;
pub(super) use outcome::Outcome;

/// How long before its end a token's end is announced.
const ANNOUNCE_BEFORE: Duration = Duration::from_secs(30);
/// The longest life of a connection: a token may name an end that no timer can hold.
const LIFE_MAX: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// Pings without an answer after which the peer counts as dead: two intervals.
const PINGS_UNANSWERED_MAX: u8 = 2;
/// Reads of what came already, before a peer is taken for dead.
const READS_BEFORE_SILENT: usize = 64;

/// Why a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The peer is gone.
    Gone,
    /// The peer said goodbye, with this code.
    Left(Option<u16>),
    /// We end it.
    Dismissed(Dismissal),
    /// We end it since the peer broke the protocol: nothing that follows can be read.
    Broken(Farewell),
}

impl From<Farewell> for End {
    fn from(farewell: Farewell) -> Self {
        Self::Dismissed(farewell.into())
    }
}

impl From<Gone> for End {
    fn from(Gone: Gone) -> Self {
        Self::Gone
    }
}

/// When a session wants to be visited again, beside its timer and its socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// When something is new.
    Idle,
    /// As soon as the others had their turn.
    Again,
}

/// What a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Busy {
    No,
    /// The answer to a report: its next frame waits, events go on.
    Reporting,
    /// A new beginning or token: events wait too.
    Beginning,
}

/// What a visit needs.
pub(super) struct Turn<'a> {
    pub(super) settings: &'a Arc<WsSettings>,
    pub(super) sockets: &'a Arc<LiveSockets>,
    pub(super) now: Monotonic,
    /// Up to where the shard knows whom events are for.
    pub(super) head: Seq,
    pub(super) run: &'a mut Run,
    /// Where bytes are read into.
    pub(super) scratch: &'a mut [u8],
}

/// One connection.
#[derive(Debug)]
pub(super) struct Session {
    link: Link,
    bell: Arc<Bell>,
    registration: Registration,
    principal: Arc<Principal>,
    view: Arc<View>,
    place: Place,
    copying: Option<Box<Copying>>,
    frames: Frames,
    conduct: Option<Box<Conduct>>,
    closing: Option<Closing>,
    /// When the token's end is to be announced, then when the connection ends.
    announce_at: Option<Monotonic>,
    ends_at: Monotonic,
    /// What the shard's timer holds for this session.
    pub(super) timer: Option<Monotonic>,
    busy: Busy,
    pings_unanswered: u8,
    /// Whether something may have come since nothing was there: else its bell would have rung.
    may_read: bool,
    /// There once a report came over it.
    socket: Option<Socket>,
    _seat: Seat,
}

impl Session {
    /// A connection that was let in, on its socket.
    pub(super) fn new(
        opened: Opened,
        registration: Registration,
        switched: Switched,
        settings: &WsSettings,
        copies: &Arc<Copies>,
    ) -> Self {
        let bell = registration.inbox().bell(registration.id());
        let now = settings.clock.monotonic();
        let hello = frame::hello(&frame::Hello::of(&opened, settings.heartbeat));
        let mut link = switched.link(Arc::clone(&bell).into());
        link.put_text(&hello);
        let mut session = Self {
            link,
            bell,
            registration,
            view: Arc::clone(&opened.beginning.view),
            principal: Arc::new(opened.principal),
            place: Place::after(opened.beginning.from),
            copying: None,
            frames: Frames::default(),
            conduct: None,
            closing: None,
            announce_at: None,
            ends_at: now,
            timer: None,
            busy: Busy::No,
            pings_unanswered: 0,
            may_read: true,
            socket: None,
            _seat: opened.seat,
        };
        session.set_end(opened.ends_at, settings);
        session.start(&opened.beginning, copies);
        session
    }

    pub(super) const fn id(&self) -> ConnectionId {
        self.registration.id()
    }

    /// Whether it looks at every event, so that nobody has to tell it which are for it.
    pub(super) fn is_broad(&self) -> bool {
        self.view.shows_every_agent()
    }

    /// There are events for this connection.
    pub(super) fn mark(&mut self, mark: Mark) {
        self.place.mark(mark);
    }

    /// The head moved. For a connection that looks at every event.
    pub(super) fn mark_head(&mut self, head: Seq) {
        self.place.mark_head(head);
    }

    /// Its socket was heard of: what comes from now on is told again.
    pub(super) fn heard(&mut self) {
        self.bell.heard();
        self.may_read = true;
    }

    /// Reads what came, and writes what there is.
    ///
    /// # Errors
    /// [`End`], when the session is to end.
    pub(super) fn visit(&mut self, turn: &mut Turn<'_>) -> Result<Next, End> {
        if self.closing.is_some() {
            return self.go_on_closing(turn);
        }
        self.keep_time(turn)?;
        let read = self.read(turn)?;
        let written = self.write(turn)?;
        Ok(if read == Next::Again || written == Next::Again { Next::Again } else { Next::Idle })
    }

    /// Does what is due by now.
    fn keep_time(&mut self, turn: &Turn<'_>) -> Result<(), End> {
        let now = turn.now;
        if now >= self.ends_at {
            return Err(Farewell::TokenExpired.into());
        }
        if self.announce_due_at().is_some_and(|at| now >= at) {
            self.announce_at = None;
            self.link.put_text(&frame::auth_expiring(self.principal.expires_at));
        }
        let is_blocked =
            |link: &Link| link.blocked_since().is_some_and(|since| now.since(since) >= BLOCKED_AFTER);
        if is_blocked(&self.link) {
            // It may have been us that stood still: what the peer takes now counts.
            self.link.flush(now)?;
            if is_blocked(&self.link) {
                return Err(Farewell::Blocked.into());
            }
        }
        if self.wish_due_at(now).is_some_and(|at| now >= at) {
            self.grant_wish(turn);
        }
        Ok(())
    }

    /// When it wants to be visited at the latest.
    pub(super) fn due_at(&self, now: Monotonic) -> Monotonic {
        if let Some(closing) = &self.closing {
            return closing.until();
        }
        let blocked = self.link.blocked_since().map(|since| since.plus(BLOCKED_AFTER));
        let others = [self.announce_due_at(), blocked, self.wish_due_at(now)];
        others.into_iter().flatten().fold(self.ends_at, Monotonic::min)
    }

    /// A copy is not interrupted.
    fn announce_due_at(&self) -> Option<Monotonic> {
        self.announce_at.filter(|_| self.copying.is_none())
    }

    fn wish_due_at(&self, now: Monotonic) -> Option<Monotonic> {
        if self.busy != Busy::No || self.copying.is_some() {
            return None;
        }
        Some(now.plus(self.conduct.as_ref()?.wish_due_in(now)?))
    }

    fn read(&mut self, turn: &mut Turn<'_>) -> Result<Next, End> {
        if self.link.is_full() {
            // It may go out at once by now, and then nothing else would bring us back to read.
            self.link.flush(turn.now)?;
        }
        if !self.may_read || self.busy != Busy::No || self.link.is_full() {
            return Ok(Next::Idle);
        }
        match self.link.read(turn.scratch) {
            Read::Nothing => {
                self.may_read = false;
                Ok(Next::Idle)
            }
            Read::Gone => Err(End::Gone),
            Read::Some(count) => {
                let scratch = std::mem::take(&mut turn.scratch);
                let taken = self.take_bytes(scratch.get(..count).unwrap_or_default(), turn);
                turn.scratch = scratch;
                taken?;
                Ok(Next::Again)
            }
        }
    }

    /// Writes what waits, then the copy, then events.
    fn write(&mut self, turn: &mut Turn<'_>) -> Result<Next, End> {
        // What begins a connection goes out together: `hello`, a small copy, and its end.
        let joins = self.copying.is_some() && self.link.is_light();
        if !joins && !self.link.flush(turn.now)? {
            return Ok(Next::Idle);
        }
        if self.copying.is_some() {
            return self.go_on_copying(turn);
        }
        if self.busy == Busy::Beginning {
            return Ok(Next::Idle);
        }
        self.hand_on(turn)
    }

    /// A heartbeat and a ping. It never overtakes an event: what there is goes first.
    ///
    /// # Errors
    /// [`End`], also when the peer answered no ping.
    pub(super) fn beat(&mut self, turn: &mut Turn<'_>) -> Result<Next, End> {
        // An answer may have come of which the shard has not heard yet.
        self.may_read |= self.pings_unanswered >= PINGS_UNANSWERED_MAX;
        let mut next = self.visit(turn)?;
        if self.closing.is_some() {
            return Ok(next);
        }
        // An answer that came already is read before the peer is taken for dead.
        for _ in 0..READS_BEFORE_SILENT {
            if self.pings_unanswered < PINGS_UNANSWERED_MAX || next == Next::Idle {
                break;
            }
            next = self.visit(turn)?;
        }
        if self.pings_unanswered >= PINGS_UNANSWERED_MAX && self.busy == Busy::No {
            return Err(Farewell::Silent.into());
        }
        if !self.link.is_clear() {
            // It takes nothing now; that has a limit of its own.
            return Ok(next);
        }
        // In the middle of a copy, or before a new beginning, no cursor may move.
        if self.copying.is_none() && self.busy != Busy::Beginning {
            let beat = turn.sockets.heartbeat(turn.settings.clock.wall(), self.place.considered(turn.head));
            self.link.put(|own| own.extend_from_slice(&beat));
        }
        self.link.put(|own| super::codec::encode::put_ping(own, &super::codec::Payload::default()));
        self.pings_unanswered = self.pings_unanswered.saturating_add(1);
        self.link.flush(turn.now)?;
        Ok(next)
    }

    /// Begins, or begins anew: the copy first, if there is one, then what follows it.
    fn start(&mut self, beginning: &Beginning, copies: &Arc<Copies>) {
        let shows_nothing = beginning.view.shows_nothing();
        let place = if shows_nothing { Place::beside } else { Place::after };
        self.place = place(beginning.from);
        self.view = Arc::clone(&beginning.view);
        self.copying = None;
        match &beginning.material {
            // A connection that only reports is shown nothing, and still told that this is all.
            Some(material) if shows_nothing => {
                if let Some(fleet) = material.fleet() {
                    let removed = matches!(material, Material::Changes(..)).then_some(0);
                    self.link.put_text(&frame::sync_end(0, 0, removed, fleet.at()));
                }
            }
            Some(material) => {
                let view = Arc::clone(&self.view);
                self.copying = Some(Box::new(Copying::new(copies, material.clone(), view)));
            }
            None => {}
        }
    }

    /// Takes the end of a token, and when to announce it.
    fn set_end(&mut self, ends_at: Timestamp, settings: &WsSettings) {
        let (wall, now) = (settings.clock.wall(), settings.clock.monotonic());
        let left = |until: Timestamp| until.since(wall).min(LIFE_MAX);
        self.ends_at = now.plus(left(ends_at));
        self.announce_at = Some(now.plus(left(self.principal.expires_at).saturating_sub(ANNOUNCE_BEFORE)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_stays_small_since_ten_thousand_of_them_are_held() {
        // In a debug build the socket knows eight bytes more.
        assert!(size_of::<Session>() <= 304, "{}", size_of::<Session>());
    }
}
