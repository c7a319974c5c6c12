//! The layers put on each other, and typed values read from what came out on top.

use std::collections::BTreeMap;

use config::{Config, ConfigError, FileFormat, Value, ValueKind};

use super::key::find;
use super::layers::{Entry, collect, defaults};
use super::problem::shown;
use super::setting::{Setting, number};
use super::{Built, Key, Kind, Place, Problem, Sources};

/// Reads a section: every field before giving up, so that all that is wrong is told at once.
macro_rules! section {
    ($reader:ident, Self { $($field:ident: $key:literal),+ $(,)? }) => {{
        $(let $field = $reader.read($key);)+
        Some(Self { $($field: $field?),+ })
    }};
}
pub(super) use section;

/// Typed values out of the merged layers, and a list of what is wrong with them.
pub(super) struct Reader {
    config: Config,
    places: BTreeMap<&'static str, Place>,
    problems: Vec<Problem>,
    #[cfg(test)]
    pub(super) names_read: Vec<&'static str>,
}

impl Reader {
    pub(super) fn of(sources: &Sources) -> Self {
        let (entries, mut problems) = collect(sources);
        let places = entries.iter().map(|entry| (entry.key.name, entry.place.clone())).collect();
        let config = merge(entries).unwrap_or_else(|error| {
            // The table's own defaults do not parse. A test reads them; this keeps it from being a panic.
            problems.push(Problem::FileNotToml { place: Place::Default, reason: error.to_string() });
            Config::default()
        });
        Self {
            config,
            places,
            problems,
            #[cfg(test)]
            names_read: Vec::new(),
        }
    }

    /// The value of a setting. What is wrong with it is put on the list.
    pub(super) fn read<T: Setting>(&mut self, name: &'static str) -> Option<T> {
        #[cfg(test)]
        self.names_read.push(name);
        match self.value(name) {
            Ok(value) => Some(value),
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }

    /// The value of a setting for a look at two together; a wrong one was told by [`Self::read`].
    pub(super) fn peek<T: Setting>(&self, name: &'static str) -> Option<T> {
        self.value(name).ok()
    }

    /// Where the value of a setting was said.
    pub(super) fn place(&self, name: &str) -> Place {
        self.places.get(name).cloned().unwrap_or(Place::Default)
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    fn value<T: Setting>(&self, name: &'static str) -> Result<T, Problem> {
        let missing = Problem::Missing { key: name };
        let Some(key) = find(name) else { return Err(missing) };
        let place = self.place(name);
        if let (Built::No { instead }, true) = (key.built, place != Place::Default) {
            return Err(Problem::NotBuilt { key: name, value: None, place, instead });
        }
        let Ok(raw) = self.config.get::<Value>(name) else {
            return T::absent().ok_or(missing);
        };
        let wrong = || Problem::WrongValue {
            key: name,
            place: place.clone(),
            value: show(key, &raw.kind),
            allowed: key.allowed,
        };
        if !in_range(key.kind, &raw.kind) {
            return Err(wrong());
        }
        let value = T::read(&raw.kind).ok_or_else(wrong)?;
        match key.built {
            Built::Only { values, instead } if !values.contains(&plain(&raw.kind).as_str()) => {
                let value = Some(show(key, &raw.kind));
                Err(Problem::NotBuilt { key: name, value, place, instead })
            }
            _ => Ok(value),
        }
    }
}

/// Defaults below, the entries on them in their order; the last wins.
fn merge(entries: Vec<Entry>) -> Result<Config, ConfigError> {
    let defaults = config::File::from_str(&defaults(), FileFormat::Toml);
    let mut builder = Config::builder().add_source(defaults);
    for Entry { key, value, .. } in entries {
        builder = builder.set_override(key.name, Value::new(None, value))?;
    }
    builder.build()
}

fn in_range(kind: Kind, raw: &ValueKind) -> bool {
    match kind {
        Kind::Number { min, max } => number(raw).is_some_and(|number| (min..=max).contains(&number)),
        Kind::Text | Kind::Secret | Kind::Switch | Kind::List => true,
    }
}

/// A value without its spelling: `"0"`, `0` and `00` are the same number.
fn plain(raw: &ValueKind) -> String {
    number(raw).map_or_else(|| raw.to_string(), |number| number.to_string())
}

/// A value as an error may show it.
fn show(key: &Key, raw: &ValueKind) -> String {
    if key.kind == Kind::Secret {
        return String::from("not shown, because it is secret");
    }
    let one = |raw: &ValueKind| match raw {
        ValueKind::String(text) => format!("\"{}\"", shown(text)),
        ValueKind::Table(_) => String::from("a section"),
        ValueKind::Array(_) => String::from("a list"),
        other => shown(&other.to_string()),
    };
    match raw {
        ValueKind::Array(values) => {
            const MOST: usize = 10;
            let mut items: Vec<String> = values.iter().take(MOST).map(|value| one(&value.kind)).collect();
            if values.len() > MOST {
                items.push(String::from("…"));
            }
            format!("[{}]", items.join(", "))
        }
        other => one(other),
    }
}
