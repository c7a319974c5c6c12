//! Tickets: good once, for a short time, in the place of a token that must not stand in a URL.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::domain::fault::{Code, Fault};
use crate::domain::grant::Principal;
use crate::domain::time::Monotonic;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::gate::Ticket;
use crate::ports::token_verifier::SecretText;

/// How long a ticket is good for.
pub const GOOD_FOR: Duration = Duration::from_secs(30);
/// Most tickets that are out at a time.
const TICKETS_MAX: usize = 100_000;

/// The tickets that are out.
pub struct Tickets {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    out: Mutex<HashMap<String, (Principal, Monotonic)>>,
}

impl Tickets {
    /// No tickets yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy, out: Mutex::default() }
    }

    /// Gives a ticket for this principal.
    ///
    /// # Errors
    /// `overloaded` when too many are out; `internal` without random bytes.
    pub fn give(&self, principal: &Principal) -> Result<Ticket, Fault> {
        let bytes = self.entropy.bytes().map_err(|_| Fault::new(Code::Internal, "try again"))?;
        let text = format!("{:032x}", u128::from_be_bytes(bytes));
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
    pub fn take(&self, ticket: &SecretText) -> Result<Principal, Fault> {
        let taken = self.out.lock().unwrap_or_else(PoisonError::into_inner).remove(ticket.reveal());
        let still_good = taken.filter(|(principal, until)| {
            *until > self.clock.monotonic() && principal.expires_at > self.clock.wall()
        });
        still_good
            .map(|(principal, _)| principal)
            .ok_or_else(|| Fault::new(Code::InvalidTicket, "get a new ticket: each is good once, for 30 s"))
    }
}
