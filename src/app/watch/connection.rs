//! How the connection is doing, as screens are told. Its text is the one line that people read; some of
//! the words are the server's.

use std::fmt;
use std::time::Duration;

use crate::ports::live_source::{Ending, Frame};

/// News about the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// It stands.
    Open {
        /// As whom.
        user: String,
        /// How it begins.
        mode: String,
        /// Why so.
        reason: String,
    },
    /// It stands, and what is shown begins anew.
    Anew {
        /// How it begins.
        mode: String,
        /// Why so.
        reason: String,
    },
    /// The copy is whole; from here on everything is live.
    UpToDate {
        /// Agents in the copy.
        agents: u64,
        /// Sessions in the copy.
        sessions: u64,
    },
    /// The server did not take what was sent.
    NotTaken {
        /// The stable code.
        code: String,
        /// What is wrong.
        message: String,
    },
    /// There is none, or none any more.
    Lost {
        /// Why.
        ending: Ending,
        /// After how long it is tried again.
        next_try: Duration,
    },
}

impl Connection {
    /// What a frame says about the connection.
    pub(super) fn of(frame: &Frame) -> Option<Self> {
        match frame {
            Frame::Hello { user, start, .. } => Some(Self::Open {
                user: user.clone(),
                mode: start.mode.clone(),
                reason: start.reason.clone(),
            }),
            Frame::Resync(start) => {
                Some(Self::Anew { mode: start.mode.clone(), reason: start.reason.clone() })
            }
            Frame::CopyEnd { agents, sessions, .. } => {
                Some(Self::UpToDate { agents: *agents, sessions: *sessions })
            }
            Frame::Error { code, message } => {
                Some(Self::NotTaken { code: code.clone(), message: message.clone() })
            }
            Frame::Event(..)
            | Frame::Copied(_)
            | Frame::Heartbeat { .. }
            | Frame::TokenEnding
            | Frame::Goodbye { .. }
            | Frame::Other => None,
        }
    }
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { user, mode, reason } => write!(f, "connected as {user}: {mode} ({reason})"),
            Self::Anew { mode, reason } => write!(f, "beginning anew: {mode} ({reason})"),
            Self::UpToDate { agents, sessions } => {
                write!(f, "up to date: {agents} agents, {sessions} sessions")
            }
            Self::NotTaken { code, message } => {
                write!(f, "the server did not take what was sent ({code}): {message}")
            }
            Self::Lost { ending, next_try } => {
                let (seconds, tenths) = (next_try.as_secs(), next_try.subsec_millis() / 100);
                write!(f, "{ending}; next try in {seconds}.{tenths} s")
            }
        }
    }
}
