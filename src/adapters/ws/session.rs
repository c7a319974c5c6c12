//! One connection from `hello` to close. It reads the ring from its own position; nothing is queued
//! for it, and a peer that reads slowly holds up nobody else.

mod incoming;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::client::Conduct;
use super::route::WsSettings;
use super::slot::Dismissal;
use super::socket::{Incoming, SendError, Socket};
use super::sockets::{LiveSockets, Registration};
use crate::adapters::live::Found;
use crate::adapters::wire::snapshot::Walk;
use crate::adapters::wire::wait::retry_ms;
use crate::adapters::wire::{close_code, frame};
use crate::domain::cursor::Seq;
use crate::domain::farewell::Farewell;
use crate::domain::grant::Principal;
use crate::domain::time::Timestamp;
use crate::domain::view::View;
use crate::ports::live_feed::{Beginning, Opened, Seat};

/// Events that are looked at before others get their turn.
const EVENTS_AT_ONCE: usize = 256;
/// Agents of a copy that are looked at before others get their turn.
const COPY_AT_ONCE: usize = 256;
/// How long before its end a token's end is announced.
const ANNOUNCE_BEFORE: Duration = Duration::from_secs(30);
/// The longest life of a connection: a token may name an end that no timer can hold.
const LIFE_MAX: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// Messages that are read before a peer is taken for dead.
const READ_BEFORE_SILENT_MAX: usize = 64;
/// Pings without an answer after which the peer counts as dead: two intervals.
const PINGS_UNANSWERED_MAX: u32 = 2;

/// Why a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The peer is gone, or said goodbye itself.
    Gone,
    /// We end it.
    Dismissed(Dismissal),
}

impl From<Farewell> for End {
    fn from(farewell: Farewell) -> Self {
        Self::Dismissed(farewell.into())
    }
}

impl From<SendError> for End {
    fn from(error: SendError) -> Self {
        match error {
            SendError::Gone => Self::Gone,
            SendError::Blocked => Farewell::Blocked.into(),
        }
    }
}

/// One connection.
pub(super) struct Session {
    settings: Arc<WsSettings>,
    registration: Registration,
    head: watch::Receiver<Seq>,
    principal: Principal,
    view: View,
    /// Every event up to here was considered.
    position: Seq,
    conduct: Conduct,
    next_beat: Instant,
    pings_unanswered: u32,
    /// When the token's end is to be announced, then when the connection ends.
    announce_at: Option<Instant>,
    ends_at: Instant,
    opening: Option<Box<Opening>>,
    _seat: Seat,
}

/// What is sent first.
struct Opening {
    hello: Bytes,
    beginning: Beginning,
}

impl Session {
    /// Takes a connection that was let in; it is reachable from here on.
    pub(super) fn new(opened: Opened, settings: Arc<WsSettings>, sockets: &Arc<LiveSockets>) -> Self {
        let registration = sockets.register(opened.connection);
        let hello = frame::hello(&frame::Hello::of(&opened, settings.heartbeat));
        let now = Instant::now();
        let mut session = Self {
            head: sockets.head(),
            registration,
            view: opened.beginning.view.clone(),
            position: opened.beginning.from,
            conduct: Conduct::new(settings.frames, settings.interest_every),
            next_beat: now + first_beat(opened.connection, settings.heartbeat),
            pings_unanswered: 0,
            announce_at: None,
            ends_at: now,
            principal: opened.principal,
            opening: Some(Box::new(Opening { hello, beginning: opened.beginning })),
            _seat: opened.seat,
            settings,
        };
        session.set_end(opened.ends_at);
        session
    }

    /// Serves the connection until it ends.
    pub(super) async fn run(mut self, mut socket: Socket) {
        tracing::info!("connected");
        let end = match self.serve(&mut socket).await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        match end {
            End::Gone => {
                tracing::info!("disconnected");
                socket.finish().await;
            }
            End::Dismissed(Dismissal { farewell, retry_after }) => {
                let code = close_code::code(farewell);
                tracing::info!(code, reason = farewell.as_str(), "closing");
                let retry_ms = retry_after.map(retry_ms);
                let goodbye = (farewell == Farewell::Restart).then(|| frame::goodbye(farewell, retry_ms));
                socket.close(goodbye, code, close_code::reason(farewell, retry_ms)).await;
            }
        }
    }

    async fn serve(&mut self, socket: &mut Socket) -> Result<std::convert::Infallible, End> {
        if let Some(opening) = self.opening.take() {
            let Opening { hello, beginning } = *opening;
            self.send(socket, vec![hello]).await?;
            self.send_copy(socket, &beginning).await?;
        }
        loop {
            let now = self.settings.clock.monotonic();
            let wish_due = self.conduct.wish_due_in(now).map(|wait| Instant::now() + wait);
            tokio::select! {
                dismissal = self.registration.slot().dismissed() => return Err(End::Dismissed(dismissal)),
                incoming = socket.receive() => self.take(socket, incoming).await?,
                () = wake(&mut self.head, &self.registration, &self.view, self.position) => {
                    self.deliver(socket).await?;
                }
                () = sleep_until(self.next_beat) => self.beat(socket).await?,
                () = sleep_until_some(wish_due) => self.grant_wish(socket).await?,
                () = sleep_until_some(self.announce_at) => {
                    self.announce_at = None;
                    self.send(socket, vec![frame::auth_expiring(self.principal.expires_at)]).await?;
                }
                () = sleep_until(self.ends_at) => return Err(Farewell::TokenExpired.into()),
            }
        }
    }

