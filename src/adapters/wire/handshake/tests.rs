//! Handshakes: one credential and never a silent choice, origins, cursors, interests.

mod credentials;
mod fuzz;
mod origins;
mod query;

use http::{HeaderName, HeaderValue};

use super::*;

/// Headers in this order; a name may come more than once.
fn headers(fields: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

fn asked(query: &str) -> StreamQuery {
    StreamQuery::parse(query).unwrap()
}
