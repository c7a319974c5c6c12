//! Port out: the server as seen from outside, by those who watch it over a network.
//!
//! One opening is one connection. Frames come in the order the server sent them, each as it was written
//! and as it is understood; when the connection ends, the reason is typed. Nothing here connects again:
//! that is decided by who watches. A server is a stranger: every text in here may be hostile.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use crate::domain::cursor::Seq;
use crate::domain::time::Timestamp;
use crate::ports::token_verifier::SecretText;

/// Why a text is no address of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not an address at all.
    #[error("{0:?} is not an address: write it like http://127.0.0.1:3000")]
    Form(String),
    /// Neither http nor https.
    #[error("an address begins with http:// or https://")]
    Scheme,
    /// A name, a password, a query or a fragment: nothing that is to be sent along belongs there.
    #[error("an address has no name, password, ? or # in it")]
    Extras,
}

/// How far a watcher got. The server's own words, given back to it as they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bookmark {
    /// The history.
    pub epoch: String,
    /// The last position that was applied.
    pub seq: Seq,
    /// What was shown.
    pub view: String,
}

impl fmt::Display for Bookmark {
    /// The cursor of contract section 1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.epoch, self.seq, self.view)
    }
}

/// What a connection is opened with. The server judges the patterns and types.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ask {
    /// Where to go on from; from a copy of everything without it.
    pub after: Option<Bookmark>,
    /// Patterns of agents; all without any.
    pub agents: Vec<String>,
    /// Types of events; all without any.
    pub types: Vec<String>,
}

/// How a connection begins, or begins anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// `snapshot`, `delta`, `replay` or `live`.
    pub mode: String,
    /// Why so.
    pub reason: String,
    /// Whether a copy follows, up to [`Frame::CopyEnd`].
    pub copy: bool,
    /// What is shown from now on; a new beginning may leave it as it is.
    pub view: Option<String>,
    /// Whether nothing is hidden, so that positions follow without holes.
    pub complete: Option<bool>,
}

/// What happened, or how things stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// An agent's status.
    Status(String),
    /// A start, stop, restart or crash.
    Lifecycle(String),
    /// The last message of a session.
    Activity {
        /// Which one.
        session: String,
        /// What it said.
        message: String,
    },
    /// The agent was forgotten.
    AgentRemoved,
    /// One of its sessions was forgotten.
    SessionRemoved {
        /// Which one.
        session: String,
    },
}

/// One event, or one item of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// The agent.
    pub agent: String,
    /// What happened to it.
    pub what: What,
    /// When; a removal does not say.
    pub at: Option<Timestamp>,
    /// Why.
    pub reason: Option<String>,
    /// What it is doing.
    pub state: Option<String>,
    /// A word from whoever reported it.
    pub message: Option<String>,
    /// How a program ended.
    pub exit_code: Option<i64>,
    /// The signal that ended it.
    pub signal: Option<String>,
    /// Since when it is so, by the server's clock.
    pub since: Option<Timestamp>,
    /// How often it was restarted.
    pub restarts: Option<u64>,
    /// When it was last heard of, by the server's clock.
    pub last_seen: Option<Timestamp>,
    /// It is as it was before the server restarted, and was not heard of since.
    pub stale: bool,
}

impl Happening {
    /// Something that happened to an agent, with nothing else said about it.
    #[must_use]
    pub const fn of(agent: String, what: What) -> Self {
        Self {
            agent,
            what,
            at: None,
            reason: None,
            state: None,
            message: None,
            exit_code: None,
            signal: None,
            since: None,
            restarts: None,
            last_seen: None,
            stale: false,
        }
    }
}

/// A frame, as far as a watcher has to understand it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// The first frame.
    Hello {
        /// The history.
        epoch: String,
        /// Whose connection it is.
        user: String,
        /// How it begins.
        start: Start,
        /// What the server's clock said.
        server_time: Option<Timestamp>,
        /// The longest time between two signs of life.
        heartbeat: Duration,
    },
    /// A new beginning on the same connection.
    Resync(Start),
    /// An event at its position.
    Event(Seq, Happening),
    /// An item of a copy.
    Copied(Happening),
    /// The copy is whole.
    CopyEnd {
        /// The position it stands for.
        seq: Seq,
        /// How many agents were sent.
        agents: u64,
        /// How many sessions were sent.
        sessions: u64,
    },
    /// A sign of life.
    Heartbeat {
        /// The highest position considered.
        seq: Seq,
        /// What the server's clock said.
        server_time: Option<Timestamp>,
    },
    /// The token is about to end.
    TokenEnding,
    /// The server did not take what was sent.
    Error {
        /// The stable code.
        code: String,
        /// What is wrong, for people.
        message: String,
    },
    /// The server is about to end the connection.
    Goodbye {
        /// After how long to come back.
        retry_after: Option<Duration>,
    },
    /// Something that needs nothing from a watcher.
    Other,
}

/// A frame as it was written and as it is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The JSON text, unchanged.
    pub text: String,
    /// What it means.
    pub frame: Frame,
}

/// Why there is no connection, or no longer one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ending {
    /// No answer, or none that is HTTP.
    #[error("cannot reach the server: {0}")]
    Unreachable(String),
    /// The handshake was answered with a refusal.
    #[error("the server refused the connection: {status}{code}{detail}", code = aside(code), detail = after(detail))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The stable code of its problem, where it sent one.
        code: String,
        /// What is wrong, for people.
        detail: String,
        /// After how long trying again makes sense.
        retry_after: Option<Duration>,
    },
    /// A close frame came, or what was sent breaks the rules that have this code.
    #[error("the connection was closed: {code}{word}", word = aside(word))]
    Closed {
        /// The close code.
        code: u16,
        /// The stable word for it, where one was sent.
        word: String,
        /// After how long to come back.
        retry_after: Option<Duration>,
    },
    /// Nothing was heard for two heartbeats.
    #[error("nothing was heard from the server for {} s", .0.as_secs())]
    Silent(Duration),
    /// The connection broke without a word.
    #[error("the connection broke: {0}")]
    Broken(String),
}

fn aside(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" ({text})") }
}

fn after(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}

/// A server that can be watched.
#[cfg_attr(feature = "test-support", mockall::automock)]
#[async_trait]
pub trait LiveSource: Send + Sync {
    /// Opens a connection. The token goes to this server and nowhere else, and is told to nobody.
    ///
    /// # Errors
    /// [`Ending::Unreachable`], [`Ending::Refused`]; [`Ending::Closed`] when the answer is no WebSocket.
    async fn open(&self, ask: &Ask, token: &SecretText) -> Result<Box<dyn LiveFrames>, Ending>;
}

/// An open connection. Dropping it ends it without a word.
#[cfg_attr(feature = "test-support", mockall::automock)]
#[async_trait]
pub trait LiveFrames: Send {
    /// Waits for the next frame; the first is [`Frame::Hello`]. Cancel safe. After an error there is no
    /// more to come.
    ///
    /// # Errors
    /// [`Ending::Closed`], [`Ending::Silent`], [`Ending::Broken`].
    async fn next(&mut self) -> Result<Received, Ending>;

    /// Puts a fresh token behind the connection; the answer comes as a frame.
    ///
    /// # Errors
    /// [`Ending::Broken`] when it cannot be sent.
    async fn refresh(&mut self, token: &SecretText) -> Result<(), Ending>;

    /// Says goodbye.
    async fn close(&mut self);
}
