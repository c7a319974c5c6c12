//! One connection from `hello` to goodbye. It reads the ring and the copies from its own place; nothing
//! is queued for it but the piece that goes out next.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep_until};

use super::frames::{self, Ids};
use super::out::{Out, SendError};
use super::route::SseSettings;
use crate::adapters::live::{Copies, Dismissal, Part, Parts, Reader, Readers, Step, first_beat};
use crate::adapters::wire::frame;
use crate::adapters::wire::wait::retry_ms;
use crate::domain::cursor::Seq;
use crate::domain::farewell::Farewell;
use crate::domain::resume::Plan;
use crate::domain::time::Timestamp;
use crate::ports::live_feed::{Beginning, Opened, Seat};

/// How long before its end a token's end is announced.
const ANNOUNCE_BEFORE: Duration = Duration::from_secs(30);
/// The longest life of a connection: a token may name an end that no timer can hold.
const LIFE_MAX: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Why a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The peer is gone.
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
    settings: Arc<SseSettings>,
    copies: Arc<Copies>,
    reader: Reader,
    ids: Ids,
    expires_at: Timestamp,
    next_beat: Instant,
    /// When the token's end is to be announced, then when the connection ends.
    announce_at: Option<Instant>,
    ends_at: Instant,
    opening: Option<Box<Opening>>,
    out: Out,
    seat: Seat,
}

/// What is sent first.
struct Opening {
    hello: Bytes,
    beginning: Beginning,
}

impl Session {
    /// Takes a connection that was let in; it is reachable from here on.
    pub(super) fn new(
        opened: Opened,
        settings: Arc<SseSettings>,
        readers: &Arc<Readers>,
        copies: Arc<Copies>,
        out: Out,
    ) -> Self {
        let beginning = opened.beginning.clone();
        let hello = frames::whole(&frame::hello(&frame::Hello::of(&opened, settings.heartbeat)));
        let (now, wall) = (Instant::now(), settings.clock.wall());
        let left = |until: Timestamp| until.since(wall).min(LIFE_MAX);
        let expires_at = opened.principal.expires_at;
        Self {
            copies,
            reader: readers.join(opened.connection, beginning.from, Arc::clone(&beginning.view)),
            ids: Ids { epoch: opened.epoch, view: beginning.view.id() },
            expires_at,
            next_beat: now + first_beat(opened.connection, settings.heartbeat),
            announce_at: Some(now + left(expires_at).saturating_sub(ANNOUNCE_BEFORE)),
            ends_at: now + left(opened.ends_at),
            opening: Some(Box::new(Opening { hello, beginning })),
            out,
            seat: opened.seat,
            settings,
        }
    }

    /// Serves the connection until it ends.
    pub(super) async fn run(mut self) {
        tracing::info!("connected");
        let end = match self.serve().await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        let Self { reader, seat, out, .. } = self;
        match end {
            End::Gone => tracing::info!("disconnected"),
            End::Dismissed(Dismissal { farewell, retry_after }) => {
                tracing::info!(reason = farewell.as_str(), "closing");
                if farewell == Farewell::Blocked {
                    out.cut_off();
                    return;
                }
                let goodbye = frames::whole(&frame::goodbye(farewell, retry_after.map(retry_ms)));
                out.end(goodbye, move || drop((reader, seat))).await;
            }
        }
    }

    async fn serve(&mut self) -> Result<Infallible, End> {
        if let Some(opening) = self.opening.take() {
            let Opening { hello, beginning } = *opening;
            self.send(hello).await?;
            self.send_copy(beginning).await?;
        }
        loop {
            tokio::select! {
                biased;
                () = sleep_until(self.ends_at) => return Err(Farewell::TokenExpired.into()),
                () = self.out.gone() => return Err(End::Gone),
                () = sleep_until_some(self.announce_at) => {
                    self.announce_at = None;
                    self.send(frames::whole(&frame::auth_expiring(self.expires_at))).await?;
                }
                () = sleep_until(self.next_beat) => self.beat().await?,
                step = self.reader.next() => self.take(step).await?,
            }
        }
    }

    /// Sends bytes, unless the connection is to end meanwhile: also one that reads slowly sees nothing
    /// past the end of its token.
    async fn send(&mut self, mut bytes: Bytes) -> Result<(), End> {
        while !bytes.is_empty() {
            tokio::select! {
                biased;
                () = sleep_until(self.ends_at) => return Err(Farewell::TokenExpired.into()),
                dismissal = self.reader.dismissed() => return Err(End::Dismissed(dismissal)),
                place = self.out.place() => place?.send(Out::piece(&mut bytes)),
            }
        }
        Ok(())
    }

    /// Sends the copy of a beginning, if it has one, and anew where what it is made from gives way meanwhile.
    async fn send_copy(&mut self, mut beginning: Beginning) -> Result<(), End> {
        while let Some(material) = beginning.material {
            let mut parts = Parts::open(&self.copies, material, beginning.view);
            let counted = loop {
                match parts.read() {
                    Some(Part::Bytes(part)) => self.send(part).await?,
                    Some(Part::End(counted)) => break Some(counted),
                    None => break None,
                }
                tokio::task::yield_now().await;
            };
            let Some(counted) = counted else {
                let (delivered, known) = parts.broken_off(self.reader.position());
                beginning = self.begin_again(delivered, known).await?;
                continue;
            };
            if matches!(beginning.plan, Plan::Replay { .. }) {
                break;
            }
            let head = beginning.head;
            return self.send(self.ids.whole(head, &counted.sync_end(head))).await;
        }
        Ok(())
    }

    /// Announces a new beginning to one that was delivered every event up to a position, and knows everything up to another, or nothing.
    async fn begin_again(&mut self, delivered: Seq, known: Option<Seq>) -> Result<Beginning, End> {
        let again = self.settings.feed.catch_up(self.reader.id(), delivered, known).await;
        let beginning = again.map_err(|_| Farewell::Internal)?;
        let resync = frame::resync(&beginning, delivered.next());
        self.reader.begin(&beginning);
        self.ids.view = beginning.view.id();
        self.send(frames::whole(&resync)).await?;
        Ok(beginning)
    }

    async fn take(&mut self, step: Step) -> Result<(), End> {
        match step {
            Step::Events(entries) => {
                let mut text = Vec::new();
                for entry in entries {
                    self.ids.put(entry.recorded.seq, &mut text);
                    text.extend_from_slice(entry.frame());
                }
                self.send(Bytes::from(text)).await
            }
            Step::FellOut => {
                let position = self.reader.position();
                let beginning = self.begin_again(position, Some(position)).await?;
                self.send_copy(beginning).await
            }
            Step::Dismissed(dismissal) => Err(End::Dismissed(dismissal)),
        }
    }

    /// A heartbeat. It never overtakes an event: what there is goes first.
    async fn beat(&mut self) -> Result<(), End> {
        while let Some(step) = self.reader.look() {
            self.take(step).await?;
        }
        self.next_beat = Instant::now() + self.settings.heartbeat;
        let position = self.reader.position();
        let beat = frame::heartbeat(self.settings.clock.wall(), position);
        self.send(self.ids.whole(position, &beat)).await
    }
}

async fn sleep_until_some(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
