//! The law proves itself: every rule is broken here on purpose, and clean samples pass.

use crate::judge::{judge, orphans};
use crate::manifest::Manifest;

const MANIFEST: &str = r#"
[package]
name = "mission-control"
[dependencies]
async-trait = "0.1"
thiserror = "2"
tokio = { version = "1", features = ["net"], optional = true }
warp = { version = "0.4", optional = true }
serde = "1"
clock = { package = "tokio", version = "1" }
mockall = { version = "0.15", optional = true }
[dependencies.web]
version = "0.4"
package = "warp"
[target.'cfg(unix)'.dependencies]
tracing = "0.1"
[dev-dependencies]
mission-control = { path = ".", features = ["test-support"] }
myself = { path = ".", package = "mission-control" }
proptest = "1"
tokio = { version = "1", features = ["test-util"] }
"#;

/// (what is broken, the file, its text, the line and words of the verdict)
#[rustfmt::skip]
const BROKEN: &[(&str, &str, &str, &str)] = &[
    (
        "an inline path",
        "src/domain/a.rs",
        "//! a\nfn f() {\n    tokio::spawn(g());\n}",
        "a.rs:3: names `tokio::spawn`",
    ),
    ("a crate in a type", "src/domain/a.rs", "struct A { b: Option<serde::Value> }", "`serde::Value`: of the registry"),
    ("an attribute", "src/domain/a.rs", "#[derive(Clone, serde::Serialize)]\nstruct A;", ":1: names `serde::Serialize`"),
    ("an import alone", "src/domain/a.rs", "use tokio;", "names `tokio`"),
    ("a raw name", "src/domain/a.rs", "use r#tokio::spawn;", "names `tokio::spawn`"),
    ("a leading colon", "src/domain/a.rs", "fn f(_: ::warp::Reply) {}", "names `warp::Reply`"),
    ("a leading colon after a keyword", "src/domain/a.rs", "impl ::serde::Value for A {}", "names `serde::Value`"),
    ("the second name of a group", "src/domain/a.rs", "use crate::{domain::id, adapters::http};", "`crate::adapters::http`"),
    ("a group with no root", "src/domain/a.rs", "use {crate::domain::id, tokio::spawn};", "names `tokio::spawn`"),
    ("a group in a group", "src/domain/a.rs", "use crate::{domain::{id}, app::{self, hub::{Hub}}};", "`crate::app::hub::Hub`"),
    ("a macro's arguments", "src/domain/a.rs", "fn f() { vec![tokio::spawn(1)]; }", "names `tokio::spawn`"),
    ("a macro's body", "src/domain/a.rs", "macro_rules! m { () => { $crate::app::run() } }", "names `crate::app::run`"),
    ("an import in a body", "src/domain/a.rs", "fn f() { use warp::Filter as _; }", "names `warp::Filter`"),
    ("climbing out", "src/domain/a.rs", "use super::super::adapters::http;", "domain may name domain"),
    ("climbing out by self", "src/domain/a/b.rs", "use self::super::super::super::app::hub;", "domain may name domain"),
    ("climbing out of a module", "src/domain/a.rs", "mod b { fn f() { super::super::super::app::f() } }", "domain may name"),
    ("climbing past the root", "src/domain/a.rs", "use super::super::super::x;", "climbs out of the crate"),
    ("the crate under a name", "src/domain/a.rs", "use crate as root;", "hides what is used"),
    ("the crate by climbing", "src/domain/a.rs", "use super::super as root;", "hides what is used"),
    ("all of the crate", "src/ports/a.rs", "use crate::*;", "hides what is used"),
    ("itself as a crate", "src/domain/a.rs", "extern crate self as root;", "hides what is used"),
    ("its own name", "src/domain/a.rs", "use mission_control::app::hub;", "names `mission_control::app::hub`"),
    ("a room by re-export", "src/ports/a.rs", "pub use crate::adapters::wire::Frame;", "ports may name domain ports"),
    ("a crate renamed inline", "src/domain/a.rs", "use clock::spawn;", "names `clock::spawn`"),
    ("a crate renamed in a table", "src/domain/a.rs", "fn f() { web::serve() }", "names `web::serve`"),
    ("a crate of one platform", "src/domain/a.rs", "fn f() { tracing::info!(\"x\") }", "names `tracing::info`"),
    ("a crate renamed by extern", "src/domain/a.rs", "extern crate tokio as quiet;", "names `tokio`"),
    ("the wall clock", "src/domain/a.rs", "use std::time::{Duration, SystemTime};", "stays clear of std::time::SystemTime"),
    ("the steady clock", "src/domain/a.rs", "fn f() { core::time::Instant::now(); }", "clear of std::time::Instant"),
    ("a clock's module", "src/domain/a.rs", "use std::time;", "stays clear of std::time"),
    ("a clock by glob", "src/domain/a.rs", "use std::time::*;", "stays clear of std::time"),
    ("std under a name", "src/domain/a.rs", "use std as s;", "stays clear of std"),
    ("files", "src/domain/a.rs", "use std::fs::File;", "stays clear of std::fs"),
    ("streams", "src/domain/a.rs", "fn f(_: std::io::Error) {}", "stays clear of std::io"),
    ("sockets", "src/domain/a.rs", "use std::net::{IpAddr, TcpStream};", "stays clear of std::net::TcpStream"),
    ("datagrams", "src/domain/a.rs", "use std::net::UdpSocket;", "stays clear of std::net::UdpSocket"),
    ("threads", "src/domain/a.rs", "fn f() { std::thread::yield_now() }", "stays clear of std::thread"),
    ("the environment", "src/domain/a.rs", "fn f() { std::env::args(); }", "stays clear of std::env"),
    ("processes", "src/domain/a.rs", "fn f() { std::process::abort() }", "stays clear of std::process"),
    ("the domain naming ports", "src/domain/a.rs", "use crate::ports::Clock;", "domain may name domain"),
    ("the domain async", "src/domain/a.rs", "use async_trait::async_trait;", "domain may name thiserror"),
    ("ports on a runtime", "src/ports/a.rs", "use tokio::sync::watch;", "ports may name async_trait thiserror"),
    ("ports with fakes shipped", "src/ports/a.rs", "#[mockall::automock]\ntrait A {}", "names `mockall::automock`"),
    ("ports with fakes without tests", "src/ports/a.rs", "#[cfg(not(test))]\nuse mockall::mock;", "`mockall::mock`"),
    ("fakes shipped in any build", "src/ports/a.rs", "#[cfg(any(unix, test))]\nuse mockall::mock;", "`mockall::mock`"),
    ("ports naming the app", "src/ports/a.rs", "use crate::app::hub;", "ports may name domain ports"),
    ("an adapter naming another", "src/adapters/http/a.rs", "use crate::adapters::ws::Session;", "adapters/http may name"),
    ("an adapter naming a neighbour", "src/adapters/http/mod.rs", "use super::ws::Session;", "`super::ws::Session`"),
    ("an adapter naming all of them", "src/adapters/http/mod.rs", "use super::*;", "names `super`"),
    ("an adapter naming the app", "src/adapters/ws/a.rs", "use crate::app::hub;", "adapters/ws may name"),
    ("an adapter with a foreign crate", "src/adapters/memory/a.rs", "use warp::Filter;", "adapters/memory may name tokio"),
    ("wire naming an adapter", "src/adapters/wire/a.rs", "use crate::adapters::http;", "adapters/wire may name"),
    ("serde's strings", "src/adapters/wire/a.rs", "//! w\n#[serde(with = \"crate::app::x\")]\nstruct A;", ":2: names `crate::app::x`"),
    ("adapters joined in their list", "src/adapters/mod.rs", "pub mod http;\npub use http::Routes;", "names `http::Routes`"),
    ("the app naming an adapter", "src/app/hub.rs", "use crate::adapters::memory::Log;", "app may name domain ports app"),
    ("the app with serde", "src/app/hub.rs", "use serde::Serialize;", "app may name tokio tracing"),
    ("a name that only looks like run", "src/app/runner.rs", "use crate::adapters::http;", "app may name"),
    ("settings naming an adapter", "src/app/settings/file.rs", "use crate::adapters::http;", "app/settings* may name"),
    ("wiring passing adapters on", "src/app/wiring.rs", "pub(crate) use crate::adapters::http::Routes;", "re-exports none"),
    ("wiring passing crates on", "src/app/wiring.rs", "pub use warp::Filter;", "re-exports none"),
    ("the crate root naming a room", "src/lib.rs", "pub mod app;\npub use app::hub;", "names `app::hub`"),
    ("main naming an adapter", "src/main.rs", "fn main() { mission_control::adapters::http::f() }", "main may name app"),
    ("an adapter with no row", "src/adapters/nats/mod.rs", "", "no row in the table"),
    ("a room with no row", "src/util/mod.rs", "", "no row in the table"),
    ("another binary", "src/bin/tool.rs", "", "no row in the table"),
    ("a file from elsewhere", "src/domain/a.rs", "#[path = \"../app/hub.rs\"]\nmod b;", ":1: `#[path]` hides"),
    ("a path behind cfg_attr", "src/domain/a.rs", "#[cfg_attr(unix, path = \"x.rs\")]\nmod b;", "`#[path]` hides"),
    ("text from elsewhere", "src/domain/a.rs", "include!(\"../app/hub.rs\");", "`include!` hides"),
    ("text from elsewhere by path", "src/domain/a.rs", "core::include!(\"x.rs\");", "`include!` hides"),
    ("after a test item", "src/domain/a.rs", "#[cfg(test)]\nmod t { }\nuse tokio::spawn;", ":3: names `tokio::spawn`"),
    ("after a test import", "src/domain/a.rs", "#[cfg(test)]\nuse crate::domain::b;\nuse tokio::spawn;", ":3: names `tokio::spawn`"),
    ("after a test field", "src/domain/a.rs", "struct A {\n#[cfg(test)]\na: u8,\nb: tokio::B }", ":4: names `tokio::B`"),
    ("the core's tests with an adapter", "src/ports/a.rs", "#[cfg(test)]\nmod t { use crate::adapters::memory::Log; }", "ports may"),
    ("tests with a wrong adapter", "src/app/hub.rs", "#[cfg(test)]\nmod t { use crate::adapters::http; }", "app may name"),
    ("tests with itself, renamed", "src/domain/a.rs", "#[cfg(test)]\nuse myself::app::hub;", "names `myself::app::hub`"),
    ("tests with an unknown crate", "src/domain/a.rs", "#[cfg(test)]\nmod t { use warp::Filter; }", "names `warp::Filter`"),
    ("tests that ship", "src/domain/a/tests.rs", "use proptest::prelude::*;", "names `proptest::prelude`"),
    ("text that is not Rust", "src/domain/a.rs", "fn f( {", "not Rust"),
];

