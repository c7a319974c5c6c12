//! `watch`: the live stream in a terminal, over all losses of the connection.

mod terminal;
mod tokens;

use super::Process;
use super::args::WatchArgs;
use super::load::{load, url};
use super::output::Failure;
use crate::app::run;
use crate::app::watch::{Tokens, plain};
use crate::ports::live_source::Ask;
use crate::ports::token_verifier::SecretText;
use terminal::Terminal;
use tokens::{FromDataDir, FromFile, Given};

pub(super) fn run(args: &WatchArgs, process: &Process) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let watched = runtime.block_on(watch(args, process));
    // A line that nobody takes may still be under way; it is not waited for.
    runtime.shutdown_background();
    watched
}

async fn watch(args: &WatchArgs, process: &Process) -> Result<(), Failure> {
    // Who says where the server is and who asks needs no settings, nor a good settings file.
    let (url, tokens) = match (&args.url, tokens(args)) {
        (Some(address), Some(tokens)) => (address.clone(), tokens),
        (address, given) => {
            let settings = load(process, args.place.config.clone(), args.place.flags())?;
            let address = url(address.as_deref(), &settings);
            let tokens = match given {
                Some(tokens) => tokens,
                None => Box::new(FromDataDir::new(settings, args.user.as_deref())?),
            };
            (address, tokens)
        }
    };
    let named = |items: &[String]| items.iter().filter(|item| !item.is_empty()).cloned().collect();
    let ask = Ask { after: None, agents: named(&args.agents), types: named(&args.types) };
    let stop = run::stop_signal()?;
    let watch = run::watch(&url, tokens, ask, Terminal::new(args.json))?;
    // Some of the words are the server's.
    watch.run(stop).await.map_err(|stopped| Failure::new(plain(&stopped.to_string())))
}

/// The tokens that were given, if any were.
fn tokens(args: &WatchArgs) -> Option<Box<dyn Tokens>> {
    if let Some(path) = &args.token_file {
        return Some(Box::new(FromFile::new(path.clone())));
    }
    args.token().map(|token| -> Box<dyn Tokens> { Box::new(Given::new(SecretText::new(token.expose()))) })
}
