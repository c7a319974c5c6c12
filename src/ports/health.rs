//! Port in: whether the node can serve.

/// Why a node does not want traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotReady {
    /// The fan-out has not begun.
    Starting,
    /// It is shutting down.
    Draining,
    /// The log cannot be followed.
    LogFailed,
    /// The log takes no events: it cannot keep them now. What there is can be read and watched.
    LogUnavailable,
    /// The log takes no events: it has no room.
    LogFull,
}

/// Tells whether the node can serve.
#[cfg_attr(feature = "test-support", mockall::automock)]
pub trait Health: Send + Sync {
    /// Nothing wrong, or what.
    ///
    /// # Errors
    /// [`NotReady`] says why traffic should go elsewhere.
    fn ready(&self) -> Result<(), NotReady>;
}
