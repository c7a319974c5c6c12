//! HTTP with warp: the routes, and the accept loop on hyper's http1 builder that serves them.
//!
//! Warp is the router. Its own server is not used: it has no head timeout, no connection cap and
//! answers HTTP/2 nobody asked for. `routes` also mounts into somebody else's `warp::serve`.
//!
//! ```
//! use mission_control::adapters::http::{HttpServer, ServerLimits};
//! use mission_control::ports::transport::{Stop, Transport};
//! use std::{sync::Arc, time::Duration};
//! use tokio::net::TcpListener;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use mission_control::app::{run::MissionControl, settings::{Settings, Sources}};
//! # let secret = "MISSION_CONTROL__AUTH__SECRET".to_owned();
//! # let in_memory = ("MISSION_CONTROL__LOG__KIND".to_owned(), "memory".to_owned());
//! # let environment = [(secret, "a secret of at least thirty-two bytes".to_owned()), in_memory].into();
//! # let settings = Settings::load(&Sources { environment, ..Sources::default() })?;
//! # let control = MissionControl::start(settings.clone()).await?;
//! // What `MissionControl::serve` does, with limits of your own.
//! let limits = ServerLimits {
//!     connections: 100,
//!     head_time: Duration::from_secs(10),
//!     head_bytes: 16 * 1024,
//!     head_fields: 64,
//!     uri_bytes: 4 * 1024,
//!     trusts: Arc::new(|_| false),
//!     hosts: None,
//! };
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let server = HttpServer::new(listener, control.routes(), limits);
//! let at_once: Stop = Box::pin(async {});
//! Box::new(server).serve(at_once).await?;
//! # Ok(())
//! # }
//! ```

mod action;
mod answer;
mod asyncapi;
mod body;
mod call;
mod dispatch;
mod limits;
mod openapi;
mod recover;
mod routes;
mod server;

pub(crate) use limits::HttpLimits;
pub(crate) use routes::routes;
pub use server::{HttpServer, ServerLimits};

use std::sync::Arc;

use crate::adapters::wire::handshake::OriginRule;
use crate::ports::admin::Admin;
use crate::ports::gate::Gate;
use crate::ports::health::Health;
use crate::ports::intake::Intake;
use crate::ports::reads::Reads;
use crate::ports::sign_in::SignIn;

/// What the routes call, and the rules they keep.
pub(crate) struct Api {
    /// Who may come in.
    pub(crate) gate: Arc<dyn Gate>,
    /// What a reporter may do.
    pub(crate) intake: Arc<dyn Intake>,
    /// What a watcher may read.
    pub(crate) reads: Arc<dyn Reads>,
    /// What an admin may do.
    pub(crate) admin: Arc<dyn Admin>,
    /// How a browser signs in.
    pub(crate) sign_in: Arc<dyn SignIn>,
    /// Whether the node can serve.
    pub(crate) health: Arc<dyn Health>,
    /// Which web pages may ask.
    pub(crate) origins: OriginRule,
    /// The sizes and times of requests.
    pub(crate) limits: HttpLimits,
}
