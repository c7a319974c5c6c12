//! The answer around a file: fingerprint check and the headers that fence the page in.
//!
//! Ring: adapter (warp's http types). The same headers go on every file, a 304 included, so none can be opened on
//! its own in a weaker context.

use std::borrow::Cow;

use warp::http::StatusCode;
use warp::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use warp::reply::{Reply, Response};

use super::embed::Asset;

/// The page may run its own scripts and styles, load its own pictures and talk to its own origin; nothing more.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                              connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const FENCE: [(HeaderName, &str); 4] = [
    (CONTENT_SECURITY_POLICY, CONTENT_POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    // Keep a copy, but ask each time: a new binary shows at the next load, an unchanged one costs a 304.
    (CACHE_CONTROL, "no-cache"),
];

/// The file, or a 304 when the browser already holds it.
pub(super) fn answer(asset: Asset, if_none_match: Option<&str>) -> Response {
    let held = if_none_match.is_some_and(|tags| matches(tags, &asset.etag));
    let mut response = if held { StatusCode::NOT_MODIFIED.into_response() } else { whole(asset.body) };
    let headers = response.headers_mut();
    for (name, value) in FENCE {
        headers.insert(name, HeaderValue::from_static(value));
    }
    insert_text(headers, ETAG, &asset.etag);
    if held {
        headers.remove(CONTENT_TYPE);
    } else {
        insert_text(headers, CONTENT_TYPE, &asset.content_type);
    }
    response
}

fn whole(body: Cow<'static, [u8]>) -> Response {
    match body {
        Cow::Borrowed(bytes) => bytes.into_response(),
        Cow::Owned(bytes) => bytes.into_response(),
    }
}

/// Our values are visible ASCII; one that were not would be left out rather than break the answer.
fn insert_text(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// RFC 9110 section 13.1.2: a list of tags compared weakly, or `*`.
fn matches(tags: &str, etag: &str) -> bool {
    tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}
