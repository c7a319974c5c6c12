//! Reads the frames that clients send (contract 5.6).

use serde_json::Value;

use super::fields::Fields;
use super::{handshake, report, strict};
use crate::domain::fault::{Code, Fault};
use crate::domain::interest::Interest;
use crate::domain::limits::Limits;
use crate::ports::intake::Submission;
use crate::ports::token_verifier::SecretText;

/// Longest `id` of a client frame, in bytes.
const FRAME_ID_BYTES_MAX: usize = 128;

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
        Some("subscribe") => subscribe(payload).map(ClientFrame::Subscribe),
        Some("auth:refresh") => {
            let mut fields = Fields::of(payload).map_err(first)?;
            let token = fields.needed_text("token");
            fields.finish().map_err(first)?;
            Ok(ClientFrame::Refresh(SecretText::new(token.unwrap_or_default())))
        }
        Some("ping") => {
            let mut fields = Fields::of(payload).map_err(first)?;
            let id = frame_id(&mut fields);
            fields.finish().map_err(first)?;
            Ok(ClientFrame::Ping { id })
        }
        Some("report") => {
            let mut payload = payload;
            let id = match payload.as_object_mut().and_then(|object| object.remove("id")) {
                None | Some(Value::Null) => None,
                Some(Value::String(id)) if id.len() <= FRAME_ID_BYTES_MAX => Some(id),
                Some(_) => {
                    return Err(
                        Fault::new(Code::InvalidValue, "a text of at most 128 bytes is needed").at("/id")
                    );
                }
            };
            Ok(ClientFrame::Report { id, submission: report::item(payload, limits).map(Box::new) })
        }
        _ => Err(Fault::new(Code::InvalidFrame, "the type must be subscribe, auth:refresh, ping or report")
            .at("/type")),
    }
}

fn frame_id(fields: &mut Fields) -> Option<String> {
    let id = fields.text("id")?;
    if id.len() > FRAME_ID_BYTES_MAX {
        fields.refuse("id", Code::InvalidValue, "an id has at most 128 bytes");
        return None;
    }
    Some(id)
}

fn subscribe(payload: Value) -> Result<Interest, Fault> {
    let mut fields = Fields::of(payload).map_err(first)?;
    let agents = fields.texts("agents");
    let types = fields.texts("types");
    fields.finish().map_err(first)?;
    handshake::interest(agents, types)
}

fn first(faults: Vec<Fault>) -> Fault {
    faults
        .into_iter()
        .next()
        .unwrap_or_else(|| Fault::new(Code::InvalidFrame, "the frame was not understood"))
}

#[cfg(test)]
mod tests;
