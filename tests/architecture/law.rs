//! The rule table: who may name whom. One row a room; what is not listed is forbidden.

/// A room under `src/`, and what its files may name.
pub(crate) struct Room {
    /// Its module path with `/`. `app` covers every file of app that no longer row covers; a `*` ends a prefix.
    pub(crate) at: &'static str,
    /// The rooms of this crate it may name.
    pub(crate) rooms: &'static str,
    /// The packages it may name, in code spelling.
    pub(crate) crates: &'static str,
}

/// In a row: no limit. Such a room joins the others, so it may re-export none of them.
pub(crate) const EVERYTHING: &str = "*";

#[rustfmt::skip]
pub(crate) const LAW: &[Room] = &[
    room("lib",                "",                                       ""),
    room("main",               "app",                                    ""),
    room("domain",             "domain",                                 "thiserror"),
    room("ports",              "domain ports",                           "async_trait thiserror"),
    room("adapters",           "",                                       ""),
    room("adapters/wire",      "domain ports adapters/wire",             "serde serde_json schemars bytes http sha2"),
    room("adapters/line",      "adapters/line",                          "tokio"),
    room("adapters/http",      "domain ports adapters/wire adapters/line adapters/http",
         "warp hyper hyper_util tower_service socket2 tokio tracing futures_util bytes http schemars serde serde_json"),
    room("adapters/live",      "domain ports adapters/wire adapters/live", "bytes tokio"),
    room("adapters/sse",       "domain ports adapters/wire adapters/live adapters/sse", "warp tokio tracing futures_util bytes"),
    room("adapters/ws",        "domain ports adapters/wire adapters/line adapters/live adapters/ws", "warp hyper hyper_util tokio tracing bytes sha1 base64"),
    room("adapters/jwt",       "domain ports adapters/wire adapters/jwt",       "jsonwebtoken serde serde_json sha2 tracing"),
    room("adapters/memory",    "domain ports adapters/wire adapters/memory",    "tokio"),
    room("adapters/disk",      "domain ports adapters/wire adapters/disk",      "tokio rusqlite serde serde_json crc32fast tracing"),
    room("adapters/revocations", "domain ports adapters/revocations",           "tokio serde serde_json"),
    room("adapters/system",    "domain ports adapters/wire adapters/system",    "tokio getrandom"),
    room("adapters/dashboard", "domain ports adapters/wire adapters/dashboard", "warp rust_embed"),
    room("adapters/client",    "domain ports adapters/wire adapters/client",
         "tokio tokio_tungstenite reqwest futures_util tracing serde serde_json bytes http base64 sha2"),
    room("adapters/spool",     "domain ports adapters/wire adapters/spool",  "tokio rusqlite tracing"),
    room("adapters/process",   "domain ports adapters/process",              "tokio rustix signal_hook anstream"),
    room("app",                "domain ports app",                       "tokio tracing"),
    room("app/settings*",      "domain ports app",                       "tokio tracing config serde clap"),
    room("app/cli*",           "domain ports app",                       "tokio tracing config serde clap ratatui"),
    room("app/telemetry*",     "domain ports app",                       "tokio tracing tracing_subscriber"),
    room("app/wiring",         EVERYTHING,                               EVERYTHING),
    room("app/run",            EVERYTHING,                               EVERYTHING),
];

/// Whoever implements a port needs these two.
pub(crate) const IMPLEMENTERS: (&[&str], &[&str]) = (&["adapters/", "app"], &["async_trait", "thiserror"]);

/// What the domain may not name of std: time is an argument, and nothing there does I/O.
#[rustfmt::skip]
pub(crate) const STD_KEPT_OUT: (&str, &[&str]) = (
    "domain",
    &["time::SystemTime", "time::Instant", "time::UNIX_EPOCH", "fs", "io", "os", "thread", "env", "process",
      "net::TcpStream", "net::TcpListener", "net::UdpSocket", "net::ToSocketAddrs"],
);

/// Behind `cfg(feature = "test-support")`: these rooms may name these packages too.
pub(crate) const FAKES: (&[&str], &[&str]) = (&["ports"], &["mockall"]);

/// Behind `cfg(test)`: every room may name the dev-dependencies and mockall, and all but the core (which
/// tests/core_stands_alone.rs builds with nothing around it) this adapter.
pub(crate) const TEST_ADAPTER: (&str, &[&str]) = ("adapters/memory", &["domain", "ports"]);

const fn room(at: &'static str, rooms: &'static str, crates: &'static str) -> Room {
    Room { at, rooms, crates }
}
