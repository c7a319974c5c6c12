//! Where settings come from, and what each layer says, with the place of every word.

use std::collections::BTreeMap;
use std::path::PathBuf;

use config::ValueKind;

use super::{KEYS, Key, Place, Problem, file};

/// What the settings are read from. It holds secrets, so it has no `Debug`.
#[derive(Clone, Default)]
pub struct Sources {
    /// The settings file.
    pub file: ConfigFile,
    /// The environment; whatever does not begin with `MISSION_CONTROL__` is left alone.
    pub environment: BTreeMap<String, String>,
    /// Settings given as flags, in the order they were given.
    pub flags: Vec<Flag>,
}

impl Sources {
    /// What the server itself reads without flags: `mission-control.toml` if it is there, and the environment.
    #[must_use]
    pub fn of_process() -> Self {
        Self { file: ConfigFile::choose(None), environment: environment(), flags: Vec::new() }
    }
}

/// The environment of the process; variables that are not text are left out.
#[must_use]
pub fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Which settings file is read.
#[derive(Clone, Default)]
pub enum ConfigFile {
    /// None.
    #[default]
    None,
    /// This one, if it is there.
    IfPresent(PathBuf),
    /// This one, and it must be there.
    Required(PathBuf),
    /// This text, as if it stood in a file of that name.
    Text {
        /// The name, for errors.
        path: PathBuf,
        /// The text.
        text: String,
    },
}

impl ConfigFile {
    /// The file `--config` names, and without it `mission-control.toml` in the working directory,
    /// if it is there.
    #[must_use]
    pub fn choose(named: Option<PathBuf>) -> Self {
        named.map_or_else(|| Self::IfPresent(PathBuf::from("mission-control.toml")), Self::Required)
    }
}

/// A setting given as a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// The flag, `--listen`.
    pub name: &'static str,
    /// The setting, `server.listen`.
    pub key: &'static str,
    /// The value, as typed.
    pub value: String,
}

/// One value of a known setting.
pub(super) struct Entry {
    pub(super) key: &'static Key,
    pub(super) value: ValueKind,
    pub(super) place: Place,
}

/// The defaults of the table, as the settings file that says them all.
pub(super) fn defaults() -> String {
    let row = |key: &Key| key.default.map(|default| format!("{} = {default}\n", key.name));
    KEYS.iter().filter_map(row).collect()
}

/// What file, environment and flags say, in this order, and what is wrong with it.
pub(super) fn collect(sources: &Sources) -> (Vec<Entry>, Vec<Problem>) {
    let (mut entries, mut problems) = (Vec::new(), Vec::new());
    let said = from_file(&sources.file).unwrap_or_else(|problem| {
        problems.push(problem);
        Vec::new()
    });
    let said = said.into_iter().chain(from_environment(&sources.environment)).chain(
        sources
            .flags
            .iter()
            .map(|flag| (flag.key.to_owned(), ValueKind::from(flag.value.as_str()), Place::Flag(flag.name))),
    );
    for (name, value, place) in said {
        match super::key::find(&name) {
            Some(key) => entries.push(Entry { key, value, place }),
            None => problems.push(Problem::UnknownKey { near: super::near::near(&name), key: name, place }),
        }
    }
    (entries, problems)
}

type Said = Vec<(String, ValueKind, Place)>;

fn from_file(file: &ConfigFile) -> Result<Said, Problem> {
    let (path, text) = match file {
        ConfigFile::None => return Ok(Vec::new()),
        ConfigFile::IfPresent(path) => (path, file::text_of(path, false)?),
        ConfigFile::Required(path) => (path, file::text_of(path, true)?),
        ConfigFile::Text { path, text } => (path, Some(text.clone())),
    };
    text.map_or_else(|| Ok(Vec::new()), |text| file::entries(path, &text))
}

fn from_environment(environment: &BTreeMap<String, String>) -> Said {
    environment
        .iter()
        .filter_map(|(name, value)| {
            // The second underscore keeps MISSION_CONTROL_TOKEN out: it is a client's token.
            let key = name.strip_prefix("MISSION_CONTROL__")?.to_ascii_lowercase().replace("__", ".");
            Some((key, ValueKind::from(value.as_str()), Place::Environment(name.clone())))
        })
        .collect()
}
