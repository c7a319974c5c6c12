//! Port in: what a watcher's connection may do.
//!
//! The copy of the fleet and the registration are one step. Screens that come within a second may share
//! a copy, so that one lies at most a second behind the head: every event after [`Beginning::from`] that
//! the view covers is the connection's, those up to its registration out of what its transport was handed
//! before, the others as they are published to it.
//!
//! ```
//! use mission_control::app::run::offline_token;
//! use mission_control::domain::grant::{Grant, Scope, Scopes};
//! use mission_control::domain::{id::UserId, interest::Interest, pattern::Patterns, resume::Plan, resume::Why};
//! use mission_control::ports::gate::Credential;
//! use mission_control::ports::live_feed::{Arrival, Beginning, LiveFeed, Material, Opened, Past, Refreshed, Seat};
//! use std::time::Duration;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use mission_control::app::{run::MissionControl, settings::{Settings, Sources}};
//! # let secret = "MISSION_CONTROL__AUTH__SECRET".to_owned();
//! # let in_memory = ("MISSION_CONTROL__LOG__KIND".to_owned(), "memory".to_owned());
//! # let environment = [(secret, "a secret of at least thirty-two bytes".to_owned()), in_memory].into();
//! # let settings = Settings::load(&Sources { environment, ..Sources::default() })?;
//! # let control = MissionControl::start(settings.clone()).await?;
//! let feed: std::sync::Arc<dyn LiveFeed> = control.live_feed();
//! let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() };
//! let token = offline_token(&settings, UserId::parse("ann")?, grant, Duration::from_secs(60))?;
//! let arrival = Arrival {
//!     transport: "mine",
//!     peer: None,
//!     credential: Ok(Credential::Token(token.clone())),
//!     interest: Interest::all(),
//!     cursor: None,
//! };
//! let opened: Opened = feed.open(arrival).await?;
//! let Beginning { plan, material, from, .. } = &opened.beginning;
//! assert_eq!(*plan, Plan::Snapshot(Why::New));
//! let Some(Material::Fleet(fleet)) = material else { panic!("a copy of the fleet") };
//! assert_eq!(fleet.at(), *from, "send this copy first, then every event after its position");
//! let past = Past { epoch: opened.epoch.clone(), after: *from, events: Vec::new() };
//! assert_eq!(past.end(), *from);
//!
//! let Refreshed { resync, .. } = feed.refresh(opened.connection, &token, *from).await?;
//! assert!(resync.is_none(), "the same grant: the connection just goes on");
//! let seat: Seat = opened.seat;
//! drop(seat); // Whoever gives it up is gone.
//! # Ok(())
//! # }
//! ```

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::cursor::{Cursor, Epoch, Seq};
use crate::domain::event::Recorded;
use crate::domain::fault::Fault;
use crate::domain::fleet::Fleet;
use crate::domain::grant::Principal;
use crate::domain::id::ConnectionId;
use crate::domain::interest::Interest;
use crate::domain::resume::Plan;
use crate::domain::time::Timestamp;
use crate::domain::view::View;
use crate::ports::gate::Credential;
use crate::ports::token_verifier::SecretText;

/// Somebody who wants to watch.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The name of the transport it came by.
    pub transport: &'static str,
    /// Where it came from, where that is known: refusals are counted by address.
    pub peer: Option<IpAddr>,
    /// What it proves itself with, or why that could not be read.
    pub credential: Result<Credential, Fault>,
    /// What it asks for.
    pub interest: Interest,
    /// Where it stood before.
    pub cursor: Option<Cursor>,
}

/// What a connection is sent before it goes on live; shared by those who are sent the same, and to be shown
/// through the view.
#[derive(Debug, Clone)]
pub enum Material {
    /// The fleet.
    Fleet(Arc<Fleet>),
    /// What changed in it after a position, with the removals since.
    Changes(Arc<Fleet>, Seq),
    /// The events after a position, as they were.
    Events(Arc<Past>, Seq),
}

impl Material {
    /// Whether it is the very same as another: the same copy, from the same position on.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Fleet(one), Self::Fleet(other)) => Arc::ptr_eq(one, other),
            (Self::Changes(one, after), Self::Changes(other, since)) => {
                Arc::ptr_eq(one, other) && after == since
            }
            (Self::Events(one, after), Self::Events(other, since)) => {
                Arc::ptr_eq(one, other) && after == since
            }
            (Self::Fleet(_) | Self::Changes(..) | Self::Events(..), _) => false,
        }
    }

    /// The fleet that it is of, where it is of one.
    #[must_use]
    pub const fn fleet(&self) -> Option<&Arc<Fleet>> {
        match self {
            Self::Fleet(fleet) | Self::Changes(fleet, _) => Some(fleet),
            Self::Events(..) => None,
        }
    }
}

