//! The composition root: the only file, with `run`, that names adapters. It joins, and decides nothing.

mod keys;

use std::os::unix::fs::DirBuilderExt;
use std::sync::Arc;
use std::time::Duration;

use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::{Reply, Response};

use crate::adapters::dashboard;
use crate::adapters::disk::{DiskLog, DiskOptions, NewEpoch};
use crate::adapters::http::{self, Api, HttpLimits, ServerLimits};
use crate::adapters::live::Readers;
use crate::adapters::memory::{MemoryLog, MemoryLogLimits};
use crate::adapters::revocations::RevocationFile;
use crate::adapters::sse::{self, SseSettings};
use crate::adapters::system::{OsEntropy, SystemClock};
use crate::adapters::wire::handshake::OriginRule;
use crate::adapters::ws::{self, LiveSockets, WsSettings};
use crate::app::admin::AppAdmin;
use crate::app::builder::Swaps;
use crate::app::gate::AppGate;
use crate::app::hub::{Hub, HubLimits};
use crate::app::intake::AppIntake;
use crate::app::live_feed::{AppLiveFeed, FeedSettings};
use crate::app::liveness::Liveness;
use crate::app::noted_log::NotedLog;
use crate::app::presence::Presence;
use crate::app::reads::AppReads;
use crate::app::reporter::Reporter;
use crate::app::revocations::RevocationList;
use crate::app::run::StartError;
use crate::app::settings::{Durability, LogKind, Settings};
use crate::app::sign_in::AppSignIn;
use crate::app::stage::Stage;
use crate::app::tickets::Tickets;
use crate::domain::cursor::Epoch;
use crate::domain::limits::Limits;
use crate::domain::rate::Rate;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::event_log::EventLog;
use crate::ports::event_publisher::EventPublisher;
use crate::ports::intake::Intake;
use crate::ports::live_feed::LiveFeed;
use crate::ports::token_issuer::TokenIssuer;
use crate::ports::token_verifier::TokenVerifier;

use keys::NoKeys;
pub(super) use keys::{issuer, key_ring};

/// The file of revocations within the data directory.
const REVOCATIONS_FILE: &str = "revocations.jsonl";

/// The parts of a node, joined.
pub(super) struct Node {
    pub(super) log: Arc<dyn EventLog>,
    /// Why its log began a new epoch, if it did.
    pub(super) new_epoch: Option<NewEpoch>,
    pub(super) hub: Arc<Hub>,
    pub(super) stage: Arc<Stage>,
    pub(super) liveness: Arc<Liveness>,
    pub(super) reporter: Reporter,
    pub(super) routes: BoxedFilter<(Response,)>,
    pub(super) feed: Arc<dyn LiveFeed>,
    pub(super) intake: Arc<dyn Intake>,
    pub(super) issuer: Arc<dyn TokenIssuer>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
}

