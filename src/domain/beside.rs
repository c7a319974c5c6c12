//! What is known of an agent beside its events: its fence, its lease, its crashes, when it was heard.
//! Decided with the events, kept with them, and shown only in part ([`Vital`]).
//!
//! ```
//! use mission_control::domain::beside::{Beside, Fall, LEASE_DEFAULT, Risen, Vital};
//! use mission_control::domain::lifecycle::{Reason, Standing, Status};
//! use mission_control::domain::time::{Monotonic, Timestamp};
//!
//! let online = Standing { status: Status::Online, reason: Reason::Heard };
//! let crashed = Standing { status: Status::Error, reason: Reason::Crash };
//! let beside = Beside { lease: Some(LEASE_DEFAULT), ..Beside::default() };
//! assert!(beside.lease_runs(online) && !beside.lease_runs(crashed), "whoever crashed has none");
//! assert!(!Vital::of(&beside, online).unleased && Vital::of(&Beside::default(), online).unleased);
//!
//! // Its crashes, and the start that it has yet to live through.
//! let at = Monotonic::default();
//! let (falls, risen) = ([Fall { at, counts: true }].into(), Some(Risen { at, restart: true }));
//! assert_ne!(Beside { falls, risen, ..Beside::default() }, Beside::default());
//!
//! // When its process began, for those who ask how long it runs.
//! let began = Some(Timestamp::saturating(7));
//! assert_eq!(Vital::of(&Beside { began, ..Beside::default() }, online).began, began);
//! ```

use std::collections::VecDeque;
use std::time::Duration;

use super::fence::Fence;
use super::lifecycle::{Reason, Signal, Standing, Status};
use super::time::{Moment, Monotonic, Timestamp};

/// A lease that was asked for without a length.
pub const LEASE_DEFAULT: Duration = Duration::from_secs(90);
/// How far ahead an agent may say that it will be quiet.
pub const BUSY_MAX: Duration = Duration::from_hours(24);
/// So many crashes or restarts …
const FALLS: usize = 3;
/// … within so long are a crash loop …
const FALLS_WITHIN: Duration = Duration::from_secs(5 * 60);
/// … which ends when the agent lived for so long.
const LIVED: Duration = Duration::from_secs(60);
/// Crashes and restarts that are counted at most.
const FALLS_MAX: usize = 100;

/// What is known of an agent beside its events. Points in time are uptimes of its history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Beside {
    /// Late reports of older process lives.
    pub fence: Fence,
    /// When it was last heard, for people.
    pub last_seen: Timestamp,
    /// The lease that was last asked for; it runs only while the agent is up.
    pub lease: Option<Duration>,
    /// Until when that lets it be believed.
    pub until: Monotonic,
    /// Until when it said that it would be quiet: the time that it named, and the uptime that was then.
    pub busy_until: Option<Moment>,
    /// Its latest crashes and restarts, oldest first.
    pub falls: VecDeque<Fall>,
    /// The start or restart after which it lives, while it is in a crash loop.
    pub risen: Option<Risen>,
    /// When its latest start or restart was, for display.
    pub began: Option<Timestamp>,
    /// It was not heard since its history was opened. Not kept: so begins every agent.
    pub stale: bool,
    /// A socket stands for its life. Not kept: sockets end with the process.
    pub held: bool,
}

/// A crash or a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fall {
    /// When it was.
    pub at: Monotonic,
    /// Whether it is told as one: the restart that follows a crash is the same misfortune.
    pub counts: bool,
}

/// A start or restart in a crash loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Risen {
    /// When it was.
    pub at: Monotonic,
    /// Whether it was a restart.
    pub restart: bool,
}

impl Beside {
    /// Whether the agent is up as far as anybody knows: online, in error by a report, or up in a crash loop.
    const fn is_up(&self, standing: Standing) -> bool {
        match standing.status {
            Status::Online => true,
            Status::Offline => false,
            Status::Error => match standing.reason {
                Reason::Reported => true,
                Reason::CrashLoop => self.risen.is_some(),
                Reason::Start
                | Reason::Stop
                | Reason::Restart
                | Reason::Crash
                | Reason::Heard
                | Reason::LeaseExpired
                | Reason::NotHeardSinceRestart
                | Reason::Disconnected => false,
            },
        }
    }

