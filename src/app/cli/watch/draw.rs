//! Draws a view of the board. No colour stands alone: a status has a shape and a word, and what is not live
//! says so in words.

mod columns;

#[cfg(test)]
mod tests;

use std::time::Duration;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;

use super::keys::Hands;
use crate::app::watch::{Counts, Kind, Link, View, age};
use columns::{Columns, cut};

/// Lines above the rows: who and where, counts, what is wrong, headings.
const HEAD_LINES: u16 = 4;
/// Lines below them.
const FOOT_LINES: u16 = 1;

/// The rows that fit into a terminal of this height.
pub(super) fn rows_in(height: u16) -> usize {
    usize::from(height.saturating_sub(HEAD_LINES + FOOT_LINES))
}

/// Colours, or none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Palette {
    colour: bool,
}

impl Palette {
    pub(super) const fn new(colour: bool) -> Self {
        Self { colour }
    }

    fn of(self, kind: Kind) -> Style {
        match kind {
            Kind::Error => self.fore(Color::Red).add_modifier(Modifier::BOLD),
            Kind::Online => self.fore(Color::Green),
            Kind::Offline => self.fore(Color::DarkGray),
            Kind::Other => self.fore(Color::Yellow),
        }
    }

    fn warning(self) -> Style {
        self.fore(Color::Red).add_modifier(Modifier::BOLD | Modifier::REVERSED)
    }

    fn fore(self, colour: Color) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new() }
    }
}

const fn shape(kind: Kind) -> &'static str {
    match kind {
        Kind::Error => "▲",
        Kind::Online => "●",
        Kind::Offline => "○",
        Kind::Other => "?",
    }
}

/// Draws the whole screen.
pub(super) fn draw(frame: &mut Frame<'_>, view: &View, hands: &Hands, server: &str, palette: Palette) {
    let area = frame.area();
    let mut paper = Paper { buffer: frame.buffer_mut(), area };
    let user = if view.user.is_empty() { String::new() } else { format!("  as {}", view.user) };
    let live = view.link == Link::Live;
    let state_style = if live { palette.of(Kind::Online) } else { palette.warning() };
    let taken = paper.right(0, &state(&view.link), state_style);
    paper.left(0, &format!("Mission Control  {server}{user}"), Modifier::BOLD.into(), taken);
    let taken = view.counts.map_or(0, |counts| paper.counts(counts, palette));
    let position = position(view);
    if !paper.right_beside(taken, 1, &position, Style::new()) {
        let last = position.rsplit("   ").next().unwrap_or_default();
        paper.right_beside(taken, 1, last, Style::new());
    }
    if !live {
        paper.left(2, &warning(view), palette.warning(), 0);
    } else if view.left_out {
        let text = "▲ The server has more agents or sessions than are kept here: some are not shown.";
        paper.left(2, text, palette.warning(), 0);
    }
    let columns = Columns::of(area.width, view.id_width);
    for (heading, x, width) in columns.headings() {
        paper.text(x, 3, width, heading, Modifier::UNDERLINED.into());
    }
    for (row, y) in view.rows.iter().zip(HEAD_LINES..area.height.saturating_sub(FOOT_LINES)) {
        // What is not live looks like it, as a whole.
        let (kind, rest) = if live {
            (palette.of(row.kind), Style::new())
        } else {
            (Modifier::DIM.into(), Modifier::DIM.into())
        };
        let status = format!("{} {}", shape(row.kind), row.status);
        for (index, (text, x, width)) in columns.cells(row, &status).into_iter().enumerate() {
            paper.text(x, y, width, text, if index == 0 { kind } else { rest });
        }
    }
    if view.rows.is_empty() && area.height > HEAD_LINES + FOOT_LINES {
        paper.text(0, HEAD_LINES, area.width, nobody(view, hands), Style::new());
    }
    if let Some(last) = area.height.checked_sub(1).filter(|last| *last >= HEAD_LINES) {
        // What is typed and what is not seen matter more than what keys do.
        let (left, right) =
            if hands.typing { (typed(hands), window(view)) } else { (window(view), keys(hands)) };
        let taken = paper.left(last, &left, Style::new(), 0);
        paper.right_beside(taken, last, &right, Modifier::DIM.into());
    }
}

/// What is drawn on.
struct Paper<'a> {
    buffer: &'a mut Buffer,
    area: Rect,
}

