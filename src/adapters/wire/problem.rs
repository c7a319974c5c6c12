//! HTTP errors (contract section 7): RFC 9457 problem details, one status for each code.
//!
//! ```
//! use mission_control::adapters::wire::problem::{many, one, status};
//! use mission_control::domain::fault::{Code, Fault};
//!
//! let missing = Fault::new(Code::InvalidValue, "this field is needed").at("/status");
//! let unknown = Fault::new(Code::InvalidValue, "this field is not known here").at("/sttaus");
//! let answer = many(&[missing, unknown], "r7");
//! assert_eq!(answer.status(), 422);
//! assert_eq!(answer.headers()["content-type"], "application/problem+json; charset=utf-8");
//! let body = String::from_utf8(answer.into_body()).unwrap();
//! assert!(body.contains("/sttaus") && body.contains(r#""requestId":"r7""#), "each is listed");
//!
//! let full = one(&Fault::new(Code::FleetFull, "forget an agent, or raise limits.agents"), "r8");
//! assert_eq!(full.status(), status(Code::FleetFull));
//! ```

use http::{HeaderValue, Response, StatusCode, header};
use schemars::JsonSchema;
use serde::Serialize;

use super::words;
use crate::domain::fault::{Code, Fault};

/// The HTTP status of a code.
#[must_use]
pub const fn status(code: Code) -> StatusCode {
    match code {
        Code::InvalidRequest | Code::InvalidJson | Code::AmbiguousCredentials => StatusCode::BAD_REQUEST,
        Code::MissingToken
        | Code::InvalidToken
        | Code::TokenExpired
        | Code::TokenRevoked
        | Code::InvalidTicket
        | Code::InvalidCode
        | Code::NotSignedIn => StatusCode::UNAUTHORIZED,
        Code::ForbiddenScope | Code::ForbiddenAgent | Code::ForbiddenOrigin => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::IdempotencyConflict => StatusCode::CONFLICT,
        Code::CursorExpired => StatusCode::GONE,
        Code::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UriTooLong => StatusCode::URI_TOO_LONG,
        Code::MisdirectedRequest => StatusCode::MISDIRECTED_REQUEST,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::InvalidId
        | Code::InvalidPattern
        | Code::InvalidValue
        | Code::InvalidCursor
        | Code::UnknownType
        | Code::InvalidBatch
        | Code::InvalidFrame => StatusCode::UNPROCESSABLE_ENTITY,
        Code::UpgradeRequired => StatusCode::UPGRADE_REQUIRED,
        Code::RateLimited | Code::TooManyConnections => StatusCode::TOO_MANY_REQUESTS,
        Code::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Code::NotBuilt => StatusCode::NOT_IMPLEMENTED,
        Code::Overloaded | Code::Unavailable | Code::Draining => StatusCode::SERVICE_UNAVAILABLE,
        Code::FleetFull | Code::StoreFull => StatusCode::INSUFFICIENT_STORAGE,
    }
}

/// Why a request was refused (RFC 9457).
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Problem<'a> {
    #[serde(rename = "type")]
    #[schemars(extend("format" = "uri"))]
    kind: String,
    /// What happened, in a few words that are the same for each code.
    title: &'static str,
    #[schemars(range(min = 400, max = 599))]
    status: u16,
    /// What is wrong and what to do, for people.
    detail: &'a str,
    #[schemars(with = "words::Code")]
    code: &'static str,
    /// Stands in the header `X-Request-Id` and on the server's log lines too.
    request_id: &'a str,
    /// Of a 422: each field that is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Item<'a>>,
}

/// What is wrong with one field.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FieldProblem")]
struct Item<'a> {
    #[schemars(with = "words::Pointer")]
    pointer: &'a str,
    #[schemars(with = "words::Code")]
    code: &'static str,
    detail: &'a str,
}

impl<'a> Item<'a> {
    fn of(fault: &'a Fault) -> Self {
        let pointer = fault.pointer.as_deref().unwrap_or("");
        Self { pointer, code: fault.code.as_str(), detail: &fault.detail }
    }
}

