//! What can be wrong with the settings. Each text says what happened, where, and what to do. The
//! value of a secret is in none of them.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::Place;

/// One thing that is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The file that was asked for is not there.
    #[error("there is no settings file {}; check the path given with --config", path.display())]
    FileMissing {
        /// The file.
        path: PathBuf,
    },
    /// The file is there and cannot be read.
    #[error("the settings file {} cannot be read: {source}", path.display())]
    FileUnreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is larger than any settings file.
    #[error("the settings file {} is larger than 1 MiB; is it the right file?", path.display())]
    FileTooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is not TOML.
    #[error("{place} is not valid TOML: {reason}")]
    FileNotToml {
        /// The file, and the line if it is known.
        place: Place,
        /// What the parser said, without the line itself: it may hold a secret.
        reason: String,
    },
    /// There is no such setting.
    #[error("{} ({place}) is not a setting{}", shown(key), did_you_mean(near))]
    UnknownKey {
        /// The name that was said.
        key: String,
        /// Where.
        place: Place,
        /// Settings with a name close to it, best first.
        near: Vec<&'static str>,
    },
    /// The setting does not take this value.
    #[error("{key} ({place}) is {value}; it takes {allowed}")]
    WrongValue {
        /// The setting.
        key: &'static str,
        /// Where it was said.
        place: Place,
        /// The value as it can be shown.
        value: String,
        /// What it takes.
        allowed: &'static str,
    },
    /// The setting, or this value of it, is known but not built.
    #[error("{key}{} is not built yet: {instead} ({place})", equals(value.as_deref()))]
    NotBuilt {
        /// The setting.
        key: &'static str,
        /// The value, where others are built.
        value: Option<String>,
        /// Where it was said.
        place: Place,
        /// What to do instead.
        instead: &'static str,
    },
    /// Nobody said the setting and it has no default.
    #[error("{key} is not set")]
    Missing {
        /// The setting.
        key: &'static str,
    },
    /// Tokens would travel unencrypted.
    #[error(
        "server.listen ({place}) is {listen}, which other machines can reach, and tokens would travel unencrypted: put a TLS proxy in front and set server.behind_tls_proxy = true, or accept it with server.allow_plaintext = true"
    )]
    Plaintext {
        /// The address.
        listen: SocketAddr,
        /// Where it was said.
        place: Place,
    },
    /// The secret can be guessed.
    #[error("auth.secret ({place}) is too short: it takes at least 32 bytes and has {bytes}")]
    ShortSecret {
        /// Where it was said.
        place: Place,
        /// How long it is.
        bytes: usize,
    },
    /// Two secrets, and no telling which is meant.
    #[error("auth.secret ({secret}) and auth.secret_file ({file}) are both set: leave one out")]
    TwoSecrets {
        /// Where the secret was said.
        secret: Place,
        /// Where the file was said.
        file: Place,
    },
    /// A shared secret and public keys in one list: a token could be checked with the wrong one.
    #[error(
        "auth.algorithms ({place}) has HS256 beside others: choose HS256 with a secret, or the others with a public key"
    )]
    MixedAlgorithms {
        /// Where it was said.
        place: Place,
    },
    /// HS256 needs a secret, and there is only a public key.
    #[error(
        "auth.algorithms ({place}) is HS256, which takes auth.secret, but only auth.public_key_file is set: set auth.algorithms to what the key signs, like [\"RS256\"]"
    )]
    NeedsSecret {
        /// Where the algorithms were said.
        place: Place,
    },
    /// Public key algorithms, and no public key.
    #[error(
        "auth.algorithms ({place}) has {algorithm}, which takes auth.public_key_file, and that is not set"
    )]
    NeedsPublicKey {
        /// Where the algorithms were said.
        place: Place,
        /// The first that takes one.
        algorithm: &'static str,
    },
}

/// Everything that is wrong with the settings, one problem a line.
#[derive(Debug, thiserror::Error)]
#[error("{}", list(problems))]
pub struct SettingsError {
    problems: Vec<Problem>,
}

impl SettingsError {
    pub(super) fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// The problems, never none.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

fn list(problems: &[Problem]) -> String {
    let mut text = match problems.len() {
        1 => String::from("the settings have a problem:"),
        count => format!("the settings have {count} problems:"),
    };
    for problem in problems {
        text.push_str("\n  ");
        text.push_str(&problem.to_string());
    }
    text
}

/// A text that somebody typed, fit for a terminal: on one line, not endless, no control codes.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 100;
    let mut shown: String = text.chars().take(MOST).flat_map(char::escape_debug).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

fn did_you_mean(near: &[&'static str]) -> String {
    match near {
        [] => String::from("; docs/CONFIGURATION.md has them all"),
        [one] => format!("; did you mean {one}?"),
        [others @ .., last] => format!("; did you mean {} or {last}?", others.join(", ")),
    }
}

fn equals(value: Option<&str>) -> impl fmt::Display {
    value.map_or_else(String::new, |value| format!(" = {value}"))
}
