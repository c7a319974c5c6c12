//! Revocations in a file of the data directory: one JSON line each, appended and synced.
//!
//! A line counts once its line break is there; what a crash cut off was never answered and is dropped.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::domain::id::UserId;
use crate::domain::revocation::Revocation;
use crate::domain::time::Timestamp;
use crate::ports::revocation_store::{RevocationStore, RevocationStoreError};

/// The version of the lines that this code writes.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    v: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issued_until: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
}

impl From<&Revocation> for Line {
    fn from(revocation: &Revocation) -> Self {
        match revocation {
            Revocation::User { user, issued_until } => Self {
                v: VERSION,
                user: Some(user.as_str().to_owned()),
                issued_until: Some(issued_until.millis()),
                token: None,
            },
            Revocation::Token { id } => {
                Self { v: VERSION, user: None, issued_until: None, token: Some(id.clone()) }
            }
        }
    }
}

impl TryFrom<Line> for Revocation {
    type Error = &'static str;

    fn try_from(line: Line) -> Result<Self, Self::Error> {
        match line {
            Line { v: VERSION, user: Some(user), issued_until: Some(until), token: None } => Ok(Self::User {
                user: UserId::parse(&user).map_err(|_| "a line names no user")?,
                issued_until: Timestamp::from_millis(until).ok_or("a line has no time")?,
            }),
            Line { v: VERSION, user: None, issued_until: None, token: Some(id) } => Ok(Self::Token { id }),
            _ => Err("a line is of another version or damaged"),
        }
    }
}

/// Keeps revocations in a file.
#[derive(Debug)]
pub(crate) struct RevocationFile {
    path: PathBuf,
    /// One writer at a time; the file is opened for each line, which are few.
    writing: Arc<Mutex<()>>,
}

impl RevocationFile {
    /// The file at this path; it is made when there is something to keep.
    #[must_use]
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, writing: Arc::default() }
    }
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> RevocationStoreError {
    RevocationStoreError(error.into())
}

#[async_trait]
impl RevocationStore for RevocationFile {
    async fn load(&self) -> Result<Vec<Revocation>, RevocationStoreError> {
        let path = self.path.clone();
        tokio::task::spawn_blocking(move || read(&path)).await.map_err(failed)?.map_err(failed)
    }

    async fn keep(&self, revocation: &Revocation) -> Result<(), RevocationStoreError> {
        let mut text = serde_json::to_vec(&Line::from(revocation)).map_err(failed)?;
        text.push(b'\n');
        let (path, writing) = (self.path.clone(), Arc::clone(&self.writing));
        let write = move || {
            let _one_at_a_time = writing.lock().unwrap_or_else(PoisonError::into_inner);
            append(&path, &text)
        };
        tokio::task::spawn_blocking(write).await.map_err(failed)?.map_err(failed)
    }
}

fn read(path: &Path) -> io::Result<Vec<Revocation>> {
    let mut text = String::new();
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        opened => opened?.read_to_string(&mut text)?,
    };
    let whole = text.rfind('\n').map_or("", |end| text.get(..end).unwrap_or(""));
    let parse = |line: &str| {
        let line: Line = serde_json::from_str(line).map_err(io::Error::from)?;
        Revocation::try_from(line).map_err(|reason| io::Error::new(io::ErrorKind::InvalidData, reason))
    };
    whole.lines().map(parse).collect()
}

fn append(path: &Path, line: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::other("the file has no folder"))?;
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    let end = whole_length(&mut file)?;
    // Over what a crash cut off, if anything.
    file.set_len(end)?;
    file.seek(SeekFrom::Start(end))?;
    file.write_all(line)?;
    file.sync_all()?;
    File::open(folder)?.sync_all()
}

/// Up to where the file holds whole lines.
fn whole_length(file: &mut File) -> io::Result<u64> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at.saturating_add(1));
    u64::try_from(end).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn fresh() -> PathBuf {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        std::env::temp_dir().join(format!("mission-control-revocations-{}-{number}", std::process::id()))
    }

    fn some() -> [Revocation; 2] {
        let user = UserId::parse("auth0|Zoë").unwrap();
        [
            Revocation::User { user, issued_until: Timestamp::saturating(1_795_460_400_000) },
            Revocation::Token { id: "j\"1\n".into() },
        ]
    }

    #[tokio::test]
    async fn what_was_kept_is_there_for_the_next_start() {
        let path = fresh();
        assert_eq!(RevocationFile::new(path.clone()).load().await.unwrap(), []);
        for one in &some() {
            RevocationFile::new(path.clone()).keep(one).await.unwrap();
        }
        assert_eq!(RevocationFile::new(path.clone()).load().await.unwrap(), some());
        std::fs::remove_file(path).unwrap();
    }

    #[tokio::test]
    async fn what_a_crash_cut_off_is_dropped_and_written_over() {
        let path = fresh();
        let file = RevocationFile::new(path.clone());
        let [first, second] = some();
        file.keep(&first).await.unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend_from_slice(br#"{"v":1,"tok"#);
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(file.load().await.unwrap(), std::slice::from_ref(&first));
        file.keep(&second).await.unwrap();
        assert_eq!(file.load().await.unwrap(), [first, second]);
        std::fs::remove_file(path).unwrap();
    }

    #[tokio::test]
    async fn a_damaged_line_is_an_error_and_not_a_hole() {
        let path = fresh();
        for damaged in ["{}\n", "x\n", "{\"v\":2,\"token\":\"j\"}\n", "{\"v\":1,\"user\":\"u\"}\n"] {
            std::fs::write(&path, damaged).unwrap();
            assert!(RevocationFile::new(path.clone()).load().await.is_err(), "{damaged}");
        }
        std::fs::remove_file(path).unwrap();
    }
}
