//! Screens that remember what they were handed, and a node that has everything but a transport.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{CountingEntropy, ManualClock, loaded};
use crate::app::gate::AppGate;
use crate::app::hub::{Hub, HubLimits};
use crate::app::live_feed::{AppLiveFeed, FeedSettings};
use crate::app::stage::Stage;
use crate::app::tickets::Tickets;
use crate::domain::cursor::Seq;
use crate::domain::farewell::Farewell;
use crate::domain::grant::Principal;
use crate::domain::id::ConnectionId;
use crate::domain::interest::Interest;
use crate::domain::rate::Rate;
use crate::ports::event_log::{Loaded, MockEventLog};
use crate::ports::event_publisher::{Delivery, EventPublisher, MockEventPublisher};
use crate::ports::gate::{Credential, Gate};
use crate::ports::live_feed::{Arrival, LiveFeed, Opened};
use crate::ports::token_verifier::{MockTokenVerifier, SecretText, TokenError, TokenVerifier};

/// What screens were handed, as a transport would see it.
#[derive(Debug, Default)]
pub(in crate::app) struct Screens {
    deliveries: Mutex<Vec<Delivery>>,
    farewells: Mutex<Vec<(ConnectionId, Farewell, Option<Duration>)>>,
}

impl Screens {
    /// A publisher that writes down everything here.
    pub(in crate::app) fn publisher(self: &Arc<Self>) -> Arc<dyn EventPublisher> {
        let mut publisher = MockEventPublisher::new();
        let screens = Arc::clone(self);
        publisher.expect_publish().returning(move |batch| {
            assert!(!batch.is_empty(), "an empty batch was published");
            screens.deliveries.lock().unwrap().extend_from_slice(batch);
        });
        publisher.expect_begin_anew().return_const(());
        let screens = Arc::clone(self);
        publisher.expect_dismiss().returning(move |id, farewell, retry_after| {
            screens.farewells.lock().unwrap().push((id, farewell, retry_after));
        });
        Arc::new(publisher)
    }

    /// Every seq that was published, in the order in which it was.
    pub(in crate::app) fn published(&self) -> Vec<u64> {
        self.deliveries.lock().unwrap().iter().map(|one| one.recorded.seq.get()).collect()
    }

    /// The seqs that this connection was handed.
    pub(in crate::app) fn handed(&self, id: ConnectionId) -> Vec<u64> {
        let deliveries = self.deliveries.lock().unwrap();
        let to_it = deliveries.iter().filter(|one| one.audience.iter().any(|other| other == id));
        to_it.map(|one| one.recorded.seq.get()).collect()
    }

    /// The seqs that each connection was handed.
    pub(in crate::app) fn handed_to_each(&self) -> BTreeMap<ConnectionId, Vec<u64>> {
        let mut each: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for one in self.deliveries.lock().unwrap().iter() {
            one.audience.iter().for_each(|id| each.entry(id).or_default().push(one.recorded.seq.get()));
        }
        each
    }

    /// Everybody who was handed this seq.
    pub(in crate::app) fn audience(&self, seq: u64) -> Vec<ConnectionId> {
        let deliveries = self.deliveries.lock().unwrap();
        let mut of_it = deliveries.iter().filter(|one| one.recorded.seq == Seq::new(seq));
        let mut audience: Vec<_> = of_it.next().expect("it was published").audience.iter().collect();
        assert!(of_it.next().is_none(), "{seq} was published twice");
        audience.sort_unstable();
        audience
    }

    /// Who was sent away, how, and with which hint; in order.
    pub(in crate::app) fn farewells(&self) -> Vec<(ConnectionId, Farewell, Option<Duration>)> {
        self.farewells.lock().unwrap().clone()
    }
}

/// Limits that no test meets by chance.
pub(in crate::app) const ROOMY: HubLimits =
    HubLimits { ring_events: 1_000, replay_events: 1_000, connections_per_user: 1_000, connections: 10_000 };

