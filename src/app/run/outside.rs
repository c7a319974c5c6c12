//! What the command line joins to meet a server from outside: who watches it, reports to it, runs programs for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::adapters::client::{Address, ClientError, ReportClient, WsClient};
use crate::adapters::process::{self, Children, ForUs};
use crate::adapters::spool::{self, SqliteSpool};
use crate::adapters::system::{LeaveSignals, OsEntropy, SystemClock};
use crate::app::outbox::{Outbox, Post};
use crate::app::supervise::{Console, World};
use crate::app::tokens::{NoToken, Tokens};
use crate::app::watch::{Screen, Watch};
use crate::ports::live_source::{AddressError, Ask};
use crate::ports::spool::Other;
use crate::ports::transport::Stop;

/// Somebody who watches the server at this address, which may be on another machine.
///
/// # Errors
/// [`AddressError`] when the address is none.
pub(crate) fn watch<S: Screen>(
    address: &str,
    tokens: Box<dyn Tokens>,
    ask: Ask,
    screen: S,
) -> Result<Watch<S>, AddressError> {
    let source = WsClient::new(address.parse()?);
    Ok(Watch::new(Arc::new(source), tokens, Arc::new(OsEntropy), ask, screen))
}

/// The way out for reports to the server at this address. What waits for it waits in a directory of its own
/// below this one, apart from what waits for other servers or comes from other holders of tokens.
///
/// # Errors
/// [`OutboxError`].
pub(crate) fn outbox(address: &str, tokens: Box<dyn Tokens>, spools: &Path) -> Result<WayOut, OutboxError> {
    let address: Address = address.parse()?;
    let token = tokens.token()?;
    let (own, (user, place)) = (address.spool_name(&token), address.holder(&token));
    let spool = SqliteSpool::new(spools.join(&own), spool::BYTES_MAX).of(&user, &place);
    let sender = ReportClient::new(address)?;
    let outbox = Arc::new(Post::new(
        Arc::new(spool),
        Arc::new(sender),
        tokens,
        Arc::new(SystemClock::start()),
        Arc::new(OsEntropy),
    ));
    Ok(WayOut { outbox, spools: spools.to_owned(), own })
}

/// The way out for reports, and what waits beside it.
pub(crate) struct WayOut {
    pub(crate) outbox: Arc<dyn Outbox>,
    spools: PathBuf,
    own: String,
}

impl WayOut {
    /// What waits in the same place of other holders of tokens, or for other servers.
    pub(crate) fn of_others(&self) -> Vec<Other> {
        spool::others(&self.spools, &self.own)
    }
}

/// Why reports have no way out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutboxError {
    /// There is no token.
    #[error(transparent)]
    NoToken(#[from] NoToken),
    /// There is no such address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// There is no HTTP client.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// What running a program as an agent needs: children, clocks, and the signals that are sent to us, which from
/// now on end the process no longer by themselves.
///
/// # Errors
/// When the operating system refuses the handler.
pub(crate) fn world(outbox: Arc<dyn Outbox>, console: Arc<dyn Console>) -> std::io::Result<World> {
    Ok(World {
        programs: Arc::new(Children),
        signals: Box::new(ForUs::listen()?),
        outbox,
        clock: Arc::new(SystemClock::start()),
        entropy: Arc::new(OsEntropy),
        console,
    })
}

/// Resolves when the terminal is lost, or its user wants out: who draws on it gives it back first.
///
/// # Errors
/// When the operating system refuses the handler.
pub(crate) fn leave_signal() -> std::io::Result<Stop> {
    let mut signals = LeaveSignals::listen()?;
    Ok(Box::pin(async move { signals.next().await }))
}

/// Ends this process by a signal. Comes back where that cannot be: with the exit code that shells use for it.
#[must_use]
pub(crate) fn die_by(signal: i32) -> u8 {
    process::die_by(signal)
}
