//! Which stage of its life the node is in. Written by `hub` and `drain`, read by everybody at the door.

use std::time::Duration;

use tokio::sync::watch;

use crate::domain::fault::{Code, Fault};
use crate::ports::health::{Health, NotReady};

/// The node's stage.
#[derive(Debug)]
pub(crate) struct Stage(watch::Sender<Result<(), NotReady>>);

impl Default for Stage {
    fn default() -> Self {
        Self(watch::Sender::new(Err(NotReady::Starting)))
    }
}

impl Stage {
    /// Takes a new stage. Draining is for good.
    pub(crate) fn set(&self, stage: Result<(), NotReady>) {
        self.0.send_if_modified(|now| {
            let moves = *now != Err(NotReady::Draining) && *now != stage;
            if moves {
                *now = stage;
            }
            moves
        });
    }

    /// Lets a watcher in. Not while the log cannot be followed either: what it would be shown stands
    /// still then, and later jumps over what came in between.
    ///
    /// # Errors
    /// `draining`, `unavailable`.
    pub(crate) fn admit_watcher(&self) -> Result<(), Fault> {
        self.admit()?;
        match *self.0.borrow() {
            Err(NotReady::LogFailed) => {
                let fault = Fault::new(Code::Unavailable, "the stream is interrupted; come back in a moment");
                Err(fault.retry_after(Duration::from_secs(1)))
            }
            Ok(()) | Err(NotReady::Starting | NotReady::Draining) => Ok(()),
        }
    }

    /// Lets work in unless the node is shutting down.
    ///
    /// # Errors
    /// `draining`.
    pub(crate) fn admit(&self) -> Result<(), Fault> {
        match *self.0.borrow() {
            Err(NotReady::Draining) => {
                let fault = Fault::new(Code::Draining, "try again in a moment, or on another node");
                Err(fault.retry_after(Duration::from_secs(1)))
            }
            Ok(()) | Err(NotReady::Starting | NotReady::LogFailed) => Ok(()),
        }
    }
}

impl Health for Stage {
    fn ready(&self) -> Result<(), NotReady> {
        *self.0.borrow()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
