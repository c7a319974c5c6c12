//! An end like that of the child, so that whoever waits for us sees what it would have seen.

use rustix::process::{Resource, Rlimit, getpid, getrlimit, setrlimit};

/// Ends this process by a signal. Comes back where that cannot be: with the exit code that shells use for it.
#[must_use]
pub fn die_by(number: i32) -> u8 {
    // The first process of a container is not ended by a signal of its own.
    if !getpid().is_init() {
        // The child has left a core if it was to; ours tells nothing.
        let maximum = getrlimit(Resource::Core).maximum;
        let _kept = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum });
        let _not_known = signal_hook::low_level::emulate_default_handler(number);
    }
    u8::try_from(number.saturating_add(128)).unwrap_or(255)
}
