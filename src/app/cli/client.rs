//! Where the server of a command is, and with which tokens it is asked.

use super::Process;
use super::args::ClientArgs;
use super::load::{load, url};
use super::output::Failure;
use super::tokens::{FromDataDir, FromFile, Given};
use crate::app::tokens::Tokens;
use crate::domain::grant::Scope;
use crate::ports::token_verifier::SecretText;

/// A server as a command sees it.
pub(super) struct Server {
    pub(super) url: String,
    pub(super) tokens: Box<dyn Tokens>,
}

/// The server that was named, or that of the settings. A token that is made here is good for this scope.
pub(super) fn server(args: &ClientArgs, scope: Scope, process: &Process) -> Result<Server, Failure> {
    // Who says where the server is and who asks needs no settings, nor a good settings file.
    if let (Some(url), Some(tokens)) = (&args.url, given(args)) {
        return Ok(Server { url: url.clone(), tokens });
    }
    let settings = load(process, args.place.config.clone(), args.place.flags())?;
    let url = url(args.url.as_deref(), &settings);
    let tokens = match given(args) {
        Some(tokens) => tokens,
        None => Box::new(FromDataDir::new(settings, args.user.as_deref(), scope)?),
    };
    Ok(Server { url, tokens })
}

/// The tokens that were given, if any were.
fn given(args: &ClientArgs) -> Option<Box<dyn Tokens>> {
    if let Some(path) = &args.token_file {
        return Some(Box::new(FromFile::new(path.clone())));
    }
    args.token().map(|token| -> Box<dyn Tokens> { Box::new(Given::new(SecretText::new(token.expose()))) })
}
