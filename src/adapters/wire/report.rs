//! Reads reports (contract section 3) from request bodies, batch items and client frames.
//!
//! ```
//! use mission_control::adapters::wire::report::{Kind, Target, batch, check_key, item, single};
//! use mission_control::domain::limits::Limits;
//!
//! let limits = Limits::default();
//! let target = Target { kind: Kind::Status, agent: "importer", session: None };
//! let read = single(target, br#"{"status":"online"}"#, Some("k1"), &limits).unwrap();
//! assert_eq!((read.report.agent.as_str(), read.key.as_deref()), ("importer", Some("k1")));
//!
//! let faults = single(target, br#"{"status":"busy","mesage":"x"}"#, None, &limits).unwrap_err();
//! assert_eq!(faults.len(), 2, "everything that is wrong at once, each with its place");
//!
//! let two = br#"[{"kind":"heartbeat"},{"kind":"status","agentId":"a1","status":"offline"}]"#;
//! let items = batch(two, None, 1_000, &limits).unwrap();
//! assert!(items[0].is_err() && items[1].is_ok(), "one bad item never fails the rest");
//! let whole = serde_json::json!({"kind": "status", "agentId": "a1", "status": "offline"});
//! assert!(item(whole, &limits).is_ok());
//! assert!(check_key("").is_err());
//! ```

pub(crate) mod shape;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::canonical::fingerprint;
use super::fields::Fields;
use super::strict;
use crate::domain::fault::{Code, Fault};
use crate::domain::id::{AgentId, InstanceId, SessionId};
use crate::domain::lifecycle::{Signal, Status};
use crate::domain::limits::Limits;
use crate::domain::report::{Exit, Report, ReportBody, SignalName, Stamp, Terms};
use crate::domain::text::{Labels, Message, StateWord};
use crate::ports::event_log::IDEMPOTENCY_KEY_CHARS_MAX;
use crate::ports::intake::Submission;

/// Shortest and longest lease, in milliseconds.
const LEASE_MS: (i64, i64) = (1_000, 3_600_000);
/// The largest whole number that every JSON reader holds exactly.
const SAFE_INTEGER_MAX: i64 = (1 << 53) - 1;

/// Lists and objects that a batch may have for each report it may have. A report that is right has two:
/// itself and its labels.
const NESTS_PER_ITEM: usize = 8;

/// The kinds of report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `status`
    Status,
    /// `lifecycle`
    Lifecycle,
    /// `activity`
    Activity,
    /// `heartbeat`
    Heartbeat,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Status, Self::Lifecycle, Self::Activity, Self::Heartbeat];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Lifecycle => "lifecycle",
            Self::Activity => "activity",
            Self::Heartbeat => "heartbeat",
        }
    }
}

/// What a path says of a report before its body is read.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The kind.
    pub kind: Kind,
    /// The agent.
    pub agent: &'a str,
    /// The session, for an activity.
    pub session: Option<&'a str>,
}

/// Reads the body of one report whose kind and agent the path names. An empty body stands for `{}`.
///
/// # Errors
/// Every fault that was found, at least one.
pub fn single(
    target: Target<'_>,
    body: &[u8],
    key: Option<&str>,
    limits: &Limits,
) -> Result<Submission, Vec<Fault>> {
    header_key(key).map_err(|fault| vec![fault])?;
    let value = if body.is_empty() && target.kind == Kind::Heartbeat {
        Value::Object(serde_json::Map::new())
    } else {
        strict::parse(body, strict::NESTS_MAX).map_err(|fault| vec![fault])?
    };
    let Value::Object(mut object) = value else {
        return Err(vec![Fault::new(Code::InvalidValue, "a JSON object is needed").at("")]);
    };
    let own = ["kind", "agentId", "sessionId", "idempotencyKey"];
    if let Some(field) = own.into_iter().find(|field| object.contains_key(*field)) {
        return Err(vec![
            Fault::new(Code::InvalidValue, "the path or a header says this").at(format!("/{field}")),
        ]);
    }
    object.insert("kind".to_owned(), target.kind.as_str().into());
    object.insert("agentId".to_owned(), target.agent.into());
    if let Some(session) = target.session {
        object.insert("sessionId".to_owned(), session.into());
    }
    read(Value::Object(object), key.map(str::to_owned), limits)
}

