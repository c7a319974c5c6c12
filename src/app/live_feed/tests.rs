//! The five themes the product was first asked for, each in its own file, and what came after.
//!
//! The format of messages is the wire module's and is tested there; that a refused message changes
//! nothing is tested in `intake`.

mod authentication;
mod broadcast;
mod disconnection;
mod rejection;
mod steering;
