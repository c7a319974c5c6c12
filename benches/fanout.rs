//! Events handed out to many: `cargo bench --bench fanout -- [--n 1000,10000] [--rounds 9] [--only ROWS] [--phases PHASES]`.
//! Ours stands beside two floors that do nothing but `send`, and beside Bun, which checks nothing; floor and ours come twice
//! in each round, and how far those are apart is what a difference must exceed. The server of each row is a process of its
//! own on one core, the meter on the other.
//!
//! It is a measurement and judges nothing; it fails only where something broke. How to read it: docs/TESTING.md.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::as_conversions,
    clippy::disallowed_methods,
    reason = "a tool that prints, asks the clock, makes fractions of counts, and stops at what it did not expect"
)]

#[path = "fanout/bun.rs"]
mod bun;
#[path = "fanout/cells.rs"]
mod cells;
mod files;
#[path = "fanout/floor.rs"]
mod floor;
#[path = "fanout/frames.rs"]
mod frames;
#[path = "fanout/meter/mod.rs"]
mod meter;
#[path = "fanout/picture.rs"]
mod picture;
#[path = "fanout/proc.rs"]
mod proc;
#[path = "fanout/publish.rs"]
mod publish;
#[path = "fanout/ratios.rs"]
mod ratios;
mod server;
#[path = "fanout/tables.rs"]
mod tables;
#[path = "fanout/wanted.rs"]
mod wanted;

use std::process::ExitCode;

use serde_json::{Value, json};
use wanted::Wanted;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match words.as_slice() {
        [role, kind] if role == floor::ROLE => {
            floor::serve(kind == "batch");
            Ok(ExitCode::SUCCESS)
        }
        [role, job] if role == meter::ROLE => meter::run(job).map(|found| {
            println!("{found}");
            ExitCode::SUCCESS
        }),
        _ => Wanted::read(&words).and_then(|wanted| run(&wanted)),
    };
    outcome.unwrap_or_else(|sentence| {
        eprintln!("{sentence}");
        ExitCode::FAILURE
    })
}

fn run(wanted: &Wanted) -> Result<ExitCode, String> {
    if let Some(path) = &wanted.from {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let record: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        return shown(&record, wanted.publish.then_some(path.as_path()));
    }
    // What the server has open beside its connections.
    let most = wanted.counts.iter().copied().max().unwrap_or_default() + 500;
    if let Some(code) = files::raise(most)? {
        return Ok(code);
    }
    let bun = if wanted.has_bun() { Some(bun::install()?) } else { None };
    let mut record = publish::record(wanted, bun.as_deref());
    println!("{}\n", tables::conditions(&record));
    let path = wanted.publish.then(publish::new_path).transpose()?;
    let mut shuffle = wanted.seed;
    for round in 1..=wanted.rounds {
        let mut cells = wanted.cells(round);
        wanted::shuffle(&mut cells, &mut shuffle);
        for cell in cells {
            let found = cell.measure(wanted).map_err(|error| format!("{cell}: {error}"))?;
            let row = json!({"round": round, "part": cell.part.name(), "row": cell.row.name(), "n": cell.n, "found": found});
            println!("round {round}  {}", tables::line(&row));
            if let Some(all) = record["cells"].as_array_mut() {
                all.push(row);
            }
        }
        if let Some(path) = &path {
            publish::write(path, &record)?;
        }
    }
    shown(&record, path.as_deref())
}

/// Prints what was found, and with a path of the record puts it into the docs.
fn shown(record: &Value, path: Option<&std::path::Path>) -> Result<ExitCode, String> {
    let text = tables::all(record);
    println!("\n{text}");
    if let Some(path) = path {
        publish::put_into_docs(path, record, &text)?;
    }
    Ok(ExitCode::SUCCESS)
}
