//! The use cases and the composition root. Use cases name the domain and the ports only; `wiring` and
//! `run` alone name adapters.

pub mod stage;
pub mod tickets;

pub mod revocations;

pub mod gate;
pub mod intake;
pub mod reporter;

pub mod hub;
pub mod live_feed;

pub mod admin;
pub mod reads;
pub mod sign_in;

pub mod drain;

mod patience;

pub mod outbox;
pub mod supervise;
pub mod tokens;
pub mod watch;

#[cfg(feature = "cli")]
pub mod settings;
#[cfg(feature = "cli")]
pub mod telemetry;

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
