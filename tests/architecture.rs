//! The layer law, held by machine: who may name whom, read from the tokens of every file under `src/`.
//!
//! The rule table is `architecture/law.rs`, one screen. `architecture/reader.rs` finds what a file names
//! (inline paths, `use` trees, macro bodies, `extern crate`), `architecture/judge.rs` resolves each name and
//! asks the table, and `architecture/planted.rs` shows that every rule bites. Tokens and not lines, so that
//! comments and strings are never mistaken for code. The page is docs/ARCHITECTURE.md.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[path = "architecture/judge.rs"]
mod judge;
#[path = "architecture/law.rs"]
mod law;
#[path = "architecture/manifest.rs"]
mod manifest;
#[path = "architecture/planted.rs"]
mod planted;
#[path = "architecture/reader.rs"]
mod reader;
#[path = "architecture/tokens.rs"]
mod tokens;
#[path = "architecture/tracked.rs"]
mod tracked;

use judge::judge;
use manifest::Manifest;

#[test]
fn every_file_names_only_what_its_room_may_name() {
    let files: Vec<(String, String)> = tracked::texts()
        .into_iter()
        .filter(|(path, _)| path.starts_with("src/") && path.ends_with(".rs"))
        .collect();
    assert!(files.len() >= 4, "the law saw only {} files under src/", files.len());

    let mut broken = judge(&files, &Manifest::read(&tracked::text("Cargo.toml")));
    broken.extend(judge::orphans(&files));
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn the_table_names_only_crates_that_cargo_toml_has() {
    let manifest = Manifest::read(&tracked::text("Cargo.toml"));
    for room in law::LAW {
        for name in room.crates.split_whitespace().filter(|name| *name != law::EVERYTHING) {
            assert!(manifest.has_package(name), "{}: no dependency `{name}` in Cargo.toml", room.at);
        }
    }
}
