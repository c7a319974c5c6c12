//! What no route took.

use warp::http::{HeaderValue, header};
use warp::reject::{MethodNotAllowed, Rejection};
use warp::reply::Response;

use super::action::WrongMethod;
use super::answer;
use crate::adapters::wire::caller::Caller;
use crate::domain::fault::{Code, Fault};

/// Answers a request that no route took: 405 where only the method is wrong, else 404.
pub(super) fn refuse(rejection: &Rejection, caller: &Caller) -> Response {
    let methods = match (rejection.find::<WrongMethod>(), rejection.find::<MethodNotAllowed>()) {
        (Some(ours), _) => &*ours.0,
        // What other adapters serve beside our routes is there to be read.
        (None, Some(_)) => "GET",
        (None, None) => {
            let fault = Fault::new(Code::NotFound, "the documentation of the API lists the paths");
            return answer::fault(&fault, &caller.request_id);
        }
    };
    let fault =
        Fault::new(Code::MethodNotAllowed, "the documentation of the API lists the methods of each path");
    let mut response = answer::fault(&fault, &caller.request_id);
    if let Ok(methods) = HeaderValue::from_str(methods) {
        response.headers_mut().insert(header::ALLOW, methods);
    }
    response
}
