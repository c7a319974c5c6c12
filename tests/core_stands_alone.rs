//! The core with nothing around it: domain and ports alone, as a crate of their own.
//!
//! A path to adapters or app inside them builds in the whole crate and fails to build here. Crates of the
//! registry are not kept out by this test (a test sees every dependency): `cargo core` does that.
#![allow(dead_code, reason = "the core's users, adapters and app, are left out on purpose")]
#![allow(unused_imports, reason = "re-exports are for those users")]
#![allow(unreachable_pub, reason = "public there is unreachable in a test program")]

#[path = "../src/domain/mod.rs"]
pub mod domain;
#[path = "../src/ports/mod.rs"]
pub mod ports;

#[test]
fn the_core_builds_with_nothing_around_it() {
    // Its being compiled is the proof; this names both rooms so that neither can be left out.
    #[allow(unused_imports, reason = "a glob over a room that is still empty")]
    use crate::{domain::*, ports::*};
}
