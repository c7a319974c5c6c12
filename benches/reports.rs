//! Answered reports in a second: `cargo bench --bench reports -- [memory | disk] [rounds] [at once]`. 1, 16 and 256 report
//! at once over connections that stay, each the next when the one before was answered. Ours with its memory log is
//! compared with a bare hyper answer on the same accept loop; ours with its disk log with the same server that has a plain
//! file for a log, which says what the log costs, and with the bare answer once its file is synced. What ours is
//! compared with first comes twice in each round: how far those two are apart is the spread.
//!
//! It is a measurement and judges nothing; it fails only where something broke. How to read it: docs/TESTING.md.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a tool that prints, asks the clock, and stops at what it did not expect"
)]

#[path = "reports/bare.rs"]
mod bare;
mod http;
#[path = "reports/load.rs"]
mod load;
#[path = "reports/plain.rs"]
mod plain;
#[allow(dead_code, reason = "the bench of the fan-out asks for more")]
#[path = "fanout/proc.rs"]
mod proc;
mod server;

use std::path::Path;
use std::time::Duration;

use load::Answered;
use server::{Directory, Server};

/// How long each rate is taken, after [`WARM_UP`].
const FOR: Duration = Duration::from_secs(3);
const WARM_UP: Duration = Duration::from_millis(500);
const AT_ONCE: [usize; 3] = [1, 16, 256];
const ROUNDS: usize = 5;

type Start = fn(&Path) -> Server;

/// Servers that are asked in turn: ours between two equal ones, and what else it is compared with.
struct Comparison {
    log: &'static str,
    level: (&'static str, Start),
    ours: Start,
    beside: &'static [(&'static str, Start)],
}

const COMPARISONS: [Comparison; 2] = [
    Comparison {
        log: "memory",
        level: ("bare", |directory| Server::role(bare::ROLE, directory)),
        ours: |directory| Server::ours(directory, "memory"),
        beside: &[],
    },
    Comparison {
        log: "disk",
        level: ("plain file", |directory| Server::role(plain::ROLE, directory)),
        ours: |directory| Server::ours(directory, "disk"),
        beside: &[("bare and synced", |directory| Server::role(bare::SYNCED, directory))],
    },
];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.as_slice() {
        [role, _] if role == bare::ROLE => return bare::serve(None),
        [role, directory] if role == bare::SYNCED => return bare::serve(Some(Path::new(directory))),
        [role, directory] if role == plain::ROLE => return plain::serve(Path::new(directory)),
        _ => {}
    }
    let mut numbers = words.iter().filter_map(|word| word.parse().ok());
    let rounds = numbers.next().unwrap_or(ROUNDS);
    let at_once = numbers.next().map_or(AT_ONCE.to_vec(), |at_once| vec![at_once]);
    let asked = |log| words.iter().any(|word| word == log);
    let all = !COMPARISONS.iter().any(|comparison| asked(comparison.log));
    for comparison in COMPARISONS.iter().filter(|comparison| all || asked(comparison.log)) {
        compare(comparison, rounds, &at_once);
    }
}

/// Prints a comparison as a table.
fn compare(Comparison { log, level, ours, beside }: &Comparison, rounds: usize, at_once: &[usize]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let others = || std::iter::once(level).chain(*beside).map(|(name, _)| *name);
    let ratios = others().map(|name| format!("{log} / {name}"));
    let columns = [format!("{log} log"), format!("{log} log, µs"), format!("{}, µs", level.0)];
    let columns: Vec<_> = others().map(str::to_owned).chain(columns).chain(ratios).collect();
    println!("\n| at once | round | {} | {} again |", columns.join(" | "), level.0);
    println!("|---|---|{}", "---|".repeat(columns.len() + 1));
    for &at_once in at_once {
        let mut cells = vec![Vec::new(); columns.len()];
        let mut equal = Vec::new();
        for round in 1..=rounds {
            let directory = Directory::new("reports");
            let ask = |start: Start, name: &str| {
                runtime.block_on(load::ask(&start(&directory.0.join(name)), at_once, WARM_UP, FOR))
            };
            let (before, ours, after) = (ask(level.1, "one"), ask(*ours, "ours"), ask(level.1, "again"));
            let one = Answered::between(before, after);
            let beside = beside.iter().map(|(name, start)| ask(*start, name));
            let others: Vec<_> = std::iter::once(one).chain(beside).collect();
            let rates = others.iter().map(|other| other.a_second);
            let ratios = others.iter().map(|other| ours.a_second / other.a_second);
            let numbers: Vec<f64> =
                rates.chain([ours.a_second, ours.micros, one.micros]).chain(ratios).collect();
            let again = after.a_second / before.a_second;
            println!("| {at_once} | {round} | {} | {again:.2} |", row(&numbers));
            cells.iter_mut().zip(numbers).for_each(|(cell, number)| cell.push(number));
            equal.push(again);
        }
        let medians: Vec<f64> = cells.iter_mut().map(|numbers| median(numbers)).collect();
        let (low, high) = (lowest(&equal), highest(&equal));
        println!("| **{at_once}** | median | {} | {low:.2} … {high:.2} |", row(&medians));
    }
}

/// Ratios with their hundredths, everything else whole.
fn row(numbers: &[f64]) -> String {
    let cell = |number: &f64| if *number < 10.0 { format!("{number:.2}") } else { format!("{number:.0}") };
    numbers.iter().map(cell).collect::<Vec<_>>().join(" | ")
}

fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn lowest(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(f64::INFINITY, f64::min)
}

fn highest(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(0.0, f64::max)
}
