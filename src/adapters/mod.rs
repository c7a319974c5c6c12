//! The adapters: one folder, one feature, one technology each. None knows another; all may use
//! `wire`, and the live transports `live`.

#[cfg(feature = "wire")]
pub mod wire;

#[cfg(feature = "live")]
pub mod live;

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "dashboard")]
pub mod dashboard;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "jwt")]
pub mod jwt;
#[cfg(feature = "memory")]
pub mod memory;
#[cfg(feature = "process")]
pub mod process;
#[cfg(feature = "revocations")]
pub mod revocations;
#[cfg(feature = "spool")]
pub mod spool;
#[cfg(feature = "sse")]
pub mod sse;
#[cfg(feature = "system")]
pub mod system;
#[cfg(feature = "ws")]
pub mod ws;
