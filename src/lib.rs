//! Mission Control: the live backend for fleets of agents.
//!
//! Four rooms, from the inside out: [`domain`] decides, [`ports`] say what is needed and offered,
//! `adapters` speak the technologies, `app` joins them.

pub mod domain;
pub mod ports;

#[cfg(any(
    feature = "wire",
    feature = "jwt",
    feature = "memory",
    feature = "process",
    feature = "revocations",
    feature = "process",
    feature = "system",
    feature = "dashboard"
))]
pub mod adapters;

#[cfg(feature = "app")]
pub mod app;
