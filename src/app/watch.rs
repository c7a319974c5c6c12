//! Use case: somebody watches a server from outside, over all losses of the connection.
//!
//! Keeps the place in the history, shows each frame as it comes, and comes back after a loss as contract
//! section 6 says. The watching itself folds no fleet; `board.rs` does, for screens that show how things
//! stand. It knows neither terminals nor sockets, and takes time and randomness from outside.

mod board;
mod connection;
mod line;
mod place;
mod roster;
mod row;
mod safe;
mod verdict;

#[cfg(test)]
mod given;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep, timeout};

use crate::app::patience::Patience;
use crate::app::tokens::{NoToken, Tokens};
use crate::ports::entropy::Entropy;
use crate::ports::live_source::{Ask, Ending, Frame, LiveFrames, LiveSource, Received};
use crate::ports::token_verifier::SecretText;
use crate::ports::transport::Stop;
use place::{Hole, Place};
use verdict::{Verdict, verdict};

pub use board::{Board, Link, Look, View};
pub use connection::Connection;
pub use line::line;
pub use roster::{Counts, Kind};
pub use row::{Row, age};
pub use safe::{json_line, plain};

/// A connection that lived this long was a good one: what went wrong before it no longer counts. One that
/// lived only a moment is a failed try, or two sides that disagree would hammer each other.
const STEADY_AFTER: Duration = Duration::from_secs(10);
/// The close code of a server that restarts (contract section 6).
const RESTART: u16 = 1012;
/// Connections in a row that may end because one side speaks wrongly.
const WRONG_IN_A_ROW_MAX: u32 = 3;
/// How long a goodbye may take.
const GOODBYE_WITHIN: Duration = Duration::from_secs(1);

/// Nobody looks any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScreenGone;

/// Where frames are shown.
#[async_trait]
pub trait Screen: Send {
    /// Shows a frame. Waits while the screen takes no more: the connection is not read meanwhile.
    ///
    /// # Errors
    /// [`ScreenGone`] ends the watching.
    async fn show(&mut self, received: &Received) -> Result<(), ScreenGone>;

    /// Tells how the connection is doing. Some of its words are the server's.
    fn tell(&mut self, connection: &Connection);
}

/// Why the watching ended by itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// There is no token.
    #[error(transparent)]
    NoToken(#[from] NoToken),
    /// The server does not take the token, and there is no other.
    #[error("signed out: {0}{advice}", advice = advice(.0))]
    SignedOut(Ending),
    /// The two sides do not speak the same language.
    #[error("{0}, {WRONG_IN_A_ROW_MAX} times in a row: server and client do not understand each other")]
    Misunderstood(Ending),
    /// The server asked not to come back.
    #[error("{0}. It is not to be tried again")]
    Dismissed(Ending),
}

/// What to do about an ending, unless that says so itself.
fn advice(ending: &Ending) -> &'static str {
    if ending.to_string().ends_with("get a new token") { "" } else { ". Get a new token" }
}

/// Why one connection ended.
enum Break {
    Ended(Ending),
    Stopped(Stopped),
    ScreenGone,
}

impl From<Ending> for Break {
    fn from(ending: Ending) -> Self {
        Self::Ended(ending)
    }
}

impl From<ScreenGone> for Break {
    fn from(_: ScreenGone) -> Self {
        Self::ScreenGone
    }
}

/// Somebody who watches.
pub struct Watch<S> {
    source: Arc<dyn LiveSource>,
    tokens: Box<dyn Tokens>,
    screen: S,
    ask: Ask,
    place: Place,
    patience: Patience,
    wrong_in_a_row: u32,
    /// The last token that was sent.
    token: Option<SecretText>,
    /// The last token ended: the next must be another.
    need_another: bool,
    frames: Option<Box<dyn LiveFrames>>,
    opened_at: Option<Instant>,
    /// The copy of this connection came to its end.
    synced: bool,
    /// The server said goodbye.
    told_goodbye: bool,
    /// The hint of a goodbye, for a connection that breaks before its close frame.
    told_to_wait: Option<Duration>,
}

impl<S: Screen> Watch<S> {
    /// Watches what is asked for, from its beginning.
    #[must_use]
    pub fn new(
        source: Arc<dyn LiveSource>,
        tokens: Box<dyn Tokens>,
        entropy: Arc<dyn Entropy>,
        ask: Ask,
        screen: S,
    ) -> Self {
        Self {
            source,
            tokens,
            screen,
            ask,
            place: Place::default(),
            patience: Patience::new(entropy),
            wrong_in_a_row: 0,
            token: None,
            need_another: false,
            frames: None,
            opened_at: None,
            synced: false,
            told_goodbye: false,
            told_to_wait: None,
        }
    }

