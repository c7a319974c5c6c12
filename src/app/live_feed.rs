//! Use case: connections open, change what they want to see, refresh their token, and go.

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::app::gate::AppGate;
use crate::app::hub::Hub;
use crate::app::past::PastReader;
use crate::app::stage::Stage;
use crate::domain::cursor::Seq;
use crate::domain::fault::{Code, Fault, Side};
use crate::domain::grant::Principal;
use crate::domain::id::ConnectionId;
use crate::domain::interest::Interest;
use crate::domain::rate::{Meter, Meters, Rate};
use crate::domain::registry::Connection;
use crate::domain::resume::Why;
use crate::domain::time::Timestamp;
use crate::domain::view::View;
use crate::ports::clock::Clock;
use crate::ports::event_log::EventLog;
use crate::ports::gate::Gate;
use crate::ports::live_feed::{Arrival, Beginning, LiveFeed, Opened, Refreshed, Seat};
use crate::ports::token_verifier::SecretText;

/// Most addresses whose refused handshakes are counted at a time.
const ADDRESSES_MAX: usize = 100_000;

/// How live connections are let in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FeedSettings {
    /// Handshakes of the node.
    pub(crate) handshakes: Rate,
    /// Refused handshakes of one address.
    pub(crate) refusals: Rate,
    /// For how long a token is good past its end.
    pub(crate) leeway: Duration,
}

/// The live feed.
pub(crate) struct AppLiveFeed {
    gate: Arc<AppGate>,
    hub: Arc<Hub>,
    past: PastReader,
    clock: Arc<dyn Clock>,
    stage: Arc<Stage>,
    settings: FeedSettings,
    started_at: Timestamp,
    next: AtomicU64,
    handshakes: Mutex<Meter>,
    refusals: Mutex<Meters<IpAddr>>,
}

impl AppLiveFeed {
    /// A feed from this hub, for those whom the gate recognises.
    #[must_use]
    pub(crate) fn new(
        gate: Arc<AppGate>,
        hub: Arc<Hub>,
        log: Arc<dyn EventLog>,
        clock: Arc<dyn Clock>,
        stage: Arc<Stage>,
        settings: FeedSettings,
    ) -> Self {
        Self {
            gate,
            hub,
            past: PastReader::new(log),
            started_at: clock.wall(),
            clock,
            stage,
            settings,
            next: AtomicU64::new(1),
            handshakes: Mutex::default(),
            refusals: Mutex::new(Meters::new(settings.refusals, ADDRESSES_MAX)),
        }
    }

    /// The node's and the address's rates, before any work is done for a stranger.
    fn check_rates(&self, peer: Option<IpAddr>) -> Result<(), Fault> {
        let now = self.clock.monotonic();
        let refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wait) = peer.and_then(|peer| refusals.wait(&peer, now)) {
            let detail = "too many handshakes from this address were refused: send a valid token";
            return Err(Fault::new(Code::RateLimited, detail).retry_after(wait));
        }
        drop(refusals);
        let mut handshakes = self.handshakes.lock().unwrap_or_else(PoisonError::into_inner);
        handshakes
            .take(self.settings.handshakes, now)
            .map_err(|wait| Fault::new(Code::Overloaded, "too many handshakes at once").retry_after(wait))
    }

    fn count_refusal(&self, peer: Option<IpAddr>) {
        if let Some(peer) = peer {
            let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
            // Past the rate there is nothing more to count.
            let _over = refusals.take(peer, self.clock.monotonic());
        }
    }

    fn ends_at(&self, principal: &Principal) -> Timestamp {
        principal.expires_at.plus(self.settings.leeway)
    }

    async fn let_in(&self, arrival: Arrival) -> Result<Opened, Fault> {
        let principal = self.gate.recognise(&arrival.credential?).await?;
        require_any(&principal)?;
        let id = ConnectionId::new(self.next.fetch_add(1, Ordering::Relaxed));
        let connection = Connection {
            id,
            user: principal.user.clone(),
            token_id: principal.token_id.as_deref().map(Box::from),
            token_issued_at: principal.issued_at,
            transport: arrival.transport,
            since: self.clock.wall(),
            view: Arc::new(View::new(principal.grant.clone(), arrival.interest)),
        };
        let past = match &arrival.cursor {
            Some(cursor) => self.past.reach(&self.hub, cursor).await,
            None => None,
        };
        let (epoch, beginning) =
            self.hub.join(connection, arrival.cursor.as_ref(), past.as_ref(), &self.stage)?;
        let hub = Arc::clone(&self.hub);
        let seat = Seat::new(move || hub.leave(id));
        // Revoked since: whoever revokes looks at the registry after the list, so one of the two sees it.
        self.gate.recheck(&principal)?;
        Ok(Opened {
            connection: id,
            ends_at: self.ends_at(&principal),
            principal,
            epoch,
            beginning,
            server_started_at: self.started_at,
            server_time: self.clock.wall(),
            seat,
        })
    }
}

/// A connection is for watching or reporting; with neither there is nothing to do on it.
fn require_any(principal: &Principal) -> Result<(), Fault> {
    let scopes = principal.grant.scopes;
    if scopes.watch || scopes.report {
        Ok(())
    } else {
        Err(Fault::new(Code::ForbiddenScope, "a token with the scope watch or report is needed"))
    }
}

#[async_trait]
impl LiveFeed for AppLiveFeed {
    async fn open(&self, arrival: Arrival) -> Result<Opened, Fault> {
        self.stage.admit_watcher()?;
        let peer = arrival.peer;
        self.check_rates(peer)?;
        let opened = self.let_in(arrival).await;
        // Where the node has no room, that is not the address's doing.
        if opened.as_ref().is_err_and(|fault| fault.code.side() == Side::Client) {
            self.count_refusal(peer);
        }
        opened
    }

    async fn turn_away(&self, peer: Option<IpAddr>, fault: Fault) -> Fault {
        if let Err(before) = self.stage.admit().and_then(|()| self.check_rates(peer)) {
            return before;
        }
        self.count_refusal(peer);
        fault
    }

    async fn change_interest(
        &self,
        connection: ConnectionId,
        interest: Interest,
        delivered: Seq,
    ) -> Result<Beginning, Fault> {
        self.hub.begin_again(connection, Why::InterestChanged, delivered, None, |view| {
            Arc::new(View::new(view.grant().clone(), interest.clone()))
        })
    }

    async fn catch_up(
        &self,
        connection: ConnectionId,
        delivered: Seq,
        known: Option<Seq>,
    ) -> Result<Beginning, Fault> {
        self.hub.begin_again(connection, Why::SlowReader, delivered, known, Arc::clone)
    }

    async fn refresh(
        &self,
        connection: ConnectionId,
        token: &SecretText,
        delivered: Seq,
    ) -> Result<Refreshed, Fault> {
        let principal = self.gate.admit(token).await?;
        let resync = self.hub.change_token(connection, &principal, delivered, |before| {
            if principal.user != before.user {
                return Err(Fault::new(Code::InvalidToken, "a token of the same user is needed"));
            }
            require_any(&principal)?;
            self.gate.recheck(&principal)
        })?;
        Ok(Refreshed { ends_at: self.ends_at(&principal), principal, resync })
    }
}
