//! Statuses, lifecycle signals, and the one table that says what a signal does to a status.
//!
//! ```
//! use mission_control::domain::lifecycle::{Reason, Signal, Standing, Status, after};
//!
//! let crashed = after(Some(Status::Online), Signal::Crash);
//! assert_eq!(crashed, Standing { status: Status::Error, reason: Reason::Crash });
//! assert_eq!(after(Some(crashed.status), Signal::Restart).status, Status::Online);
//! assert_eq!(Status::ALL.map(Status::as_str), ["online", "offline", "error"]);
//! ```

/// What screens show of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It is there.
    Online,
    /// It is not there.
    Offline,
    /// It says, or its supervisor says, that it failed.
    Error,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Online, Self::Offline, Self::Error];

    /// The word of the protocol.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Error => "error",
        }
    }
}

/// What happened to an agent's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// It was started.
    Start,
    /// It was stopped on purpose or ended well.
    Stop,
    /// It was ended and started again.
    Restart,
    /// It ended badly.
    Crash,
}

impl Signal {
    /// Every signal.
    pub const ALL: [Self; 4] = [Self::Start, Self::Stop, Self::Restart, Self::Crash];

    /// The word of the protocol.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Crash => "crash",
        }
    }
}

/// Why an agent has the status it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A status report said so.
    Reported,
    /// A start.
    Start,
    /// A stop.
    Stop,
    /// A restart.
    Restart,
    /// A crash.
    Crash,
    /// A sign of life of an agent that was unknown, or offline only because it was not heard.
    Heard,
    /// It crashes again and again.
    CrashLoop,
    /// It was not heard for as long as it had asked to be believed.
    LeaseExpired,
    /// It was not heard for as long as that after the server came back.
    NotHeardSinceRestart,
    /// Its last socket was closed by its side.
    Disconnected,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::Reported,
        Self::Start,
        Self::Stop,
        Self::Restart,
        Self::Crash,
        Self::Heard,
        Self::CrashLoop,
        Self::LeaseExpired,
        Self::NotHeardSinceRestart,
        Self::Disconnected,
    ];

    /// Whether an agent that is offline for this reason is so only because it was not heard.
    #[must_use]
    pub const fn is_silence(self) -> bool {
        matches!(self, Self::LeaseExpired | Self::NotHeardSinceRestart | Self::Disconnected)
    }

    /// The word of the protocol.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Crash => "crash",
            Self::Heard => "heard",
            Self::CrashLoop => "crash_loop",
            Self::LeaseExpired => "lease_expired",
            Self::NotHeardSinceRestart => "not_heard_since_restart",
            Self::Disconnected => "disconnected",
        }
    }
}

/// A status and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Standing {
    /// The status.
    pub status: Status,
    /// Why.
    pub reason: Reason,
}

/// Where a signal takes an agent, known (`from`) or not yet known (`None`).
///
/// Signals are facts told by those who saw them, so none is refused: a second crash is a crash, a
/// stop of what crashed says that it is now down on purpose. Written out pair by pair, so that a new
/// status or signal cannot be forgotten.
#[must_use]
pub const fn after(from: Option<Status>, signal: Signal) -> Standing {
    use {Reason as R, Signal as S, Status as T};
    let (status, reason) = match (from, signal) {
        (None, S::Start) => (T::Online, R::Start),
        (None, S::Stop) => (T::Offline, R::Stop),
        (None, S::Restart) => (T::Online, R::Restart),
        (None, S::Crash) => (T::Error, R::Crash),
        (Some(T::Online), S::Start) => (T::Online, R::Start),
        (Some(T::Online), S::Stop) => (T::Offline, R::Stop),
        (Some(T::Online), S::Restart) => (T::Online, R::Restart),
        (Some(T::Online), S::Crash) => (T::Error, R::Crash),
        (Some(T::Offline), S::Start) => (T::Online, R::Start),
        (Some(T::Offline), S::Stop) => (T::Offline, R::Stop),
        (Some(T::Offline), S::Restart) => (T::Online, R::Restart),
        (Some(T::Offline), S::Crash) => (T::Error, R::Crash),
        (Some(T::Error), S::Start) => (T::Online, R::Start),
        (Some(T::Error), S::Stop) => (T::Offline, R::Stop),
        (Some(T::Error), S::Restart) => (T::Online, R::Restart),
        (Some(T::Error), S::Crash) => (T::Error, R::Crash),
    };
    Standing { status, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_state_and_signal_is_decided_as_the_contract_says() {
        for from in [None, Some(Status::Online), Some(Status::Offline), Some(Status::Error)] {
            let words = Signal::ALL.map(|signal| {
                let standing = after(from, signal);
                (standing.status.as_str(), standing.reason.as_str())
            });
            assert_eq!(
                words,
                [("online", "start"), ("offline", "stop"), ("online", "restart"), ("error", "crash")],
                "{from:?}"
            );
        }
    }
}
