//! What no route took.

use warp::reject::{MethodNotAllowed, Rejection};
use warp::reply::Response;

use super::answer;
use crate::adapters::wire::caller::Caller;
use crate::domain::fault::{Code, Fault};

/// Answers a request that no route took: 405 where only the method is wrong, else 404.
pub(super) fn refuse(rejection: &Rejection, caller: &Caller) -> Response {
    let fault = if rejection.find::<MethodNotAllowed>().is_some() {
        Fault::new(Code::MethodNotAllowed, "the documentation of the API lists the methods of each path")
    } else {
        Fault::new(Code::NotFound, "the documentation of the API lists the paths")
    };
    answer::fault(&fault, &caller.request_id)
}
