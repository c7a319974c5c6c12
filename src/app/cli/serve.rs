//! `serve`: runs the server until it is told to stop.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

use super::Process;
use super::args::ServeArgs;
use super::load::{load, url};
use super::output::{Failure, say};
use crate::app::run::MissionControl;
use crate::app::settings::{Durability, LogKind, Settings};
use crate::app::telemetry;
use crate::domain::id::UserId;

/// The user of the link that is printed at start.
pub(super) const OWNER: &str = "owner";
/// Tasks that are polled before the runtime looks for what came from sockets and other threads. With many handshakes under way
/// its own default lets an event wait for all of them, at each step of its way.
const LOOK_AFTER: u32 = 8;
/// Connections that wait in the system until they are accepted; it may allow fewer.
const BACKLOG: u32 = 16_384;

pub(super) fn run(args: &ServeArgs, process: &Process) -> Result<(), Failure> {
    let settings = load(process, args.settings.place.config.clone(), args.settings.flags())?;
    telemetry::init(&settings.telemetry, process.environment.get("RUST_LOG").map(String::as_str))?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.event_interval(LOOK_AFTER).global_queue_interval(LOOK_AFTER);
    let runtime = runtime.enable_all().build()?;
    runtime.block_on(serve(settings, args.new_epoch))
}

async fn serve(settings: Settings, new_epoch: bool) -> Result<(), Failure> {
    let address = settings.server.listen;
    let listener = listen(address).map_err(|error| {
        Failure::new(format_args!(
            "cannot listen on {address}: {error}. Choose another address with --listen"
        ))
    })?;
    // The system chose a port where the settings left it open.
    let mut bound = settings.clone();
    bound.server.listen = listener.local_addr()?;
    let control = MissionControl::builder(settings).new_epoch(new_epoch).start().await?;
    greet(&control, &bound);
    Ok(control.serve_until_signalled(listener).await?)
}

/// As tokio's own, but with room for a herd: who does not fit tries again after a second.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn greet(control: &MissionControl, settings: &Settings) {
    let address = url(None, settings);
    say(&format!("Mission Control is running at {address}"));
    let code = UserId::parse(OWNER).ok().and_then(|owner| control.sign_in_code(owner).ok());
    match code {
        // Only the proxy knows by which name people reach it, and the cookie is for https alone.
        Some(_) if settings.server.behind_tls_proxy => {
            say("  page   sign in by: mission-control link --url https://THE-PROXYS-NAME");
        }
        Some(code) => {
            say(&format!("  page   {address}/#code={}", code.reveal()));
            say("         this link signs in once, within 10 minutes; for another: mission-control link");
        }
        None => say("  page   sign-in is off: there is no secret to sign with, only a public key"),
    }
    say(&format!("  data   {}", settings.server.data_dir.display()));
    say(match (settings.log.kind, settings.log.durability) {
        (LogKind::Memory, _) => "  log    in memory: what happened is forgotten when the server stops",
        (LogKind::Disk | LogKind::Nats, Durability::Fsync) => {
            "  log    on disk: what was answered outlives a crash"
        }
        (LogKind::Disk | LogKind::Nats, Durability::Os) => {
            "  log    on disk, when the system likes: a power cut may lose what was answered (log.durability = os)"
        }
    });
    if let Some(why) = control.new_epoch() {
        say(&format!("         a NEW EPOCH begins, every screen starts anew: {why}"));
    }
}
