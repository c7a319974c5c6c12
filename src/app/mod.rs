//! The use cases and the composition root. Use cases name the domain and the ports only; `wiring` and
//! `run` alone name adapters.
//!
//! A program that embeds the server needs [`run`], [`builder`], [`settings`] and [`reporter`]; the use cases are not
//! for it.

// They are called by what joins them, which not every set of features has.
#![cfg_attr(not(feature = "server"), allow(dead_code, reason = "alone, the use cases have no caller"))]

mod stage;
mod tickets;

mod revocations;

mod gate;
mod intake;
mod liveness;
mod noted_log;
mod presence;
pub mod reporter;

mod hub;
mod live_feed;
mod past;

mod admin;
mod reads;
mod sign_in;

mod drain;

mod patience;

#[allow(unreachable_pub, unused_imports, reason = "the command line's: `pub` is what its commands use")]
mod outbox;
#[allow(unreachable_pub, unused_imports, reason = "the command line's: `pub` is what its commands use")]
mod supervise;
#[allow(unreachable_pub, unused_imports, reason = "the command line's: `pub` is what its commands use")]
mod tokens;
#[allow(unreachable_pub, unused_imports, reason = "the command line's: `pub` is what its commands use")]
mod watch;

#[cfg(feature = "cli")]
pub mod settings;
#[cfg(feature = "cli")]
mod telemetry;

#[cfg(feature = "server")]
pub mod builder;
#[cfg(feature = "server")]
pub mod run;
#[cfg(feature = "server")]
mod wiring;

// Every command needs the whole node or its keys.
#[cfg(all(feature = "cli", feature = "server"))]
pub mod cli;
#[cfg(test)]
mod testing;
