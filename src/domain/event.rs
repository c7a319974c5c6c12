//! Events: what the server made of reports. Numbered, kept, sent to screens.
//!
//! ```
//! use mission_control::domain::cursor::Seq;
//! use mission_control::domain::event::{ActivityEvent, Event, EventKind, LifecycleEvent, Recorded, StatusEvent};
//! use mission_control::domain::id::AgentId;
//! use mission_control::domain::time::Moment;
//!
//! /// One line for people.
//! fn line(recorded: &Recorded) -> String {
//!     let word = match &recorded.event {
//!         Event::Status(StatusEvent { standing, .. }) => standing.status.as_str(),
//!         Event::Lifecycle(LifecycleEvent { signal, .. }) => signal.as_str(),
//!         Event::Activity(ActivityEvent { last_message, .. }) => last_message.as_str(),
//!         Event::AgentRemoved(_) | Event::SessionRemoved(..) => "removed",
//!     };
//!     format!("{} {} {word}", recorded.seq, recorded.event.agent())
//! }
//!
//! let event = Event::AgentRemoved(AgentId::parse("importer").unwrap());
//! assert_eq!(event.kind(), EventKind::Removal);
//! assert_eq!(line(&Recorded { seq: Seq::new(7), at: Moment::default(), event }), "7 importer removed");
//! ```

use super::cursor::Seq;
use super::id::{AgentId, SessionId};
use super::lifecycle::{Signal, Standing};
use super::report::Exit;
use super::text::{Labels, Message, StateWord};
use super::time::{Moment, Timestamp};

/// One thing that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An agent's status; whole, so that the newest alone tells all of it.
    Status(StatusEvent),
    /// A change in the life of an agent's process.
    Lifecycle(LifecycleEvent),
    /// A session's new last message.
    Activity(ActivityEvent),
    /// An agent and its sessions were forgotten.
    AgentRemoved(AgentId),
    /// A session was forgotten.
    SessionRemoved(AgentId, SessionId),
}

/// See [`Event::Status`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusEvent {
    /// The agent.
    pub agent: AgentId,
    /// Status and reason.
    pub standing: Standing,
    /// Since when it has this status, by the server's clock.
    pub since: Timestamp,
    /// When it was reported; for display.
    pub timestamp: Timestamp,
    /// A word to people.
    pub message: Option<Message>,
    /// What the agent is doing.
    pub state: Option<StateWord>,
    /// Its labels.
    pub labels: Labels,
    /// How often it was restarted since it is known.
    pub restarts: u32,
    /// Whether it is believed to be up though nobody would notice its silence.
    pub unleased: bool,
    /// When it was last heard, where it is not now, or nobody would notice.
    pub last_seen: Option<Timestamp>,
    /// How often it crashed lately, while it does so again and again.
    pub crashes: Option<u32>,
}

/// See [`Event::Lifecycle`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifecycleEvent {
    /// The agent.
    pub agent: AgentId,
    /// What happened.
    pub signal: Signal,
    /// When it was reported; for display.
    pub timestamp: Timestamp,
    /// A word to people.
    pub message: Option<Message>,
    /// How the process ended.
    pub exit: Exit,
    /// The agent's labels from here on, where the report gave any.
    pub labels: Option<Labels>,
    /// How often the agent was restarted, this event included.
    pub restarts: u32,
}

/// See [`Event::Activity`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityEvent {
    /// The agent.
    pub agent: AgentId,
    /// The session.
    pub session: SessionId,
    /// Its last message.
    pub last_message: Message,
    /// What the session is doing.
    pub state: Option<StateWord>,
    /// When it was reported; for display.
    pub timestamp: Timestamp,
}

/// The kinds of event a screen tells apart. Removals always come; the rest can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// `agent:status`
    Status,
    /// `agent:lifecycle`
    Lifecycle,
    /// `session:activity`
    Activity,
    /// `agent:removed` and `session:removed`
    Removal,
}

impl EventKind {
    /// The kinds an interest may choose among.
    pub const CHOOSABLE: [Self; 3] = [Self::Status, Self::Lifecycle, Self::Activity];
}

impl Event {
    /// The agent it is about.
    #[must_use]
    pub const fn agent(&self) -> &AgentId {
        match self {
            Self::Status(StatusEvent { agent, .. })
            | Self::Lifecycle(LifecycleEvent { agent, .. })
            | Self::Activity(ActivityEvent { agent, .. })
            | Self::AgentRemoved(agent)
            | Self::SessionRemoved(agent, _) => agent,
        }
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::Status(_) => EventKind::Status,
            Self::Lifecycle(_) => EventKind::Lifecycle,
            Self::Activity(_) => EventKind::Activity,
            Self::AgentRemoved(_) | Self::SessionRemoved(..) => EventKind::Removal,
        }
    }
}

/// An event with its position in the epoch's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its position.
    pub seq: Seq,
    /// When it was decided.
    pub at: Moment,
    /// The event.
    pub event: Event,
}
