//! A TCP connection on which HTTP is spoken until a live transport takes it over. The answer that accepts a handshake
//! can wait meanwhile, so that it goes out in one write with what follows it: a write is the dearest part of a handshake.

use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// An extension of a response: whoever takes its connection over writes it, before anything else. Only our own accept
/// loop knows it; elsewhere the response goes out by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MayWait;

/// Whether what is written on a [`Line`] waits.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hold(Arc<AtomicBool>);

impl Hold {
    /// From now on it waits.
    pub(crate) fn on(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A TCP connection on which HTTP is spoken.
#[derive(Debug)]
pub(crate) struct Line {
    stream: TcpStream,
    hold: Hold,
    held: Vec<u8>,
}

impl Line {
    /// A connection on which nothing was said.
    pub(crate) const fn new(stream: TcpStream, hold: Hold) -> Self {
        Self { stream, hold, held: Vec::new() }
    }

    /// The connection, and what is still to be written to it.
    pub(crate) fn into_parts(self) -> (TcpStream, Vec<u8>) {
        (self.stream, self.held)
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<Result<usize>> {
        if self.hold.is_on() {
            self.held.extend_from_slice(buf);
            return Poll::Ready(Ok(buf.len()));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        if self.hold.is_on() {
            bufs.iter().for_each(|buf| self.held.extend_from_slice(buf));
            return Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()));
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn what_waits_is_kept_in_order_and_not_written() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let hold = Hold::default();
        let mut line = Line::new(listener.accept().await.unwrap().0, hold.clone());
        line.write_all(b"goes out, ").await.unwrap();
        hold.on();
        line.write_all(b"waits ").await.unwrap();
        let pieces = [IoSlice::new(b"for "), IoSlice::new(b"more")];
        assert_eq!(line.write_vectored(&pieces).await.unwrap(), 8);
        line.flush().await.unwrap();
        let (mut stream, held) = line.into_parts();
        assert_eq!(held, b"waits for more");
        stream.write_all(b"first").await.unwrap();
        drop(stream);
        let mut text = String::new();
        peer.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "goes out, first");
    }
}
