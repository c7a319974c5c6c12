//! One socket at the level of frames: bytes in through the codec, bytes out in order, and a tail for what
//! the system does not take at once. It knows nothing of events; it never waits.

use std::io::{ErrorKind, Result};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;

use super::codec::{Decoder, encode};
use crate::domain::time::Monotonic;

/// Bytes of our own that may wait; past it the socket is not read.
const OWN_MAX: usize = 4 * 1024;
/// Bytes that are copied to go out in one write with others: that costs less than a write of their own.
pub(super) const JOINED_MAX: usize = 2 * 1024;
/// For so long a socket may take no byte.
pub(super) const BLOCKED_AFTER: Duration = Duration::from_secs(30);

/// What a link needs of a socket that never blocks.
pub(super) trait Socket {
    /// Takes bytes from it; `WouldBlock` when there are none.
    fn try_read(&self, into: &mut [u8]) -> Result<usize>;
    /// Gives it bytes; `WouldBlock` when it takes none.
    fn try_write(&self, bytes: &[u8]) -> Result<usize>;
    /// Wakes once there may be something to read; ready when there may be already.
    ///
    /// # Errors
    /// When it will never be.
    fn poll_readable(&self, waker: &Waker) -> Poll<Result<()>>;
    /// Wakes once it may take bytes; ready when it may already.
    ///
    /// # Errors
    /// When it never will.
    fn poll_writable(&self, waker: &Waker) -> Poll<Result<()>>;
    /// Says that nothing more will be written.
    fn shut(&mut self);
}

impl Socket for TcpStream {
    fn try_read(&self, into: &mut [u8]) -> Result<usize> {
        Self::try_read(self, into)
    }

    fn try_write(&self, bytes: &[u8]) -> Result<usize> {
        Self::try_write(self, bytes)
    }

    fn poll_readable(&self, waker: &Waker) -> Poll<Result<()>> {
        self.poll_read_ready(&mut Context::from_waker(waker))
    }

    fn poll_writable(&self, waker: &Waker) -> Poll<Result<()>> {
        self.poll_write_ready(&mut Context::from_waker(waker))
    }

    fn shut(&mut self) {
        // Of a plain socket it is done at once, and a peer that is gone needs it no more.
        let _done = Pin::new(self).poll_shutdown(&mut Context::from_waker(Waker::noop()));
    }
}

/// The peer is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gone;

/// What a read gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    /// So many bytes.
    Some(usize),
    /// None now; the waker is told when that changes.
    Nothing,
    /// The peer is gone.
    Gone,
}

/// One socket.
#[derive(Debug)]
pub(super) struct Link<S = TcpStream> {
    socket: S,
    waker: Waker,
    pub(super) decoder: Decoder,
    /// What waits for the socket or for us; nothing most of the time.
    tail: Option<Box<Tail>>,
}

#[derive(Debug, Default)]
struct Tail {
    /// The rest of a shared frame, or of a part of a copy, of which some went out.
    rest: Bytes,
    /// Our own frames to this peer alone: answers, pongs, heartbeats, a goodbye.
    own: Vec<u8>,
    /// What came from the peer and was not looked at yet.
    unread: Vec<u8>,
    /// Since when the socket took no byte.
    blocked_since: Option<Monotonic>,
}

impl<S: Socket> Link<S> {
    /// A link over this socket; the waker is told when it can be read or written again. `first` came from
    /// the peer already.
    pub(super) fn new(socket: S, waker: Waker, first: &[u8]) -> Self {
        let mut link = Self { socket, waker, decoder: Decoder::new(), tail: None };
        link.keep_unread(first);
        link
    }

    /// Keeps what was read and is not to be looked at yet: at most what one read gave, or came behind the
    /// handshake.
    pub(super) fn keep_unread(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() {
            // Before what is kept already: that came later.
            self.tail().unread.splice(0..0, bytes.iter().copied());
        }
    }

