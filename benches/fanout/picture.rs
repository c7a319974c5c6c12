//! A plain picture of the ratios: bars for ours and the peer, the reference as a line, what equal rows are apart as a band.

use std::fmt::Write;

use serde_json::Value;

use crate::ratios::{Of, Spread};
use crate::tables::{COMPARED, Compared, counts, equal_rows, pair};

const WIDTH: f64 = 760.0;
const LEFT: f64 = 70.0;
const PANEL: f64 = 150.0;
const PLOT: f64 = 90.0;
const BAR: f64 = 34.0;
/// The highest ratio that is drawn; longer bars are cut and their number says so.
const MOST: f64 = 2.2;

const STYLE: &str = "text{font:12px system-ui,sans-serif;fill:#1f2328}.t{font-weight:600}.s{fill:#59636e;font-size:11px;font-weight:400}.ours{fill:#0969da}.peer{fill:#8c959f}.band{fill:#d4a72c;opacity:.35}.one{stroke:#1f2328;stroke-width:1}@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.s{fill:#9198a1}.ours{fill:#4493f8}.peer{fill:#656c76}.one{stroke:#f0f6fc}}";

pub(crate) fn draw(record: &Value) -> String {
    let counts = counts(record, "fanout");
    let height = PANEL * COMPARED.len() as f64 + 40.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"Ours and Bun as ratios, by number of readers\">\n<style>{STYLE}</style>\n"
    );
    legend(&mut svg);
    for (number, compared) in COMPARED.iter().enumerate() {
        panel(&mut svg, record, compared, &counts, 40.0 + PANEL * number as f64);
    }
    svg + "</svg>\n"
}

fn legend(svg: &mut String) {
    let items = [
        ("ours", "ours"),
        ("peer", "bun; of a connection, the floor"),
        ("band", "two equal rows are as far apart"),
    ];
    let mut x = LEFT;
    for (class, words) in items {
        writeln!(svg, "<rect class=\"{class}\" x=\"{x}\" y=\"8\" width=\"12\" height=\"12\"/><text x=\"{}\" y=\"18\">{words}</text>", x + 17.0).unwrap();
        x += 40.0 + 7.0 * words.len() as f64;
    }
}

fn panel(svg: &mut String, record: &Value, compared: &Compared, counts: &[u64], top: f64) {
    let Compared { title, unit, measure, against, others } = compared;
    let foot = top + 30.0 + PLOT;
    let at = |ratio: f64| foot - PLOT * ratio.clamp(0.0, MOST) / MOST;
    writeln!(
        svg,
        "<text class=\"t\" x=\"{LEFT}\" y=\"{}\">{title}<tspan class=\"s\" dx=\"8\">{unit}</tspan></text>",
        top + 12.0
    )
    .unwrap();
    writeln!(
        svg,
        "<text class=\"s\" x=\"{}\" y=\"{}\" text-anchor=\"end\">{against}</text>",
        LEFT - 6.0,
        at(1.0) + 4.0
    )
    .unwrap();
    let step = (WIDTH - LEFT - 10.0) / counts.len().max(1) as f64;
    for (number, n) in counts.iter().enumerate() {
        let (of, x) = (Of { record, part: "fanout", n: *n }, LEFT + step * number as f64);
        if let Some(equal) = equal_rows(&of, compared) {
            let (high, low) = (at(equal.high), at(equal.low));
            writeln!(
                svg,
                "<rect class=\"band\" x=\"{x}\" y=\"{high:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                step - 12.0,
                low - high
            )
            .unwrap();
        }
        let ratio = |row: &str| of.ratios(pair(row), (*n, pair(against)), *measure);
        for (place, (class, row)) in [("ours", "ours"), ("peer", others[0])].into_iter().enumerate() {
            let from = x + 22.0 + (BAR + 26.0) * place as f64;
            bar(svg, class, from, ratio(row), foot, at);
        }
        writeln!(svg, "<text class=\"s\" x=\"{:.1}\" y=\"{:.1}\">{n}</text>", x + 22.0, foot + 14.0).unwrap();
    }
    writeln!(
        svg,
        "<line class=\"one\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{1:.1}\" y2=\"{1:.1}\"/>",
        WIDTH - 10.0,
        at(1.0)
    )
    .unwrap();
}

fn bar(svg: &mut String, class: &str, x: f64, ratio: Option<Spread>, foot: f64, at: impl Fn(f64) -> f64) {
    let Some(ratio) = ratio else { return };
    let y = at(ratio.median);
    writeln!(
        svg,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{BAR}\" height=\"{:.1}\"/>",
        foot - y
    )
    .unwrap();
    writeln!(svg, "<text class=\"s\" x=\"{:.1}\" y=\"{:.1}\">{:.2}</text>", x + 5.0, y - 3.0, ratio.median)
        .unwrap();
}
