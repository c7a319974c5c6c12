//! Answers: JSON bodies, problems, and the headers that go with all of them.

use bytes::Bytes;
use serde::Serialize;
use warp::http::{HeaderValue, StatusCode, header};
use warp::reply::{Reply, Response};

use crate::adapters::wire::problem;
use crate::domain::fault::Fault;

/// A JSON answer.
pub(super) fn json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    text(status, serde_json::to_vec(body).unwrap_or_default())
}

/// An answer whose body is JSON text already.
pub(super) fn text(status: StatusCode, body: impl Into<Bytes>) -> Response {
    let mut response = warp::http::Response::new(body.into()).into_response();
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A document that changes with the build alone.
pub(super) fn document(body: Bytes) -> Response {
    let mut response = text(StatusCode::OK, body);
    let keep = HeaderValue::from_static("public, max-age=300");
    response.headers_mut().insert(header::CACHE_CONTROL, keep);
    response
}

/// An answer without a body.
pub(super) fn empty() -> Response {
    let mut response = text(StatusCode::NO_CONTENT, Vec::new());
    response.headers_mut().remove(header::CONTENT_TYPE);
    response
}

/// A problem.
pub(super) fn fault(fault: &Fault, request_id: &str) -> Response {
    problem::one(fault, request_id).into_response()
}

/// A problem with several faults of one request.
pub(super) fn faults(faults: &[Fault], request_id: &str) -> Response {
    problem::many(faults, request_id).into_response()
}

/// Frames that are JSON text already, as a JSON list.
pub(super) fn list(frames: &[Bytes]) -> Vec<u8> {
    let mut text =
        Vec::with_capacity(frames.iter().map(|frame| frame.len().saturating_add(1)).sum::<usize>() + 2);
    text.push(b'[');
    for (place, frame) in frames.iter().enumerate() {
        if place > 0 {
            text.push(b',');
        }
        text.extend_from_slice(frame);
    }
    text.push(b']');
    text
}
