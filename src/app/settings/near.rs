//! "Did you mean": the settings whose names are close to one that does not exist.

use super::KEYS;

/// Names longer than this are not compared: no setting is that long, and the work grows with it.
const LONGEST: usize = 100;

/// Most names offered.
const MOST: usize = 3;

/// The closest settings, best first; none when nothing is close.
pub(super) fn near(name: &str) -> Vec<&'static str> {
    if name.chars().count() > LONGEST {
        return Vec::new();
    }
    let name = name.to_ascii_lowercase();
    let (section, last) = name.rsplit_once('.').unwrap_or(("", &name));
    let close = last.chars().count().div_ceil(3);
    let mut scored: Vec<(usize, &'static str)> = KEYS
        .iter()
        .filter_map(|key| {
            let (key_section, key_last) = key.parts();
            let elsewhere = usize::from(section != key_section);
            let distance = distance(last, key_last);
            let score = if is_inside(&name, key.name) || flat(&name) == flat(key.name) {
                0
            } else if distance <= close {
                // A misspelt section costs what it is off by, a wrong one counts as one mistake.
                distance.saturating_add(elsewhere)
            } else if last.len() > 3 && (key_last.contains(last) || last.contains(key_last)) {
                close.saturating_add(1).saturating_add(elsewhere)
            } else if last == key_section && section.is_empty() {
                close.saturating_add(2)
            } else {
                return None;
            };
            Some((score, key.name))
        })
        .collect();
    scored.sort_by_key(|(score, _)| *score);
    let best = scored.first().map_or(0, |(score, _)| *score);
    // What is much further off than the best is noise beside it.
    scored
        .into_iter()
        .filter(|(score, _)| *score <= best.saturating_add(1))
        .map(|(_, name)| name)
        .take(MOST)
        .collect()
}

/// A name without what separates its parts: `SERVER_LISTEN` said `server_listen`, not `server.listen`.
fn flat(name: &str) -> String {
    name.chars().filter(|character| character.is_ascii_alphanumeric()).collect()
}

/// Whether a setting was taken for a section: `server.listen.port`.
fn is_inside(name: &str, key: &str) -> bool {
    name.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'))
}

/// How many letters must be put in, taken out, changed or swapped with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    let mut previous = None;
    for (row, letter) in from.chars().enumerate() {
        let mut current = vec![row.saturating_add(1)];
        for (column, other) in to.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX);
            let change = at(&above, column).saturating_add(usize::from(letter != *other));
            let take_out = at(&above, column.saturating_add(1)).saturating_add(1);
            let put_in = at(&current, column).saturating_add(1);
            let mut least = change.min(take_out).min(put_in);
            let left = column.checked_sub(1);
            if previous == Some(*other) && left.and_then(|left| to.get(left)) == Some(&letter) {
                least = least.min(left.map_or(usize::MAX, |left| at(&before, left)).saturating_add(1));
            }
            current.push(least);
        }
        before = std::mem::replace(&mut above, current);
        previous = Some(letter);
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_mistakes_of_typing() {
        for (from, to, mistakes) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("listen", "lisetn", 1),
            ("listen", "listn", 1),
            ("ab", "ba", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(from, to), mistakes, "{from} to {to}");
        }
    }

    #[test]
    fn the_meant_setting_comes_first() {
        for (wrong, meant) in [
            ("stream.hartbeat_ms", "stream.heartbeat_ms"),
            ("server.heartbeat_ms", "stream.heartbeat_ms"),
            ("heartbeat_ms", "stream.heartbeat_ms"),
            ("sever.listen", "server.listen"),
            ("server_listen", "server.listen"),
            ("server.listn", "server.listen"),
            ("Server.Listen", "server.listen"),
            ("auth.secrets", "auth.secret"),
            ("limits.max_connections", "limits.connections"),
            ("limits.head", "limits.head_bytes"),
            ("server.listen.port", "server.listen"),
            ("server", "server.listen"),
        ] {
            assert_eq!(near(wrong).first(), Some(&meant), "{wrong}: {:?}", near(wrong));
        }
    }

    #[test]
    fn nothing_is_offered_for_what_is_like_nothing() {
        assert_eq!(near("colour.of.the.sky"), Vec::<&str>::new());
        assert_eq!(near(&"listen".repeat(100)), Vec::<&str>::new());
    }
}