/// The whole answer for one fault.
#[must_use]
pub fn one(fault: &Fault, request_id: &str) -> Response<Vec<u8>> {
    many(std::slice::from_ref(fault), request_id)
}

/// The whole answer for some faults of one request. The first gives the status; a 422 lists them all.
#[must_use]
pub fn many(faults: &[Fault], request_id: &str) -> Response<Vec<u8>> {
    let unknown = Fault::new(Code::Internal, "try again");
    let first = faults.first().unwrap_or(&unknown);
    let status = status(first.code);
    let listed = if status == StatusCode::UNPROCESSABLE_ENTITY { faults } else { &[] };
    let problem = Problem {
        kind: format!("urn:mission-control:problem:{}", first.code.as_str()),
        title: first.code.title(),
        status: status.as_u16(),
        detail: &first.detail,
        code: first.code.as_str(),
        request_id,
        errors: listed.iter().map(Item::of).collect(),
    };
    let mut response = Response::new(serde_json::to_vec(&problem).unwrap_or_default());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let problem_json = HeaderValue::from_static("application/problem+json; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, problem_json);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", id);
    }
    match status {
        StatusCode::UNAUTHORIZED => {
            headers.insert(header::WWW_AUTHENTICATE, challenge(first.code));
        }
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::INSUFFICIENT_STORAGE => {
            let wait = first.retry_after.map_or(1, |wait| wait.as_millis().div_ceil(1000).max(1));
            let wait = u64::try_from(wait).unwrap_or(u64::MAX);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
        }
        StatusCode::UPGRADE_REQUIRED => {
            headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        }
        _ => {}
    }
    response
}

/// RFC 6750, section 3: without a credential the challenge says no more than its scheme.
fn challenge(code: Code) -> HeaderValue {
    match code {
        Code::InvalidToken | Code::TokenExpired | Code::TokenRevoked => {
            HeaderValue::from_static(r#"Bearer error="invalid_token""#)
        }
        _ => HeaderValue::from_static("Bearer"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fault::Side;
    use serde_json::{Value, json};
    use std::time::Duration;

    #[test]
    fn every_code_has_a_status_of_its_side() {
        for code in Code::ALL {
            let status = status(*code);
            match code.side() {
                Side::Client => assert!(status.is_client_error(), "{code:?}"),
                Side::Server => assert!(status.is_server_error(), "{code:?}"),
            }
        }
    }

    #[test]
    fn a_problem_names_code_and_request_and_lists_the_fields_of_a_422() {
        let faults = [
            Fault::new(Code::InvalidId, "an id needs at least one character").at("/agentId"),
            Fault::new(Code::InvalidValue, "this field is needed").at("/status"),
        ];
        let response = many(&faults, "r7");
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(
            body,
            json!({
                "type": "urn:mission-control:problem:invalid_id",
                "title": "An id is not valid",
                "status": 422,
                "detail": "an id needs at least one character",
                "code": "invalid_id",
                "requestId": "r7",
                "errors": [
                    {"pointer": "/agentId", "code": "invalid_id", "detail": "an id needs at least one character"},
                    {"pointer": "/status", "code": "invalid_value", "detail": "this field is needed"},
                ],
            })
        );
    }

    #[test]
    fn the_headers_that_go_with_a_status_are_there() {
        let answer = |code: Code| one(&Fault::new(code, "x").retry_after(Duration::from_millis(1500)), "r");
        assert_eq!(answer(Code::MissingToken).headers()["www-authenticate"], "Bearer");
        assert_eq!(answer(Code::RateLimited).headers()["retry-after"], "2");
        assert_eq!(answer(Code::StoreFull).headers()["retry-after"], "2");
        assert_eq!(answer(Code::UpgradeRequired).headers()["sec-websocket-version"], "13");
        assert!(!answer(Code::NotFound).headers().contains_key("retry-after"));
    }
}
