//! `watch`: the live stream in a terminal, over all losses of the connection.

mod terminal;

use super::Process;
use super::args::WatchArgs;
use super::client::{Server, server};
use super::output::Failure;
use crate::app::run;
use crate::app::watch::plain;
use crate::domain::grant::Scope;
use crate::ports::live_source::Ask;
use terminal::Terminal;

pub(super) fn run(args: &WatchArgs, process: &Process) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let watched = runtime.block_on(watch(args, process));
    // A line that nobody takes may still be under way; it is not waited for.
    runtime.shutdown_background();
    watched
}

async fn watch(args: &WatchArgs, process: &Process) -> Result<(), Failure> {
    let Server { url, tokens } = server(&args.client, Scope::Watch, process)?;
    let named = |items: &[String]| items.iter().filter(|item| !item.is_empty()).cloned().collect();
    let ask = Ask { after: None, agents: named(&args.agents), types: named(&args.types) };
    let stop = run::stop_signal()?;
    let watch = run::watch(&url, tokens, ask, Terminal::new(args.json))?;
    // Some of the words are the server's.
    watch.run(stop).await.map_err(|stopped| Failure::new(plain(&stopped.to_string())))
}