#[rustfmt::skip]
const CLEAN: &[(&str, &str, &str)] = &[
    (
        "comments and strings",
        "src/domain/a.rs",
        "//! Not tokio::spawn.\n/// Nor [`crate::app`].\nconst A: &str = \"warp::x\";",
    ),
    ("addresses and durations", "src/domain/a.rs", "use std::{net::IpAddr, time::Duration, collections::BTreeMap};"),
    ("its own room", "src/domain/a/b.rs", "use super::super::lease::Lease;\nuse crate::domain::{id, time::{self as t}};"),
    ("its own error", "src/domain/a.rs", "#[derive(Debug, thiserror::Error)]\nenum E { #[error(\"x: {0}\")] A(u8) }"),
    ("a field called like a crate", "src/domain/a.rs", "fn f(a: A) { a.http::<u8>(); a.tokio.spawn(); }"),
    ("a module called like a crate", "src/domain/a.rs", "mod clock { pub(super) fn f() {} }\nfn g() { clock::f() }"),
    ("a visibility", "src/adapters/http/a.rs", "pub(in crate::adapters) fn f() {}\npub(crate) fn g() {}"),
    ("a capture", "src/domain/a.rs", "fn f<'a>(a: &'a [u8]) -> impl Iterator<Item = u8> + use<'a> { g(a) }"),
    ("a port's fake", "src/ports/a.rs", "#[cfg_attr(any(test, feature = \"test-support\"), mockall::automock)]\n#[async_trait::async_trait]\ntrait A { fn f(&self) -> crate::domain::Seq; }"),
    ("a port's written fake", "src/ports/a.rs", "#[cfg(feature = \"test-support\")]\nmockall::mock! { A {} }"),
    ("an adapter's reach", "src/adapters/http/a.rs", "use super::super::wire::Frame;\nuse crate::{domain::Seq, ports::Intake, adapters::http::b};\nuse warp::Filter;\n#[async_trait::async_trait]\nimpl A for B {}"),
    ("its own crate, renamed", "src/adapters/ws/a.rs", "use web::Filter;\nfn f() { clock::spawn(g()) }"),
    ("the list of adapters", "src/adapters/mod.rs", "#[cfg(feature = \"http\")]\npub mod http;\npub mod wire;"),
    ("the app", "src/app/hub.rs", "use crate::{domain::Seq, ports::EventLog, app::drain};\nfn f() { tokio::spawn(g()); tracing::info!(\"x\"); std::thread::yield_now() }"),
    ("settings", "src/app/settings/file.rs", "use serde::Deserialize;\nuse super::Settings;"),
    ("wiring", "src/app/wiring.rs", "use crate::adapters::{http::Routes, memory::Log};\nuse warp::Filter;\npub use crate::ports::EventLog;"),
    ("wiring's own files", "src/app/wiring/http.rs", "use crate::adapters::http::Routes;"),
    ("the crate root", "src/lib.rs", "//! r\npub mod domain;\npub mod ports;"),
    ("main", "src/main.rs", "use std::process::ExitCode;\nfn main() -> ExitCode { mission_control::app::run::main() }"),
    ("unit tests", "src/app/hub.rs", "#[cfg(test)]\nmod tests { use super::*; use crate::adapters::memory::Log; use proptest::prelude::*; use mockall::predicate; }"),
    ("a test import", "src/app/hub.rs", "#[cfg(test)]\nuse crate::{adapters::memory::{Log}};\nuse crate::domain::Seq;"),
    ("a file of tests only", "src/domain/a.rs", "#![cfg(test)]\nuse proptest::prelude::*;"),
    ("a runtime in the core's tests", "src/ports/a.rs", "#[cfg(all(test, unix))]\nmod t { #[tokio::test] async fn f() {} }"),
];

