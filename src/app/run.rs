//! A whole node: the door for the binary, and for programs that embed the server.
//!
//! ```
//! use mission_control::app::run::{MissionControl, OfflineError, StartError, check_keys, offline_token};
//! use mission_control::app::settings::{ConfigFile, Settings, Sources};
//! use mission_control::domain::grant::{Grant, Scope, Scopes};
//! use mission_control::domain::id::{AgentId, SessionId, UserId};
//! use mission_control::domain::lifecycle::{Signal, Status};
//! use mission_control::domain::pattern::Patterns;
//! use mission_control::domain::report::Exit;
//! use std::time::Duration;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let secret = "MISSION_CONTROL__AUTH__SECRET".to_owned();
//! let in_memory = ("MISSION_CONTROL__LOG__KIND".to_owned(), "memory".to_owned());
//! let environment = [(secret, "a secret of at least thirty-two bytes".to_owned()), in_memory].into();
//! let settings = Settings::load(&Sources { environment, ..Sources::default() })?;
//! let keys: Result<(), StartError> = check_keys(&settings);
//! keys?;
//!
//! let control = MissionControl::start(settings.clone()).await?;
//! let importer = AgentId::parse("importer")?;
//! let first = control.report_status(importer.clone(), Status::Online).await?;
//! assert_eq!(first.seq.get(), 1);
//! control.report_activity(importer.clone(), SessionId::parse("main")?, "batch 41 of 60").await?;
//! let exit = Exit { code: Some(3), signal: None };
//! let crash = control.report_lifecycle(importer, Signal::Crash, exit).await?;
//! assert_eq!(crash.seq.get(), 4, "a crash makes two events: itself, and the status that follows");
//!
//! // Screens bring tokens; this one may watch for an hour.
//! let grant = Grant { scopes: Scopes::of([Scope::Watch]), agents: Patterns::all() };
//! let token: Result<_, OfflineError> =
//!     offline_token(&settings, UserId::parse("ann")?, grant, Duration::from_secs(3600));
//! let request = warp::test::request().path("/api/v1/fleet").header("host", "localhost");
//! let request = request.header("authorization", format!("Bearer {}", token?.reveal()));
//! assert_eq!(request.reply(&control.routes()).await.status(), 200);
//! # Ok(())
//! # }
//! ```
//!
//! [`MissionControl::serve_until_signalled`] listens; with a server of your own mount
//! [`MissionControl::routes`] and end it with [`stop_signal`] and [`MissionControl::drain`].

mod outside;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use crate::adapters::disk::NewEpoch;
use crate::adapters::http::HttpServer;
use crate::adapters::jwt::KeyError;
use crate::adapters::system::{OsEntropy, StopSignals, SystemClock};
use crate::app::builder::{Builder, Swaps};
use crate::app::drain::drain;
use crate::app::reporter::Reporter;
use crate::app::settings::Settings;
use crate::app::sign_in::sign_in_code;
use crate::app::wiring::{self, Node};
use crate::domain::fault::Fault;
use crate::domain::grant::Grant;
use crate::domain::id::{AgentId, SessionId, UserId};
use crate::domain::lifecycle::{Signal, Status};
use crate::domain::report::{Exit, Report};
use crate::ports::clock::Clock;
use crate::ports::entropy::{EntropyError, random_id};
use crate::ports::event_log::{LogError, Receipt};
use crate::ports::intake::Intake;
use crate::ports::live_feed::LiveFeed;
use crate::ports::revocation_store::RevocationStoreError;
use crate::ports::token_issuer::{IssueError, NewToken, TokenIssuer};
use crate::ports::token_verifier::SecretText;
use crate::ports::transport::{Stop, Transport, TransportError};

pub(crate) use outside::{die_by, leave_signal, outbox, watch, world};

