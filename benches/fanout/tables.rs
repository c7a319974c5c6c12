//! What was found, as lines and as tables of Markdown.

use std::fmt::Write;

use serde_json::Value;

use crate::ratios::{Measure, Of, Spread};

/// One comparison of the fan-out: what, against whom, and who else stands beside.
pub(crate) struct Compared {
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) measure: Measure,
    pub(crate) against: &'static str,
    pub(crate) others: &'static [&'static str],
}

impl Compared {
    /// The floor that comes twice.
    fn floor(&self) -> &'static str {
        if self.against == "floor-batch" { "floor-batch" } else { "floor-write" }
    }
}

pub(crate) const COMPARED: [Compared; 7] = [
    Compared {
        title: "One event at a time",
        unit: "deliveries for each second of the server's processor time",
        measure: Measure::Deliveries("one"),
        against: "floor-write",
        others: &["bun"],
    },
    Compared {
        title: "32 events under way",
        unit: "deliveries for each second of the server's processor time",
        measure: Measure::Deliveries("window"),
        against: "floor-batch",
        others: &["bun"],
    },
    Compared {
        title: "32 under way over one reporting WebSocket",
        unit: "deliveries for each second of the server's processor time",
        measure: Measure::Deliveries("socket"),
        against: "floor-batch",
        others: &["bun"],
    },
    Compared {
        title: "Bursts of 32",
        unit: "deliveries for each second of the server's processor time",
        measure: Measure::Deliveries("bursts"),
        against: "floor-batch",
        others: &["bun"],
    },
    Compared {
        title: "20,000 deliveries a second",
        unit: "p99 from the report to the reader, less is better",
        measure: Measure::Slowest("steady"),
        against: "floor-write",
        others: &["bun"],
    },
    Compared {
        title: "A handshake",
        unit: "the server's processor time, less is better",
        measure: Measure::Handshake,
        against: "bun",
        others: &["floor-write"],
    },
    Compared {
        title: "A connection",
        unit: "resident bytes of the server, as it comes and not yet settled, less is better",
        measure: Measure::Held,
        against: "bun",
        others: &["floor-write"],
    },
];

/// A row and the same again, as far as it comes twice.
pub(crate) fn pair(row: &str) -> &'static [&'static str] {
    match row {
        "ours" => &["ours", "ours again"],
        "floor-write" => &["floor-write", "floor-write again"],
        "floor-batch" => &["floor-batch", "floor-batch again"],
        _ => &["bun"],
    }
}

/// A row that comes twice, over itself.
fn again(of: &Of<'_>, row: &str, measure: Measure) -> Option<Spread> {
    let [first, again] = pair(row) else { return None };
    of.ratios(&[again], (of.n, &[first]), measure)
}

/// How far two equal rows are apart: the wider of those of ours and of a floor.
pub(crate) fn equal_rows(of: &Of<'_>, compared: &Compared) -> Option<Spread> {
    let both = match (again(of, "ours", compared.measure), again(of, compared.floor(), compared.measure)) {
        (Some(ours), Some(floor)) => ours.and(floor),
        (one, other) => one.or(other)?,
    };
    Some(both.around_one())
}

