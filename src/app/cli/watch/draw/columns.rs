//! Which columns there are, where they stand, and how a text is cut to one.

use std::borrow::Cow;

use ratatui::style::Style;
use ratatui::text::Span;

use crate::app::watch::Row;

/// Columns, from the left.
const COUNT: usize = 8;
const WORD: usize = 7;
/// Those that are left out where there is no room for a message, the first one first.
const LEFT_OUT_FIRST: [usize; 5] = [6, 5, 2, 4, 3];
/// Those that stand at the right of their column.
const RIGHT: [usize; 4] = [3, 4, 5, 6];
const HEADINGS: [&str; COUNT] =
    ["STATUS", "AGENT", "STATE", "FOR", "NEWS", "RST", "SES", "WHY · LAST MESSAGE"];
const HEADINGS_WIDE: [&str; COUNT] =
    ["STATUS", "AGENT", "STATE", "FOR", "NEWS", "RESTARTS", "SESSIONS", "WHY · LAST MESSAGE"];
/// From this width on there is room for whole headings.
const WIDE: u16 = 120;
/// The message has at least this, or other columns give way.
const WORD_MIN: u16 = 20;

/// A column that is there.
#[derive(Debug, Clone, Copy)]
struct Column {
    index: usize,
    x: u16,
    width: u16,
}

/// The columns for a width.
#[derive(Debug)]
pub(super) struct Columns {
    columns: Vec<Column>,
    wide: bool,
}

impl Columns {
    pub(super) fn of(width: u16, id_width: usize) -> Self {
        let wide = width >= WIDE;
        let gap = if wide { 2 } else { 1 };
        let id_width = u16::try_from(id_width).unwrap_or(u16::MAX);
        let agent = id_width.clamp(5, (width / 4).max(12));
        let number = if wide { 8 } else { 3 };
        let mut widths =
            [10, agent, if wide { 14 } else { 8 }, 6, 6, number, number, WORD_MIN].map(|width| (true, width));
        let used = |widths: &[(bool, u16)]| -> u16 {
            widths.iter().filter(|(there, _)| *there).map(|(_, width)| width + gap).sum::<u16>() - gap
        };
        for index in LEFT_OUT_FIRST {
            if used(&widths) > width
                && let Some((there, _)) = widths.get_mut(index)
            {
                *there = false;
            }
        }
        let (mut x, mut columns) = (0, Vec::new());
        for (index, (there, own)) in widths.into_iter().enumerate() {
            if !there || x >= width {
                continue;
            }
            let width = if index == WORD { width - x } else { own.min(width - x) };
            columns.push(Column { index, x, width });
            x = x.saturating_add(width).saturating_add(gap);
        }
        Self { columns, wide }
    }

    /// Each heading with its place and room.
    pub(super) fn headings(&self) -> Vec<(&'static str, u16, u16)> {
        let headings = if self.wide { HEADINGS_WIDE } else { HEADINGS };
        self.placed(headings)
    }

    /// Each text of a row with its place and room. The first is the status, with its shape.
    pub(super) fn cells<'a>(&self, row: &'a Row, status: &'a str) -> Vec<(&'a str, u16, u16)> {
        let texts = [
            status,
            &row.agent,
            &row.state,
            &row.so_long,
            &row.news,
            &row.restarts,
            &row.sessions,
            &row.word,
        ];
        self.placed(texts)
    }

    fn placed<'a>(&self, texts: [&'a str; COUNT]) -> Vec<(&'a str, u16, u16)> {
        let place = |column: &Column| {
            let text = texts.get(column.index)?;
            let length = u16::try_from(Span::raw(*text).width()).unwrap_or(u16::MAX).min(column.width);
            let shift = if RIGHT.contains(&column.index) { column.width - length } else { 0 };
            Some((*text, column.x + shift, column.width - shift))
        };
        self.columns.iter().filter_map(place).collect()
    }
}

/// A text that is no wider than this; one that was cut ends with `…`.
pub(super) fn cut(text: &str, width: usize) -> Cow<'_, str> {
    let span = Span::raw(text);
    if span.width() <= width {
        return Cow::Borrowed(text);
    }
    let (mut kept, mut used) = (String::new(), 0);
    for grapheme in span.styled_graphemes(Style::new()) {
        used += Span::raw(grapheme.symbol).width();
        // One cell is for the sign that it was cut.
        if used >= width {
            break;
        }
        kept.push_str(grapheme.symbol);
    }
    if width > 0 {
        kept.push('…');
    }
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_to_cells_and_not_to_letters() {
        for (text, width, expected) in [
            ("npm test", 8, "npm test"),
            ("npm test", 7, "npm te…"),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("日本語", 1, "…"),
            ("日本語", 0, ""),
            ("e\u{301}te\u{301}", 3, "e\u{301}te\u{301}"),
            ("e\u{301}te\u{301}", 2, "e\u{301}…"),
        ] {
            assert_eq!(cut(text, width), expected, "{text} {width}");
        }
    }

    #[test]
    fn no_width_is_too_small_or_too_large_for_columns() {
        for width in (0..400).chain([u16::MAX]) {
            for id_width in [0, 8, 128, usize::MAX] {
                let columns = Columns::of(width, id_width).columns;
                let mut x = 0;
                for column in &columns {
                    assert!(column.x >= x && column.width > 0, "{width} {columns:?}");
                    x = column.x + column.width;
                    assert!(x <= width, "{width} {columns:?}");
                }
                if width >= 40 {
                    let indexes: Vec<_> = columns.iter().map(|column| column.index).collect();
                    assert!(
                        indexes.starts_with(&[0, 1]) && indexes.ends_with(&[WORD]),
                        "{width} {indexes:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn at_80_cells_every_column_is_there() {
        assert_eq!(Columns::of(80, 12).columns.len(), COUNT);
    }
}
