//! Patterns of agent ids, as grants and interests use them.
//!
//! ```
//! use mission_control::domain::id::AgentId;
//! use mission_control::domain::pattern::{Pattern, PatternError, Patterns};
//!
//! let agent = AgentId::parse("build-7").unwrap();
//! assert!(Pattern::parse("build-*").unwrap().matches(&agent));
//! assert!(Pattern::parse("*-*-*-*-*").is_err(), "at most four stars");
//!
//! let mine: Result<Patterns, PatternError> = Patterns::parse(["test-*", "build-7"]);
//! assert!(mine.unwrap().contains(&agent));
//! assert!(Patterns::all().contains(&agent));
//! ```

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use super::id::{AgentId, ID_CHARS_MAX, is_id_byte};

/// Most `*` in a pattern.
pub const STARS_MAX: usize = 4;
/// Most patterns of an interest or a grant.
pub const PATTERNS_MAX: usize = 64;

/// Why a text is not a pattern, or a list of them too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Empty, longer than an id, or with a character that neither ids nor patterns have.
    #[error("a pattern is 1 to 128 characters of letters, digits, . _ : @ - and *")]
    Character,
    /// More than four `*`.
    #[error("a pattern has at most {STARS_MAX} *")]
    TooManyStars,
    /// More patterns than an interest or grant may have.
    #[error("there can be at most {PATTERNS_MAX} patterns")]
    TooMany,
}

/// An agent id in which `*` stands for any run of characters, also none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern {
    text: Arc<str>,
    /// How long the text before the first `*` and after the last one is; none without a `*`.
    ends: Option<(u8, u8)>,
}

impl Pattern {
    /// Takes an id with at most four `*`.
    ///
    /// # Errors
    /// [`PatternError`] says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() || text.len() > ID_CHARS_MAX || !text.bytes().all(|b| b == b'*' || is_id_byte(b)) {
            return Err(PatternError::Character);
        }
        if text.bytes().filter(|byte| *byte == b'*').count() > STARS_MAX {
            return Err(PatternError::TooManyStars);
        }
        Ok(Self { text: Arc::from(text), ends: ends(text) })
    }

    /// The pattern as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether every id matches.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.text.bytes().all(|byte| byte == b'*')
    }

    /// What every id that matches begins with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.parts().map_or(&*self.text, |(head, _, _)| head)
    }

    /// Whether it is one id and no other.
    #[must_use]
    pub const fn is_exact(&self) -> bool {
        self.ends.is_none()
    }

    /// Whether this id matches. Case matters.
    #[must_use]
    pub fn matches(&self, agent: &AgentId) -> bool {
        let Some((head, middle, tail)) = self.parts() else {
            return *self.text == *agent.as_str();
        };
        // The ends first: they refuse most ids at once, also where a view is matched against a fleet.
        let Some(left) = agent.as_str().strip_prefix(head).and_then(|left| left.strip_suffix(tail)) else {
            return false;
        };
        // Between two stars the leftmost fit leaves most to what follows.
        let mut left = Some(left);
        for part in middle.split('*').filter(|part| !part.is_empty()) {
            // To search for more than is left costs as much as the search.
            let room = left.filter(|left| part.len() <= left.len());
            left = room.and_then(|left| left.split_once(part)).map(|(_, after)| after);
        }
        left.is_some()
    }

    /// Before the first star, from it to the last one, after that. None without a star.
    fn parts(&self) -> Option<(&str, &str, &str)> {
        let (head, tail) = self.ends?;
        let (head, rest) = self.text.split_at_checked(usize::from(head))?;
        let (middle, tail) = rest.split_at_checked(rest.len().checked_sub(usize::from(tail))?)?;
        Some((head, middle, tail))
    }
}

fn ends(text: &str) -> Option<(u8, u8)> {
    let head = u8::try_from(text.find('*')?).ok()?;
    let tail = text.rsplit('*').next().and_then(|tail| u8::try_from(tail.len()).ok())?;
    Some((head, tail))
}

/// A set of patterns: an id is in it when one of them matches. In order and without double ones; a slice
/// holds few of them in less than a tree.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Patterns(Arc<[Pattern]>);

/// What nearly every token and connection has: one for all of them.
static ALL: LazyLock<Patterns> =
    LazyLock::new(|| Patterns(Arc::from([Pattern { text: Arc::from("*"), ends: Some((0, 0)) }])));

impl Patterns {
    /// The set that every id is in.
    #[must_use]
    pub fn all() -> Self {
        ALL.clone()
    }

    /// Reads texts into a set; double ones are one in it, and count each towards the limit. Beside one that every id matches,
    /// others say nothing: such a set is that of all.
    ///
    /// # Errors
    /// [`PatternError`] when a text is no pattern or there are more than [`PATTERNS_MAX`].
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, PatternError> {
        let mut set = BTreeSet::new();
        for (place, text) in texts.into_iter().enumerate() {
            if place >= PATTERNS_MAX {
                return Err(PatternError::TooMany);
            }
            set.insert(Pattern::parse(text)?);
        }
        let is_all = set.iter().any(Pattern::is_all);
        Ok(if is_all { Self::all() } else { Self(set.into_iter().collect()) })
    }

