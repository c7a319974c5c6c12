//! Who is calling, as the accept loop knows it. Handed to the routes as a request extension.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

/// Who is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The address that counts for limits: the peer's, or what a trusted proxy says it is.
    pub address: Option<IpAddr>,
    /// Stands on every log line and error that concerns the request.
    pub request_id: String,
}

impl Caller {
    /// A caller whom no accept loop of ours named, as in somebody else's server: the request still has
    /// an id of its own.
    #[must_use]
    pub fn unnamed(address: Option<IpAddr>) -> Self {
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        Self { address, request_id: format!("m{}", NUMBERS.fetch_add(1, Ordering::Relaxed)) }
    }
}
