//! One suite for each port that has more than one adapter. An adapter that passes is one.
//!
//! A suite panics with a sentence that says which promise was broken.

pub mod event_log;
pub mod token_verifier;