/// Joins the parts of a node as the settings say, or with what takes their place. Publishers of transports
/// that are not ours come beside our own.
pub(super) async fn join(settings: &Settings, swaps: Swaps) -> Result<Node, StartError> {
    let Swaps { event_log: log, token_verifier, clock, revocation_store, publishers: foreign, new_epoch } =
        swaps;
    let clock = clock.unwrap_or_else(|| Arc::new(SystemClock::start()));
    let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
    let (verifier, issuer): (Arc<dyn TokenVerifier>, Arc<dyn TokenIssuer>) = match token_verifier {
        Some(verifier) => (verifier, Arc::new(NoKeys)),
        None => {
            let keys = Arc::new(key_ring(settings, entropy.as_ref())?);
            (keys.clone(), keys)
        }
    };
    let limits = settings.report_limits();
    let (log, new_epoch) = match log {
        Some(log) => (log, None),
        None => event_log(settings, new_epoch, &clock, &entropy).await?,
    };
    let stage = Arc::new(Stage::default());
    let log: Arc<dyn EventLog> = Arc::new(NotedLog::new(log, Arc::clone(&stage)));
    let sockets = Arc::new(LiveSockets::new(settings.stream.ring_events));
    let streams = Arc::new(Readers::new(settings.stream.ring_events, sse::encode));
    let mut publishers: Vec<Arc<dyn EventPublisher>> = vec![sockets.clone(), streams.clone()];
    publishers.extend(foreign);
    let loaded = log.load().await.map_err(StartError::Log)?;
    let hub = Arc::new(Hub::new(loaded, publishers, hub_limits(settings), Arc::clone(&clock)));
    let presence = Arc::new(Presence::new(Arc::clone(&clock)));
    let liveness = Arc::new(Liveness::new(&log, &hub, &presence, &stage));

    let tickets = Tickets::new(Arc::clone(&clock), Arc::clone(&entropy));
    let kept = revocation_store
        .unwrap_or_else(|| Arc::new(RevocationFile::new(settings.server.data_dir.join(REVOCATIONS_FILE))));
    let revocations = Arc::new(RevocationList::load(kept).await.map_err(StartError::Revocations)?);
    let gate = Arc::new(AppGate::new(verifier, Arc::clone(&clock), tickets, Arc::clone(&revocations)));
    let intake: Arc<dyn Intake> = Arc::new(AppIntake::new(
        Arc::clone(&log),
        Arc::clone(&clock),
        Arc::clone(&stage),
        Rate { per_second: settings.limits.reports_per_second, burst: settings.limits.reports_burst },
        // Agents that were forgotten or refused keep their rate for a moment.
        limits.agents.saturating_mul(2),
        Arc::clone(&presence),
    ));
    let feed: Arc<dyn LiveFeed> = Arc::new(AppLiveFeed::new(
        Arc::clone(&gate),
        Arc::clone(&hub),
        Arc::clone(&log),
        Arc::clone(&clock),
        Arc::clone(&stage),
        feed_settings(settings),
    ));
    let (signs, dice) = (Arc::clone(&issuer), Arc::clone(&entropy));
    let sign_in = AppSignIn::new(signs, Arc::clone(&clock), dice, Arc::clone(&revocations));
    let api = Arc::new(Api {
        gate,
        intake: Arc::clone(&intake),
        reads: Arc::new(AppReads::new(Arc::clone(&hub), Arc::clone(&log), Arc::clone(&clock))),
        admin: Arc::new(AppAdmin::new(Arc::clone(&hub), revocations, Arc::clone(&clock))),
        sign_in: Arc::new(sign_in),
        health: stage.clone(),
        origins: origins(settings),
        limits: http_limits(settings, limits),
    });
    let by_sse = Arc::new(sse_settings(settings, Arc::clone(&feed), Arc::clone(&clock)));
    let by_ws = ws_settings(settings, limits, Arc::clone(&feed), Arc::clone(&intake), Arc::clone(&clock));
    let live = ws::route(Arc::new(by_ws), sockets).or(sse::route(by_sse, streams)).unify();
    let page = dashboard::routes().map(Reply::into_response).boxed();
    let routes = http::routes(api, live.or(page).unify().boxed());
    let reporter = Reporter::new(Arc::clone(&log), presence, Arc::clone(&stage), limits);
    Ok(Node { log, new_epoch, hub, stage, liveness, reporter, routes, feed, intake, issuer, clock, entropy })
}