/// Why a node cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A key file cannot be used.
    #[error("cannot use the key file {path}: {source}", path = path.display())]
    KeyFile {
        /// Which one.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// The keys cannot be used.
    #[error("{0}")]
    Keys(#[from] KeyError),
    /// The data directory cannot be made.
    #[error("cannot make the data directory")]
    DataDir(#[source] std::io::Error),
    /// The log cannot be opened.
    #[error("cannot open the event log")]
    Log(#[source] LogError),
    /// It is not known what was revoked.
    #[error("cannot read the revocations in the data directory")]
    Revocations(#[source] RevocationStoreError),
    /// The operating system gives no random bytes.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The settings ask for a part that is not built yet.
    #[error("log.kind = {0} is not built yet: use disk")]
    NotBuilt(&'static str),
}

/// A node that follows its log. Dropping it ends the fan-out.
pub struct MissionControl {
    node: Node,
    settings: Settings,
    following: JoinHandle<()>,
    looking: JoinHandle<()>,
}

impl MissionControl {
    /// Starts a node as the settings say. It listens to nothing yet: see [`Self::serve`] and
    /// [`Self::routes`].
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        Self::builder(settings).start().await
    }

    /// A node with some parts of the program around it: a log, a verifier of tokens, a transport.
    #[must_use]
    pub fn builder(settings: Settings) -> Builder {
        Builder::new(settings)
    }

    pub(crate) async fn start_swapped(settings: Settings, swaps: Swaps) -> Result<Self, StartError> {
        let node = wiring::join(&settings, swaps).await?;
        let (hub, log, stage) = (Arc::clone(&node.hub), Arc::clone(&node.log), Arc::clone(&node.stage));
        let following = tokio::spawn(async move { hub.run(log, stage).await });
        let liveness = Arc::clone(&node.liveness);
        let looking = tokio::spawn(async move { liveness.run().await });
        Ok(Self { node, settings, following, looking })
    }

    /// Why the log on disk began a new epoch with this start, if it did: every screen begins anew then.
    #[must_use]
    pub const fn new_epoch(&self) -> Option<NewEpoch> {
        self.node.new_epoch
    }

    /// All routes, to be mounted into another program's warp server.
    #[must_use]
    pub fn routes(&self) -> BoxedFilter<(Response,)> {
        self.node.routes.clone()
    }

    /// Opens live connections, for transports of the program around the node.
    #[must_use]
    pub fn live_feed(&self) -> Arc<dyn LiveFeed> {
        Arc::clone(&self.node.feed)
    }

    /// Takes reports, for transports of the program around the node.
    #[must_use]
    pub fn intake(&self) -> Arc<dyn Intake> {
        Arc::clone(&self.node.intake)
    }

    /// Reports from within the process.
    #[must_use]
    pub fn reporter(&self) -> Reporter {
        self.node.reporter.clone()
    }

    /// Reports an agent's status from within the process.
    ///
    /// # Errors
    /// Of [`Reporter::report`].
    pub async fn report_status(&self, agent: AgentId, status: Status) -> Result<Receipt, Fault> {
        self.node.reporter.report_status(agent, status).await
    }

    /// Reports that an agent started, stopped, restarted or crashed.
    ///
    /// # Errors
    /// Of [`Reporter::report`].
    pub async fn report_lifecycle(
        &self,
        agent: AgentId,
        signal: Signal,
        exit: Exit,
    ) -> Result<Receipt, Fault> {
        self.node.reporter.report_lifecycle(agent, signal, exit).await
    }

    /// Reports what a session of an agent is doing. A message that is too long is cut.
    ///
    /// # Errors
    /// Of [`Reporter::report`].
    pub async fn report_activity(
        &self,
        agent: AgentId,
        session: SessionId,
        last_message: &str,
    ) -> Result<Receipt, Fault> {
        self.node.reporter.report_activity(agent, session, last_message).await
    }

    /// Reports everything that a report may say: labels, a state, a process life, a time.
    ///
    /// # Errors
    /// Of [`Reporter::report`].
    pub async fn report(&self, report: Report) -> Result<Receipt, Fault> {
        self.node.reporter.report(report).await
    }

    /// Forgets an agent and its sessions.
    ///
    /// # Errors
    /// Of [`Reporter::forget`].
    pub async fn forget(&self, agent: AgentId) -> Result<Receipt, Fault> {
        self.node.reporter.forget(agent).await
    }

    /// The code of a sign-in link for this user: good once, for ten minutes.
    ///
    /// # Errors
    /// [`OfflineError::Issue`] when only public keys are configured; [`OfflineError::Entropy`].
    pub fn sign_in_code(&self, user: UserId) -> Result<SecretText, OfflineError> {
        let id = random_id(self.node.entropy.as_ref())?;
        Ok(sign_in_code(self.node.issuer.as_ref(), user, id, self.node.clock.wall())?)
    }

    /// Serves HTTP and WebSocket on a listener until `stop` resolves, then drains: readiness goes,
    /// connections are ended spread over time, and what was begun is finished.
    ///
    /// # Errors
    /// [`TransportError`] when it cannot serve at all.
    pub async fn serve(&self, listener: TcpListener, stop: Stop) -> Result<(), TransportError> {
        let server = HttpServer::new(listener, self.routes(), wiring::server_limits(&self.settings));
        let (drained, finish) = tokio::sync::oneshot::channel::<()>();
        // While connections are ended the server still answers: others are told to come back.
        let finish: Stop = Box::pin(async move {
            let _ended = finish.await;
        });
        let draining = async {
            stop.await;
            self.drain(self.settings.server.drain).await;
            drop(drained);
        };
        let (served, ()) = tokio::join!(Box::new(server).serve(finish), draining);
        served
    }

    /// Serves until SIGTERM or SIGINT, then drains; a second signal ends at once.
    ///
    /// # Errors
    /// [`TransportError`] when it cannot serve at all, or signals cannot be listened to.
    pub async fn serve_until_signalled(&self, listener: TcpListener) -> Result<(), TransportError> {
        let mut signals = StopSignals::listen()
            .map_err(|source| TransportError { transport: "signals", source: Box::new(source) })?;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let twice = async {
            signals.next().await;
            tracing::info!("stopping; a second signal ends at once");
            drop(stop);
            signals.next().await;
        };
        let stop: Stop = Box::pin(async move {
            let _told = stopped.await;
        });
        tokio::select! {
            served = self.serve(listener, stop) => served,
            () = twice => Ok(()),
        }
    }

    /// Ends all connections, spread over time; for programs that mounted [`Self::routes`] themselves.
    pub async fn drain(&self, within: Duration) {
        drain(&self.node.hub, &self.node.stage, within).await;
    }
}

impl Drop for MissionControl {
    fn drop(&mut self) {
        self.following.abort();
        self.looking.abort();
    }
}

/// Makes a token without a running server, with the keys that it has.
///
/// # Errors
/// [`OfflineError`].
pub fn offline_token(
    settings: &Settings,
    user: UserId,
    grant: Grant,
    ttl: Duration,
) -> Result<SecretText, OfflineError> {
    let (clock, token_id) = (SystemClock::start(), random_id(&OsEntropy)?);
    let issued_at = clock.wall();
    let token = NewToken { user, grant, issued_at, expires_at: issued_at.plus(ttl), token_id };
    Ok(wiring::issuer(settings)?.issue(&token)?)
}

/// Writes the code of a sign-in link without asking the running server, with the keys that it has.
///
/// ```
/// use mission_control::app::run::offline_sign_in_code;
/// use mission_control::app::settings::{Settings, Sources};
/// use mission_control::domain::id::UserId;
///
/// let secret = "MISSION_CONTROL__AUTH__SECRET".to_owned();
/// let environment = [(secret, "a secret of at least thirty-two bytes".to_owned())].into();
/// let settings = Settings::load(&Sources { environment, ..Sources::default() }).unwrap();
/// let code = offline_sign_in_code(&settings, UserId::parse("ann").unwrap()).unwrap();
/// println!("http://{}/#code={}", settings.server.listen, code.reveal());
/// ```
///
/// # Errors
/// [`OfflineError`].
pub fn offline_sign_in_code(settings: &Settings, user: UserId) -> Result<SecretText, OfflineError> {
    let issuer = wiring::issuer(settings)?;
    Ok(sign_in_code(&issuer, user, random_id(&OsEntropy)?, SystemClock::start().wall())?)
}

/// Looks whether the keys of the settings can be used; the data directory may not be there yet.
///
/// # Errors
/// [`StartError`].
pub fn check_keys(settings: &Settings) -> Result<(), StartError> {
    match wiring::issuer(settings) {
        Err(StartError::KeyFile { source, .. })
            if settings.auth.secret_file.is_none()
                && settings.auth.public_key_file.is_none()
                && source.kind() == std::io::ErrorKind::NotFound =>
        {
            Ok(())
        }
        checked => checked.map(|_| ()),
    }
}

/// Resolves at SIGTERM or SIGINT, which from now on end the process no longer by themselves.
///
/// ```
/// use mission_control::app::run::stop_signal;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let stop = stop_signal()?;
/// tokio::select! {
///     () = stop => println!("asked to stop"),
///     () = async { /* your work */ } => {}
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When the operating system refuses the handler.
pub fn stop_signal() -> std::io::Result<Stop> {
    let mut signals = StopSignals::listen()?;
    Ok(Box::pin(async move { signals.next().await }))
}

/// Why the command line could not make a token.
#[derive(Debug, thiserror::Error)]
pub enum OfflineError {
    /// The server's keys cannot be used.
    #[error(transparent)]
    Keys(#[from] StartError),
    /// There is nothing to sign with.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The operating system gives no random bytes.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}
