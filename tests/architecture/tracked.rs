//! The project's own text files, as git knows them: tracked, or new and not ignored.

use std::path::Path;
use std::process::Command;

/// Every text file as (path from the root, contents), sorted; files that are not UTF-8 are left out.
pub(crate) fn texts() -> Vec<(String, String)> {
    let whole = |(path, bytes)| String::from_utf8(bytes).ok().map(|text| (path, text));
    files().into_iter().filter_map(whole).collect()
}

/// Every file as (path from the root, contents), sorted.
pub(crate) fn files() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listing = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .expect("git lists the files");
    assert!(listing.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listing.stderr));

    let names = String::from_utf8(listing.stdout).expect("file names are UTF-8");
    let mut files: Vec<(String, Vec<u8>)> = names
        .split_terminator('\0')
        // A file removed but not yet committed is still listed.
        .filter(|name| root.join(name).is_file())
        .map(|name| (name.to_owned(), std::fs::read(root.join(name)).expect("a listed file can be read")))
        .collect();
    files.sort();
    files
}

/// The one file at `path`.
pub(crate) fn text(path: &str) -> String {
    let found = texts().into_iter().find(|(name, _)| name == path);
    found.unwrap_or_else(|| panic!("{path} is missing")).1
}
