//! Which stage of its life the node is in. Written by `hub` and `drain`, read by everybody at the door.

use std::time::Duration;

use tokio::sync::watch;

use crate::domain::fault::{Code, Fault};
use crate::ports::event_log::LogError;
use crate::ports::health::{Health, NotReady};

/// The node's stage, and whether its log takes events: a node that cannot write goes on being read.
#[derive(Debug)]
pub(crate) struct Stage {
    stage: watch::Sender<Result<(), NotReady>>,
    writable: watch::Sender<Result<(), NotReady>>,
}

impl Default for Stage {
    fn default() -> Self {
        Self { stage: watch::Sender::new(Err(NotReady::Starting)), writable: watch::Sender::new(Ok(())) }
    }
}

impl Stage {
    /// Takes a new stage. Draining is for good.
    pub(crate) fn set(&self, stage: Result<(), NotReady>) {
        self.stage.send_if_modified(|now| {
            let moves = *now != Err(NotReady::Draining) && *now != stage;
            if moves {
                *now = stage;
            }
            moves
        });
    }

    /// Notes whether the log took events.
    pub(crate) fn note_written(&self, written: Result<(), &LogError>) {
        let now = match written {
            Ok(()) => Ok(()),
            Err(LogError::Full) => Err(NotReady::LogFull),
            Err(LogError::Unavailable(_) | LogError::Compacted { .. } | LogError::Closed) => {
                Err(NotReady::LogUnavailable)
            }
        };
        let moved = self.writable.send_if_modified(|before| std::mem::replace(before, now) != now);
        match (moved, now) {
            (true, Ok(())) => tracing::info!("the log takes events again"),
            (true, Err(why)) => tracing::error!(?why, "the log takes no events; reports are refused"),
            (false, _) => {}
        }
    }

    /// Whether the log took the last events that it was given.
    pub(crate) fn is_writable(&self) -> bool {
        self.writable.borrow().is_ok()
    }

    /// Lets a watcher in. Not while the log cannot be followed either: what it would be shown stands
    /// still then, and later jumps over what came in between.
    ///
    /// # Errors
    /// `draining`, `unavailable`.
    pub(crate) fn admit_watcher(&self) -> Result<(), Fault> {
        self.admit()?;
        match *self.stage.borrow() {
            Err(NotReady::LogFailed) => {
                let fault = Fault::new(Code::Unavailable, "the stream is interrupted; come back in a moment");
                Err(fault.retry_after(Duration::from_secs(1)))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Lets work in unless the node is shutting down.
    ///
    /// # Errors
    /// `draining`.
    pub(crate) fn admit(&self) -> Result<(), Fault> {
        match *self.stage.borrow() {
            Err(NotReady::Draining) => {
                let fault = Fault::new(Code::Draining, "try again in a moment, or on another node");
                Err(fault.retry_after(Duration::from_secs(1)))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

impl Health for Stage {
    fn ready(&self) -> Result<(), NotReady> {
        (*self.stage.borrow()).and(*self.writable.borrow())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_takes_no_events_makes_the_node_unready_and_turns_no_watcher_away() {
        let stage = Stage::default();
        stage.set(Ok(()));
        stage.note_written(Err(&LogError::Full));
        assert_eq!((stage.ready(), stage.is_writable()), (Err(NotReady::LogFull), false));
        assert_eq!((stage.admit(), stage.admit_watcher()), (Ok(()), Ok(())));
        stage.note_written(Ok(()));
        assert_eq!((stage.ready(), stage.is_writable()), (Ok(()), true));
    }

    #[test]
    fn draining_is_for_good_and_keeps_new_work_out() {
        let stage = Stage::default();
        assert_eq!(stage.ready(), Err(NotReady::Starting));
        stage.set(Ok(()));
        assert_eq!((stage.ready(), stage.admit()), (Ok(()), Ok(())));
        stage.set(Err(NotReady::Draining));
        stage.set(Ok(()));
        assert_eq!(stage.ready(), Err(NotReady::Draining));
        assert_eq!(stage.admit().unwrap_err().code, Code::Draining);
    }
}
