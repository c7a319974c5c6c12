//! Reads the frames that clients send (contract 5.6).
//!
//! ```
//! use mission_control::adapters::wire::client_frame::{ClientFrame, parse};
//! use mission_control::domain::limits::Limits;
//!
//! let text = r#"{"type":"ping","payload":{"id":"7"}}"#;
//! let Ok(ClientFrame::Ping { id }) = parse(text, &Limits::default()) else { panic!("it is a ping") };
//! assert_eq!(id.as_deref(), Some("7"));
//! assert!(parse(r#"{"type":"pong"}"#, &Limits::default()).is_err(), "only a server says that");
//! ```

mod shape;

use serde_json::Value;

use super::fields::Fields;
use super::{handshake, report, strict};
use crate::domain::fault::{Code, Fault};
use crate::domain::interest::Interest;
use crate::domain::limits::Limits;
use crate::ports::intake::Submission;
use crate::ports::token_verifier::SecretText;

pub(crate) use shape::{PingFrame, RefreshFrame, ReportFrame, SubscribeFrame};

/// Longest `id` of a client frame, in bytes.
const FRAME_ID_BYTES_MAX: usize = 128;
const ID_RULE: &str = "an id is a text of at most 128 bytes";

/// One frame of a client.
#[derive(Debug)]
pub enum ClientFrame {
    /// Replaces the interest.
    Subscribe(Interest),
    /// Puts a fresh token behind the connection.
    Refresh(SecretText),
    /// Asks for a pong.
    Ping {
        /// Comes back with the pong.
        id: Option<String>,
    },
    /// A report. What is wrong with it does not count as a frame that was not understood.
    Report {
        /// Comes back with the answer.
        id: Option<String>,
        /// The report, or what is wrong with it.
        submission: Result<Box<Submission>, Vec<Fault>>,
    },
}

/// Reads a text frame.
///
/// # Errors
/// What was not understood; nothing changes.
pub fn parse(text: &str, limits: &Limits) -> Result<ClientFrame, Fault> {
    let mut fields = Fields::of(strict::parse(text.as_bytes(), strict::NESTS_MAX)?).map_err(first)?;
    let kind = fields.needed_text("type");
    let payload = fields.take("payload").unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    fields.finish().map_err(first)?;
    match kind.as_deref() {
        Some("subscribe") => subscribe(payload).map(ClientFrame::Subscribe).map_err(first_inside),
        Some("auth:refresh") => refresh(payload).map(ClientFrame::Refresh).map_err(first_inside),
        Some("ping") => ping(payload).map_err(first_inside),
        Some("report") => Ok(read_report(payload, limits)),
        _ => Err(Fault::new(Code::InvalidFrame, "the type must be subscribe, auth:refresh, ping or report")
            .at("/type")),
    }
}

fn subscribe(payload: Value) -> Result<Interest, Vec<Fault>> {
    let mut fields = Fields::of(payload)?;
    let agents = fields.texts("agents");
    let types = fields.texts("types");
    fields.finish()?;
    handshake::interest(agents, types).map_err(|fault| vec![fault])
}

fn refresh(payload: Value) -> Result<SecretText, Vec<Fault>> {
    let mut fields = Fields::of(payload)?;
    let token = fields.needed_text("token");
    fields.finish()?;
    Ok(SecretText::new(token.unwrap_or_default()))
}

fn ping(payload: Value) -> Result<ClientFrame, Vec<Fault>> {
    let mut fields = Fields::of(payload)?;
    let id = fields.checked("id", Code::InvalidValue, check_id);
    fields.finish()?;
    Ok(ClientFrame::Ping { id })
}

/// A report whose id cannot be told back is a refused report too: a reporter that counts its reports
/// in numbers is not to be closed as a bad client.
fn read_report(mut payload: Value, limits: &Limits) -> ClientFrame {
    let id = match payload.as_object_mut().and_then(|object| object.remove("id")) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(id)) => check_id(&id).map(Some),
        Some(_) => Err(ID_RULE),
    };
    let (id, submission) = match id {
        Ok(id) => (id, report::item(payload, limits).map(Box::new)),
        Err(rule) => (None, Err(vec![Fault::new(Code::InvalidValue, rule).at("/id")])),
    };
    let submission = submission.map_err(|faults| faults.into_iter().map(inside).collect());
    ClientFrame::Report { id, submission }
}

fn check_id(id: &str) -> Result<String, &'static str> {
    if id.len() <= FRAME_ID_BYTES_MAX { Ok(id.to_owned()) } else { Err(ID_RULE) }
}

/// The same fault, with its pointer counted from the frame instead of from its payload.
fn inside(mut fault: Fault) -> Fault {
    fault.pointer = fault.pointer.map(|pointer| format!("/payload{pointer}").into());
    fault
}

fn first_inside(faults: Vec<Fault>) -> Fault {
    inside(first(faults))
}

fn first(faults: Vec<Fault>) -> Fault {
    faults
        .into_iter()
        .next()
        .unwrap_or_else(|| Fault::new(Code::InvalidFrame, "the frame was not understood"))
}

#[cfg(test)]
mod tests;
