//! What a child writes, on its way to where we write: byte for byte, as it comes.
//!
//! Our end may take nothing for a while, as a pager does. Then the child waits too, as it would without us.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, poll};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::watch;

use super::lines::Lines;

/// Most that is taken at once: what a pipe of Linux holds.
const PIECE_BYTES: usize = 64 * 1024;

/// The newest lines of a child, from both of its streams.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Newest {
    /// The newest line that was finished.
    pub(super) finished: Option<String>,
    /// How many lines were finished that could be told.
    pub(super) count: u64,
    /// The line that is being written, such as a question.
    pub(super) unfinished: Option<String>,
}

/// How far a stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passed {
    /// There may be more.
    Open,
    /// All that the child wrote before its end is passed on. Others of its family still hold the stream.
    Drained,
    /// There will be no more.
    Closed,
}

/// One stream of a child.
pub(super) struct Stream<From> {
    pub(super) from: From,
    pub(super) to: Arc<File>,
    pub(super) newest: watch::Sender<Newest>,
    /// Whether the child has ended; its sender goes when nobody is interested any more.
    pub(super) ended: watch::Receiver<bool>,
    pub(super) passed: watch::Sender<Passed>,
}

impl<From: AsyncRead + AsFd + Unpin> Stream<From> {
    /// Passes on until the stream ends, or ours does: then the stream is closed, and the child gets what it
    /// would have got from ours when it writes again.
    pub(super) async fn pass(mut self) {
        let mut lines = Lines::default();
        let mut piece = Vec::with_capacity(PIECE_BYTES);
        while self.fill(&mut piece).await {
            self.tell(&mut lines, &piece);
            // On a thread of its own: whoever reads from us may stop doing so.
            let to = Arc::clone(&self.to);
            let written = tokio::task::spawn_blocking(move || {
                let written = write(&to, &piece);
                piece.clear();
                written.map(|()| piece)
            });
            let Ok(Ok(empty)) = written.await else { break };
            piece = empty;
        }
        if let Some(last) = lines.unfinished() {
            self.newest.send_modify(|newest| newest.finish(last));
        }
        let _nobody_waits = self.passed.send(Passed::Closed);
    }

    /// Waits for the next piece; nothing comes any more when there is none.
    async fn fill(&mut self, piece: &mut Vec<u8>) -> bool {
        loop {
            let ended = *self.ended.borrow_and_update();
            if ended && rustix::io::ioctl_fionread(&self.from).is_ok_and(|waiting| waiting == 0) {
                let _nobody_waits = self.passed.send(Passed::Drained);
            }
            tokio::select! {
                taken = self.from.read_buf(piece) => return taken.is_ok_and(|count| count > 0),
                Ok(()) = self.ended.changed(), if !ended => {}
            }
        }
    }

    fn tell(&self, lines: &mut Lines, piece: &[u8]) {
        let finished = lines.take(piece);
        let unfinished = lines.unfinished();
        self.newest.send_modify(|newest| {
            if let Some(line) = finished {
                newest.finish(line);
            }
            newest.unfinished = unfinished;
        });
    }
}

impl Newest {
    fn finish(&mut self, line: String) {
        self.finished = Some(line);
        self.count = self.count.wrapping_add(1);
        self.unfinished = None;
    }
}

/// Writes all of it. Our standard output does not block where another program that has it too said so.
fn write(mut to: &File, mut piece: &[u8]) -> io::Result<()> {
    while !piece.is_empty() {
        match to.write(piece) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => piece = piece.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                poll(&mut [PollFd::new(to, PollFlags::OUT)], None)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
