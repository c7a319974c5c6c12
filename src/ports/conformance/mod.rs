//! One suite for each port that others may implement. An adapter that passes is one.
//!
//! A suite panics with a sentence that says which promise was broken.

pub mod clock;
pub mod event_log;
pub mod event_publisher;
pub mod intake;
pub mod live_feed;
pub mod token_verifier;
pub mod transport;
