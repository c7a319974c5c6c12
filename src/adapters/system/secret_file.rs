//! The signing secret that a node makes for itself on first start.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::ports::entropy::{Entropy, random_id};

/// The secret's file within the data directory.
pub(crate) const SECRET_FILE: &str = "signing-secret";
/// Largest key file that is read, in bytes.
const KEY_FILE_BYTES_MAX: u64 = 64 * 1024;
/// Everybody but the owner.
const OTHERS: u32 = 0o077;

/// Reads the secret of a data directory.
///
/// # Errors
/// When it is not there, cannot be read, or others than its owner may read it.
pub(crate) fn read_secret(data_dir: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(data_dir.join(SECRET_FILE))?;
    if file.metadata()?.permissions().mode() & OTHERS != 0 {
        let detail = "others may read the signing secret: take their rights away (chmod 600)";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, detail));
    }
    read_all(file)
}

/// Reads the secret of a data directory; makes both on first start, for the owner's eyes only.
///
/// # Errors
/// Of [`read_secret`], and when nothing can be written or no random bytes come.
pub(crate) fn read_or_make_secret(data_dir: &Path, entropy: &dyn Entropy) -> io::Result<Vec<u8>> {
    DirBuilder::new().recursive(true).mode(0o700).create(data_dir)?;
    match read_secret(data_dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        found => return found,
    }
    let random = || random_id(entropy).map_err(io::Error::other);
    let text = random()? + &random()?;
    let made = data_dir.join(format!("{SECRET_FILE}.{}", random()?));
    let written =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&made).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
    // A link appears whole or not at all, and never takes the place of a secret that another start made.
    let linked = written.map(|()| std::fs::hard_link(&made, data_dir.join(SECRET_FILE)));
    let _gone = std::fs::remove_file(&made);
    match linked? {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => read_secret(data_dir),
    }
}

/// Reads a small file that holds a key.
///
/// # Errors
/// When it cannot be read or is larger than any key.
pub(crate) fn read_key_file(path: &Path) -> io::Result<Vec<u8>> {
    read_all(File::open(path)?)
}

fn read_all(file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(KEY_FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > KEY_FILE_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is too large for a key"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::system::OsEntropy;

    fn fresh_dir() -> std::path::PathBuf {
        let name = u128::from_be_bytes(OsEntropy.bytes().unwrap());
        std::env::temp_dir().join(format!("mission-control-test-{name:032x}"))
    }

    #[test]
    fn the_secret_is_made_once_for_the_owner_only_and_stays() {
        let dir = fresh_dir();
        let first = read_or_make_secret(&dir, &OsEntropy).unwrap();
        assert_eq!(first.len(), 64);
        assert_eq!(read_or_make_secret(&dir, &OsEntropy).unwrap(), first);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&dir), mode(&dir.join(SECRET_FILE))), (0o700, 0o600));
        assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 1, "nothing else is left");
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_secret_that_others_may_read_is_refused() {
        let dir = fresh_dir();
        read_or_make_secret(&dir, &OsEntropy).unwrap();
        std::fs::set_permissions(dir.join(SECRET_FILE), std::fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(read_secret(&dir).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        std::fs::remove_dir_all(dir).unwrap();
    }
}