/// Reads the body of a batch, item by item. A header's key stands for `<key>#<index>` on items
/// without one of their own.
///
/// # Errors
/// When the body is no list of 1 to `items_max` items, or the header's key is none.
pub fn batch(
    body: &[u8],
    key: Option<&str>,
    items_max: usize,
    limits: &Limits,
) -> Result<Vec<Result<Submission, Vec<Fault>>>, Fault> {
    header_key(key)?;
    let wrong_count = || Fault::new(Code::InvalidBatch, format!("send 1 to {items_max} reports")).at("");
    let value = match strict::parse(body, items_max.saturating_mul(NESTS_PER_ITEM)) {
        // So many lists and objects are no batch of this size, whatever they are.
        Err(fault) if fault.code == Code::InvalidValue => return Err(wrong_count()),
        read => read?,
    };
    let Value::Array(items) = value else {
        return Err(Fault::new(Code::InvalidValue, "a JSON list of reports is needed").at(""));
    };
    if items.is_empty() || items.len() > items_max {
        return Err(wrong_count());
    }
    // The header's own length counts: what it stands for may be longer by its index.
    let read = |(index, value)| read(value, key.map(|key| format!("{key}#{index}")), limits);
    Ok(items.into_iter().enumerate().map(read).collect())
}

/// Reads one report that says everything itself.
///
/// # Errors
/// Every fault that was found, at least one.
pub fn item(value: Value, limits: &Limits) -> Result<Submission, Vec<Fault>> {
    read(value, None, limits)
}

fn header_key(key: Option<&str>) -> Result<(), Fault> {
    key.map_or(Ok(()), check_key).map_err(|detail| Fault::new(Code::InvalidValue, detail))
}

/// Reads a report. The header's key, already checked, stands in where the report has none of its own.
fn read(mut value: Value, header_key: Option<String>, limits: &Limits) -> Result<Submission, Vec<Fault>> {
    let mut without = |field: &str| value.as_object_mut().and_then(|object| object.remove(field));
    let (own_key, age) = (without("idempotencyKey"), without("ageMs"));
    // A report that is sent again is older by then, and still the same report.
    let fingerprint = fingerprint(&value);
    if let (Some(object), Some(age)) = (value.as_object_mut(), age) {
        object.insert("ageMs".to_owned(), age);
    }
    let mut fields = Fields::of(value)?;
    let key = match own_key {
        None | Some(Value::Null) => header_key,
        Some(Value::String(text)) => {
            if let Err(detail) = check_key(&text) {
                fields.refuse("idempotencyKey", Code::InvalidValue, detail);
            }
            Some(text)
        }
        Some(_) => {
            fields.refuse("idempotencyKey", Code::InvalidValue, "a text is needed");
            None
        }
    };
    let kind = fields.needed("kind", Code::InvalidValue, |word| {
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == word);
        kind.ok_or("status, lifecycle, activity or heartbeat is needed")
    });
    let agent = fields.needed("agentId", Code::InvalidId, AgentId::parse);
    let timestamp = fields.timestamp("timestamp");
    let instance = read_stamp(&mut fields);
    let body = kind.and_then(|kind| read_body(&mut fields, kind, limits));
    let terms = read_terms(&mut fields);
    if kind.is_none() {
        // Without its kind nobody can say which fields a report should not have.
        fields.pass_over_rest();
    }
    fields.finish()?;
    let (Some(agent), Some(body)) = (agent, body) else {
        return Err(vec![Fault::new(Code::InvalidValue, "the report is not whole")]);
    };
    Ok(Submission {
        report: Report { agent, timestamp, instance, terms, body },
        key,
        fingerprint,
        socket: None,
    })
}

/// Whether a text may be an idempotency key.
///
/// # Errors
/// What a key looks like.
pub fn check_key(text: &str) -> Result<(), &'static str> {
    let fits = (1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&text.chars().count())
        && !text.chars().any(char::is_control);
    if fits { Ok(()) } else { Err("an idempotency key has 1 to 128 characters and no control characters") }
}