async fn event_log(
    settings: &Settings,
    new_epoch: bool,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> Result<(Arc<dyn EventLog>, Option<NewEpoch>), StartError> {
    match settings.log.kind {
        LogKind::Memory => {
            let [a, b, c, d, e, f, g, h, ..] = entropy.bytes()?;
            let epoch = Epoch::from_random([a, b, c, d, e, f, g, h]);
            let limits = MemoryLogLimits {
                desk: settings.report_limits(),
                keep_events: usize::try_from(settings.log.keep_events).unwrap_or(usize::MAX),
                idempotency_keys: settings.limits.idempotency_keys,
            };
            Ok((Arc::new(MemoryLog::new(epoch, Arc::clone(clock), limits)), None))
        }
        LogKind::Disk => {
            let (options, clock) = (disk_options(settings, new_epoch), Arc::clone(clock));
            let entropy = Arc::clone(entropy);
            let opening = tokio::task::spawn_blocking(move || {
                let mut private = std::fs::DirBuilder::new();
                private.recursive(true).mode(0o700);
                private.create(&options.directory).map_err(StartError::DataDir)?;
                DiskLog::open(options, clock, entropy).map_err(StartError::Log)
            });
            let opened =
                opening.await.unwrap_or_else(|error| Err(StartError::DataDir(std::io::Error::other(error))));
            let (log, why) = opened?;
            Ok((Arc::new(log), why))
        }
        LogKind::Nats => Err(StartError::NotBuilt(settings.log.kind.name())),
    }
}

fn disk_options(settings: &Settings, new_epoch: bool) -> DiskOptions {
    DiskOptions {
        desk: settings.report_limits(),
        keep_events: settings.log.keep_events,
        keep: settings.log.keep,
        idempotency_keys: u64::try_from(settings.limits.idempotency_keys).unwrap_or(u64::MAX),
        fsync: settings.log.durability == Durability::Fsync,
        new_epoch,
        ..DiskOptions::new(settings.server.data_dir.clone())
    }
}

fn hub_limits(settings: &Settings) -> HubLimits {
    HubLimits {
        ring_events: settings.stream.ring_events,
        replay_events: u64::try_from(settings.stream.replay_events).unwrap_or(u64::MAX),
        connections_per_user: settings.limits.connections_per_user,
        connections: settings.limits.connections,
    }
}

fn feed_settings(settings: &Settings) -> FeedSettings {
    let both = |number| Rate { per_second: number, burst: number };
    FeedSettings {
        handshakes: both(settings.limits.handshakes_per_second),
        refusals: both(settings.limits.refused_handshakes_per_second),
        leeway: settings.auth.leeway,
    }
}

fn http_limits(settings: &Settings, reports: Limits) -> HttpLimits {
    let limits = &settings.limits;
    HttpLimits {
        reports,
        body_bytes: limits.body_bytes,
        batch_bytes: limits.batch_bytes,
        batch_items: limits.batch_items,
        body_time: limits.body_time,
    }
}

fn ws_settings(
    settings: &Settings,
    reports: Limits,
    feed: Arc<dyn LiveFeed>,
    intake: Arc<dyn Intake>,
    clock: Arc<dyn Clock>,
) -> WsSettings {
    let limits = &settings.limits;
    WsSettings {
        feed,
        intake,
        clock,
        origins: origins(settings),
        query_token: settings.auth.query_token,
        heartbeat: settings.stream.heartbeat,
        frame_bytes: limits.frame_bytes,
        frame_fragments: limits.frame_fragments,
        frames: Rate { per_second: limits.frames_per_second, burst: limits.frames_burst },
        interest_every: Duration::from_secs(1) / limits.interest_per_second.max(1),
        reports,
    }
}

fn sse_settings(settings: &Settings, feed: Arc<dyn LiveFeed>, clock: Arc<dyn Clock>) -> SseSettings {
    let (query_token, heartbeat) = (settings.auth.query_token, settings.stream.heartbeat);
    SseSettings { feed, clock, origins: origins(settings), query_token, heartbeat }
}

fn origins(settings: &Settings) -> OriginRule {
    OriginRule {
        allowed: settings.server.allowed_origins.iter().map(|origin| origin.as_str().to_owned()).collect(),
        behind_tls_proxy: settings.server.behind_tls_proxy,
    }
}

/// The limits of the accept loop.
pub(super) fn server_limits(settings: &Settings) -> ServerLimits {
    let limits = &settings.limits;
    let proxies = settings.server.trusted_proxies.clone();
    let origins = settings.server.allowed_origins.iter().map(|origin| origin.as_str().to_owned());
    ServerLimits {
        connections: limits.connections,
        head_time: limits.head_time,
        head_bytes: limits.head_bytes,
        head_fields: limits.head_fields,
        uri_bytes: limits.uri_bytes,
        trusts: Arc::new(move |address| proxies.iter().any(|proxy| proxy.contains(address))),
        hosts: (!settings.server.behind_tls_proxy).then(|| origins.collect()),
    }
}
