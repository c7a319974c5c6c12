//! Frames as Server-Sent Events: the same JSON as everywhere, with its type and, where a client may
//! come back to, its cursor.

use bytes::Bytes;

use crate::adapters::wire::frame;
use crate::domain::cursor::{Cursor, Epoch, Seq, ViewId};
use crate::domain::event::Recorded;

/// An event without its `id` line: what is the same for everybody. The line goes before it.
#[must_use]
pub(crate) fn event(recorded: &Recorded) -> Bytes {
    whole(&frame::event(recorded))
}

/// A frame without an `id` line.
pub(super) fn whole(json: &[u8]) -> Bytes {
    let mut text = Vec::with_capacity(json.len().saturating_add(40));
    put(json, &mut text);
    Bytes::from(text)
}

/// Appends a frame without an `id` line. JSON has no line ends of its own, so one `data` line holds it.
pub(super) fn put(json: &[u8], text: &mut Vec<u8>) {
    text.extend_from_slice(b"event: ");
    text.extend_from_slice(kind(json));
    text.extend_from_slice(b"\ndata: ");
    text.extend_from_slice(json);
    text.extend_from_slice(b"\n\n");
}

/// The type of a frame: every frame's JSON begins with it.
fn kind(json: &[u8]) -> &[u8] {
    let rest = json.strip_prefix(br#"{"type":""#).unwrap_or_default();
    rest.split(|byte| *byte == b'"').next().filter(|kind| !kind.is_empty()).unwrap_or(b"message")
}

/// Appends a frame of a copy, or an event of a replay with its `id` line.
pub(super) fn put_part(json: &[u8], cursor: Option<&Cursor>, text: &mut Vec<u8>) {
    if let Some(cursor) = cursor {
        put_id(cursor, text);
    }
    put(json, text);
}

fn put_id(cursor: &Cursor, text: &mut Vec<u8>) {
    text.extend_from_slice(format!("id: {cursor}\n").as_bytes());
}

/// Writes the `id` lines of one connection.
#[derive(Debug)]
pub(super) struct Ids {
    pub(super) epoch: Epoch,
    pub(super) view: ViewId,
}

impl Ids {
    /// Appends the line that stands before the frame with this position.
    pub(super) fn put(&self, seq: Seq, text: &mut Vec<u8>) {
        let cursor = Cursor { epoch: self.epoch.clone(), seq, view: Some(self.view) };
        put_id(&cursor, text);
    }

    /// A frame that a client may come back to.
    pub(super) fn whole(&self, seq: Seq, json: &[u8]) -> Bytes {
        let mut text = Vec::with_capacity(json.len().saturating_add(100));
        self.put(seq, &mut text);
        put(json, &mut text);
        Bytes::from(text)
    }
}