fn read_stamp(fields: &mut Fields) -> Option<Stamp> {
    let named = fields.has("instanceId");
    let id = fields.checked("instanceId", Code::InvalidId, InstanceId::parse);
    let started_at = fields.timestamp("instanceStartedAt");
    let report_seq = fields.whole("reportSeq", 0, SAFE_INTEGER_MAX).and_then(|seq| u64::try_from(seq).ok());
    if !named {
        let orphans = [("instanceStartedAt", started_at.is_some()), ("reportSeq", report_seq.is_some())];
        for (field, _) in orphans.into_iter().filter(|(_, there)| *there) {
            fields.refuse(field, Code::InvalidValue, "this needs an instanceId");
        }
    }
    Some(Stamp { id: id?, started_at, report_seq })
}

fn read_terms(fields: &mut Fields) -> Terms {
    let millis = |whole: i64| u64::try_from(whole).map(Duration::from_millis).ok();
    let age = fields.whole("ageMs", 0, SAFE_INTEGER_MAX).and_then(millis).unwrap_or_default();
    let lease = fields.whole("leaseMs", LEASE_MS.0, LEASE_MS.1).and_then(millis);
    Terms { lease, busy_until: fields.timestamp("busyUntil"), age, socket: false }
}

fn read_body(fields: &mut Fields, kind: Kind, limits: &Limits) -> Option<ReportBody> {
    let message = |text: String| Message::cut(&text, limits.message_bytes);
    match kind {
        Kind::Status => {
            let status = fields.needed("status", Code::InvalidValue, |word| {
                let status = Status::ALL.into_iter().find(|status| status.as_str() == word);
                status.ok_or("online, offline or error is needed")
            });
            let message = fields.text("message").map(message);
            let state = fields.checked("state", Code::InvalidValue, StateWord::parse);
            let labels = read_labels(fields, limits);
            Some(ReportBody::Status { status: status?, message, state, labels })
        }
        Kind::Lifecycle => {
            let signal = fields.needed("event", Code::InvalidValue, |word| {
                let signal = Signal::ALL.into_iter().find(|signal| signal.as_str() == word);
                signal.ok_or("start, stop, restart or crash is needed")
            });
            let message = fields.text("message").map(message);
            let exit = read_exit(fields);
            let labels = read_labels(fields, limits);
            Some(ReportBody::Lifecycle { signal: signal?, message, exit, labels })
        }
        Kind::Activity => {
            let session = fields.needed("sessionId", Code::InvalidId, SessionId::parse);
            let last_message = fields.needed_text("lastMessage").map(message);
            let state = fields.checked("state", Code::InvalidValue, StateWord::parse);
            Some(ReportBody::Activity { session: session?, last_message: last_message?, state })
        }
        Kind::Heartbeat => Some(ReportBody::Heartbeat),
    }
}

fn read_exit(fields: &mut Fields) -> Exit {
    let code = fields.whole("exitCode", i64::from(i32::MIN), i64::from(i32::MAX));
    let signal = fields.checked("signal", Code::InvalidValue, |text| {
        SignalName::parse(text).ok_or("a signal's name such as SIGKILL is needed")
    });
    Exit { code: code.and_then(|code| i32::try_from(code).ok()), signal }
}

fn read_labels(fields: &mut Fields, limits: &Limits) -> Option<Labels> {
    let mut labels = BTreeMap::new();
    match fields.take("labels")? {
        Value::Object(object) => {
            for (key, value) in object {
                let Value::String(value) = value else {
                    fields.refuse("labels", Code::InvalidValue, "each label's value must be a text");
                    return None;
                };
                labels.insert(key, value);
            }
        }
        _ => {
            fields.refuse("labels", Code::InvalidValue, "an object of texts is needed");
            return None;
        }
    }
    Labels::checked(labels, limits)
        .map_err(|error| fields.refuse("labels", Code::InvalidValue, error.to_string()))
        .ok()
}