    /// Reads some bytes, what was kept first.
    pub(super) fn read(&mut self, into: &mut [u8]) -> Read {
        if let Some(tail) = &mut self.tail
            && !tail.unread.is_empty()
        {
            let count = tail.unread.len().min(into.len());
            for (to, from) in into.iter_mut().zip(tail.unread.drain(..count)) {
                *to = from;
            }
            self.tidy();
            return Read::Some(count);
        }
        loop {
            match self.socket.try_read(into) {
                Ok(0) => return Read::Gone,
                Ok(count) => return Read::Some(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    match self.socket.poll_readable(&self.waker) {
                        Poll::Pending => return Read::Nothing,
                        Poll::Ready(Ok(())) => {}
                        // Its runtime is gone.
                        Poll::Ready(Err(_)) => return Read::Gone,
                    }
                }
                Err(_) => return Read::Gone,
            }
        }
    }

    /// Adds frames of our own, after what waits already.
    pub(super) fn put(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.tail().own);
    }

    /// Adds a text frame of our own.
    pub(super) fn put_text(&mut self, json: &[u8]) {
        self.put(|own| encode::put_text(own, json));
    }

    /// Whether as much of our own waits as may: then nothing is read that could be answered.
    pub(super) fn is_full(&self) -> bool {
        self.tail.as_ref().is_some_and(|tail| tail.own.len() >= OWN_MAX)
    }

    /// Whether everything that was given went out.
    pub(super) fn is_clear(&self) -> bool {
        self.tail.as_ref().is_none_or(|tail| tail.rest.is_empty() && tail.own.is_empty())
    }

    /// Whether nothing waits, neither for the socket nor for us, and the socket takes bytes as far as is known.
    pub(super) fn is_idle(&self) -> bool {
        self.tail.is_none() && matches!(self.socket.poll_writable(&self.waker), Poll::Ready(Ok(())))
    }

    /// Whether so little of our own waits that more may join it in one write: nothing of it was refused yet.
    pub(super) fn is_light(&self) -> bool {
        let is_light = |tail: &Tail| {
            tail.rest.is_empty() && tail.own.len() <= JOINED_MAX && tail.blocked_since.is_none()
        };
        self.tail.as_deref().is_none_or(is_light)
    }

    /// Since when the socket took no byte of what waits.
    pub(super) fn blocked_since(&self) -> Option<Monotonic> {
        self.tail.as_ref()?.blocked_since
    }

    /// Writes what waits; whether all of it went out.
    ///
    /// # Errors
    /// [`Gone`].
    pub(super) fn flush(&mut self, now: Monotonic) -> std::result::Result<bool, Gone> {
        while let Some(tail) = &self.tail {
            let waiting = if tail.rest.is_empty() { &*tail.own } else { &*tail.rest };
            if waiting.is_empty() {
                self.tidy();
                return Ok(true);
            }
            let took = Self::give(&self.socket, &self.waker, waiting)?;
            let Some(tail) = &mut self.tail else { break };
            if took == 0 {
                tail.blocked_since.get_or_insert(now);
                return Ok(false);
            }
            tail.blocked_since = None;
            if tail.rest.is_empty() {
                tail.own.drain(..took);
            } else {
                tail.rest.advance(took);
            }
        }
        Ok(true)
    }

    /// Writes bytes that many sockets share, as far as the socket takes them. Only for a link that is
    /// [clear](Self::is_clear); when not all were taken, the caller [keeps the rest](Self::keep_rest) of
    /// the frame that was cut.
    ///
    /// # Errors
    /// [`Gone`].
    pub(super) fn write(&mut self, bytes: &[u8], now: Monotonic) -> std::result::Result<usize, Gone> {
        debug_assert!(self.is_clear(), "nothing may overtake what waits");
        let mut taken = 0_usize;
        while let Some(left) = bytes.get(taken..).filter(|left| !left.is_empty()) {
            match Self::give(&self.socket, &self.waker, left)? {
                0 => {
                    self.tail().blocked_since.get_or_insert(now);
                    break;
                }
                took => {
                    taken = taken.saturating_add(took);
                    if let Some(tail) = &mut self.tail {
                        tail.blocked_since = None;
                    }
                }
            }
        }
        self.tidy();
        Ok(taken)
    }

    /// Keeps the rest of a frame that was cut.
    pub(super) fn keep_rest(&mut self, rest: Bytes) {
        self.tail().rest = rest;
    }

    /// Says that nothing more will be written.
    pub(super) fn shut(&mut self) {
        self.socket.shut();
    }

    /// How much was taken; none when the socket takes none now, and then the waker is told.
    fn give(socket: &S, waker: &Waker, bytes: &[u8]) -> std::result::Result<usize, Gone> {
        loop {
            match socket.try_write(bytes) {
                Ok(0) => return Err(Gone),
                Ok(took) => return Ok(took),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => match socket.poll_writable(waker) {
                    Poll::Pending => return Ok(0),
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(_)) => return Err(Gone),
                },
                Err(_) => return Err(Gone),
            }
        }
    }

    fn tail(&mut self) -> &mut Tail {
        self.tail.get_or_insert_default()
    }

    /// Gives the memory of an empty tail back.
    fn tidy(&mut self) {
        let empty = |tail: &Tail| {
            let waits = !tail.rest.is_empty() || !tail.own.is_empty() || !tail.unread.is_empty();
            !waits && tail.blocked_since.is_none()
        };
        if self.tail.as_deref().is_some_and(empty) {
            self.tail = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::ws::model::Pipe;

    fn link(first: &[u8]) -> (Pipe, Link<Pipe>) {
        let pipe = Pipe::default();
        (pipe.clone(), Link::new(pipe, Waker::noop().clone(), first))
    }

    fn at(seconds: u64) -> Monotonic {
        Monotonic::new(Duration::from_secs(seconds))
    }

    #[test]
    fn what_came_behind_the_handshake_is_read_in_order_however_often_some_is_put_back() {
        let (_, mut link) = link(b"abcdefgh");
        let mut scratch = [0; 3];
        let mut read = Vec::new();
        while let Read::Some(count) = link.read(&mut scratch) {
            read.push(scratch[0]);
            link.keep_unread(&scratch[1..count]);
        }
        assert_eq!(read, b"abcdefgh");
        assert!(link.tail.is_none(), "the memory is given back");
    }

    #[test]
    fn our_own_frames_wait_behind_the_rest_of_a_frame_that_was_cut() {
        let (pipe, mut link) = link(b"");
        pipe.drain(3);
        let shared = Bytes::from_static(b"\x81\x05hello");
        let taken = link.write(&shared, at(0)).unwrap();
        assert_eq!(taken, 3);
        link.keep_rest(shared.slice(taken..));
        link.put_text(b"own");
        assert!(!link.is_clear());
        assert_eq!(link.flush(at(1)), Ok(false));
        pipe.drain(100);
        assert_eq!(link.flush(at(2)), Ok(true));
        assert_eq!(pipe.received(), ["hello", "own"]);
        assert!(link.is_clear() && link.tail.is_none());
    }

    #[test]
    fn a_socket_is_blocked_from_when_it_took_no_byte_until_it_takes_one() {
        let (pipe, mut link) = link(b"");
        link.put_text(b"text");
        assert_eq!(link.flush(at(5)), Ok(false));
        assert_eq!(link.flush(at(7)), Ok(false));
        assert_eq!(link.blocked_since(), Some(at(5)));
        pipe.drain(1);
        assert_eq!(link.flush(at(9)), Ok(false));
        assert_eq!(link.blocked_since(), Some(at(9)), "one byte is a sign of life");
        pipe.drain(100);
        assert_eq!(link.flush(at(11)), Ok(true));
        assert_eq!(link.blocked_since(), None);
    }

    #[test]
    fn it_is_full_when_as_much_of_our_own_waits_as_may() {
        let (pipe, mut link) = link(b"");
        while !link.is_full() {
            link.put_text(&[b'x'; 100]);
        }
        pipe.drain(200);
        assert_eq!(link.flush(at(0)), Ok(false));
        assert!(!link.is_full());
    }
}
