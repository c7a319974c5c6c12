//! The settings as a whole: which layer wins, what is told about what is wrong, and that the one
//! table covers everything.

mod errors;
mod layers;
mod table;
mod together;

use std::path::PathBuf;

use super::*;

/// Layers of a test: the text of a file, variables, flags.
fn sources(
    file: &str,
    environment: &[(&str, &str)],
    flags: &[(&'static str, &'static str, &str)],
) -> Sources {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Sources {
        file: ConfigFile::Text { path: PathBuf::from("mission-control.toml"), text: file.to_owned() },
        environment: environment.iter().map(owned).collect(),
        flags: flags
            .iter()
            .map(|(name, key, value)| Flag { name, key, value: (*value).to_owned() })
            .collect(),
    }
}

fn load(file: &str) -> Result<Settings, SettingsError> {
    Settings::load(&sources(file, &[], &[]))
}

/// What is told about this file, one text a problem.
fn told(file: &str) -> Vec<String> {
    told_of(&sources(file, &[], &[]))
}

fn told_of(sources: &Sources) -> Vec<String> {
    let error = Settings::load(sources).expect_err("something is wrong with it");
    error.problems().iter().map(ToString::to_string).collect()
}