/// Events that were read from the log for those who come back: they lie before what transports hold.
#[derive(Debug)]
pub struct Past {
    /// The history.
    pub epoch: Epoch,
    /// The position before the first of them.
    pub after: Seq,
    /// They, without holes.
    pub events: Vec<Recorded>,
}

impl Past {
    /// The position of the last of them.
    #[must_use]
    pub fn end(&self) -> Seq {
        self.events.last().map_or(self.after, |last| last.seq)
    }
}

/// How a connection begins, or begins anew.
#[derive(Debug, Clone)]
pub struct Beginning {
    /// How it is brought up to date, and why so.
    pub plan: Plan,
    /// What it is sent first: for a snapshot, a delta, and a replay of what transports no longer hold.
    pub material: Option<Material>,
    /// The position it is told: of the copy, for a snapshot or a delta, otherwise of the head at that moment.
    pub head: Seq,
    /// Events after this position are to be delivered. Some may have been published already, without
    /// the connection in their audience: who begins looks once at what its transport holds.
    pub from: Seq,
    /// What the connection is shown; shared by those who are shown the same.
    pub view: Arc<View>,
}

/// A connection that was let in. Dropping the seat ends it.
#[derive(Debug)]
pub struct Opened {
    /// Its id.
    pub connection: ConnectionId,
    /// Whose it is.
    pub principal: Principal,
    /// The history.
    pub epoch: Epoch,
    /// How it begins.
    pub beginning: Beginning,
    /// When it ends unless its token is refreshed: the token's end and the leeway.
    pub ends_at: Timestamp,
    /// When this server began to serve.
    pub server_started_at: Timestamp,
    /// The server's clock at that moment.
    pub server_time: Timestamp,
    /// Keeps the connection registered.
    pub seat: Seat,
}

/// Keeps a connection registered until it is dropped.
pub struct Seat(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Seat {
    /// A seat that does this when it is given up.
    #[must_use]
    pub fn new(give_up: impl FnOnce() + Send + Sync + 'static) -> Self {
        Self(Some(Box::new(give_up)))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(give_up) = self.0.take() {
            give_up();
        }
    }
}

impl std::fmt::Debug for Seat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seat")
    }
}

/// A token that took another's place.
#[derive(Debug, Clone)]
pub struct Refreshed {
    /// What the new token says.
    pub principal: Principal,
    /// When the connection ends now.
    pub ends_at: Timestamp,
    /// The new beginning, where the grant changed.
    pub resync: Option<Beginning>,
}

/// Opens and steers live connections.
#[cfg_attr(feature = "test-support", mockall::automock)]
#[async_trait]
pub trait LiveFeed: Send + Sync {
    /// Lets a connection in: who it is, what it may see, how it begins.
    ///
    /// # Errors
    /// Of [`crate::ports::gate::Gate::admit`]; `missing_token`, `invalid_ticket`,
    /// `ambiguous_credentials`, `forbidden_scope`, `too_many_connections`, `rate_limited`,
    /// `overloaded`, `draining`, `unavailable`.
    async fn open(&self, arrival: Arrival) -> Result<Opened, Fault>;

    /// Counts a handshake that its transport refused, and gives what to answer: the transport's fault,
    /// or what comes before it.
    async fn turn_away(&self, peer: Option<IpAddr>, fault: Fault) -> Fault;

    /// Changes what a connection asked for; it begins anew, not before what it was `delivered`.
    ///
    /// # Errors
    /// `not_found` when the connection is gone.
    async fn change_interest(
        &self,
        connection: ConnectionId,
        interest: Interest,
        delivered: Seq,
    ) -> Result<Beginning, Fault>;

    /// Begins a connection anew that fell out of what its transport holds, not before what it was
    /// `delivered`. What it knows whole it knows up to `known`: it gets what changed since. Without that, as
    /// where a snapshot was broken off, it gets everything.
    ///
    /// # Errors
    /// `not_found` when the connection is gone.
    async fn catch_up(
        &self,
        connection: ConnectionId,
        delivered: Seq,
        known: Option<Seq>,
    ) -> Result<Beginning, Fault>;

    /// Puts a fresh token of the same user behind a connection. Where it begins anew, then not before
    /// what it was `delivered`.
    ///
    /// # Errors
    /// Of [`crate::ports::gate::Gate::admit`]; `forbidden_scope` when neither watching nor reporting
    /// is left, `invalid_token` for another user; `not_found` when the connection is gone.
    async fn refresh(
        &self,
        connection: ConnectionId,
        token: &SecretText,
        delivered: Seq,
    ) -> Result<Refreshed, Fault>;
}
