//! Where a value was said, so that whoever is told that it is wrong can go there.

use std::fmt;
use std::path::PathBuf;

/// Where a value was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Nowhere: it is the default.
    Default,
    /// In a settings file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1, where it could be told.
        line: Option<usize>,
    },
    /// In an environment variable of this name.
    Environment(String),
    /// By a flag of this name, `--listen`.
    Flag(&'static str),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("the default"),
            Self::File { path, line: Some(line) } => write!(formatter, "{}:{line}", path.display()),
            Self::File { path, line: None } => write!(formatter, "{}", path.display()),
            // A variable's name is whatever the process was given; it may hold anything.
            Self::Environment(name) => write!(formatter, "{}", name.escape_debug()),
            Self::Flag(name) => formatter.write_str(name),
        }
    }
}

/// The line of a key in a TOML text, from 1. The parser behind the layers keeps no positions, so
/// this reads the simple forms (`[section]` and `key = …`) and says nothing rather than guess.
pub(super) fn line_of(text: &str, name: &str) -> Option<usize> {
    let mut section = String::new();
    let mut found = None;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim_start();
        let said = if let Some(header) = line.strip_prefix('[') {
            section = header.split(']').next().map(bare).unwrap_or_default();
            section == name
        } else {
            line.split_once('=').is_some_and(|(key, _)| {
                let key = bare(key);
                if section.is_empty() { key == name } else { format!("{section}.{key}") == name }
            })
        };
        match (said, found) {
            (false, _) => {}
            (true, None) => found = Some(number),
            // TOML takes a key once, so one of the two is inside a longer text.
            (true, Some(_)) => return None,
        }
    }
    found
}

/// A key without the spaces and quotes that TOML allows around each of its parts.
fn bare(key: &str) -> String {
    let part = |part: &str| part.trim().trim_matches(|quote| quote == '"' || quote == '\'').to_owned();
    key.split('.').map(part).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_on_its_line() {
        let text = "# a comment\nserver.listen = \"x\"\n\n[ stream ]\nheartbeat_ms=1\n\"ring_events\" = 2\n";
        for (name, line) in [
            ("server.listen", Some(2)),
            ("stream", Some(4)),
            ("stream.heartbeat_ms", Some(5)),
            ("stream.ring_events", Some(6)),
            ("heartbeat_ms", None),
            ("server.heartbeat_ms", None),
        ] {
            assert_eq!(line_of(text, name), line, "{name}");
        }
    }

    #[test]
    fn no_line_is_said_when_two_would_do() {
        assert_eq!(line_of("[auth]\nissuer = '''\nissuer = 1\n'''\n", "auth.issuer"), None);
    }
}
