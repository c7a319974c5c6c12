//! How many files this process may hold open.

use std::process::{Command, ExitCode};

const RAISED: &str = "MISSION_CONTROL_BENCH_FILES_RAISED";

/// How many it may hold now, and how many at most.
pub(crate) fn allowed() -> Result<(usize, usize), String> {
    let limits =
        std::fs::read_to_string("/proc/self/limits").map_err(|error| format!("needs Linux: {error}"))?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap_or_default();
    let mut numbers = line.split_whitespace().map(|word| word.parse().unwrap_or(usize::MAX));
    Ok((numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)))
}

/// Sees to it that this process may hold so many files: where it may not, runs it again from a shell that
/// raised the bound, which Rust alone cannot. The outcome of that run, if there was one.
pub(crate) fn raise(wanted: usize) -> Result<Option<ExitCode>, String> {
    let (soft, hard) = allowed()?;
    if soft >= wanted {
        return Ok(None);
    }
    if hard < wanted || std::env::var_os(RAISED).is_some() {
        return Err(format!(
            "{wanted} open files are needed and {hard} are allowed: raise the hard bound (`ulimit -Hn`), or ask for fewer connections"
        ));
    }
    let failed = |error: std::io::Error| format!("no shell to raise the bound of open files: {error}");
    let status = Command::new("sh")
        .args(["-c", "ulimit -n \"$(ulimit -Hn)\" && exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().map_err(failed)?)
        .args(std::env::args_os().skip(1))
        .env(RAISED, "1")
        .status()
        .map_err(failed)?;
    Ok(Some(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }))
}
