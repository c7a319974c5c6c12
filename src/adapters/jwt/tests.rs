//! The tests of the adapter, by what they attack.

mod bench;

mod conformance;

mod building;
mod claims;
mod header;
mod issuing;
mod properties;
mod signature;
