//! The core. Pure: no async, no I/O, no clock, no logging, no JSON text. Time is an argument.
//!
//! Reports come in, [`desk::Desk`] decides which events they make, [`fleet::Fleet`] is the fold of
//! those events, and [`registry::ConnectionRegistry`] knows whose screens may see which of them.

pub mod id;
pub mod pattern;
pub mod text;
pub mod time;

pub mod lifecycle;
pub mod report;

pub mod event;
pub mod fleet;

pub mod beside;
pub mod desk;
pub mod fence;

pub mod cursor;
pub mod resume;

pub mod grant;
pub mod interest;
pub mod registry;
pub mod revocation;
pub mod view;

pub mod farewell;
pub mod fault;
pub mod limits;
pub mod rate;
