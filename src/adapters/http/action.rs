//! What a path and method ask for. The one table of our routes.

use warp::filters::BoxedFilter;
use warp::http::Method;
use warp::{Filter, Rejection};

/// What a request asks for; the texts are parts of its path, still percent-encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// Of an agent.
    Status(String),
    /// Of an agent.
    Lifecycle(String),
    /// Of an agent's session.
    Activity(String, String),
    /// Of an agent.
    Heartbeat(String),
    Batch,
    /// An agent.
    Forget(String),
    Fleet,
    /// This one.
    Agent(String),
    Events,
    /// Of an agent.
    AgentEvents(String),
    Connections,
    /// A connection.
    Disconnect(String),
    Revoke,
    Ticket,
    SignIn,
    SessionToken,
    SignOut,
    Alive,
    Ready,
    OpenApi,
    /// The AsyncAPI document.
    AsyncApi,
    Preflight,
    /// Named by the contract, not built yet.
    NotBuilt(&'static str),
}

/// The methods of our routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
    Delete,
}

impl Verb {
    /// As the documents of an API write it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Delete => "delete",
        }
    }

    fn filter(self) -> BoxedFilter<()> {
        match self {
            Self::Get => warp::get().boxed(),
            Self::Post => warp::post().boxed(),
            Self::Delete => warp::delete().boxed(),
        }
    }
}

/// How an action is made of the parts of its path.
#[derive(Debug, Clone, Copy)]
pub(super) enum Make {
    Of0(fn() -> Action),
    Of1(fn(String) -> Action),
    Of2(fn(String, String) -> Action),
}

impl Make {
    /// The action, where there are as many parts as it is made of.
    pub(super) fn of(self, parts: Vec<String>) -> Option<Action> {
        let mut parts = parts.into_iter();
        let action = match self {
            Self::Of0(make) => make(),
            Self::Of1(make) => make(parts.next()?),
            Self::Of2(make) => make(parts.next()?, parts.next()?),
        };
        parts.next().is_none().then_some(action)
    }
}

/// A method and a path, and what they ask for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route {
    pub(super) verb: Verb,
    /// Written as the documents of an API write it: `{name}` stands for a part that may be anything.
    pub(super) path: &'static str,
    pub(super) make: Make,
}

use Make::{Of0, Of1, Of2};
use Verb::{Delete, Get, Post};

/// Every route.
#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    route(Post,   "/api/v1/agents/{agentId}/status",                         Of1(Action::Status)),
    route(Post,   "/api/v1/agents/{agentId}/lifecycle",                      Of1(Action::Lifecycle)),
    route(Post,   "/api/v1/agents/{agentId}/sessions/{sessionId}/activity",  Of2(Action::Activity)),
    route(Post,   "/api/v1/agents/{agentId}/heartbeat",                      Of1(Action::Heartbeat)),
    route(Post,   "/api/v1/reports",                                         Of0(|| Action::Batch)),
    route(Delete, "/api/v1/agents/{agentId}",                                Of1(Action::Forget)),
    route(Get,    "/api/v1/fleet",                                           Of0(|| Action::Fleet)),
    route(Get,    "/api/v1/agents/{agentId}",                                Of1(Action::Agent)),
    route(Get,    "/api/v1/events",                                          Of0(|| Action::Events)),
    route(Get,    "/api/v1/agents/{agentId}/events",                         Of1(Action::AgentEvents)),
    route(Get,    "/healthz",                                                Of0(|| Action::Alive)),
    route(Get,    "/readyz",                                                 Of0(|| Action::Ready)),
    route(Get,    "/api/v1/connections",                                     Of0(|| Action::Connections)),
    route(Delete, "/api/v1/connections/{connectionId}",                      Of1(Action::Disconnect)),
    route(Post,   "/api/v1/revocations",                                     Of0(|| Action::Revoke)),
    route(Post,   "/api/v1/tickets",                                         Of0(|| Action::Ticket)),
    route(Post,   "/api/v1/sign-in",                                         Of0(|| Action::SignIn)),
    route(Post,   "/api/v1/session-token",                                   Of0(|| Action::SessionToken)),
    route(Post,   "/api/v1/sign-out",                                        Of0(|| Action::SignOut)),
    route(Get,    "/api/v1/openapi.json",                                    Of0(|| Action::OpenApi)),
    // What the contract names and a later version brings: refused by name, so that nobody waits for it.
    route(Get,    "/api/v1/asyncapi.json",                  Of0(|| Action::AsyncApi)),
    route(Get,    "/metrics",                               Of0(|| Action::NotBuilt("the metrics page"))),
];

