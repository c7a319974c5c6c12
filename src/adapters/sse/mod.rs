//! Server-Sent Events: the live stream of the contract, section 5, at `GET /api/v1/stream`.
//!
//! One task for each connection, which reads the shared ring and the shared copies from its own place
//! and hands the body one piece at a time. The body is pulled: a peer that reads slowly holds up nobody.

mod frames;
mod out;
mod route;
mod session;
#[cfg(test)]
mod tests;

pub(crate) use frames::event as encode;
pub(crate) use route::{SseSettings, route};
