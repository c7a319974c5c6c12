//! Lines out of a stream of bytes: the newest one that says something, as plain text.
//!
//! Only the newest is made readable, so that a program that writes much pays little for it.

/// Longest beginning of a line that is told, in bytes.
const TEXT_BYTES_MAX: usize = 4096;
/// As much of an unfinished line is kept: room for escape sequences, which are taken out later.
const KEPT_BYTES_MAX: usize = 4 * TEXT_BYTES_MAX;

/// Cuts one stream.
#[derive(Default)]
pub(super) struct Lines {
    /// The beginning of the line that is not finished.
    unfinished: Vec<u8>,
}

impl Lines {
    /// Takes the next bytes, and gives the newest line that they finish, if any says something.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Option<String> {
        let Some((finished, rest)) =
            bytes.iter().rposition(ends_line).and_then(|at| bytes.split_at_checked(at))
        else {
            self.keep(bytes);
            return None;
        };
        let mut newest = None;
        let mut lines = finished.rsplit(ends_line).peekable();
        while let Some(line) = lines.next() {
            newest = if lines.peek().is_some() {
                text(line)
            } else {
                self.keep(line);
                text(&self.unfinished)
            };
            if newest.is_some() {
                break;
            }
        }
        self.unfinished.clear();
        self.keep(rest.get(1..).unwrap_or_default());
        newest
    }

    /// What stands in the unfinished line, if that says something.
    pub(super) fn unfinished(&self) -> Option<String> {
        text(&self.unfinished)
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = KEPT_BYTES_MAX.saturating_sub(self.unfinished.len());
        self.unfinished.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }
}

/// Progress bars go back to the beginning of their line instead of beginning a new one.
fn ends_line(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// A line without what steers a terminal, or nothing when nothing is left.
fn text(line: &[u8]) -> Option<String> {
    let line = line.get(..KEPT_BYTES_MAX).unwrap_or(line);
    let plain = anstream::adapter::strip_str(&String::from_utf8_lossy(line)).to_string();
    let mut text = plain.replace(char::is_control, " ");
    text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The newest line after these bytes came in pieces of each size, and what is unfinished then.
    fn told(bytes: &[u8]) -> (Option<String>, Option<String>) {
        let in_pieces = |size: usize| {
            let mut lines = Lines::default();
            let mut newest = None;
            for piece in bytes.chunks(size) {
                newest = lines.take(piece).or(newest);
            }
            (newest, lines.unfinished())
        };
        let whole = in_pieces(bytes.len().max(1));
        for size in 1..bytes.len().min(64) {
            assert_eq!(in_pieces(size), whole, "in pieces of {size}");
        }
        whole
    }

    fn newest(bytes: &[u8]) -> String {
        told(bytes).0.unwrap_or_default()
    }

    #[test]
    fn the_newest_finished_line_that_is_not_empty_wins() {
        for (bytes, line) in [
            (&b"one\ntwo\nthree\n"[..], "three"),
            (b"one\r\ntwo\r\n\r\n  \n\x1b[0m\n", "two"),
            (b"one\ntwo", "one"),
            (b"\n\n\n", ""),
            (b"", ""),
            (b"  padded\t\n", "padded"),
        ] {
            assert_eq!(newest(bytes), line, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_progress_bar_is_told_step_by_step() {
        assert_eq!(told(b"\r 10%\r 20%\r 30%"), (Some("20%".to_owned()), Some("30%".to_owned())));
    }

    #[test]
    fn an_unfinished_line_is_known_too() {
        assert_eq!(told(b"done\nContinue? [y/n] "), (Some("done".into()), Some("Continue? [y/n]".into())));
        assert_eq!(told(b"done\n"), (Some("done".into()), None));
    }

    #[test]
    fn colours_titles_and_control_characters_are_taken_out() {
        for (bytes, line) in [
            (&b"\x1b[1;31merror\x1b[0m: no\n"[..], "error: no"),
            (b"\x1b]0;a title\x07text\n", "text"),
            (b"\x1b]8;;http://a\x1b\\link\x1b]8;;\x1b\\\n", "link"),
            (b"\x1b[2J\x1b[Hcleared\n", "cleared"),
            (b"\x1b[38;2;1;2;3mtrue colour\n", "true colour"),
            (b"a\tb\x00\x08\x7fc\n", "a bc"),
            ("\u{9b}31mc1\n".as_bytes(), "31mc1"),
            (b"cut off \x1b[3\n", "cut off"),
        ] {
            let line_found = newest(bytes);
            assert_eq!(line_found, line, "{}", bytes.escape_ascii());
            assert!(!line_found.contains(char::is_control));
        }
    }

    #[test]
    fn what_is_not_text_is_replaced() {
        assert_eq!(newest(b"a\xff\xfeb\n"), "a\u{fffd}\u{fffd}b");
        assert_eq!(newest("père 日本語 👩‍💻\n".as_bytes()), "père 日本語 👩‍💻");
    }

    #[test]
    fn of_a_long_line_the_beginning_is_told_on_a_character_boundary() {
        let long = format!("{}\n", "é".repeat(TEXT_BYTES_MAX));
        assert_eq!(newest(long.as_bytes()), "é".repeat(TEXT_BYTES_MAX / 2));
        let coloured = format!("{}{}\n", "\x1b[31m".repeat(100), "a".repeat(TEXT_BYTES_MAX + 1));
        assert_eq!(newest(coloured.as_bytes()), "a".repeat(TEXT_BYTES_MAX));
        let mut lines = Lines::default();
        for _ in 0..100 {
            lines.take(&[b'x'; 8192]);
        }
        assert_eq!(lines.unfinished.len(), KEPT_BYTES_MAX);
        assert_eq!(lines.take(b"\nnext\n"), Some("next".to_owned()));
    }
}
