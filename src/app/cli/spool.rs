//! Where reports wait on this machine.

use std::path::PathBuf;

use super::Process;
use super::args::SpoolArgs;
use super::output::Failure;

/// Where reports wait: as it was said, or where this user keeps what programs remember.
pub(super) fn spool_directory(args: &SpoolArgs, process: &Process) -> Result<PathBuf, Failure> {
    if let Some(directory) = &args.directory {
        return Ok(directory.clone());
    }
    let state = process.environment.get("XDG_STATE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let state = state.or_else(|| Some(std::env::home_dir()?.join(".local/state")));
    let nowhere = || Failure::new("there is no home directory: say with --spool DIR where reports may wait");
    Ok(state.ok_or_else(nowhere)?.join("mission-control").join("spool"))
}
