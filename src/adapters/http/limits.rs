//! The sizes and times of one request's body.

use std::time::Duration;

use crate::domain::limits::Limits;

/// The limits that the routes keep.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HttpLimits {
    /// Bounds of reports.
    pub(crate) reports: Limits,
    /// Largest body, in bytes.
    pub(crate) body_bytes: usize,
    /// Largest body of a batch, in bytes.
    pub(crate) batch_bytes: usize,
    /// Most items of a batch.
    pub(crate) batch_items: usize,
    /// Longest time in which a body must have come.
    pub(crate) body_time: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            reports: Limits::default(),
            body_bytes: 64 * 1024,
            batch_bytes: 512 * 1024,
            batch_items: 1000,
            body_time: Duration::from_secs(30),
        }
    }
}
