//! Mission Control: the live backend for fleets of agents.
//!
//! Four rooms, from the inside out: [`domain`] decides, [`ports`] say what is needed and offered,
//! `adapters` speak the technologies, `app` joins them.

#[cfg(feature = "app")]
pub mod app;
pub mod domain;
pub mod ports;

#[cfg(any(feature = "wire", feature = "memory", feature = "system", feature = "jwt", feature = "dashboard"))]
pub mod adapters;
