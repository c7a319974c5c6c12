//! What a peer may send, and what it sent.

/// What a peer may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapters::ws) struct Limits {
    /// Most bytes of a message, over all of its frames.
    pub(in crate::adapters::ws) message_bytes: usize,
    /// Most frames of a message, empty ones too.
    pub(in crate::adapters::ws) fragments: usize,
    /// Whether binary messages are taken.
    pub(in crate::adapters::ws) binary: bool,
}

/// A whole message or control frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::adapters::ws) enum Incoming {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A ping: it is to be answered with a pong of the same payload.
    Ping(Payload),
    /// A pong.
    Pong(Payload),
    /// The last frame of the peer.
    Close(Option<CloseFrame>),
}

/// What a close frame says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::adapters::ws) struct CloseFrame {
    /// Why the peer closes, as a code that may come over the wire.
    pub(in crate::adapters::ws) code: u16,
    /// The same in words, often empty.
    pub(in crate::adapters::ws) reason: String,
}

/// The payload of a ping or pong: at most [`Payload::MAX`] bytes. An empty one takes no heap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::adapters::ws) struct Payload(Vec<u8>);

impl Payload {
    /// RFC 6455, section 5.5: what a control frame carries at most.
    pub(in crate::adapters::ws) const MAX: usize = 125;

    /// None when it is too long.
    #[cfg(test)]
    pub(in crate::adapters::ws) fn new(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() <= Self::MAX).then_some(Self(bytes))
    }

    /// The decoder's: the length was checked on the frame's header.
    pub(super) fn checked(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub(in crate::adapters::ws) fn as_slice(&self) -> &[u8] {
        &self.0
    }
}
