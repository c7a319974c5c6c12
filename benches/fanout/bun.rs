//! The peer: Bun, of a version that `benches/peers` names, from the registry of npm.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers")
}

/// What runs it.
pub(crate) fn program() -> PathBuf {
    folder().join("node_modules/.bin/bun")
}

/// The server it runs.
pub(crate) fn script() -> String {
    folder().join("bun.mjs").display().to_string()
}

fn version() -> Option<String> {
    let output = Command::new(program()).arg("--version").stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Sees to it that it is there, in the version that is asked for, and says which that is.
pub(crate) fn install() -> Result<String, String> {
    let text = std::fs::read_to_string(folder().join("package.json")).map_err(|error| error.to_string())?;
    let package: serde_json::Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let wanted = package["dependencies"]["bun"].as_str().unwrap_or_default().to_owned();
    if version().is_none_or(|version| version != wanted) {
        println!("installing bun {wanted}: npm ci in benches/peers");
        let failed = "bun could not be installed: run `npm ci` in benches/peers and see why, or leave it out with --only ours,floor-write,floor-batch";
        let npm = Command::new("npm").arg("ci").current_dir(folder()).stdout(Stdio::null()).status();
        if !npm.is_ok_and(|status| status.success()) {
            return Err(failed.to_owned());
        }
        if version().is_none_or(|version| version != wanted) {
            return Err(format!("npm installed something, but not a bun {wanted} that runs here; {failed}"));
        }
    }
    Ok(wanted)
}
