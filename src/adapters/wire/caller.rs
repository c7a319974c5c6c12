//! Who is calling, as the accept loop knows it. Handed to the routes as a request extension.

use std::net::IpAddr;

/// Who is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The address that counts for limits: the peer's, or what a trusted proxy says it is.
    pub address: Option<IpAddr>,
    /// Stands on every log line and error that concerns the request.
    pub request_id: String,
}
