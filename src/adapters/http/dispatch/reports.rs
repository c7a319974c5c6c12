//! Reports in (contract section 3).

use futures_util::Stream;
use schemars::JsonSchema;
use serde::Serialize;
use warp::Buf;
use warp::http::StatusCode;

use super::{Outcome, body_of, holder, only, part};
use crate::adapters::http::call::Call;
use crate::adapters::http::{Api, answer};
use crate::adapters::wire::report::{self, Kind, Target};
use crate::adapters::wire::wait::retry_ms;
use crate::adapters::wire::words;
use crate::domain::fault::{Code, Fault};
use crate::domain::grant::Scope;
use crate::domain::id::AgentId;
use crate::ports::event_log::Receipt;

/// What became of a report, once its events are kept.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::adapters::http) struct Accepted<'a> {
    /// False for a late report: it changed nothing.
    applied: bool,
    /// Whether it made events.
    changed: bool,
    #[schemars(with = "words::Epoch")]
    epoch: &'a str,
    /// That of its last event, or the head's where it made none.
    seq: u64,
}

impl<'a> Accepted<'a> {
    fn of(receipt: &'a Receipt) -> Self {
        let Receipt { applied, changed, epoch, seq } = receipt;
        Self { applied: *applied, changed: *changed, epoch: epoch.as_str(), seq: seq.get() }
    }
}

/// Why an item of a batch was refused.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Refused<'a> {
    #[schemars(extend("const" = false))]
    applied: bool,
    #[schemars(with = "words::Code")]
    code: &'static str,
    /// What is wrong and what to do, for people.
    detail: &'a str,
    /// The field it lies in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "words::Pointer")]
    pointer: Option<&'a str>,
    /// After how long trying again makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    retry_ms: Option<u64>,
}

impl<'a> Refused<'a> {
    fn of(fault: &'a Fault) -> Self {
        Self {
            applied: false,
            code: fault.code.as_str(),
            detail: &fault.detail,
            pointer: fault.pointer.as_deref(),
            retry_ms: fault.retry_after.map(retry_ms),
        }
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
enum Item<'a> {
    Accepted(Accepted<'a>),
    Refused(Refused<'a>),
}

/// What became of each report of a batch, in their order.
#[derive(Serialize, JsonSchema)]
pub(in crate::adapters::http) struct Results<'a> {
    results: Vec<Item<'a>>,
}

/// One report whose kind and agent the path names.
pub(super) async fn single<B: Buf>(
    api: &Api,
    call: &Call,
    body: impl Stream<Item = Result<B, warp::Error>>,
    kind: Kind,
    agent: &str,
    session: Option<&str>,
) -> Outcome {
    let by = holder(api, call, Scope::Report).await?;
    let (agent, session) = (part(agent)?, session.map(part).transpose()?);
    let key = key(call)?;
    let bodiless = kind == Kind::Heartbeat && !call.headers.contains_key(warp::http::header::CONTENT_TYPE);
    let body =
        if bodiless { Vec::new() } else { body_of(api, call, &by, body, api.limits.body_bytes).await? };
    let target = Target { kind, agent: &agent, session: session.as_deref() };
    let submission = report::single(target, &body, key, &api.limits.reports)?;
    let results = api.intake.report(&by, vec![submission]).await.map_err(only)?;
    let result = results.into_iter().next();
    let receipt = result.unwrap_or_else(|| Err(Fault::new(Code::Internal, "try again"))).map_err(only)?;
    Ok(answer::json(StatusCode::OK, &Accepted::of(&receipt)))
}

/// A batch, answered item by item: one bad item never fails the rest.
pub(super) async fn batch<B: Buf>(
    api: &Api,
    call: &Call,
    body: impl Stream<Item = Result<B, warp::Error>>,
) -> Outcome {
    let by = holder(api, call, Scope::Report).await?;
    let key = key(call)?;
    let body = body_of(api, call, &by, body, api.limits.batch_bytes).await?;
    let items = report::batch(&body, key, api.limits.batch_items, &api.limits.reports).map_err(only)?;
    let mut faults = Vec::with_capacity(items.len());
    let mut submissions = Vec::with_capacity(items.len());
    for item in items {
        match item {
            Ok(submission) => {
                submissions.push(submission);
                faults.push(None);
            }
            Err(found) => faults.push(found.into_iter().next()),
        }
    }
    let mut results = api.intake.report(&by, submissions).await.map_err(only)?.into_iter();
    let lost = || Err(Fault::new(Code::Internal, "try again"));
    let results: Vec<Result<Receipt, Fault>> = faults
        .into_iter()
        .map(|fault| fault.map_or_else(|| results.next().unwrap_or_else(lost), Err))
        .collect();
    let results = results
        .iter()
        .map(|result| match result {
            Ok(receipt) => Item::Accepted(Accepted::of(receipt)),
            Err(fault) => Item::Refused(Refused::of(fault)),
        })
        .collect();
    Ok(answer::json(StatusCode::OK, &Results { results }))
}

/// Forgets an agent.
pub(super) async fn forget(api: &Api, call: &Call, agent: &str) -> Outcome {
    let by = holder(api, call, Scope::Admin).await?;
    let agent = agent_id(&part(agent)?)?;
    let receipt = api.intake.forget(&by, agent).await.map_err(only)?;
    Ok(answer::json(StatusCode::OK, &Accepted::of(&receipt)))
}

/// An agent id of a path.
pub(super) fn agent_id(text: &str) -> Result<AgentId, Vec<Fault>> {
    AgentId::parse(text).map_err(|error| only(Fault::new(Code::InvalidId, error.to_string()).at("/agentId")))
}

/// The one `Idempotency-Key` of a request.
fn key(call: &Call) -> Result<Option<&str>, Vec<Fault>> {
    let refused = |detail: &'static str| only(Fault::new(Code::InvalidValue, detail).at("/idempotencyKey"));
    let mut values = call.headers.get_all("idempotency-key").into_iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(refused("send Idempotency-Key once"));
    }
    let text =
        value.to_str().map_err(|_| refused("an idempotency key has visible ASCII characters in a header"))?;
    report::check_key(text).map_err(refused)?;
    Ok(Some(text))
}
