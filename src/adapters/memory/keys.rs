//! Idempotency keys: a bounded memory of what was answered.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::domain::fault::{Code, Fault};
use crate::domain::id::UserId;
use crate::domain::time::Monotonic;
use crate::ports::event_log::{IdempotencyKey, Receipt};

/// For how long a key is kept.
const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// Keys by owner and text; the oldest goes first when there are too many.
pub(super) struct Keys {
    kept: HashMap<Name, Answered>,
    by_age: VecDeque<(Name, Monotonic)>,
    max: usize,
}

/// Owner and text; one text for both lists, since there may be a million of them.
type Name = Arc<(UserId, String)>;

struct Answered {
    fingerprint: [u8; 32],
    receipt: Receipt,
}

/// What a look-up finds.
pub(super) enum Known {
    /// The key was used for the very same report.
    Before(Receipt),
    /// The key was not used.
    New,
}

impl Keys {
    pub(super) fn new(max: usize) -> Self {
        Self { kept: HashMap::new(), by_age: VecDeque::new(), max: max.max(1) }
    }

    pub(super) fn look_up(&mut self, key: &IdempotencyKey, now: Monotonic) -> Result<Known, Fault> {
        while self.by_age.front().is_some_and(|(_, since)| now.since(*since) >= KEPT_FOR) {
            self.forget_oldest();
        }
        match self.kept.get(&(key.owner.clone(), key.text.clone())) {
            None => Ok(Known::New),
            Some(answered) if answered.fingerprint == key.fingerprint => {
                Ok(Known::Before(answered.receipt.clone()))
            }
            Some(_) => Err(Fault::new(Code::IdempotencyConflict, "use a new key for each report")),
        }
    }

    /// Keeps what was answered under a key that [`Keys::look_up`] found to be new.
    pub(super) fn keep(&mut self, key: &IdempotencyKey, receipt: Receipt, now: Monotonic) {
        while self.kept.len() >= self.max {
            self.forget_oldest();
        }
        let name = Name::new((key.owner.clone(), key.text.clone()));
        self.by_age.push_back((Arc::clone(&name), now));
        self.kept.insert(name, Answered { fingerprint: key.fingerprint, receipt });
    }

    fn forget_oldest(&mut self) {
        if let Some((name, _)) = self.by_age.pop_front() {
            self.kept.remove(&name);
        }
    }
}
