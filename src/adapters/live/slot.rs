//! How the rest of the node reaches one reader: to wake it, or to end it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::domain::farewell::Farewell;

/// Why a connection ends, and after how long it should come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dismissal {
    /// Why.
    pub farewell: Farewell,
    /// The hint.
    pub retry_after: Option<Duration>,
}

impl From<Farewell> for Dismissal {
    fn from(farewell: Farewell) -> Self {
        Self { farewell, retry_after: None }
    }
}

/// One reader's slot. Written by the publisher, read by the reader.
#[derive(Debug, Default)]
pub(super) struct Slot {
    events: Notify,
    dismissal: Mutex<Option<Dismissal>>,
    dismissed: Notify,
}

impl Slot {
    /// Says that there may be events for this reader.
    pub(super) fn wake(&self) {
        self.events.notify_one();
    }

    /// Waits for [`Slot::wake`]; one that came before is not lost. Cancel safe.
    pub(super) async fn woken(&self) {
        self.events.notified().await;
    }

    /// Ends the reader; the first reason stands.
    pub(super) fn dismiss(&self, dismissal: Dismissal) {
        self.dismissal.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(dismissal);
        self.dismissed.notify_one();
    }

    /// Why the reader is to end, if it is.
    pub(super) fn dismissal(&self) -> Option<Dismissal> {
        *self.dismissal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the reader is to end. Cancel safe.
    pub(super) async fn dismissed(&self) -> Dismissal {
        loop {
            match self.dismissal() {
                Some(dismissal) => return dismissal,
                None => self.dismissed.notified().await,
            }
        }
    }
}
