//! `check`: says what is wrong with the settings, and where.

use super::Process;
use super::args::SettingsArgs;
use super::load::load;
use super::output::{Failure, say};
use crate::app::run;

pub(super) fn run(args: &SettingsArgs, process: &Process) -> Result<(), Failure> {
    let settings = load(process, args.place.config.clone(), args.flags())?;
    run::check_keys(&settings)?;
    say(&format!("The settings are good. The server would listen on {}.", settings.server.listen));
    Ok(())
}
