//! Where the tokens of a command come from: a file, the environment, or the server's own secret.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use super::output::Failure;
use super::serve::OWNER;
use crate::app::run::offline_token;
use crate::app::settings::Settings;
use crate::app::tokens::{NoToken, Tokens};
use crate::domain::grant::{Grant, Scope, Scopes};
use crate::domain::id::UserId;
use crate::domain::pattern::Patterns;
use crate::ports::token_verifier::SecretText;

/// How long a token is good for that is made here.
const GOOD_FOR: Duration = Duration::from_secs(60 * 60);
/// Largest file that is looked at for a token, in bytes.
const FILE_BYTES_MAX: u64 = 64 * 1024;
/// How long a pipe may take to give its token: a report has two seconds in all.
const PIPE_WITHIN: Duration = Duration::from_millis(500);

/// A token that was handed over; there is no other.
pub(super) struct Given(SecretText);

impl Given {
    pub(super) const fn new(token: SecretText) -> Self {
        Self(token)
    }
}

impl Tokens for Given {
    fn token(&self) -> Result<SecretText, NoToken> {
        Ok(self.0.clone())
    }
}

/// A file that somebody else keeps fresh: read at each need.
pub(super) struct FromFile(PathBuf);

impl FromFile {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self(path)
    }
}

impl Tokens for FromFile {
    fn token(&self) -> Result<SecretText, NoToken> {
        let path = self.0.display();
        let text =
            read(&self.0).map_err(|error| NoToken(format!("cannot read the token file {path}: {error}")))?;
        match text.trim() {
            "" => Err(NoToken(format!("the token file {path} is empty"))),
            token => Ok(SecretText::new(token)),
        }
    }
}

/// Reads a file. One that may keep its reader waiting, such as a pipe that nobody writes to, is waited for on a
/// thread of its own, and not for long.
fn read(path: &Path) -> io::Result<String> {
    let whole = |path: &Path| {
        let mut text = String::new();
        std::fs::File::open(path)?.take(FILE_BYTES_MAX).read_to_string(&mut text)?;
        Ok(text)
    };
    if std::fs::metadata(path)?.is_file() {
        return whole(path);
    }
    let (said, answer) = mpsc::channel();
    let path = path.to_owned();
    std::thread::spawn(move || said.send(whole(&path)));
    answer.recv_timeout(PIPE_WITHIN).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Makes a token with the server's secret at each need.
pub(super) struct FromDataDir {
    settings: Settings,
    user: UserId,
    scope: Scope,
}

impl FromDataDir {
    /// Tokens of this user that are good for one thing.
    pub(super) fn new(settings: Settings, user: Option<&str>, scope: Scope) -> Result<Self, Failure> {
        Ok(Self { settings, user: UserId::parse(user.unwrap_or(OWNER))?, scope })
    }
}

impl Tokens for FromDataDir {
    fn token(&self) -> Result<SecretText, NoToken> {
        let grant = Grant { scopes: Scopes::of([self.scope]), agents: Patterns::all() };
        offline_token(&self.settings, self.user.clone(), grant, GOOD_FOR).map_err(|error| {
            let cause = Failure::from(error);
            NoToken(format!(
                "there is no token, and none can be made here ({}). Give --token-file FILE or set \
                 MISSION_CONTROL_TOKEN, or say with --data-dir DIR where the server keeps its data",
                cause.text()
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_file_is_read_at_each_need_and_trimmed() {
        let path = std::env::temp_dir().join(format!("mission-control-token-{}", std::process::id()));
        let tokens = FromFile::new(path.clone());
        let missing = tokens.token().unwrap_err().to_string();
        assert!(missing.starts_with("cannot read the token file"), "{missing}");
        for token in ["a.b.c", "d.e.f"] {
            std::fs::write(&path, format!(" {token}\r\n")).unwrap();
            assert_eq!(tokens.token().unwrap(), SecretText::new(token));
        }
        std::fs::write(&path, "\n").unwrap();
        assert!(tokens.token().unwrap_err().to_string().ends_with("is empty"));
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_pipe_that_nobody_writes_to_is_not_waited_for_long() {
        let path = std::env::temp_dir().join(format!("mission-control-pipe-{}", std::process::id()));
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        let said = FromFile::new(path.clone()).token().unwrap_err().to_string();
        assert!(said.starts_with("cannot read the token file") && said.contains("timed out"), "{said}");
        std::fs::remove_file(&path).unwrap();
    }
}