const fn route(verb: Verb, path: &'static str, make: Make) -> Route {
    Route { verb, path, make }
}

/// The name of a part of a path that may be anything.
pub(super) fn part_name(part: &'static str) -> Option<&'static str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

/// The methods of a path. What other adapters serve beside our routes is there to be read.
pub(super) fn methods(path: &str) -> String {
    let is_one = |route: &&Route| {
        let mut parts = path.split('/');
        let fits = |part| parts.next().is_some_and(|asked| asked == part || part_name(part).is_some());
        route.path.split('/').all(fits) && parts.next().is_none()
    };
    let words: Vec<String> =
        ROUTES.iter().filter(is_one).map(|route| route.verb.word().to_uppercase()).collect();
    if words.is_empty() { "GET".to_owned() } else { words.join(", ") }
}

/// Reads the action of a request.
pub(super) fn action() -> BoxedFilter<(Action,)> {
    // Covers every path below `/api`, so another method here is no 405: the path itself may not be there.
    let preflight = warp::path!("api" / ..).and(warp::method()).and_then(preflight).boxed();
    ROUTES.iter().map(filter).fold(preflight, |one, other| other.or(one).unify().boxed())
}

fn filter(route: &Route) -> BoxedFilter<(Action,)> {
    let Route { verb, path, make } = *route;
    let any = warp::any().map(Vec::new).boxed();
    let parts =
        path.split('/').filter(|part| !part.is_empty()).fold(any, |before, part| match part_name(part) {
            None => before.and(warp::path(part)).boxed(),
            Some(_) => before.and(warp::path::param::<String>()).map(with).boxed(),
        });
    let read = parts.and(warp::path::end()).and(verb.filter());
    read.and_then(move |parts| async move { make.of(parts).ok_or_else(warp::reject::not_found) }).boxed()
}

fn with(mut parts: Vec<String>, part: String) -> Vec<String> {
    parts.push(part);
    parts
}

async fn preflight(method: Method) -> Result<Action, Rejection> {
    if method == Method::OPTIONS { Ok(Action::Preflight) } else { Err(warp::reject::not_found()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts of a route's path that may be anything, as they are written there.
    fn parts(route: &Route) -> Vec<String> {
        route.path.split('/').filter(|part| part_name(part).is_some()).map(str::to_owned).collect()
    }

    #[test]
    fn every_path_names_as_many_parts_as_its_action_is_made_of() {
        for route in ROUTES {
            let parts = parts(route);
            assert!(route.make.of(parts.clone()).is_some(), "{}", route.path);
            assert!(route.make.of([parts, vec!["more".to_owned()]].concat()).is_none(), "{}", route.path);
        }
    }

    #[test]
    fn no_route_is_there_twice() {
        for (at, route) in ROUTES.iter().enumerate() {
            let again =
                ROUTES.iter().skip(at + 1).any(|other| (other.verb, other.path) == (route.verb, route.path));
            assert!(!again, "{:?} {}", route.verb, route.path);
        }
    }

    #[tokio::test]
    async fn a_request_is_read_as_its_route_says() {
        let action = action();
        for route in ROUTES {
            let read = warp::test::request().method(&route.verb.word().to_uppercase()).path(route.path);
            assert_eq!(read.filter(&action).await.ok(), route.make.of(parts(route)), "{}", route.path);
        }
    }
}
