//! What a path and method ask for. The one table of our routes.

use warp::filters::BoxedFilter;
use warp::http::Method;
use warp::{Filter, Rejection, path};

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    Status {
        agent: String,
    },
    Lifecycle {
        agent: String,
    },
    Activity {
        agent: String,
        session: String,
    },
    Heartbeat {
        agent: String,
    },
    Batch,
    Forget {
        agent: String,
    },
    Fleet,
    Agent {
        agent: String,
    },
    Events,
    AgentEvents {
        agent: String,
    },
    Connections,
    Disconnect {
        connection: String,
    },
    Revoke,
    Ticket,
    SignIn,
    SessionToken,
    SignOut,
    Alive,
    Ready,
    Preflight,
    /// Named by the contract, not built yet.
    NotBuilt(&'static str),
}

type Route = BoxedFilter<(Action,)>;

fn any_of(routes: impl IntoIterator<Item = Route>) -> Option<Route> {
    routes.into_iter().reduce(|one, other| one.or(other).unify().boxed())
}

/// Reads the action of a request.
pub(super) fn action() -> Route {
    let nothing =
        || warp::any().and_then(|| async { Err::<Action, Rejection>(warp::reject::not_found()) }).boxed();
    let groups = [reports(), reads(), people(), later()];
    any_of(groups.into_iter().flatten()).unwrap_or_else(nothing)
}

fn reports() -> Option<Route> {
    any_of([
        path!("api" / "v1" / "agents" / String / "status")
            .and(warp::post())
            .map(|agent| Action::Status { agent })
            .boxed(),
        path!("api" / "v1" / "agents" / String / "lifecycle")
            .and(warp::post())
            .map(|agent| Action::Lifecycle { agent })
            .boxed(),
        path!("api" / "v1" / "agents" / String / "sessions" / String / "activity")
            .and(warp::post())
            .map(|agent, session| Action::Activity { agent, session })
            .boxed(),
        path!("api" / "v1" / "agents" / String / "heartbeat")
            .and(warp::post())
            .map(|agent| Action::Heartbeat { agent })
            .boxed(),
        path!("api" / "v1" / "reports").and(warp::post()).map(|| Action::Batch).boxed(),
        path!("api" / "v1" / "agents" / String)
            .and(warp::delete())
            .map(|agent| Action::Forget { agent })
            .boxed(),
    ])
}

fn reads() -> Option<Route> {
    any_of([
        path!("api" / "v1" / "fleet").and(warp::get()).map(|| Action::Fleet).boxed(),
        path!("api" / "v1" / "agents" / String).and(warp::get()).map(|agent| Action::Agent { agent }).boxed(),
        path!("api" / "v1" / "events").and(warp::get()).map(|| Action::Events).boxed(),
        path!("api" / "v1" / "agents" / String / "events")
            .and(warp::get())
            .map(|agent| Action::AgentEvents { agent })
            .boxed(),
        path!("healthz").and(warp::get()).map(|| Action::Alive).boxed(),
        path!("readyz").and(warp::get()).map(|| Action::Ready).boxed(),
    ])
}

fn people() -> Option<Route> {
    any_of([
        path!("api" / "v1" / "connections").and(warp::get()).map(|| Action::Connections).boxed(),
        path!("api" / "v1" / "connections" / String)
            .and(warp::delete())
            .map(|connection| Action::Disconnect { connection })
            .boxed(),
        path!("api" / "v1" / "revocations").and(warp::post()).map(|| Action::Revoke).boxed(),
        path!("api" / "v1" / "tickets").and(warp::post()).map(|| Action::Ticket).boxed(),
        path!("api" / "v1" / "sign-in").and(warp::post()).map(|| Action::SignIn).boxed(),
        path!("api" / "v1" / "session-token").and(warp::post()).map(|| Action::SessionToken).boxed(),
        path!("api" / "v1" / "sign-out").and(warp::post()).map(|| Action::SignOut).boxed(),
        warp::path!("api" / ..).and(warp::method()).and_then(preflight).boxed(),
    ])
}

/// Covers every path below `/api`, so another method here is no 405: the path itself may not be there.
async fn preflight(method: Method) -> Result<Action, Rejection> {
    if method == Method::OPTIONS { Ok(Action::Preflight) } else { Err(warp::reject::not_found()) }
}

/// What the contract names and a later version brings: refused by name, so that nobody waits for it.
fn later() -> Option<Route> {
    any_of([
        path!("api" / "v1" / "openapi.json")
            .and(warp::get())
            .map(|| Action::NotBuilt("the OpenAPI document"))
            .boxed(),
        path!("api" / "v1" / "asyncapi.json")
            .and(warp::get())
            .map(|| Action::NotBuilt("the AsyncAPI document"))
            .boxed(),
        path!("metrics").and(warp::get()).map(|| Action::NotBuilt("the metrics page")).boxed(),
    ])
}