#[test]
fn every_planted_breach_is_found() {
    let manifest = Manifest::read(MANIFEST);
    let mut missed = Vec::new();
    for (what, path, text, verdict) in BROKEN {
        let found = judge(&[((*path).to_owned(), (*text).to_owned())], &manifest);
        if !found.iter().any(|message| message.contains(verdict)) {
            missed.push(format!("{what}: wanted `{verdict}`, found {found:?}"));
        }
    }
    assert!(missed.is_empty(), "\n{}\n", missed.join("\n"));
}

#[test]
fn every_clean_sample_passes() {
    let manifest = Manifest::read(MANIFEST);
    for (what, path, text) in CLEAN {
        let found = judge(&[((*path).to_owned(), (*text).to_owned())], &manifest);
        assert!(found.is_empty(), "{what}: {found:?}");
    }
}

#[test]
fn a_verdict_names_file_line_path_rule_and_page() {
    let file = ("src/domain/a.rs".to_owned(), "//! a\n\nuse warp::Filter;\n".to_owned());
    assert_eq!(
        judge(&[file], &Manifest::read(MANIFEST)),
        [
            "src/domain/a.rs:3: names `warp::Filter`: of the registry's crates domain may name thiserror (docs/ARCHITECTURE.md)"
        ]
    );
}

