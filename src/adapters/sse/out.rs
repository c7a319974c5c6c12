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
/// The largest piece: small, so that a peer on a thin line is not taken for one that takes nothing.
const PIECE_BYTES: usize = 16 * 1024;

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

    /// Takes the next piece off some bytes.
    pub(super) fn piece(bytes: &mut Bytes) -> Bytes {
        bytes.split_to(bytes.len().min(PIECE_BYTES))
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