    /// Whether every id is in the set.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == *ALL
    }

    /// Whether this id is in the set.
    #[must_use]
    pub fn contains(&self, agent: &AgentId) -> bool {
        self.0.iter().any(|pattern| pattern.matches(agent))
    }

    /// The one id that is in the set, where there is just one.
    #[must_use]
    pub fn only(&self) -> Option<AgentId> {
        match &*self.0 {
            [only] => AgentId::parse(only.as_str()).ok(),
            _ => None,
        }
    }

    /// The patterns in order.
    pub fn iter(&self) -> impl Iterator<Item = &Pattern> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, id: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(&AgentId::parse(id).unwrap())
    }

    #[test]
    fn a_pattern_matches_as_a_glob() {
        for (pattern, id) in [
            ("*", "a"),
            ("a", "a"),
            ("a*", "a"),
            ("a*", "abc"),
            ("*c", "abc"),
            ("a*c", "ac"),
            ("a*c", "abbc"),
            ("build-*", "build-7"),
            ("*a*b*", "xaxbx"),
            ("a*b*c*d", "aXbXcXd"),
            ("**", "x"),
            ("*ab", "aab"),
            ("a*ab*b", "aabb"),
        ] {
            assert!(fits(pattern, id), "{pattern} {id}");
        }
        for (pattern, id) in [
            ("a", "b"),
            ("a", "A"),
            ("a", "ab"),
            ("a*", "ba"),
            ("*c", "cb"),
            ("a*a", "a"),
            ("a*c", "abcd"),
            ("*a*b*", "xbxax"),
            ("build-*", "build"),
            ("a*ab*b", "aab"),
        ] {
            assert!(!fits(pattern, id), "{pattern} {id}");
        }
    }

    #[test]
    fn a_pattern_refuses_a_fifth_star_and_strange_characters() {
        assert!(Pattern::parse("a*b*c*d*").is_ok());
        assert_eq!(Pattern::parse("*a*b*c*d*"), Err(PatternError::TooManyStars));
        for bad in ["", "a b", "a>", "a,b", "[a]", &"a".repeat(129)] {
            assert_eq!(Pattern::parse(bad), Err(PatternError::Character), "{bad}");
        }
    }

    /// The plainest matcher there is.
    fn globs(pattern: &[u8], id: &[u8]) -> bool {
        match (pattern.split_first(), id.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), None) => globs(rest, id),
            (Some((b'*', rest)), Some((_, after))) => globs(rest, id) || globs(pattern, after),
            (Some((one, rest)), Some((other, after))) => one == other && globs(rest, after),
            _ => false,
        }
    }

    #[test]
    fn every_short_pattern_matches_what_the_plainest_matcher_says() {
        let texts = |letters: &str| {
            let mut all = vec![String::new()];
            for _ in 0..5 {
                let longer =
                    all.iter().flat_map(|text| letters.chars().map(move |letter| format!("{text}{letter}")));
                all.extend(longer.collect::<Vec<_>>());
                all.sort_unstable();
                all.dedup();
            }
            all
        };
        let ids: Vec<_> = texts("ab").iter().filter_map(|text| AgentId::parse(text).ok()).collect();
        for pattern in texts("ab*").iter().filter_map(|text| Pattern::parse(text).ok()) {
            for id in &ids {
                let expected = globs(pattern.as_str().as_bytes(), id.as_str().as_bytes());
                assert_eq!(pattern.matches(id), expected, "{pattern:?} {id}");
            }
        }
    }

    #[test]
    fn what_matches_begins_with_the_prefix() {
        for (pattern, prefix, exact) in [
            ("a", "a", true),
            ("a*", "a", false),
            ("ab*c*", "ab", false),
            ("*c", "", false),
            ("*", "", false),
        ] {
            let pattern = Pattern::parse(pattern).unwrap();
            assert_eq!((pattern.prefix(), pattern.is_exact()), (prefix, exact), "{pattern:?}");
        }
    }

    #[test]
    fn the_set_of_all_is_one_for_everybody() {
        assert!(Arc::ptr_eq(&Patterns::parse(["*"]).unwrap().0, &Patterns::all().0));
    }

    #[test]
    fn a_set_takes_64_patterns_and_refuses_one_more() {
        let texts: Vec<String> = (0..65).map(|n| format!("a{n}")).collect();
        assert!(Patterns::parse(texts.iter().take(64).map(String::as_str)).is_ok());
        assert_eq!(Patterns::parse(texts.iter().map(String::as_str)), Err(PatternError::TooMany));
        assert!(Patterns::parse(["a", "*"]).unwrap().is_all());
        assert!(!Patterns::parse([]).unwrap().contains(&AgentId::parse("a").unwrap()));
    }
}
