//! Text from the network, made harmless: no character of it may move a cursor, change a title, hide or
//! turn round what stands beside it, or begin a line of its own.

use std::fmt::Write;

/// A text for a terminal. What is not printable is spelled out, like `\u{1b}`.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || steers(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}

/// A JSON text as one line that is harmless in a terminal, and the same JSON as before.
#[must_use]
pub fn json_line(json: &str) -> String {
    let mut line = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            // JSON has these between its tokens alone, where nothing is needed in their place.
            '\0'..='\u{1f}' => {}
            // The others stand within texts alone, where the escape means the same.
            _ if character.is_control() || steers(character) => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to a String does not fail.
                    let _written = write!(line, "\\u{unit:04x}");
                }
            }
            _ => line.push(character),
        }
    }
    line
}

/// Characters that are not printed but change how others are: line ends, directions, invisible ones. The
/// joiners within words and emoji (U+200C, U+200D) are left alone.
const fn steers(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "\u{1b}]0;title\u{7}\u{1b}[2J\r\n\u{9b}31m\u{202e}txt\u{2028}\u{7f}\u{e0041}\0";

    fn is_harmless(text: &str) -> bool {
        !text.chars().any(|character| character.is_control() || steers(character))
    }

    #[test]
    fn nothing_that_steers_a_terminal_is_left_and_everything_is_still_told() {
        let safe = plain(HOSTILE);
        assert!(is_harmless(&safe), "{safe:?}");
        assert!(safe.starts_with(r"\u{1b}]0;title\u{7}\u{1b}[2J\r\n\u{9b}31m\u{202e}txt"), "{safe}");
    }

    #[test]
    fn what_people_write_is_left_as_it_is() {
        for text in ["", "npm test ✓", "père, 日本語, שלום, سلام", "👩‍💻", r"a\b"] {
            assert_eq!(plain(text), text);
        }
    }

    #[test]
    fn every_character_is_printable_or_spelled_out() {
        for character in ('\0'..=char::MAX).filter(|character| character.is_control() || steers(*character)) {
            let text = character.to_string();
            assert!(is_harmless(&plain(&text)), "{character:?}");
            assert!(is_harmless(&json_line(&text)), "{character:?}");
        }
    }

    #[test]
    fn json_stays_the_same_json_on_one_line() {
        let value = serde_json::json!({"lastMessage": HOSTILE, "b": ["\u{e0041}", "\u{2066}"]});
        for json in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let line = json_line(&json);
            assert!(is_harmless(&line), "{line:?}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), value);
        }
    }
}
