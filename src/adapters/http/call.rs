//! One request as the routes see it, without its body.

use warp::Filter;
use warp::http::{HeaderMap, Method};
use warp::path::FullPath;

use crate::adapters::wire::caller::{Caller, HangUp};

/// One request without its body. No `Debug`: query and headers may hold tokens.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) caller: Caller,
    pub(super) hang_up: Option<HangUp>,
}

/// Reads a call. In somebody else's server, where no accept loop of ours named the caller, the peer's
/// address is warp's and the request id a number of our own.
pub(super) fn call() -> impl Filter<Extract = (Call,), Error = std::convert::Infallible> + Clone {
    warp::method()
        .and(warp::path::full())
        .and(raw_query())
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Caller>())
        .and(warp::ext::optional::<HangUp>())
        .and(warp::addr::remote())
        .map(
            |method,
             path: FullPath,
             query,
             headers,
             caller: Option<Caller>,
             hang_up,
             remote: Option<std::net::SocketAddr>| {
                let caller = caller.unwrap_or_else(|| Caller::unnamed(remote.map(|remote| remote.ip())));
                Call { method, path: path.as_str().to_owned(), query, headers, caller, hang_up }
            },
        )
}

fn raw_query() -> impl Filter<Extract = (String,), Error = std::convert::Infallible> + Clone {
    warp::query::raw().or(warp::any().map(String::new)).unify()
}
