//! A message of which frames are still to come, or bytes of a frame.

use std::str;

use super::header::Data;
use super::incoming::{Incoming, Limits};
use super::mask::{self, Key};
use super::violation::Violation;

/// What came of a message.
#[derive(Debug)]
pub(super) struct Message {
    text: bool,
    /// Frames that began.
    pub(super) frames: usize,
    /// Bytes that those frames declared.
    pub(super) declared: usize,
    bytes: Vec<u8>,
    /// Of text: so many bytes are whole characters.
    checked: usize,
}

impl Message {
    pub(super) fn new(data: Data) -> Self {
        Self { text: data == Data::Text, frames: 0, declared: 0, bytes: Vec::new(), checked: 0 }
    }

    pub(super) fn add(&mut self, masked: &[u8], key: Key, limits: Limits) -> Key {
        mask::append(&mut self.bytes, masked, key, limits.message_bytes)
    }

    /// Looks at what came since the last call: a byte that no text can have there is an end at once, also
    /// in the middle of a frame. The start of a character may wait for the rest of it.
    pub(super) fn check(&mut self) -> Result<(), Violation> {
        if !self.text {
            return Ok(());
        }
        let (_, fresh) = self.bytes.split_at(self.checked);
        self.checked += match str::from_utf8(fresh) {
            Ok(whole) => whole.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => return Err(Violation::Utf8),
        };
        Ok(())
    }

    /// The message. A text that came in parts is read twice, by [`Self::check`] and here, as no safe code
    /// makes a `String` without looking; one that came at once is read here alone.
    pub(super) fn finish(self) -> Result<Incoming, Violation> {
        if self.text {
            String::from_utf8(self.bytes).map(Incoming::Text).map_err(|_| Violation::Utf8)
        } else {
            Ok(Incoming::Binary(self.bytes))
        }
    }

    /// Bytes of heap that it holds for the peer.
    #[cfg(feature = "test-support")]
    pub(super) fn held(&self) -> usize {
        self.bytes.capacity()
    }
}
