//! Refuses what two readers of one request could read in two ways, before hyper reads it.
//!
//! hyper is lenient where the standard lets it be: a line may end without a carriage return, one length
//! may be named twice, and chunks win over a length. A proxy in front that reads such a request in the
//! other way would let a stranger hide a second request in the first. Here the first byte after which
//! there are two ways becomes a zero byte, at which hyper answers 400 and closes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// As much of a line as is looked at: names, lengths and chunk sizes are shorter.
const LINE_BYTES_MAX: usize = 128;

/// Says that a connection was upgraded: what follows is no HTTP.
#[derive(Debug, Clone, Default)]
pub(super) struct Upgraded(Arc<AtomicBool>);

impl Upgraded {
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A stream of which only unambiguous requests are read.
pub(super) struct Strict<S> {
    inner: S,
    upgraded: Upgraded,
    framing: Framing,
}

impl<S> Strict<S> {
    pub(super) fn new(inner: S, upgraded: Upgraded) -> Self {
        Self { inner, upgraded, framing: Framing::default() }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Strict<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
        if !self.upgraded.0.load(Ordering::Acquire)
            && let Some(bytes) = buffer.filled_mut().get_mut(before..)
        {
            self.framing.read(bytes);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Strict<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// There are two ways to read it.
struct Ambiguous;

/// Where in a request the next byte stands.
#[derive(Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Head,
    Body {
        left: u64,
        chunked: bool,
    },
    ChunkEnd,
    ChunkSize,
    Trailers,
    /// Refused: hyper reads no further.
    Refused,
}

/// Where one request ends and the next begins.
#[derive(Debug, Default)]
struct Framing {
    at: At,
    line: Vec<u8>,
    last: u8,
    /// Whether the request line was read.
    begun: bool,
    length: Option<u64>,
    chunked: bool,
}

impl Framing {
    fn read(&mut self, bytes: &mut [u8]) {
        let mut rest = bytes;
        while !rest.is_empty() && self.at != At::Refused {
            let skipped = match &mut self.at {
                At::Body { left, chunked } => {
                    let count = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    *left = left.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
                    if *left == 0 {
                        self.at = if *chunked { At::ChunkEnd } else { At::Head };
                    }
                    count
                }
                _ => {
                    if let Some(byte) = rest.first_mut()
                        && self.byte(*byte).is_err()
                    {
                        *byte = 0;
                        self.at = At::Refused;
                    }
                    1
                }
            };
            rest = rest.get_mut(skipped..).unwrap_or_default();
        }
    }

    /// The next byte of a line.
    fn byte(&mut self, byte: u8) -> Result<(), Ambiguous> {
        let after_return = std::mem::replace(&mut self.last, byte) == b'\r';
        match (byte, after_return) {
            (b'\n', true) => {
                let line = std::mem::take(&mut self.line);
                self.last = 0;
                self.line(&line)
            }
            (b'\n', false) | (_, true) => Err(Ambiguous),
            (b'\r', false) => Ok(()),
            (other, false) => {
                if self.line.len() < LINE_BYTES_MAX {
                    self.line.push(other);
                }
                Ok(())
            }
        }
    }

    /// A line without its end.
    fn line(&mut self, line: &[u8]) -> Result<(), Ambiguous> {
        match self.at {
            At::Head if line.is_empty() && self.begun => self.head_ended(),
            // Empty lines before a request are passed over, as the standard asks.
            At::Head if line.is_empty() => {}
            At::Head if self.begun => self.field(line)?,
            At::Head => self.begun = true,
            At::ChunkEnd if line.is_empty() => self.at = At::ChunkSize,
            At::ChunkEnd => return Err(Ambiguous),
            At::ChunkSize => match chunk_size(line)? {
                0 => self.at = At::Trailers,
                left => self.at = At::Body { left, chunked: true },
            },
            At::Trailers if line.is_empty() => *self = Self::default(),
            At::Trailers | At::Body { .. } | At::Refused => {}
        }
        Ok(())
    }

    fn head_ended(&mut self) {
        let (length, chunked) = (self.length.unwrap_or(0), self.chunked);
        *self = Self::default();
        if chunked {
            self.at = At::ChunkSize;
        } else if length > 0 {
            self.at = At::Body { left: length, chunked: false };
        }
    }

    /// A length or a coding may come once, and one of the two.
    fn field(&mut self, line: &[u8]) -> Result<(), Ambiguous> {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = parts.next().unwrap_or_default();
        let is_length = name.eq_ignore_ascii_case(b"content-length");
        let is_coding = name.eq_ignore_ascii_case(b"transfer-encoding");
        if !is_length && !is_coding {
            return Ok(());
        }
        if self.length.is_some() || self.chunked || line.len() >= LINE_BYTES_MAX {
            return Err(Ambiguous);
        }
        let value = parts.next().unwrap_or_default().trim_ascii();
        if is_length {
            self.length = Some(number(value, 10)?);
        } else if value.eq_ignore_ascii_case(b"chunked") {
            self.chunked = true;
        } else {
            return Err(Ambiguous);
        }
        Ok(())
    }
}

/// The size of a chunk, without the extensions behind it.
fn chunk_size(line: &[u8]) -> Result<u64, Ambiguous> {
    number(line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii_end(), 16)
}

/// Digits alone: no sign, no list. A number near the end of its range is none that anybody means.
fn number(digits: &[u8], radix: u32) -> Result<u64, Ambiguous> {
    let text = std::str::from_utf8(digits).map_err(|_| Ambiguous)?;
    if !text.chars().all(|digit| digit.is_digit(radix)) {
        return Err(Ambiguous);
    }
    u64::from_str_radix(text, radix).ok().filter(|number| *number < u64::MAX / 2).ok_or(Ambiguous)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the bytes pass unchanged, in whatever pieces they come.
    fn passes(text: &str) -> bool {
        let outcomes: Vec<bool> = [1, 2, 3, 7, text.len()]
            .into_iter()
            .map(|size| {
                let (mut framing, mut bytes) = (Framing::default(), text.as_bytes().to_vec());
                bytes.chunks_mut(size).for_each(|piece| framing.read(piece));
                bytes == text.as_bytes()
            })
            .collect();
        assert!(outcomes.windows(2).all(|pair| pair[0] == pair[1]), "{text:?}");
        outcomes[0]
    }

    #[test]
    fn requests_that_can_be_read_in_one_way_pass_one_after_the_other() {
        let long = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(1000));
        let requests = [
            "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "\r\nPOST / HTTP/1.1\r\nContent-Length: 5\r\n\r\na\nb\rc",
            "POST / HTTP/1.1\r\ncontent-length:0\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n2;x=y\r\n\n\n\r\nA \r\n0123456789\r\n0\r\na: b\r\n\r\n",
            &long,
        ];
        for one in requests {
            for other in requests {
                assert!(passes(&format!("{one}{other}{one}")), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn the_byte_after_which_there_are_two_ways_does_not_pass() {
        for bad in [
            "GET / HTTP/1.1\nHost: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\n\n",
            "GET / HTTP/1.1\r\nHost: x\ry: z\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 1\r\ncontent-length: 1\r\n\r\nx",
            "POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\nx",
            "POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\nx",
            "POST / HTTP/1.1\r\nContent-Length:\r\n\r\nx",
            "POST / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\nx",
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\nx\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n\r\nx\r\n0\r\n\r\n",
        ] {
            assert!(!passes(bad), "{bad:?}");
            assert!(!passes(&format!("GET / HTTP/1.1\r\nHost: x\r\n\r\n{bad}")), "{bad:?}");
        }
    }
}
