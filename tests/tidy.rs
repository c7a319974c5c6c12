//! House-keeping, held by machine: openings, sizes, leftovers, comments on dependencies, links, scripts.
//!
//! `tidy/rust.rs` reads the tokens of Rust files, `tidy/text.rs` the lines of every text file git knows, and
//! `tidy/planted.rs` shows that each rule bites. The rules themselves: docs/ARCHITECTURE.md and docs/TESTING.md.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, also in its helpers"
)]

#[path = "tidy/planted.rs"]
mod planted;
#[path = "tidy/rust.rs"]
mod rust;
#[path = "tidy/text.rs"]
mod text;
#[path = "architecture/tracked.rs"]
mod tracked;

/// Every breach of every rule in `files`, as `file:line: what is wrong`. Links may lead to `others` too.
fn breaches(files: &[(String, String)], others: &[String]) -> Vec<String> {
    let mut broken = Vec::new();
    for (path, contents) in files {
        if path.ends_with(".rs") {
            broken.extend(rust::breaches(path, contents));
        }
        if path.ends_with("Cargo.toml") {
            broken.extend(text::unexplained_dependencies(path, contents));
        }
        broken.extend(text::leftovers(path, contents));
        broken.extend(text::places(path, contents));
        broken.extend(text::unguarded_script(path, contents));
    }
    broken.extend(text::dead_links(files, others));
    broken
}

#[test]
fn the_house_is_tidy() {
    let files = tracked::texts();
    assert!(tracked::text("Cargo.toml").contains("[package]"));
    let pictures: Vec<String> = tracked::files().into_iter().map(|(path, _)| path).collect();
    let broken = breaches(&files, &pictures);
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}