impl Paper<'_> {
    /// A text at a place, cut to a width.
    fn text(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) {
        let width = width.min(self.area.width.saturating_sub(x));
        if y < self.area.height && width > 0 {
            self.buffer.set_stringn(x, y, cut(text, width.into()), width.into(), style);
        }
    }

    /// A text at the left end of a line, where so many cells at its end are taken. Says how many it takes.
    fn left(&mut self, y: u16, text: &str, style: Style, taken: u16) -> u16 {
        self.text(0, y, self.area.width.saturating_sub(taken), text, style);
        width(text)
    }

    /// A text at the right end of a line. Says how many cells it takes, with a gap.
    fn right(&mut self, y: u16, text: &str, style: Style) -> u16 {
        let width = width(text).min(self.area.width);
        self.text(self.area.width.saturating_sub(width), y, width, text, style);
        width.saturating_add(2)
    }

    /// A text at the right end of a line, if it is whole beside what is taken. Says whether it is.
    fn right_beside(&mut self, taken: u16, y: u16, text: &str, style: Style) -> bool {
        let fits = taken.saturating_add(2).saturating_add(width(text)) <= self.area.width;
        if fits {
            self.right(y, text, style);
        }
        fits
    }

    /// How many there are of each kind. Says how many cells that takes.
    fn counts(&mut self, counts: Counts, palette: Palette) -> u16 {
        let parts = [
            (Kind::Error, counts.error, "error"),
            (Kind::Online, counts.online, "online"),
            (Kind::Offline, counts.offline, "offline"),
            (Kind::Other, counts.other, "unknown"),
        ];
        let mut end: u16 = 0;
        for (kind, count, word) in parts {
            if kind == Kind::Other && count == 0 {
                continue;
            }
            let x = if end == 0 { 0 } else { end.saturating_add(3) };
            let text = format!("{} {count} {word}", shape(kind));
            let style = if count == 0 { Style::new() } else { palette.of(kind) };
            self.text(x, 1, u16::MAX, &text, style);
            end = x.saturating_add(width(&text));
        }
        end
    }
}

fn width(text: &str) -> u16 {
    u16::try_from(Span::raw(text).width()).unwrap_or(u16::MAX)
}

/// The state of the connection, in a few words.
fn state(link: &Link) -> String {
    match link {
        Link::Live => "● live".to_owned(),
        Link::Connecting => "◌ connecting".to_owned(),
        Link::Copying { items } => format!("◌ copying ({items} so far)"),
        Link::Silent { since } => format!("✕ silent for {}", age(*since)),
        Link::Lost { next_try, .. } if next_try.is_zero() => "✕ reconnecting".to_owned(),
        Link::Lost { next_try, .. } => format!("✕ reconnecting in {}", age(rounded_up(*next_try))),
    }
}

/// A countdown ends with one, and not with nought.
fn rounded_up(wait: Duration) -> Duration {
    wait.saturating_add(Duration::from_millis(999))
}

/// Where in the history, and how fresh.
fn position(view: &View) -> String {
    let seq = view.seq.map(|seq| format!("event {seq}   ")).unwrap_or_default();
    let last = view.last_frame.map(|ago| format!("last frame {} ago", age(ago))).unwrap_or_default();
    format!("{seq}{last}")
}

/// That what is seen is not live, since when, and why.
fn warning(view: &View) -> String {
    let as_of = view.as_of.as_ref().map(|(time, ago)| format!(", as of {time}, {} ago", age(*ago)));
    let why = match &view.link {
        Link::Lost { why, .. } => format!(": {why}"),
        Link::Silent { .. } => ": the server says nothing".to_owned(),
        Link::Copying { .. } => ": a copy of the fleet is arriving".to_owned(),
        Link::Connecting | Link::Live => String::new(),
    };
    format!("✕ NOT LIVE{}{why}", as_of.unwrap_or_default())
}

const fn nobody(view: &View, hands: &Hands) -> &'static str {
    if view.counts.is_none() {
        "The fleet is not known yet."
    } else if hands.look.filter.is_empty() {
        "No agent was reported yet."
    } else {
        "No agent has this in its name."
    }
}

/// Which rows are seen, and how many are not.
fn window(view: &View) -> String {
    if view.counts.is_none() {
        return String::new();
    }
    let last = view.above.saturating_add(view.rows.len());
    let more = view.matching.saturating_sub(last);
    match (view.above, more) {
        (0, 0) if view.matching == 1 => "1 agent".to_owned(),
        (0, 0) => format!("{} agents", view.matching),
        (above, 0) => format!("{}–{last} of {}, the end", above + 1, view.matching),
        (above, more) => format!("{}–{last} of {}, … {more} more", above + 1, view.matching),
    }
}

fn typed(hands: &Hands) -> String {
    format!("/{}▏ Enter keeps it, Esc ends it", hands.look.filter)
}

fn keys(hands: &Hands) -> String {
    match hands.look.filter.as_str() {
        "" => "↑ ↓ PgUp PgDn  / filter  q quit".to_owned(),
        filter => format!("only *{filter}*  / changes it  q quit"),
    }
}
