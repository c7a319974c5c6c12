//! `link`: prints another sign-in link, made with the server's secret.

use super::Process;
use super::args::LinkArgs;
use super::load::{load, url};
use super::output::{Failure, say};
use super::serve::OWNER;
use crate::app::run;
use crate::domain::id::UserId;

pub(super) fn run(args: &LinkArgs, process: &Process) -> Result<(), Failure> {
    let settings = load(process, args.place.config.clone(), args.place.flags())?;
    let user = UserId::parse(args.user.as_deref().unwrap_or(OWNER))?;
    let code = run::offline_sign_in_code(&settings, user)?;
    say(&format!("{}/#code={}", url(args.url.as_deref(), &settings), code.reveal()));
    Ok(())
}