    /// Watches until `stop` resolves, the screen is gone, or coming back makes no sense.
    ///
    /// # Errors
    /// [`Stopped`] says why coming back makes no sense.
    pub async fn run(mut self, stop: Stop) -> Result<(), Stopped> {
        tokio::select! {
            biased;
            () = stop => {}
            ended = self.follow() => return ended,
        }
        if let Some(mut frames) = self.frames.take() {
            // Who does not take a goodbye in time gets none.
            let _untold = timeout(GOODBYE_WITHIN, frames.close()).await;
        }
        Ok(())
    }

    async fn follow(&mut self) -> Result<(), Stopped> {
        loop {
            let ending = match self.connection().await {
                Ok(never) => match never {},
                Err(Break::ScreenGone) => return Ok(()),
                Err(Break::Stopped(stopped)) => return Err(stopped),
                Err(Break::Ended(ending)) => ending,
            };
            let wait = self.wait_after(&ending)?;
            self.screen.tell(&Connection::Lost { ending, next_try: wait });
            sleep(wait).await;
        }
    }

    /// One connection, until it ends.
    async fn connection(&mut self) -> Result<std::convert::Infallible, Break> {
        let token = self.tokens.token().map_err(|none| Break::Stopped(none.into()))?;
        if std::mem::take(&mut self.need_another) && self.token.as_ref() == Some(&token) {
            let ended = Ending::Closed { code: 4401, word: "token_expired".to_owned(), retry_after: None };
            return Err(Break::Stopped(Stopped::SignedOut(ended)));
        }
        self.ask.after = self.place.bookmark();
        let frames = self.source.open(&self.ask, &token).await?;
        self.token = Some(token);
        self.opened_at = Some(Instant::now());
        let frames = self.frames.insert(frames);
        loop {
            let received = frames.next().await?;
            if let Err(Hole { after, before }) = self.place.take(&received.frame) {
                let hole = format!("what happened between {after} and {before} did not come");
                return Err(Ending::Broken(hole).into());
            }
            self.screen.show(&received).await?;
            match &received.frame {
                Frame::TokenEnding => {
                    let fresh = self.tokens.token().ok().filter(|fresh| self.token.as_ref() != Some(fresh));
                    if let Some(fresh) = fresh {
                        frames.refresh(&fresh).await?;
                        self.token = Some(fresh);
                    }
                }
                Frame::Goodbye { retry_after } => {
                    (self.told_goodbye, self.told_to_wait) = (true, *retry_after);
                }
                frame => {
                    self.synced |= matches!(frame, Frame::CopyEnd { .. });
                    if let Some(connection) = Connection::of(frame) {
                        self.screen.tell(&connection);
                    }
                }
            }
        }
    }

    /// How long to wait before coming back.
    fn wait_after(&mut self, ending: &Ending) -> Result<Duration, Stopped> {
        self.frames = None;
        let steady = self.opened_at.take().is_some_and(|at| at.elapsed() >= STEADY_AFTER);
        let restarts = matches!(ending, Ending::Closed { code: RESTART, .. });
        let parted = std::mem::take(&mut self.told_goodbye) || restarts;
        // A server that served well and says when to come back is no failed try, however short it lived.
        if std::mem::take(&mut self.synced) && parted || steady {
            self.patience.restore();
        }
        if steady {
            self.wrong_in_a_row = 0;
        }
        let wrong_before = std::mem::take(&mut self.wrong_in_a_row);
        let told_to_wait = self.told_to_wait.take();
        let retry_after = match verdict(ending, self.ask.after.is_some()) {
            Verdict::Again { retry_after } => retry_after.or(told_to_wait),
            Verdict::WithAnotherToken { retry_after } => {
                self.need_another = true;
                retry_after
            }
            Verdict::FromTheBeginning => {
                self.place = Place::default();
                None
            }
            Verdict::SpeaksWrongly { retry_after } => {
                self.wrong_in_a_row = wrong_before.saturating_add(1);
                if self.wrong_in_a_row >= WRONG_IN_A_ROW_MAX {
                    return Err(Stopped::Misunderstood(ending.clone()));
                }
                retry_after
            }
            Verdict::SignedOut => return Err(Stopped::SignedOut(ending.clone())),
            Verdict::Stop => return Err(Stopped::Dismissed(ending.clone())),
        };
        Ok(self.patience.next(retry_after))
    }
}