#[test]
fn a_crate_renamed_at_the_root_is_known_everywhere() {
    let root = ("src/lib.rs".to_owned(), "extern crate warp as quiet;\npub mod domain;".to_owned());
    let user = ("src/domain/mod.rs".to_owned(), "fn f() { quiet::serve() }".to_owned());
    let found = judge(&[root, user], &Manifest::read(MANIFEST));
    assert!(
        found.iter().any(|message| message.contains("domain/mod.rs:1: names `quiet::serve`")),
        "{found:?}"
    );
}

#[test]
fn a_file_is_a_test_when_the_mod_line_above_it_says_so() {
    let tests = ("src/domain/a/tests.rs".to_owned(), "use proptest::prelude::*;".to_owned());
    let deeper = ("src/domain/a/tests/b.rs".to_owned(), "use proptest::prelude::*;".to_owned());
    let verdict = |declaration: &str| {
        let parent = ("src/domain/a.rs".to_owned(), declaration.to_owned());
        judge(&[parent, tests.clone(), deeper.clone()], &Manifest::read(MANIFEST)).len()
    };
    assert_eq!((verdict("#[cfg(test)]\nmod tests;"), verdict("mod tests;")), (0, 2));
}

#[test]
fn a_suite_behind_test_support_may_name_fakes() {
    let suite = ("src/ports/conformance/log.rs".to_owned(), "use mockall::predicate;".to_owned());
    let verdict = |declaration: &str| {
        let parent = ("src/ports/mod.rs".to_owned(), declaration.to_owned());
        judge(&[parent, suite.clone()], &Manifest::read(MANIFEST)).len()
    };
    assert_eq!(verdict("#[cfg(feature = \"test-support\")]\npub mod conformance;"), 0);
    assert_eq!(verdict("pub mod conformance;"), 1);
}

#[test]
fn a_file_that_no_mod_line_reaches_is_found() {
    let parent = ("src/domain/mod.rs".to_owned(), "mod a;".to_owned());
    let root = ("src/lib.rs".to_owned(), "pub mod domain;".to_owned());
    let reached = ("src/domain/a.rs".to_owned(), String::new());
    let lost = ("src/domain/b.rs".to_owned(), String::new());
    let found = orphans(&[parent, root, reached, lost]);
    assert!(matches!(found.as_slice(), [only] if only.starts_with("src/domain/b.rs:1:")), "{found:?}");
}
