//! Resident bytes of the server for each live connection: `cargo bench --bench memory`.
//!
//! The server runs in a child process, so that what the clients take is not counted: `memory/server.rs`.
//! The clients are here: `memory/clients.rs`. It is a measurement and judges nothing; it fails only where
//! something broke. How to read it: docs/TESTING.md.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool that prints, and stops at what it did not expect"
)]

#[path = "memory/clients.rs"]
mod clients;
mod files;
#[path = "memory/process.rs"]
mod process;
#[path = "memory/server.rs"]
mod server;
#[path = "../tests/support/mod.rs"]
mod support;

use std::process::ExitCode;

use clients::Clients;
use process::Child;

/// Connections that come and go before it is counted, one after the other: what the first ones cost is not
/// for each.
const WARM_UP: usize = 64;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// warp's own WebSocket, a task for each that sends back what comes.
    Warp,
    /// This server, the same token for all, every agent.
    Plain,
    /// This server, each with a user, a token and an interest of its own, and a report over the socket.
    Full,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Warp, Self::Plain, Self::Full];

    const fn name(self) -> &'static str {
        match self {
            Self::Warp => "warp",
            Self::Plain => "plain",
            Self::Full => "full",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == word)
    }

    /// Resident bytes that a connection may cost.
    const fn goal(self) -> Option<i64> {
        match self {
            Self::Warp => None,
            Self::Plain => Some(1_500),
            Self::Full => Some(2_500),
        }
    }
}

/// What to measure: `cargo bench --bench memory -- [KIND…] [COUNT…] [--at-once N]`.
struct Wanted {
    kinds: Vec<Kind>,
    counts: Vec<usize>,
    /// Handshakes under way at a time.
    at_once: usize,
}

impl Wanted {
    fn read(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut wanted = Self { kinds: Vec::new(), counts: Vec::new(), at_once: 64 };
        // Cargo adds `--bench`.
        let mut words = words.filter(|word| word != "--bench");
        while let Some(word) = words.next() {
            if word == "--at-once" {
                let number = words.next().and_then(|number| number.parse().ok()).filter(|number| *number > 0);
                wanted.at_once = number.ok_or("--at-once takes a number from 1")?;
            } else if let Some(kind) = Kind::parse(&word) {
                wanted.kinds.push(kind);
            } else if let Some(count) = word.parse().ok().filter(|count| *count > 0) {
                wanted.counts.push(count);
            } else {
                return Err(format!("`{word}` is not warp, plain, full, a count or --at-once"));
            }
        }
        if wanted.kinds.is_empty() {
            wanted.kinds = Kind::ALL.to_vec();
        }
        if wanted.counts.is_empty() {
            wanted.counts = vec![2_000, 10_000];
        }
        Ok(wanted)
    }
}

/// What one server came to, in bytes for each connection.
struct Found {
    each: i64,
    after_all_left: i64,
}

fn main() -> ExitCode {
    if let Some((kind, connections)) = process::as_child() {
        server::serve(kind, connections);
        return ExitCode::SUCCESS;
    }
    match Wanted::read(std::env::args().skip(1)).and_then(|wanted| run(&wanted)) {
        Ok(code) => code,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

fn run(wanted: &Wanted) -> Result<ExitCode, String> {
    let most = wanted.counts.iter().copied().max().unwrap_or_default();
    if let Some(code) = files::raise(most + 500)? {
        return Ok(code);
    }
    let profile = if cfg!(debug_assertions) { "NOT the release profile" } else { "release profile" };
    println!("{profile}; {} handshakes at a time\n", wanted.at_once);
    println!("kind    connections  bytes each    goal        of warp  kept once all left");
    for count in &wanted.counts {
        let mut warp = None;
        for kind in &wanted.kinds {
            let found = measure(*kind, *count, wanted.at_once)?;
            if *kind == Kind::Warp {
                warp = Some(found.each);
            }
            println!("{}", row(*kind, *count, &found, warp));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(kind: Kind, count: usize, at_once: usize) -> Result<Found, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
    runtime.block_on(async {
        let child = Child::start(kind, count)?;
        let mut warm_up = Clients::new(kind, child.address);
        warm_up.open(count..count + WARM_UP, 1).await?;
        warm_up.close().await;
        let before = child.settled().await?;
        let mut clients = Clients::new(kind, child.address);
        clients.open(0..count, at_once).await?;
        let open = child.settled().await?;
        clients.all_there()?;
        clients.close().await;
        let after = child.settled().await?;
        let each = |bytes: i64| bytes / i64::try_from(count).unwrap_or(i64::MAX);
        Ok(Found { each: each(open - before), after_all_left: each(after - before) })
    })
}

fn row(kind: Kind, count: usize, found: &Found, warp: Option<i64>) -> String {
    let goal = kind.goal().map_or_else(String::new, |goal| {
        format!("{goal} {}", if found.each <= goal { "ok" } else { "over" })
    });
    // In thousandths: a lint forbids what would make a fraction of it.
    let of_warp = warp.filter(|bytes| *bytes > 0).map_or_else(String::new, |bytes| {
        let share = found.each * 1000 / bytes;
        format!("{}.{:03}", share / 1000, share % 1000)
    });
    format!(
        "{:<7} {count:>11}  {:>10}    {goal:<10}  {of_warp:>7}  {:>18}",
        kind.name(),
        found.each,
        found.after_all_left
    )
}