    /// Sends frames, unless the connection is to end meanwhile: also one that reads slowly sees nothing
    /// past the end of its token.
    async fn send(&self, socket: &mut Socket, frames: Vec<Bytes>) -> Result<(), End> {
        if Instant::now() >= self.ends_at {
            return Err(Farewell::TokenExpired.into());
        }
        tokio::select! {
            biased;
            dismissal = self.registration.slot().dismissed() => Err(End::Dismissed(dismissal)),
            sent = socket.send(frames) => Ok(sent?),
            () = sleep_until(self.ends_at) => Err(Farewell::TokenExpired.into()),
        }
    }

    /// Sends the copy of a beginning, if it has one, and goes on from it.
    async fn send_copy(&mut self, socket: &mut Socket, beginning: &Beginning) -> Result<(), End> {
        self.position = beginning.from;
        self.view = beginning.view.clone();
        let Some(fleet) = beginning.fleet.as_deref().filter(|_| !self.view.shows_nothing()) else {
            return match &beginning.fleet {
                // A connection that only reports is shown nothing, and still told that this is all.
                Some(fleet) => self.send(socket, vec![frame::sync_end(0, 0, fleet.at())]).await,
                None => Ok(()),
            };
        };
        // A part at a time: however large the fleet, a connection holds no more of it in frames.
        let mut walk = Walk::default();
        loop {
            let mut part = Vec::new();
            let end = walk.step(fleet, &self.view, COPY_AT_ONCE, |frame| part.push(frame));
            part.extend(end.map(|end| frame::sync_end(end.agents, end.sessions, fleet.at())));
            self.send(socket, part).await?;
            if end.is_some() {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
    }

    /// Announces a new beginning on a connection that goes on, and sends its copy.
    async fn resync(&mut self, socket: &mut Socket, beginning: &Beginning) -> Result<(), End> {
        let frame = frame::resync(beginning, self.position.next());
        self.send(socket, vec![frame]).await?;
        self.send_copy(socket, beginning).await
    }

    /// Sends what follows the position, at most so much that others get their turn.
    async fn deliver(&mut self, socket: &mut Socket) -> Result<(), End> {
        match self.registration.sockets().after(self.position, EVENTS_AT_ONCE) {
            Found::Next(entries) => {
                let Some(last) = entries.last().map(|entry| entry.recorded.seq) else { return Ok(()) };
                let shown = entries.iter().filter(|entry| self.view.covers(&entry.recorded.event));
                let frames: Vec<_> = shown.map(|entry| entry.frame().clone()).collect();
                if !frames.is_empty() {
                    self.send(socket, frames).await?;
                }
                self.position = last;
                // There may be more: the narrow ones are woken once for all of it.
                self.registration.slot().wake();
                Ok(())
            }
            Found::FellOut => {
                let again = self.settings.feed.catch_up(self.registration.id()).await;
                let beginning = again.map_err(|_| Farewell::Internal)?;
                self.resync(socket, &beginning).await
            }
        }
    }

    /// A heartbeat and a ping. It never overtakes an event: what there is goes first.
    async fn beat(&mut self, socket: &mut Socket) -> Result<(), End> {
        // An answer that came while something was sent is read before the peer is taken for dead.
        for _ in 0..READ_BEFORE_SILENT_MAX {
            if self.pings_unanswered < PINGS_UNANSWERED_MAX {
                break;
            }
            let Some(incoming) = socket.receive().now_or_never() else { return Err(Farewell::Silent.into()) };
            self.take(socket, incoming).await?;
        }
        self.deliver(socket).await?;
        self.next_beat = Instant::now() + self.settings.heartbeat;
        let beat = frame::heartbeat(self.settings.clock.wall(), self.position);
        self.send(socket, vec![beat]).await?;
        socket.ping().await?;
        self.pings_unanswered = self.pings_unanswered.saturating_add(1);
        Ok(())
    }

    async fn grant_wish(&mut self, socket: &mut Socket) -> Result<(), End> {
        let Some(interest) = self.conduct.grant_wish(self.settings.clock.monotonic()) else { return Ok(()) };
        let again = self.settings.feed.change_interest(self.registration.id(), interest).await;
        self.resync(socket, &again.map_err(|_| Farewell::Internal)?).await
    }

    /// Takes the end of a token, and when to announce it.
    fn set_end(&mut self, ends_at: Timestamp) {
        let wall = self.settings.clock.wall();
        let now = Instant::now();
        let left = |until: Timestamp| until.since(wall).min(LIFE_MAX);
        self.ends_at = now + left(ends_at);
        self.announce_at = Some(now + left(self.principal.expires_at).saturating_sub(ANNOUNCE_BEFORE));
    }
}

/// Waits until there may be events after the position.
async fn wake(head: &mut watch::Receiver<Seq>, registration: &Registration, view: &View, position: Seq) {
    if view.shows_every_agent() {
        if head.wait_for(|head| *head > position).await.is_err() {
            // The sender lives as long as the sockets that this registration holds.
            std::future::pending::<()>().await;
        }
    } else {
        registration.slot().woken().await;
    }
}

async fn sleep_until_some(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Spreads the connections' heartbeats over the interval, by their numbers.
fn first_beat(id: crate::domain::id::ConnectionId, heartbeat: Duration) -> Duration {
    // The golden ratio's multiples are spread evenly however many there are.
    heartbeat / 2 + heartbeat.mul_f64(id.spread()) / 2
}
