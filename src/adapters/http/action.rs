//! What a path and method ask for. The one table of our routes.

use std::future::ready;

use warp::http::Method;
use warp::path::Tail;
use warp::reject::Reject;
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

    const fn method(self) -> &'static Method {
        match self {
            Self::Get => &Method::GET,
            Self::Post => &Method::POST,
            Self::Delete => &Method::DELETE,
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

impl Route {
    /// The parts of this path that the route leaves open, where the path is the route's. Both without the slash that
    /// they begin with.
    fn read(&self, path: &str) -> Option<Vec<String>> {
        let (mut asked, mut open) = (path.split('/'), Vec::new());
        for part in self.path.split('/').skip(1) {
            let asked = asked.next().filter(|asked| !asked.is_empty())?;
            match part_name(part) {
                None if asked == part => {}
                None => return None,
                Some(_) => open.push(asked.to_owned()),
            }
        }
        asked.next().is_none().then_some(open)
    }
}

/// A path of ours, asked with another method: those that it has.
#[derive(Debug)]
pub(super) struct WrongMethod(pub(super) String);

impl Reject for WrongMethod {}

/// Reads the action of a request out of the path that is left. One look at the table: a filter for each route would try
/// one after the other, and each is a future with others in it for each part of its path.
pub(super) fn action() -> impl Filter<Extract = (Action,), Error = Rejection> + Clone {
    let find = |method: Method, path: Tail| ready(find(&method, path.as_str()));
    warp::method().and(warp::path::tail()).and_then(find)
}

fn find(method: &Method, path: &str) -> Result<Action, Rejection> {
    // Covers every path below `/api`, so another method there is no 405: the path itself may not be there.
    if *method == Method::OPTIONS && path.split('/').next() == Some("api") {
        return Ok(Action::Preflight);
    }
    // One slash at the end does no harm.
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut verbs = Vec::new();
    for route in ROUTES {
        let Some(parts) = route.read(path) else { continue };
        if route.verb.method() == method {
            return route.make.of(parts).ok_or_else(warp::reject::not_found);
        }
        verbs.push(route.verb.method().as_str());
    }
    if verbs.is_empty() { Err(warp::reject::not_found()) } else { Err(WrongMethod(verbs.join(", ")).into()) }
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

    #[test]
    fn a_path_is_ours_as_it_is_written_with_one_slash_more_at_most() {
        let found = |path: &str| find(&Method::GET, path).ok();
        let agent = || Some(Action::Agent("%20".to_owned()));
        assert_eq!([found("api/v1/agents/%20"), found("api/v1/agents/%20/")], [agent(), agent()]);
        for other in [
            "",
            "/",
            "api/v1/agents/%20//",
            "api/v1/agents",
            "api/v1/agents/",
            "api/v1/agents//",
            "api//v1/fleet",
            "/api/v1/fleet",
            "API/v1/fleet",
            "api/v1/agents//events",
            "api/v1/agents/a/b/events",
        ] {
            assert_eq!(found(other), None, "{other}");
        }
        assert_eq!(find(&Method::HEAD, "api/v1/fleet").ok(), None);
    }

    #[test]
    fn another_method_of_a_path_is_told_those_it_has() {
        for (path, methods) in [("api/v1/agents/a", "DELETE, GET"), ("api/v1/reports", "POST")] {
            let rejected = find(&Method::PUT, path).unwrap_err();
            assert_eq!(rejected.find::<WrongMethod>().map(|wrong| &*wrong.0), Some(methods));
        }
        assert!(find(&Method::PUT, "api/v1/nothing").unwrap_err().is_not_found());
        for path in ["api", "api/v1/nothing"] {
            assert_eq!(find(&Method::OPTIONS, path).ok(), Some(Action::Preflight));
        }
        assert!(find(&Method::OPTIONS, "apis").is_err());
    }
}
