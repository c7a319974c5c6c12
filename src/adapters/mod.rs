//! The adapters: one folder, one feature, one technology each. None knows another; all may use
//! `wire`, those who speak HTTP `line`, and the live transports `live`.

// Some parts are for what joins them, which not every set of features has.
#![cfg_attr(
    not(feature = "server"),
    allow(dead_code, unused_imports, reason = "alone, an adapter has nobody who joins it")
)]

#[cfg(feature = "wire")]
pub mod wire;

#[cfg(feature = "line")]
pub(crate) mod line;

#[cfg(feature = "live")]
pub mod live;

#[cfg(feature = "client")]
#[allow(
    unreachable_pub,
    unused_imports,
    reason = "it is the command line's: its files say pub for what leaves the folder"
)]
pub(crate) mod client;
#[cfg(feature = "dashboard")]
pub(crate) mod dashboard;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "jwt")]
pub mod jwt;
#[cfg(feature = "memory")]
pub mod memory;

#[cfg(feature = "disk")]
pub mod disk;
#[cfg(feature = "process")]
#[allow(
    unreachable_pub,
    unused_imports,
    reason = "it is the command line's: its files say pub for what leaves the folder"
)]
pub(crate) mod process;
#[cfg(feature = "revocations")]
pub(crate) mod revocations;
#[cfg(feature = "spool")]
#[allow(
    unreachable_pub,
    unused_imports,
    reason = "it is the command line's: its files say pub for what leaves the folder"
)]
pub(crate) mod spool;
#[cfg(feature = "sse")]
pub(crate) mod sse;
#[cfg(feature = "system")]
pub mod system;
#[cfg(feature = "ws")]
pub mod ws;
