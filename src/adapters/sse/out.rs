//! The way to the peer: a body of which one piece waits at a time. The server pulls it when the socket
//! has room, so a place for the next piece is the sign that the peer takes bytes.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use tokio::sync::mpsc;
use tokio::sync::mpsc::Permit;
use tokio::time::{sleep, timeout};

use crate::adapters::wire::caller::HangUp;

/// How long a peer may take nothing.
pub(super) const BLOCKED_AFTER: Duration = Duration::from_secs(30);
/// For so long a connection keeps its place for a goodbye to go out.
pub(super) const GOODBYE_WITHIN: Duration = Duration::from_secs(2);
/// A piece has no more than this, where its first frame has not: small, so that a peer on a thin line is
/// not taken for one that takes nothing.
const PIECE_BYTES: usize = 16 * 1024;
/// What ends each frame, and stands nowhere in it.
const FRAME_END: &[u8] = b"\n\n";

/// One connection's body, from the side that fills it.
pub(super) struct Out {
    pieces: mpsc::Sender<Bytes>,
    hang_up: Option<HangUp>,
}

/// A body and its filling side. `hang_up` ends the connection below, where the server has a way to.
pub(super) fn body(hang_up: Option<HangUp>) -> (Out, impl Stream<Item = Result<Bytes, Infallible>>) {
    let (pieces, mut taken) = mpsc::channel(1);
    let body = stream::poll_fn(move |context| taken.poll_recv(context).map(|piece| piece.map(Ok)));
    (Out { pieces, hang_up }, body)
}

/// Why nothing more can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SendError {
    /// The peer is gone.
    Gone,
    /// The peer takes no byte.
    Blocked,
}

impl Out {
    /// Waits until the peer is gone.
    pub(super) async fn gone(&self) {
        self.pieces.closed().await;
    }

    /// Waits for a place for the next piece. Cancel safe.
    pub(super) async fn place(&self) -> Result<Permit<'_, Bytes>, SendError> {
        match timeout(BLOCKED_AFTER, self.pieces.reserve()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) => Err(SendError::Gone),
            Err(_) => Err(SendError::Blocked),
        }
    }

    /// Takes the next piece off some whole frames. It has whole frames itself: a goodbye that comes
    /// between two pieces comes between two frames.
    pub(super) fn piece(frames: &mut Bytes) -> Bytes {
        let is_end = |pair: &[u8]| pair == FRAME_END;
        let last_that_fits =
            frames.get(..PIECE_BYTES).unwrap_or(frames).windows(FRAME_END.len()).rposition(is_end);
        let end = last_that_fits.or_else(|| frames.windows(FRAME_END.len()).position(is_end));
        frames.split_to(end.map_or(frames.len(), |end| end + FRAME_END.len()))
    }

    /// Says goodbye and ends the body; `leave` gives up the connection's place in the node, which does
    /// not wait for long. Bytes that the peer still does not take then are cut off with the connection.
    pub(super) async fn end(self, goodbye: Bytes, leave: impl FnOnce()) {
        {
            let told = async {
                let _refused = self.pieces.send(goodbye).await;
                // Another place means that the server took it.
                drop(self.pieces.reserve().await);
            };
            let mut told = std::pin::pin!(told);
            let in_time = timeout(GOODBYE_WITHIN, told.as_mut()).await.is_ok();
            leave();
            if !in_time {
                let _cut_off = timeout(BLOCKED_AFTER, told).await;
            }
        }
        if self.pieces.is_closed() {
            return;
        }
        let Self { pieces, hang_up } = self;
        drop(pieces);
        // The body is whole, and may be on its way still.
        sleep(BLOCKED_AFTER).await;
        cut(hang_up);
    }

    /// Ends the connection below at once.
    pub(super) fn cut_off(self) {
        cut(self.hang_up);
    }
}

fn cut(hang_up: Option<HangUp>) {
    if let Some(hang_up) = hang_up {
        hang_up.now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_has_whole_frames_and_as_many_as_fit() {
        let frame = |bytes: usize| format!("event: e\ndata: {}\n\n", "x".repeat(bytes));
        let (small, large) = (frame(5000), frame(40_000));
        let mut frames = Bytes::from(small.repeat(4) + &large + &small);
        let mut pieces = Vec::new();
        while !frames.is_empty() {
            pieces.push(Out::piece(&mut frames));
        }
        assert_eq!(pieces, [small.repeat(3), small.clone(), large, small]);
    }
}
