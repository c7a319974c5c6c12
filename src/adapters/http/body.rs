//! Reads a request's body within its size and its time.

use std::time::Duration;

use futures_util::{Stream, StreamExt};
use warp::Buf;
use warp::http::{HeaderMap, header};

use crate::adapters::wire::caller::HangUp;
use crate::domain::fault::{Code, Fault};

/// Refuses what is not JSON, before the body is read.
pub(super) fn check_type(headers: &HeaderMap) -> Result<(), Fault> {
    let refused = || Fault::new(Code::UnsupportedMediaType, "send Content-Type: application/json");
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Fault::new(Code::UnsupportedMediaType, "send the body without Content-Encoding"));
    }
    let value =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).ok_or_else(refused)?;
    let kind = value.split(';').next().unwrap_or("").trim();
    if kind.eq_ignore_ascii_case("application/json") { Ok(()) } else { Err(refused()) }
}

/// Reads the whole body. What is over the size is refused as soon as that is known. One that is too
/// slow ends the connection without an answer, where it is ours to end.
pub(super) async fn read<B: Buf>(
    headers: &HeaderMap,
    body: impl Stream<Item = Result<B, warp::Error>>,
    bytes_max: usize,
    time_max: Duration,
    hang_up: Option<&HangUp>,
) -> Result<Vec<u8>, Fault> {
    let too_large = || Fault::new(Code::BodyTooLarge, format!("send at most {bytes_max} bytes"));
    let declared =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|bytes| bytes > bytes_max) {
        return Err(too_large());
    }
    let collect = async {
        let mut body = std::pin::pin!(body);
        let mut bytes = Vec::new();
        while let Some(chunk) = body.next().await {
            let mut chunk =
                chunk.map_err(|_| Fault::new(Code::InvalidRequest, "the body ended before it was whole"))?;
            if bytes.len().saturating_add(chunk.remaining()) > bytes_max {
                return Err(too_large());
            }
            while chunk.has_remaining() {
                let part = chunk.chunk();
                let length = part.len();
                bytes.extend_from_slice(part);
                chunk.advance(length);
            }
        }
        Ok(bytes)
    };
    match tokio::time::timeout(time_max, collect).await {
        Ok(read) => read,
        Err(_) => {
            if let Some(hang_up) = hang_up {
                hang_up.now();
                // The connection goes, and this request with it.
                std::future::pending::<()>().await;
            }
            Err(Fault::new(Code::InvalidRequest, "the body took too long"))
        }
    }
}
