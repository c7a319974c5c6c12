//! What waits in the spools beside one's own: of other holders of tokens, or for other servers.
//!
//! A spool's name says nothing to people, so a file in it tells whose reports wait there, and for which server.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::file::DATABASE;
use crate::ports::spool::Other;

/// The file that tells whose reports wait here, and where they go: two lines.
pub(super) const WHOSE: &str = "whose";
/// Most spools that are looked at.
const SPOOLS_MAX: usize = 1_000;
/// Longest name or address that is told, in bytes, both together.
const WHOSE_BYTES_MAX: u64 = 1_000;
/// How long one spool that is busy is waited for.
const BUSY_WITHIN: Duration = Duration::from_millis(200);

/// What waits in the spools of this directory, but for the one of this name.
#[must_use]
pub fn others(spools: &Path, own: &str) -> Vec<Other> {
    let Ok(entries) = std::fs::read_dir(spools) else { return Vec::new() };
    let directories = entries.flatten().take(SPOOLS_MAX).filter(|entry| entry.file_name() != own);
    let mut others: Vec<_> = directories.filter_map(|entry| other(&entry.path())).collect();
    others.sort_by(|one, next| (&one.user, &one.address).cmp(&(&next.user, &next.address)));
    others
}

fn other(directory: &Path) -> Option<Other> {
    let path = directory.join(DATABASE);
    let count = path.exists().then(|| counted(&path).ok())?;
    if count == Some(0) {
        return None;
    }
    let mut whose = String::new();
    let file = std::fs::File::open(directory.join(WHOSE));
    let _unknown = file.and_then(|file| file.take(WHOSE_BYTES_MAX).read_to_string(&mut whose));
    let mut lines = whose.lines().map(ToOwned::to_owned);
    let user = lines.next().unwrap_or_else(|| "somebody".to_owned());
    Some(Other { user, address: lines.next(), count })
}

fn counted(path: &Path) -> rusqlite::Result<u64> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(BUSY_WITHIN)?;
    let count: i64 = connection.query_row("SELECT count(*) FROM waiting", [], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}
