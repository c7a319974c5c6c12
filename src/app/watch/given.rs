//! What the tests of this room are given: frames and happenings.

use std::time::Duration;

use crate::domain::cursor::Seq;
use crate::ports::live_source::{Frame, Happening, Start, What};

/// A first frame. The server's clock says 1,000 s.
pub(super) fn hello(epoch: &str, start: Start) -> Frame {
    Frame::Hello {
        epoch: epoch.to_owned(),
        user: "alice".to_owned(),
        start,
        server_time: crate::domain::time::Timestamp::from_millis(1_000_000),
        heartbeat: Duration::from_secs(30),
    }
}

pub(super) fn copy_end(seq: u64) -> Frame {
    Frame::CopyEnd { seq: Seq::new(seq), agents: 0, sessions: 0 }
}

pub(super) fn heartbeat(seq: u64) -> Frame {
    Frame::Heartbeat { seq: Seq::new(seq), server_time: None }
}

/// An event that changes little.
pub(super) fn event(seq: u64) -> Frame {
    Frame::Event(Seq::new(seq), Happening::of("a1".to_owned(), What::AgentRemoved))
}

pub(super) fn status(agent: &str, word: &str) -> Happening {
    Happening::of(agent.to_owned(), What::Status(word.to_owned()))
}

pub(super) fn activity(agent: &str, session: &str, message: &str) -> Happening {
    let what = What::Activity { session: session.to_owned(), message: message.to_owned() };
    Happening::of(agent.to_owned(), what)
}
