//! Who is calling, as the accept loop knows it. Handed to the routes as a request extension.
//!
//! ```
//! use mission_control::adapters::wire::caller::{Caller, HangUp};
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicBool, Ordering};
//!
//! let (one, other) = (Caller::unnamed(None), Caller::unnamed(None));
//! assert_ne!(one.request_id, other.request_id);
//!
//! let ended = Arc::new(AtomicBool::new(false));
//! let hang_up = HangUp::new({
//!     let ended = Arc::clone(&ended);
//!     move || ended.store(true, Ordering::SeqCst)
//! });
//! hang_up.now();
//! assert!(ended.load(Ordering::SeqCst));
//! ```

use std::net::IpAddr;
use std::sync::Arc;
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

/// Ends the connection that a request came on, without an answer. A request extension, too; only our own
/// accept loop sets it.
#[derive(Clone)]
pub struct HangUp(Arc<dyn Fn() + Send + Sync>);

impl HangUp {
    /// Ends the connection like this.
    #[must_use]
    pub fn new(end: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(end))
    }

    /// Ends it.
    pub fn now(&self) {
        (self.0)();
    }
}

impl std::fmt::Debug for HangUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HangUp")
    }
}