/// The numbers of readers of a part.
pub(crate) fn counts(record: &Value, part: &str) -> Vec<u64> {
    let cells = record["cells"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut counts: Vec<u64> =
        cells.iter().filter(|cell| cell["part"] == part).filter_map(|cell| cell["n"].as_u64()).collect();
    counts.sort_unstable();
    counts.dedup();
    counts
}

pub(crate) fn conditions(record: &Value) -> String {
    let text = |name: &str| record[name].as_str().unwrap_or("unknown").to_owned();
    format!(
        "{}, {}; {}, {} cores, Linux {}; seed {}; {} rounds; log: {}\nset for ours: {}",
        text("date"),
        text("commit"),
        text("processor"),
        record["cores"],
        text("kernel"),
        record["seed"],
        record["rounds"],
        text("log"),
        text("settings"),
    )
}

/// One cell as a line.
pub(crate) fn line(cell: &Value) -> String {
    let name = format!(
        "{:<8} {:<24} {:>6}",
        cell["part"].as_str().unwrap_or_default(),
        cell["row"].as_str().unwrap_or_default(),
        cell["n"]
    );
    let (found, mut line) = (&cell["found"], name);
    if found["cycles"].is_u64() {
        write!(line, "  {}", found).unwrap();
        return line;
    }
    write!(line, "  handshake {:.0} us", found["handshake_cpu_us"].as_f64().unwrap_or_default()).unwrap();
    for phase in found["phases"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let number = |name: &str| phase[name].as_f64().unwrap_or_default();
        let name = phase["phase"].as_str().unwrap_or_default();
        if name == "alone" {
            write!(line, "  alone {:.2} ms, {} threads", number("fan_out_ms"), phase["threads"]).unwrap();
            continue;
        }
        let other = number("other_cpu_s") / number("seconds");
        write!(line, "  {name} {}", thousands(number("deliveries") / number("server_cpu_s"))).unwrap();
        if ["one", "steady"].contains(&name) {
            write!(line, " p99 {:.2} ms", number("p99_us") / 1e3).unwrap();
        }
        if other > 0.05 {
            write!(line, " (others {other:.2})").unwrap();
        }
    }
    line
}

fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `0.84 (0.80 … 0.88)`; `~` where no round was quiet.
fn spread(of: Option<Spread>) -> String {
    of.map_or_else(
        || "–".to_owned(),
        |of| {
            let mark = if of.disturbed { "~" } else { "" };
            format!("{mark}{:.2} ({:.2} … {:.2})", of.median, of.low, of.high)
        },
    )
}

fn figure(of: Option<Spread>, measure: Measure) -> String {
    of.map_or_else(
        || "–".to_owned(),
        |of| match measure {
            Measure::Slowest(_) => format!("{:.2} ms", of.median / 1e3),
            Measure::Handshake | Measure::EventCost(_) => format!("{:.1} µs", of.median),
            Measure::Alone => format!("{:.2} ms", of.median),
            _ => thousands(of.median),
        },
    )
}

/// Whether a ratio lies beyond what two equal rows are apart.
fn verdict(ratio: Option<Spread>, equal: Option<Spread>, more_is_better: bool) -> &'static str {
    match (ratio, equal) {
        (Some(ratio), Some(equal)) if ratio.median < equal.low => {
            if more_is_better {
                "behind"
            } else {
                "ahead"
            }
        }
        (Some(ratio), Some(equal)) if ratio.median > equal.high => {
            if more_is_better {
                "ahead"
            } else {
                "behind"
            }
        }
        (Some(_), Some(_)) => "level",
        _ => "–",
    }
}

pub(crate) fn all(record: &Value) -> String {
    let mut text = String::new();
    let counts = counts(record, "fanout");
    if !counts.is_empty() {
        for compared in &COMPARED {
            fan_out(&mut text, record, compared, &counts);
        }
    }
    watched(&mut text, record);
    stalled(&mut text, record);
    churn(&mut text, record);
    shards(&mut text, record);
    text.trim_end().to_owned()
}

fn fan_out(text: &mut String, record: &Value, compared: &Compared, counts: &[u64]) {
    let Compared { title, unit, measure, against, others } = compared;
    let mut rows = String::new();
    for n in counts {
        let of = Of { record, part: "fanout", n: *n };
        let (reference, ours) = (of.values(pair(against), *measure), of.values(pair("ours"), *measure));
        if reference.or(ours).is_none() {
            continue;
        }
        let ratio = |row: &str| of.ratios(pair(row), (*n, pair(against)), *measure);
        let verdict = verdict(ratio("ours"), equal_rows(&of, compared), measure.more_is_better());
        let mut cells = vec![thousands(*n as f64), figure(reference, *measure), figure(ours, *measure)];
        cells.extend([format!("**{}**", spread(ratio("ours"))), verdict.to_owned()]);
        cells.extend(others.iter().map(|row| spread(ratio(row))));
        cells.extend([compared.floor(), "ours"].map(|row| spread(again(&of, row, *measure))));
        writeln!(rows, "| {} |", cells.join(" | ")).unwrap();
    }
    if rows.is_empty() {
        return;
    }
    let (others, floor) = (others.join(" | "), compared.floor());
    writeln!(
        text,
        "{title}: {unit}\n\n| readers | {against} | ours | **ratio** | | {others} | {floor} again | ours again |\n|---|---|---|---|---|---|---|---|\n{rows}"
    )
    .unwrap();
}

