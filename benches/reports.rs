//! Answered reports in a second: `cargo bench --bench reports -- [rounds] [at once]`. 1, 16 and 256 report at once over
//! connections that stay, each the next when the one before was answered, to three servers in turn: ours with its disk
//! log; ours with a plain file for a log, which says what the log costs; and a bare one that looks at nothing, which says
//! what all the rest costs. The plain file comes twice in each round: how far those two are apart is the spread.
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

#[path = "reports/floor.rs"]
mod floor;
mod http;
#[path = "reports/load.rs"]
mod load;
#[path = "reports/plain.rs"]
mod plain;
mod server;

use std::path::Path;
use std::time::Duration;

use server::{Directory, Server};

/// How long each rate is taken, after [`WARM_UP`].
const FOR: Duration = Duration::from_secs(3);
const WARM_UP: Duration = Duration::from_millis(500);
const AT_ONCE: [usize; 3] = [1, 16, 256];
const ROUNDS: usize = 5;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.as_slice() {
        [role, directory] if role == floor::ROLE => return floor::serve(Path::new(directory)),
        [role, directory] if role == plain::ROLE => return plain::serve(Path::new(directory)),
        _ => {}
    }
    let mut numbers = words.iter().filter_map(|word| word.parse().ok());
    let rounds = numbers.next().unwrap_or(ROUNDS);
    let at_once = numbers.next().map_or(AT_ONCE.to_vec(), |at_once| vec![at_once]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    println!(
        "| at once | round | plain file | disk log | plain file again | bare | disk / plain | plain again / plain | disk / bare |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for at_once in at_once {
        let (mut ratios, mut equal, mut bares, mut rates) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for round in 1..=rounds {
            let directory = Directory::new("reports");
            let rate = |server: Server| runtime.block_on(load::rate(&server, at_once, WARM_UP, FOR));
            let plain = rate(Server::role(plain::ROLE, &directory.0.join("plain")));
            let ours = rate(Server::ours(&directory.0.join("ours")));
            let again = rate(Server::role(plain::ROLE, &directory.0.join("again")));
            let bare = rate(Server::role(floor::ROLE, &directory.0.join("bare")));
            let [to_plain, to_itself, to_bare] =
                [ours / f64::midpoint(plain, again), again / plain, ours / bare];
            println!(
                "| {at_once} | {round} | {plain:.0} | {ours:.0} | {again:.0} | {bare:.0} | {to_plain:.2} | {to_itself:.2} | {to_bare:.2} |"
            );
            ratios.push(to_plain);
            equal.push(to_itself);
            bares.push(to_bare);
            rates.push(ours);
        }
        let (low, high) = (lowest(&equal), highest(&equal));
        let [rate, to_plain, to_bare] = [&mut rates, &mut ratios, &mut bares].map(|numbers| median(numbers));
        println!(
            "| **{at_once}** | median | | **{rate:.0}** | | | **{to_plain:.2}** | {low:.2} … {high:.2} | **{to_bare:.2}** |"
        );
    }
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