    /// Whether the agent is believed only as long as its lease: while it is up, and asked for one.
    #[must_use]
    pub const fn lease_runs(&self, standing: Standing) -> bool {
        self.is_up(standing) && self.lease.is_some()
    }

    /// Whether the agent is believed to be up though nobody would notice its silence.
    #[must_use]
    pub const fn is_unleased(&self, standing: Standing) -> bool {
        self.is_up(standing) && self.lease.is_none()
    }

    /// When its lease runs out; never while it does not run, or a socket holds it.
    #[must_use]
    pub fn runs_out(&self, standing: Standing) -> Option<Monotonic> {
        let runs = self.lease_runs(standing) && !self.held;
        runs.then(|| self.busy_until.map_or(self.until, |busy| busy.uptime.max(self.until)))
    }

    /// When a crash loop is lived through.
    #[must_use]
    pub fn lived_through(&self, standing: Standing) -> Option<Monotonic> {
        let risen = self.risen.filter(|_| standing.reason == Reason::CrashLoop);
        risen.map(|risen| risen.at.plus(LIVED))
    }

    /// When something becomes of it by time alone. A lease that runs out in a crash loop waits for its end: the
    /// loop is left once, and not by silence to come back as online.
    #[must_use]
    pub(super) fn due(&self, standing: Standing) -> Option<Monotonic> {
        if standing.reason == Reason::CrashLoop {
            self.lived_through(standing)
        } else {
            self.runs_out(standing)
        }
    }

    /// How often it crashed or was restarted lately.
    #[must_use]
    pub(super) fn crashes(&self) -> u32 {
        let counted = self.falls.iter().filter(|fall| fall.counts).count();
        u32::try_from(counted).unwrap_or(u32::MAX)
    }

    /// Notes a lifecycle signal. Gives whether it is one too many: the agent is in a crash loop.
    pub(super) fn note(&mut self, signal: Signal, crashed: bool, now: Monotonic) -> bool {
        self.falls.retain(|fall| now.since(fall.at) < FALLS_WITHIN);
        match signal {
            Signal::Start => {}
            Signal::Stop => self.falls.clear(),
            Signal::Crash | Signal::Restart => {
                let counts = signal == Signal::Crash || !crashed;
                self.falls.push_back(Fall { at: now, counts });
                if self.falls.len() > FALLS_MAX {
                    self.falls.pop_front();
                }
            }
        }
        if matches!(signal, Signal::Stop | Signal::Crash) {
            self.end();
        }
        self.falls.len() >= FALLS
    }

    /// The process life is over: nobody waits for a sign of it.
    fn end(&mut self) {
        self.lease = None;
        self.busy_until = None;
        self.held = false;
        self.risen = None;
    }

    /// What a log has to keep at once; the rest only moves with time, and a restart begins it anew.
    pub(super) fn differs_for_good(&self, before: &Self) -> bool {
        self.fence != before.fence
            || self.lease != before.lease
            || self.busy_until != before.busy_until
            || self.falls != before.falls
            || self.risen != before.risen
            || self.began != before.began
    }

    /// As it begins in another process: not heard yet, and a whole lease to be so. Of the time that it would be
    /// quiet there is no more left than people's clocks say, since the time between two processes is no uptime;
    /// nor more than there was, wherever those clocks were set to.
    pub(super) fn reopened(mut self, now: Moment) -> Self {
        self.stale = true;
        self.held = false;
        self.until = self.lease.map_or(self.until, |lease| now.uptime.plus(lease));
        self.busy_until = self.busy_until.map(|busy| {
            let left = now.uptime.plus(busy.wall.since(now.wall));
            Moment { uptime: busy.uptime.min(left), ..busy }
        });
        self
    }
}

/// What reads and snapshots show of it, beside the agent's newest status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Vital {
    /// When it was last heard.
    pub last_seen: Timestamp,
    /// Whether it is believed to be up though nobody would notice its silence.
    pub unleased: bool,
    /// Whether it was not heard since the server came back.
    pub stale: bool,
    /// When its latest start or restart was, where there was one.
    pub began: Option<Timestamp>,
}

impl Vital {
    /// Of an agent with this standing.
    #[must_use]
    pub const fn of(beside: &Beside, standing: Standing) -> Self {
        let (last_seen, unleased) = (beside.last_seen, beside.is_unleased(standing));
        Self { last_seen, unleased, stale: beside.stale, began: beside.began }
    }
}
