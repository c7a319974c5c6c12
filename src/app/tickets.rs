//! Tickets: good once, for a short time, in the place of a token that must not stand in a URL.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::domain::fault::{Code, Fault};
use crate::domain::grant::Principal;
use crate::domain::time::Monotonic;
use crate::ports::clock::Clock;
use crate::ports::entropy::{Entropy, random_id};
use crate::ports::gate::Ticket;
use crate::ports::token_verifier::SecretText;

/// How long a ticket is good for.
pub(crate) const GOOD_FOR: Duration = Duration::from_secs(30);
/// Most tickets that are out at a time.
const TICKETS_MAX: usize = 100_000;

/// The tickets that are out.
pub(crate) struct Tickets {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    out: Mutex<HashMap<String, (Principal, Monotonic)>>,
}

impl Tickets {
    /// No tickets yet.
    #[must_use]
    pub(crate) fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy, out: Mutex::default() }
    }

    /// Gives a ticket for this principal.
    ///
    /// # Errors
    /// `overloaded` when too many are out; `internal` without random bytes.
    pub(crate) fn give(&self, principal: &Principal) -> Result<Ticket, Fault> {
        let text = random_id(self.entropy.as_ref()).map_err(|_| Fault::new(Code::Internal, "try again"))?;
        let now = self.clock.monotonic();
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        if out.len() >= TICKETS_MAX {
            out.retain(|_, (_, until)| *until > now);
            if out.len() >= TICKETS_MAX {
                return Err(Fault::new(Code::Overloaded, "too many tickets are out").retry_after(GOOD_FOR));
            }
        }
        out.insert(text.clone(), (principal.clone(), now.plus(GOOD_FOR)));
        Ok(Ticket { text: SecretText::new(text), expires_in: GOOD_FOR })
    }

    /// Takes a ticket back; it is used up, whatever comes of it.
    ///
    /// # Errors
    /// `invalid_ticket`.
    pub(crate) fn take(&self, ticket: &SecretText) -> Result<Principal, Fault> {
        let taken = self.out.lock().unwrap_or_else(PoisonError::into_inner).remove(ticket.reveal());
        let still_good = taken.filter(|(principal, until)| {
            *until > self.clock.monotonic() && principal.expires_at > self.clock.wall()
        });
        still_good
            .map(|(principal, _)| principal)
            .ok_or_else(|| Fault::new(Code::InvalidTicket, "get a new ticket: each is good once, for 30 s"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::testing::*;

    fn desk() -> (Tickets, Arc<ManualClock>) {
        let clock = ManualClock::new();
        (Tickets::new(clock.port(), Arc::new(CountingEntropy::default())), clock)
    }

    #[test]
    fn a_ticket_gives_its_own_principal_once() {
        let (tickets, _) = desk();
        let (ada, bob) = (watcher("ada"), watcher("bob"));
        let (of_ada, of_bob) = (tickets.give(&ada).unwrap(), tickets.give(&bob).unwrap());
        assert_ne!(of_ada.text, of_bob.text);
        assert_eq!(of_ada.expires_in, Duration::from_secs(30));
        assert_eq!(tickets.take(&of_bob.text), Ok(bob));
        assert_eq!(tickets.take(&of_ada.text), Ok(ada));
        assert_eq!(code(tickets.take(&of_ada.text)), Code::InvalidTicket);
    }

    #[test]
    fn a_ticket_is_good_for_thirty_seconds() {
        let (tickets, clock) = desk();
        let (early, late) = (tickets.give(&watcher("a")).unwrap(), tickets.give(&watcher("a")).unwrap());
        clock.advance(GOOD_FOR - Duration::from_millis(1));
        assert!(tickets.take(&early.text).is_ok());
        clock.advance(Duration::from_millis(1));
        assert_eq!(code(tickets.take(&late.text)), Code::InvalidTicket);
    }

    #[test]
    fn a_ticket_does_not_outlive_the_token_it_was_given_for() {
        let (tickets, clock) = desk();
        let nearly_over = Principal { expires_at: at(NOW + 10_000), ..watcher("ada") };
        let (early, late) = (tickets.give(&nearly_over).unwrap(), tickets.give(&nearly_over).unwrap());
        clock.advance(Duration::from_millis(9_999));
        assert!(tickets.take(&early.text).is_ok());
        clock.advance(Duration::from_millis(1));
        assert_eq!(code(tickets.take(&late.text)), Code::InvalidTicket);
    }

    #[test]
    fn what_was_never_given_is_refused() {
        let (tickets, _) = desk();
        tickets.give(&watcher("ada")).unwrap();
        for guess in ["", "0", "00000000000000000000000000000002", "ZZ"] {
            assert_eq!(code(tickets.take(&SecretText::new(guess))), Code::InvalidTicket);
        }
    }

    #[test]
    fn only_so_many_are_out_and_those_that_ended_make_room() {
        let (tickets, clock) = desk();
        let first = tickets.give(&watcher("ada")).unwrap();
        for _ in 1..TICKETS_MAX {
            tickets.give(&watcher("ada")).unwrap();
        }
        let fault = tickets.give(&watcher("ada")).unwrap_err();
        assert_eq!((fault.code, fault.retry_after), (Code::Overloaded, Some(GOOD_FOR)));
        assert!(tickets.take(&first.text).is_ok(), "and nobody lost one by it");
        assert!(tickets.give(&watcher("ada")).is_ok());
        assert!(tickets.give(&watcher("ada")).is_err());
        clock.advance(GOOD_FOR);
        assert!(tickets.give(&watcher("ada")).is_ok());
        assert_eq!(tickets.out.lock().unwrap().len(), 1);
    }

    #[test]
    fn without_random_bytes_there_is_no_ticket() {
        let tickets = Tickets::new(ManualClock::new(), Arc::new(NoEntropy));
        assert_eq!(code(tickets.give(&watcher("ada"))), Code::Internal);
        assert!(tickets.out.lock().unwrap().is_empty());
    }
}