fn watched(text: &mut String, record: &Value) {
    let counts = counts(record, "watched");
    let (Some(least), Some(most)) = (counts.first(), counts.last()) else { return };
    let measure = Measure::EventCost("one");
    let few = Of { record, part: "watched", n: *least };
    let many = Of { n: *most, ..few };
    writeln!(text, "An event that two watch, with so many in all: the server's processor time for each event, less is better\n").unwrap();
    writeln!(
        text,
        "| {} | {} | ratio | {} again |\n|---|---|---|---|",
        thousands(*least as f64),
        thousands(*most as f64),
        thousands(*least as f64)
    )
    .unwrap();
    writeln!(
        text,
        "| {} | {} | **{}** | {} |\n",
        figure(few.values(&["ours"], measure), measure),
        figure(many.values(&["ours"], measure), measure),
        spread(many.ratios(&["ours"], (*least, &["ours", "ours again"]), measure)),
        spread(few.ratios(&["ours again"], (*least, &["ours"]), measure)),
    )
    .unwrap();
}

fn stalled(text: &mut String, record: &Value) {
    let Some(n) = counts(record, "stalled").first().copied() else { return };
    let (of, measure) = (Of { record, part: "stalled", n }, Measure::Slowest("steady"));
    let row = "ours, one in ten stalled";
    let grown = |row: &str| of.values(&[row], Measure::Grown).map_or(0.0, |of| of.median);
    let each = (grown(row) - grown("ours")) / (n as f64 / 10.0);
    writeln!(
        text,
        "{} read, and then one in ten of them nothing more: p99 of the others, less is better\n",
        thousands(n as f64)
    )
    .unwrap();
    writeln!(text, "| all read | one in ten stalled | ratio | all read, again | bytes for each that stalled |\n|---|---|---|---|---|").unwrap();
    writeln!(
        text,
        "| {} | {} | **{}** | {} | {} |\n",
        figure(of.values(&["ours"], measure), measure),
        figure(of.values(&[row], measure), measure),
        spread(of.ratios(&[row], (n, &["ours", "ours again"]), measure)),
        spread(of.ratios(&["ours again"], (n, &["ours"]), measure)),
        thousands(each),
    )
    .unwrap();
}

fn churn(text: &mut String, record: &Value) {
    let cells = record["cells"].as_array().map(Vec::as_slice).unwrap_or_default();
    for cell in cells.iter().filter(|cell| cell["part"] == "churn") {
        let number = |name: &str| cell["found"][name].as_f64().unwrap_or_default();
        writeln!(
            text,
            "{} connections came and went after 20,000 others: {} a second, {:.0} µs of the server each; resident {} bytes before and {} after ({:+.1} %), open files {} and {}.\n",
            thousands(number("cycles")),
            thousands(number("cycles") / number("seconds")),
            number("cpu_us"),
            thousands(number("resident")),
            thousands(number("resident_after")),
            100.0 * (number("resident_after") / number("resident") - 1.0),
            number("files"),
            number("files_after"),
        )
        .unwrap();
    }
}

fn shards(text: &mut String, record: &Value) {
    let counts = counts(record, "shards");
    if counts.is_empty() {
        return;
    }
    writeln!(text, "Two shards on two cores over one on one, the meter on the second core: time of a fan-out while nobody reads (less is better), deliveries for each second of processor time, deliveries a second\n").unwrap();
    writeln!(text, "| readers | one shard | two | ratio of times | again | of deliveries | again | of deliveries a second | again |\n|---|---|---|---|---|---|---|---|---|").unwrap();
    for n in counts {
        let of = Of { record, part: "shards", n };
        write!(
            text,
            "| {} | {} | {} |",
            thousands(n as f64),
            figure(of.values(&["ours"], Measure::Alone), Measure::Alone),
            figure(of.values(&["ours, two shards"], Measure::Alone), Measure::Alone)
        )
        .unwrap();
        for measure in [Measure::Alone, Measure::Deliveries("window"), Measure::Rate("window")] {
            let two = of.ratios(&["ours, two shards"], (n, &["ours", "ours again"]), measure);
            let again = of.ratios(&["ours again"], (n, &["ours"]), measure);
            write!(text, " **{}** | {} |", spread(two), spread(again)).unwrap();
        }
        text.push('\n');
    }
    text.push('\n');
}
