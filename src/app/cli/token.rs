//! `token`: makes a token with the configured secret.

use super::Process;
use super::args::TokenArgs;
use super::load::load;
use super::output::{Failure, say};
use crate::app::run;
use crate::domain::grant::{Grant, Scope, Scopes};
use crate::domain::id::UserId;
use crate::domain::pattern::Patterns;

pub(super) fn run(args: &TokenArgs, process: &Process) -> Result<(), Failure> {
    let settings = load(process, args.place.config.clone(), args.place.flags())?;
    let user = UserId::parse(&args.sub)?;
    let named: Vec<&str> = match &args.scope {
        Some(words) => words.split([' ', ',']).filter(|word| !word.is_empty()).collect(),
        None => settings.auth.default_scope.iter().map(|scope| scope.name()).collect(),
    };
    let mut scopes = Vec::with_capacity(named.len());
    for word in named {
        scopes.push(Scope::parse(word).ok_or_else(|| {
            Failure::new(format_args!("{word:?} is not a scope: use watch, report, admin"))
        })?);
    }
    let agents = Patterns::parse(args.agents.iter().map(String::as_str))?;
    let grant = Grant { scopes: Scopes::of(scopes), agents };
    say(run::offline_token(&settings, user, grant, args.ttl)?.reveal());
    Ok(())
}
