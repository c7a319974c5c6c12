//! The routes as one warp filter.

use std::convert::Infallible;
use std::sync::Arc;

use tracing::Instrument;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::HeaderValue;
use warp::reply::Response;

use super::action::action;
use super::call::{Call, call};
use super::dispatch::dispatch;
use super::{Api, recover};
use crate::adapters::wire::caller::Caller;
use crate::domain::fault::{Code, Fault};

/// Every route of the API beside `others` (the live transports, the page), answering every request: what none of them
/// takes is a 404 or 405 problem.
pub(crate) fn routes(api: Arc<Api>, others: BoxedFilter<(Response,)>) -> BoxedFilter<(Response,)> {
    let ours = action()
        .and(call())
        .and(warp::body::stream())
        .and_then(move |action, call: Call, body| {
            let api = Arc::clone(&api);
            let span = tracing::info_span!("request", request_id = call.caller.request_id);
            async move { Ok::<_, warp::Rejection>(dispatch(&api, action, call, body).await) }.instrument(span)
        })
        .boxed();
    // The few others first: a handshake is the dearest request, and looks at no route, call or body of the API so.
    let all = others.or(ours).unify();
    warp::ext::optional::<Caller>()
        .and(all.map(Ok).or_else(|rejection| async move { Ok::<_, Infallible>((Err(rejection),)) }))
        .map(|caller: Option<Caller>, response: Result<Response, warp::Rejection>| {
            let caller = caller.unwrap_or_else(|| Caller::unnamed(None));
            let mut response = response.unwrap_or_else(|rejection| recover::refuse(&rejection, &caller));
            if !response.headers().contains_key("x-request-id")
                && let Ok(id) = HeaderValue::from_str(&caller.request_id)
            {
                response.headers_mut().insert("x-request-id", id);
            }
            response
        })
        .boxed()
}

/// What a page of another origin is told when it may not ask.
pub(super) fn wrong_page() -> Fault {
    Fault::new(Code::ForbiddenOrigin, "add the page's origin to server.allowed_origins")
}
