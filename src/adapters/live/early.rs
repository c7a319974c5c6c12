//! Dismissals of connections that joined the hub and are not yet where their transport can reach them.

use std::collections::VecDeque;

use super::slot::Dismissal;
use crate::domain::id::ConnectionId;

/// More than can be between the hub and a transport at a time.
pub(super) const EARLY_MAX: usize = 1024;

/// Dismissals that came early; past the bound the oldest goes. Those of other transports' connections are
/// among them, and ids never come again.
#[derive(Debug, Default)]
pub struct Early(VecDeque<(ConnectionId, Dismissal)>);

impl Early {
    /// Keeps a dismissal until its connection comes.
    pub fn keep(&mut self, id: ConnectionId, dismissal: Dismissal) {
        if self.0.len() >= EARLY_MAX {
            self.0.pop_front();
        }
        self.0.push_back((id, dismissal));
    }

    /// The dismissal of a connection that comes now.
    pub fn take(&mut self, id: ConnectionId) -> Option<Dismissal> {
        let place = self.0.iter().position(|(early, _)| *early == id)?;
        self.0.remove(place).map(|(_, dismissal)| dismissal)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::farewell::Farewell;

    #[test]
    fn a_dismissal_is_kept_for_one_and_the_oldest_goes() {
        let mut early = Early::default();
        let dismissal = Dismissal { farewell: Farewell::Restart, retry_after: None };
        early.keep(ConnectionId::new(0), dismissal);
        assert_eq!(early.take(ConnectionId::new(1)), None);
        assert_eq!(early.take(ConnectionId::new(0)), Some(dismissal));
        assert_eq!(early.take(ConnectionId::new(0)), None);
        (0..3000).for_each(|id| early.keep(ConnectionId::new(id), dismissal));
        assert_eq!(early.len(), EARLY_MAX);
        assert_eq!(early.take(ConnectionId::new(0)), None);
        assert_eq!(early.take(ConnectionId::new(2999)), Some(dismissal));
    }
}
