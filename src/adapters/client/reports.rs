//! Sends reports over HTTP: the `ReportSender` port with reqwest.

#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use reqwest::Client;
use reqwest::redirect::Policy;
use serde::Deserialize;
use tokio::time::timeout;

use super::address::Address;
use super::refusal::{self, told};
use crate::adapters::wire::outgoing::Item;
use crate::ports::report_sender::{Answer, Outgoing, Refusal, ReportSender, SendError};
use crate::ports::token_verifier::SecretText;

/// Most reports of one request (contract section 3).
const REPORTS_MAX: usize = 1_000;
/// How large a request may grow, in bytes; a server takes 512 KiB (contract section 9).
const REQUEST_BYTES_MAX: usize = 384 * 1024;
/// How large an answer may be, in bytes: some hundred for each report.
const ANSWER_BYTES_MAX: usize = 2 * 1024 * 1024;

/// A server that takes reports. Redirections are not followed: a token is for the one it was given for.
/// Proxies of the environment are not used either, as the live stream does not.
#[derive(Debug, Clone)]
pub struct ReportClient {
    address: Address,
    client: Client,
}

/// The HTTP client cannot be made: the certificates of the system cannot be read, for one.
#[derive(Debug, thiserror::Error)]
#[error("cannot make an HTTP client")]
pub struct ClientError(#[source] reqwest::Error);

impl ReportClient {
    /// The server at this address.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn new(address: Address) -> Result<Self, ClientError> {
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().map_err(ClientError)?;
        Ok(Self { address, client })
    }

    async fn post(&self, body: String, bearer: HeaderValue) -> Result<(StatusCode, Answered), SendError> {
        let request = self.client.post(self.address.reports());
        let request = request.header(header::AUTHORIZATION, bearer);
        let request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        let mut response = request.send().await.map_err(|error| unreachable(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
            if body.len().saturating_add(chunk.len()) > ANSWER_BYTES_MAX {
                return Err(no_answer("its answer is too long"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((status, Answered { headers, body: body.into() }))
    }
}

/// What came back, besides its status.
struct Answered {
    headers: http::HeaderMap,
    body: Bytes,
}

#[derive(Deserialize)]
struct Results {
    results: Vec<Said>,
}

/// One answer of a batch. Fields that are not known are left alone: a newer server is no stranger.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    applied: bool,
    #[serde(default)]
    changed: bool,
    seq: Option<u64>,
    code: Option<String>,
    detail: Option<String>,
    pointer: Option<String>,
    retry_ms: Option<u64>,
}

impl Said {
    fn answer(self) -> Option<Answer> {
        match (self.seq, self.code) {
            (Some(seq), None) => Some(Answer::Taken { applied: self.applied, changed: self.changed, seq }),
            (None, Some(code)) => {
                let place = self.pointer.map(|at| format!(" ({at})")).unwrap_or_default();
                Some(Answer::Refused(Refusal {
                    code: told(&code),
                    detail: told(&format!("{}{place}", self.detail.unwrap_or_default())),
                    retry_after: self.retry_ms.map(Duration::from_millis),
                }))
            }
            _ => None,
        }
    }
}

#[async_trait]
impl ReportSender for ReportClient {
    async fn send(
        &self,
        reports: &[Outgoing],
        token: &SecretText,
        within: Duration,
    ) -> Result<Vec<Answer>, SendError> {
        let Ok(mut bearer) = HeaderValue::from_str(&format!("Bearer {}", token.reveal())) else {
            return Err(refusal::not_a_token());
        };
        bearer.set_sensitive(true);
        let (count, body) = batch(reports);
        let late = || no_answer(&format!("there was no answer within {:.1} s", within.as_secs_f32()));
        let posted = timeout(within, self.post(body, bearer)).await.map_err(|_| late())?;
        let (status, answered) = posted?;
        if status != StatusCode::OK {
            return Err(refusal::of_reports(status, &answered.headers, &answered.body));
        }
        let strange = || no_answer("its answer is not that of a Mission Control server");
        let Results { results } = serde_json::from_slice(&answered.body).map_err(|_| strange())?;
        let answers: Option<Vec<Answer>> = results.into_iter().map(Said::answer).collect();
        answers.filter(|answers| answers.len() == count).ok_or_else(strange)
    }
}

/// As many from the beginning as one request takes, as JSON.
fn batch(reports: &[Outgoing]) -> (usize, String) {
    let (mut count, mut body) = (0_usize, String::from("["));
    for report in reports.iter().take(REPORTS_MAX) {
        // Only maps with keys that are no texts and failing writers make serde_json fail; there are neither here.
        let item = serde_json::to_string(&Item::of(report)).unwrap_or_default();
        if count > 0 {
            if body.len().saturating_add(item.len()) > REQUEST_BYTES_MAX {
                break;
            }
            body.push(',');
        }
        body.push_str(&item);
        count = count.saturating_add(1);
    }
    body.push(']');
    (count, body)
}

fn no_answer(how: &str) -> SendError {
    SendError::Unreachable(how.to_owned())
}

/// The innermost cause is what people can do something about.
fn unreachable(error: &reqwest::Error) -> SendError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    no_answer(&told(&cause.to_string()))
}
