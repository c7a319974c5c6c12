//! Reading the settings file: present or not, readable, small enough, TOML.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use config::{FileFormat, Map, Source, Value, ValueKind};

use super::place::line_of;
use super::{Place, Problem};

/// A thousand times any real settings file. Whoever names a device or a log is told so.
const LARGEST_BYTES: u64 = 1_048_576;

/// The text of a file; `None` when it is not there and need not be.
pub(super) fn text_of(path: &Path, required: bool) -> Result<Option<String>, Problem> {
    let unreadable = |source| Problem::FileUnreadable { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound && required => {
            return Err(Problem::FileMissing { path: path.to_owned() });
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut bytes = Vec::new();
    file.take(LARGEST_BYTES.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LARGEST_BYTES) {
        return Err(Problem::FileTooLarge { path: path.to_owned() });
    }
    String::from_utf8(bytes).map(Some).map_err(|_| Problem::FileNotToml {
        place: Place::File { path: path.to_owned(), line: None },
        reason: String::from("it is not UTF-8 text"),
    })
}

/// Names, values and places of what a TOML text says.
pub(super) fn entries(path: &Path, text: &str) -> Result<Vec<(String, ValueKind, Place)>, Problem> {
    let table = config::File::from_str(text, FileFormat::Toml)
        .collect()
        .map_err(|error| not_toml(path.to_owned(), &error))?;
    let mut entries = Vec::new();
    flatten("", table, &mut entries);
    // The parser hands its tables out in no order; people read from top to bottom.
    let mut placed: Vec<_> = entries
        .into_iter()
        .map(|(name, value)| {
            let line = line_of(text, &name);
            (name, value, line)
        })
        .collect();
    placed.sort_by(|(name, _, line), (other, _, other_line)| (line, name).cmp(&(other_line, other)));
    Ok(placed
        .into_iter()
        .map(|(name, value, line)| (name, value, Place::File { path: path.to_owned(), line }))
        .collect())
}

/// `[a] b = 1` is `a.b = 1`. A section without anything in it is kept when it is no section of
/// ours, so that its misspelt name is told.
fn flatten(section: &str, table: Map<String, Value>, entries: &mut Vec<(String, ValueKind)>) {
    for (name, value) in table {
        let name = if section.is_empty() { name } else { format!("{section}.{name}") };
        match value.kind {
            ValueKind::Table(table) if !table.is_empty() => flatten(&name, table, entries),
            ValueKind::Table(_) if super::KEYS.iter().any(|key| key.parts().0 == name) => {}
            kind => entries.push((name, kind)),
        }
    }
}

/// Position and reason of a parser's error. Its text quotes the line, and the line may hold a
/// secret, so the quote is left out.
fn not_toml(path: PathBuf, error: &config::ConfigError) -> Problem {
    let text = match error {
        config::ConfigError::FileParse { cause, .. } => cause.to_string(),
        other => other.to_string(),
    };
    let mut lines = text.lines();
    let line = lines
        .next()
        .and_then(|first| first.strip_prefix("TOML parse error at line "))
        .and_then(|position| position.split(',').next())
        .and_then(|line| line.parse().ok());
    let reason = match line {
        // Position, three lines of quote, reason.
        Some(_) => lines.skip(3).collect::<Vec<_>>().join("; "),
        None => text.lines().collect::<Vec<_>>().join("; "),
    };
    Problem::FileNotToml { place: Place::File { path, line }, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_line_is_named_and_not_quoted() {
        for (broken, line) in [
            ("[auth]\nsecret = canary-7f3a", 2),
            ("[auth]\nsecret = \"canary-7f3a", 2),
            ("[auth]\nsecret = \"canary-7f3a\\q\"", 2),
            ("[auth]\nsecret = \"canary-7f3a\" canary-7f3a", 2),
            ("[auth]\nsecret = 7f3acanary-7f3a", 2),
            ("[auth]\nsecret \"canary-7f3a\"", 2),
            ("canary-7f3a", 1),
            ("[auth]\nsecret = \"canary-7f3a\"\nsecret = \"canary-7f3a\"", 3),
            ("secret = '''canary-7f3a\n", 1),
            ("secret = { a = canary-7f3a", 1),
            ("[canary-7f3a", 1),
        ] {
            let problem = entries(Path::new("a.toml"), broken).unwrap_err();
            let text = problem.to_string();
            assert!(!text.contains("7f3a"), "{text}");
            assert!(text.starts_with(&format!("a.toml:{line} is not valid TOML: ")), "{broken}: {text}");
            assert!(!text.ends_with(": ") && !text.contains('\n'), "{text}");
        }
    }

    #[test]
    fn a_number_beyond_all_numbers_is_not_quoted() {
        let problem =
            entries(Path::new("a.toml"), "[auth]\nsecret = 99999999999999999999999999").unwrap_err();
        let text = problem.to_string();
        assert!(text.starts_with("a.toml is not valid TOML: ") && !text.contains("99"), "{text}");
    }
}
