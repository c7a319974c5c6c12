//! HTTP with warp: the routes, and the accept loop on hyper's http1 builder that serves them.
//!
//! Warp is the router. Its own server is not used: it has no head timeout, no connection cap and
//! answers HTTP/2 nobody asked for. [`routes`] also mounts into somebody else's `warp::serve`.

mod action;
mod answer;
mod body;
mod call;
mod dispatch;
mod limits;
mod openapi;
mod recover;
mod routes;
mod server;

pub use limits::HttpLimits;
pub use routes::routes;
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
pub struct Api {
    /// Who may come in.
    pub gate: Arc<dyn Gate>,
    /// What a reporter may do.
    pub intake: Arc<dyn Intake>,
    /// What a watcher may read.
    pub reads: Arc<dyn Reads>,
    /// What an admin may do.
    pub admin: Arc<dyn Admin>,
    /// How a browser signs in.
    pub sign_in: Arc<dyn SignIn>,
    /// Whether the node can serve.
    pub health: Arc<dyn Health>,
    /// Which web pages may ask.
    pub origins: OriginRule,
    /// The sizes and times of requests.
    pub limits: HttpLimits,
}