pub(in crate::app) fn hub(loaded: Loaded, screens: &Arc<Screens>, limits: HubLimits) -> Arc<Hub> {
    hub_at(&ManualClock::new(), loaded, screens, limits)
}

/// A hub by this clock.
pub(in crate::app) fn hub_at(
    clock: &Arc<ManualClock>,
    loaded: Loaded,
    screens: &Arc<Screens>,
    limits: HubLimits,
) -> Arc<Hub> {
    Arc::new(Hub::new(loaded, vec![screens.publisher()], limits, clock.port()))
}

/// A verifier that believes these tokens and no others.
pub(in crate::app) fn believes<const N: usize>(tokens: [(&'static str, Principal); N]) -> MockTokenVerifier {
    let tokens = BTreeMap::from(tokens);
    let mut verifier = MockTokenVerifier::new();
    verifier
        .expect_verify()
        .returning(move |token, _| tokens.get(token.reveal()).cloned().ok_or(TokenError::Invalid));
    verifier
}

pub(in crate::app) fn address(last: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, last))
}

/// Somebody with this token, who asks for everything.
pub(in crate::app) fn arrival(token: &str) -> Arrival {
    Arrival {
        transport: "test",
        peer: Some(address(1)),
        credential: Ok(Credential::Token(SecretText::new(token))),
        interest: Interest::all(),
        cursor: None,
    }
}

/// A node without a transport: its feed, and what stands behind it.
pub(in crate::app) struct Node {
    pub(in crate::app) clock: Arc<ManualClock>,
    pub(in crate::app) screens: Arc<Screens>,
    pub(in crate::app) stage: Arc<Stage>,
    pub(in crate::app) gate: Arc<AppGate>,
    pub(in crate::app) hub: Arc<Hub>,
    pub(in crate::app) feed: AppLiveFeed,
}

impl Node {
    pub(in crate::app) fn new(verifier: MockTokenVerifier) -> Self {
        let screens = Arc::default();
        Self::with(verifier, hub(loaded(&[]), &screens, ROOMY), screens)
    }

    pub(in crate::app) fn with(verifier: MockTokenVerifier, hub: Arc<Hub>, screens: Arc<Screens>) -> Self {
        let clock = ManualClock::new();
        let tickets = Tickets::new(clock.port(), Arc::new(CountingEntropy::default()));
        let verifier: Arc<dyn TokenVerifier> = Arc::new(verifier);
        let gate =
            Arc::new(AppGate::new(verifier, clock.port(), tickets, crate::app::testing::nothing_revoked()));
        let stage = Arc::new(Stage::default());
        stage.set(Ok(()));
        let settings = FeedSettings {
            handshakes: Rate { per_second: 5_000, burst: 5_000 },
            refusals: Rate { per_second: 20, burst: 20 },
            leeway: Duration::from_secs(5),
        };
        let feed = AppLiveFeed::new(
            Arc::clone(&gate),
            Arc::clone(&hub),
            Arc::new(MockEventLog::new()),
            clock.port(),
            Arc::clone(&stage),
            settings,
        );
        Self { clock, screens, stage, gate, hub, feed }
    }

    pub(in crate::app) async fn open(&self, token: &str) -> Opened {
        self.feed.open(arrival(token)).await.unwrap()
    }

    pub(in crate::app) fn ticket_of(&self, principal: &Principal) -> Arrival {
        let ticket = self.gate.ticket(principal).unwrap();
        Arrival { credential: Ok(Credential::Ticket(ticket.text)), ..arrival("") }
    }

    /// The ids in the registry, oldest first.
    pub(in crate::app) fn registered(&self) -> Vec<ConnectionId> {
        registered(&self.hub)
    }
}

pub(in crate::app) fn registered(hub: &Hub) -> Vec<ConnectionId> {
    hub.with_registry(|registry| registry.iter().map(|one| one.id).collect())
}
