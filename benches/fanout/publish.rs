//! The record of a run, and the docs made of it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::cells::{SETTINGS, SHORT};
use crate::wanted::Wanted;
use crate::{picture, tables};

const PAGE: &str = "docs/PERFORMANCE.md";
const PICTURE: &str = "docs/images/fanout.svg";
const RECORDS: &str = "docs/fanout";
const BEGIN: &str = "<!-- fanout: made by cargo bench --bench fanout -- --publish -->";
const END: &str = "<!-- /fanout -->";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What a program says in its first line; nothing where it does not run.
fn said(program: &str, words: &[&str]) -> String {
    let output = Command::new(program).args(words).current_dir(root()).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// A record without rounds.
pub(crate) fn record(wanted: &Wanted, bun: Option<&str>) -> Value {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let all = |list: &[(&str, &str)]| {
        list.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")
    };
    json!({
        "date": said("date", &["+%F"]),
        "commit": said("git", &["describe", "--always", "--dirty"]),
        "processor": processor.map(|(_, name)| name.trim()),
        "cores": std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        "kernel": said("uname", &["-r"]),
        "profile": if cfg!(debug_assertions) { "NOT the release profile" } else { "release" },
        "bun": bun,
        "seed": wanted.seed,
        "rounds": wanted.rounds,
        "length_ms": wanted.length,
        "log": wanted.log,
        "settings": format!("{}, limits.reports_per_second and reports_burst = 1000000, limits.connections_per_user = 100000, telemetry.level = warn; where some stall also {}", all(&SETTINGS), all(&SHORT)),
        "cells": [],
    })
}

/// Where the record of this run goes: a second one of a day has a number.
pub(crate) fn new_path() -> Result<PathBuf, String> {
    let folder = root().join(RECORDS);
    std::fs::create_dir_all(&folder).map_err(|error| format!("{RECORDS}: {error}"))?;
    let date = said("date", &["+%F"]);
    let names = std::iter::once(date.clone()).chain((2..).map(|number| format!("{date}-{number}")));
    names
        .map(|name| folder.join(name + ".json"))
        .find(|path| !path.exists())
        .ok_or_else(|| "no name".to_owned())
}

/// One cell a line, so that a difference can be read.
pub(crate) fn write(path: &Path, record: &Value) -> Result<(), String> {
    let mut head = record.clone();
    let cells = head["cells"].take();
    let lines: Vec<String> =
        cells.as_array().map(Vec::as_slice).unwrap_or_default().iter().map(Value::to_string).collect();
    let head = head.to_string().replace("\"cells\":null", &format!("\"cells\":[\n{}\n]", lines.join(",\n")));
    std::fs::write(path, head + "\n").map_err(|error| format!("{}: {error}", path.display()))
}

/// Puts tables and picture into the docs.
pub(crate) fn put_into_docs(path: &Path, record: &Value, text: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{PAGE}: {error}");
    let page = std::fs::read_to_string(root().join(PAGE)).map_err(failed)?;
    let missing = || format!("{PAGE} has not both lines `{BEGIN}` and `{END}`");
    let (before, rest) = page.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let conditions = tables::conditions(record).replace('\n', "\n\n");
    let block = format!(
        "{BEGIN}\n{conditions}\n\nEvery round: [fanout/{name}](fanout/{name}).\n\n![Ratios by number of readers](images/fanout.svg)\n\n{text}\n{END}"
    );
    std::fs::write(root().join(PAGE), format!("{before}{block}{after}")).map_err(failed)?;
    std::fs::write(root().join(PICTURE), picture::draw(record)).map_err(|error| format!("{PICTURE}: {error}"))
}
