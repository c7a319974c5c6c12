//! What keys do to the table.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::app::watch::Look;

/// Letters of a filter: as many as an id may have.
const FILTER_CHARS_MAX: usize = 128;

/// Where somebody looks, and whether they are typing a filter.
#[derive(Debug, Default)]
pub(super) struct Hands {
    pub(super) look: Look,
    /// Rows above the first that was seen: the look may have asked for more than there are.
    pub(super) above: usize,
    pub(super) typing: bool,
}

impl Hands {
    /// Takes a key, and says whether it quits.
    pub(super) fn press(&mut self, key: KeyEvent) -> bool {
        if key.kind == KeyEventKind::Release {
            return false;
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return key.code == KeyCode::Char('c');
        }
        let page = self.look.take.max(1);
        match key.code {
            KeyCode::Up => self.go(self.above.saturating_sub(1)),
            KeyCode::Down => self.go(self.above.saturating_add(1)),
            KeyCode::PageUp => self.go(self.above.saturating_sub(page)),
            KeyCode::PageDown => self.go(self.above.saturating_add(page)),
            KeyCode::Home => self.go(0),
            KeyCode::End => self.go(usize::MAX),
            code if self.typing => self.type_filter(code),
            KeyCode::Char('q') | KeyCode::Esc => return true,
            KeyCode::Char('k') => self.go(self.above.saturating_sub(1)),
            KeyCode::Char('j') => self.go(self.above.saturating_add(1)),
            KeyCode::Char('/') => self.typing = true,
            _ => {}
        }
        false
    }

    fn go(&mut self, skip: usize) {
        self.look.skip = skip;
    }

    fn type_filter(&mut self, code: KeyCode) {
        match code {
            KeyCode::Enter => self.typing = false,
            KeyCode::Esc => {
                self.typing = false;
                self.look.filter.clear();
            }
            KeyCode::Backspace => {
                self.look.filter.pop();
            }
            KeyCode::Char(letter)
                if !letter.is_control() && self.look.filter.chars().count() < FILTER_CHARS_MAX =>
            {
                self.look.filter.push(letter);
                self.go(0);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(codes: &[KeyCode]) -> (Hands, bool) {
        let mut hands = Hands { look: Look { take: 10, ..Look::default() }, above: 20, typing: false };
        let quit = codes.iter().any(|code| hands.press(KeyEvent::from(*code)));
        (hands, quit)
    }

    #[test]
    fn keys_scroll_from_what_is_seen() {
        for (code, skip) in [
            (KeyCode::Up, 19),
            (KeyCode::Char('k'), 19),
            (KeyCode::Down, 21),
            (KeyCode::Char('j'), 21),
            (KeyCode::PageUp, 10),
            (KeyCode::PageDown, 30),
            (KeyCode::Home, 0),
            (KeyCode::End, usize::MAX),
        ] {
            let (hands, quit) = pressed(&[code]);
            assert_eq!((hands.look.skip, quit), (skip, false), "{code:?}");
        }
    }

    #[test]
    fn q_escape_and_control_c_quit() {
        assert!(pressed(&[KeyCode::Char('q')]).1);
        assert!(pressed(&[KeyCode::Esc]).1);
        let control = |letter| KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL);
        assert!(Hands::default().press(control('c')));
        assert!(!Hands::default().press(control('q')));
        assert!(!pressed(&[KeyCode::Char('x'), KeyCode::Enter]).1);
    }

    #[test]
    fn a_slash_makes_letters_a_filter_until_enter_or_escape() {
        let letters = [KeyCode::Char('/'), KeyCode::Char('q'), KeyCode::Char('j'), KeyCode::Char('x')];
        let (hands, quit) = pressed(&[&letters[..], &[KeyCode::Backspace]].concat());
        assert_eq!((hands.look.filter.as_str(), hands.typing, quit), ("qj", true, false));
        let (hands, quit) = pressed(&[&letters[..], &[KeyCode::Enter]].concat());
        assert_eq!((hands.look.filter.as_str(), hands.typing, quit), ("qjx", false, false));
        let (hands, quit) = pressed(&[&letters[..], &[KeyCode::Esc]].concat());
        assert_eq!((hands.look.filter.as_str(), hands.typing, quit), ("", false, false));
    }

    #[test]
    fn a_filter_has_a_bound() {
        let letters = [&[KeyCode::Char('/')][..], &[KeyCode::Char('é'); 200]].concat();
        assert_eq!(pressed(&letters).0.look.filter.chars().count(), FILTER_CHARS_MAX);
    }
}
