//! Programs as children of this process: the `Programs` and `Signals` ports with tokio, rustix and signal-hook.
//!
//! The child stays in our process group, so that a terminal treats both as one job. Nothing here decides what
//! is reported or restarted: `app::supervise` does. Orphans are not waited for: as the first process of a
//! container, which inherits them, it needs an init beside it.

mod death;
mod lines;
mod names;
mod pass;
mod program;
mod signals;

#[cfg(test)]
mod tests;

pub use death::die_by;
pub use program::Children;
pub use signals::ForUs;
