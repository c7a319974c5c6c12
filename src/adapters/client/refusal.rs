//! Refusals: an HTTP answer that is not the one that was hoped for.

use std::time::Duration;

use http::{HeaderMap, Response, StatusCode, header};
use serde_json::Value;

use crate::ports::live_source::Ending;
use crate::ports::report_sender::{Refusal, SendError};

/// Longest text of a stranger that is handed on, in characters.
const TEXT_CHARS_MAX: usize = 500;

/// What a handshake was answered with.
pub(super) fn refusal(response: &Response<Option<Vec<u8>>>) -> Ending {
    let body = response.body().as_deref().unwrap_or_default();
    let Refusal { code, detail, retry_after } = read(response.status(), response.headers(), body);
    Ending::Refused { status: response.status().as_u16(), code, detail, retry_after }
}

/// What a batch of reports was answered with.
pub(super) fn of_reports(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> SendError {
    SendError::Refused { status: status.as_u16(), refusal: read(status, headers, body) }
}

/// What a server would say to a token that cannot even be sent.
pub(super) fn not_a_token() -> SendError {
    let detail = "the token has characters that no token has".to_owned();
    let refusal = Refusal { code: "invalid_token".to_owned(), detail, retry_after: None };
    SendError::Refused { status: 401, refusal }
}

/// A text of a stranger, no longer than people read.
pub(super) fn told(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).collect()
}

/// Reads an HTTP answer: a problem of contract section 7, or what a proxy made of it.
fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Refusal {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| told(problem.get(name).and_then(Value::as_str).unwrap_or_default());
    let code = text("code");
    let detail = match text("detail") {
        _ if status.is_redirection() => "it is somewhere else; give the address where it is".to_owned(),
        detail if detail.is_empty() && code.is_empty() => {
            let name = status.canonical_reason().unwrap_or("no reason given");
            format!("{name}; this may not be the address of a Mission Control server")
        }
        detail => detail,
    };
    let seconds = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = seconds.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    Refusal { code, detail, retry_after }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Ending {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        refusal(&response.body(Some(body.as_bytes().to_vec())).unwrap())
    }

    #[test]
    fn a_problem_is_told_by_its_code_and_detail() {
        let body = r#"{"code":"draining","detail":"come back soon","status":503}"#;
        let expected = Ending::Refused {
            status: 503,
            code: "draining".to_owned(),
            detail: "come back soon".to_owned(),
            retry_after: Some(Duration::from_secs(7)),
        };
        assert_eq!(answer(503, &[("Retry-After", " 7")], body), expected);
    }

    #[test]
    fn what_is_no_problem_says_that_the_address_may_be_wrong() {
        for body in ["", "<html>", "[1]", "{\"code\":7}"] {
            let Ending::Refused { status: 404, code, detail, retry_after: None } =
                answer(404, &[("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT")], body)
            else {
                panic!("{body}")
            };
            assert_eq!(code, "");
            assert!(detail.starts_with("Not Found; this may not be the address"), "{detail}");
        }
    }

    #[test]
    fn a_redirection_is_not_followed_and_a_long_text_is_cut() {
        let moved = answer(302, &[("Location", "http://elsewhere/")], "").to_string();
        assert!(moved.contains("302") && moved.contains("give the address where it is"), "{moved}");
        let long = format!(r#"{{"code":"x","detail":"{}"}}"#, "é".repeat(10_000));
        let Ending::Refused { detail, .. } = answer(400, &[], &long) else { panic!() };
        assert_eq!(detail.chars().count(), TEXT_CHARS_MAX);
    }
}
